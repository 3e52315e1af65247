//! The Messages API: <https://platform.claude.com/docs/en/api/messages>, as the official Python SDK
//! 2.13 types it (read 2026-11-25).

pub mod cache;
mod check;
mod render;

pub use render::{events, message};

use super::{
    fault::{Refusal, unknown_model},
    line::Heard,
    script::{Asked, KEY, Script, Wire, stage},
};
use serde_json::{Value, json};

pub const MODELS: &[&str] = &[
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-opus-4-8",
    "claude-opus-4-7",
    "claude-opus-4-6",
    "claude-sonnet-4-6",
    "claude-haiku-4-5",
    "claude-opus-4-5",
    "claude-sonnet-4-5",
];

/// The version that the SDK sends; the one before is taken too.
///
/// *Source*: <https://platform.claude.com/docs/en/api/versioning> (read 2026-11-25)
pub const LATEST: &str = "2026-10-21";

/// The key, in either header, as the API checks it: before anything else.
pub fn authorised(heard: &Heard) -> Result<(), Refusal> {
    let refused = |message: &str| {
        let message = message.to_owned();
        Err(Refusal { status: 401, kind: "authentication_error", code: None, message })
    };
    match (heard.header("x-api-key"), heard.header("authorization")) {
        (Some(key), _) if key == KEY => {}
        (Some(_), _) => return refused("invalid x-api-key"),
        (None, Some(bearer)) if bearer.strip_prefix("Bearer ") == Some(KEY) => {}
        (None, Some(_)) => return refused("Invalid bearer token"),
        (None, None) => return refused("x-api-key header is required"),
    }
    match heard.header("anthropic-version") {
        Some("2023-06-01" | LATEST) => Ok(()),
        Some(other) => {
            Err(Refusal::invalid(format!("anthropic-version: \"{other}\" is not a valid version")))
        }
        None => Err(Refusal::invalid("anthropic-version: header is required")),
    }
}

/// What a body asks; a refusal in the words of the API when it is wrong.
pub fn ask(script: &Script, heard: &Heard, body: Value, paused: bool) -> Result<Asked, Refusal> {
    check::body(&body, heard.header("anthropic-version") == Some(LATEST), paused)?;
    let asked = understand(body);
    if !script.models[&Wire::Anthropic].contains(&asked.model) {
        return Err(unknown_model(Wire::Anthropic, &asked.model));
    }
    let tokens = asked.body.to_string().len() as u64 / 4;
    if tokens > script.window {
        let window = script.window;
        return Err(Refusal::invalid(format!(
            "prompt is too long: {tokens} tokens > {window} maximum"
        )));
    }
    Ok(asked)
}

/// Reads what can be read, right or wrong.
pub fn understand(body: Value) -> Asked {
    let system = texts(&body["system"]).join("\n");
    let empty = Vec::new();
    let messages = body["messages"].as_array().unwrap_or(&empty);
    let mut asked = Asked {
        wire: Wire::Anthropic,
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        stage: stage(&system),
        system,
        turn: 0,
        attempt: 1,
        users: Vec::new(),
        results: Vec::new(),
        tools: names(&body["tools"]),
        stream: body["stream"] == true,
        body: Value::Null,
    };
    for message in messages {
        if message["role"] == "assistant" {
            asked.turn += 1;
            asked.results.clear();
            continue;
        }
        asked.users.extend(texts(&message["content"]));
        for block in message["content"].as_array().unwrap_or(&empty) {
            if block["type"] == "tool_result" {
                asked.results.push(texts(&block["content"]).join("\n"));
            }
        }
    }
    asked.body = body;
    asked
}

/// The texts of a string or of a list of blocks.
fn texts(content: &Value) -> Vec<String> {
    match content {
        Value::String(text) => vec![text.clone()],
        Value::Array(blocks) => blocks
            .iter()
            .filter(|block| block["type"] == "text")
            .filter_map(|block| Some(block["text"].as_str()?.to_owned()))
            .collect(),
        _ => Vec::new(),
    }
}

fn names(tools: &Value) -> Vec<String> {
    let tools = tools.as_array().cloned().unwrap_or_default();
    tools.iter().filter_map(|tool| Some(tool["name"].as_str()?.to_owned())).collect()
}

/// An error in the envelope of the API.
pub fn error(refusal: &Refusal, request_id: &str) -> Value {
    json!({
        "type": "error",
        "error": {"type": refusal.kind, "message": refusal.message},
        "request_id": request_id,
    })
}

/// A page of the models: `limit` of them after `after_id`.
pub fn models(script: &Script, heard: &Heard) -> Value {
    let all = &script.models[&Wire::Anthropic];
    let after = heard.parameter("after_id");
    let start = after.and_then(|id| all.iter().position(|name| name == id)).map_or(0, |at| at + 1);
    let limit = heard.parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20);
    let page: Vec<_> = all.iter().skip(start).take(limit).collect();
    let data: Vec<_> = page
        .iter()
        .map(|name| {
            json!({
                "type": "model", "id": name, "display_name": name, "lifecycle": "active",
                "created_at": "2026-02-01T00:00:00Z", "max_input_tokens": script.window,
                "max_tokens": 64_000,
            })
        })
        .collect();
    json!({
        "data": data,
        "has_more": start + page.len() < all.len(),
        "first_id": page.first(),
        "last_id": page.last(),
    })
}
