//! Chat completions: <https://platform.openai.com/docs/api-reference/chat>, as the official Python
//! SDK 3.57 types it (read 2026-11-25), and the quirks of servers that are compatible with it.

mod check;
mod render;

pub use render::{chunks, completion};

use super::{
    fault::{Refusal, unknown_model, wrong_key},
    line::Heard,
    script::{Asked, KEY, Script, Wire, stage},
};
use serde_json::{Value, json};

pub const MODELS: &[&str] = &[
    "gpt-6-sol",
    "gpt-5.2",
    "gpt-5.1",
    "gpt-5",
    "gpt-5-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4o",
    "o4-mini",
];

/// What compatible servers do otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// No usage, whatever is asked.
    NoUsage,
    /// The usage stands in the chunk that ends the turn.
    UsageWithFinish,
    /// Calls have no ids.
    NoIds,
    /// Calls have no index.
    NoIndex,
    /// All calls have the same id.
    SameIds,
    /// Arguments are objects.
    ObjectArguments,
    /// Each call comes in one piece.
    WholeCalls,
    /// 400 in the words of Ollama when tools are offered.
    RefusesTools,
    /// Thoughts come as `reasoning_content`.
    Reasoning,
    /// `finish_reason` is `stop` though there are calls.
    StopWithCalls,
    /// The stream ends without `[DONE]`.
    NoDone,
    /// Options of the stream are not known.
    RefusesStreamOptions,
}

/// The key, as the API checks it: before anything else.
pub fn authorised(heard: &Heard) -> Result<(), Refusal> {
    match heard.header("authorization").map(|value| value.strip_prefix("Bearer ")) {
        Some(Some(key)) if key == KEY => Ok(()),
        Some(key) => Err(wrong_key(key.unwrap_or_default())),
        None => Err(Refusal {
            status: 401,
            kind: "invalid_request_error",
            code: None,
            message: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).".into(),
        }),
    }
}

/// What a body asks; a refusal in the words of the API, or of Ollama, when it is wrong.
pub fn ask(script: &Script, body: Value) -> Result<Asked, Refusal> {
    check::body(script, &body)?;
    let asked = understand(body);
    if !script.models[&Wire::OpenAi].contains(&asked.model) {
        return Err(unknown_model(Wire::OpenAi, &asked.model));
    }
    if script.has(Quirk::RefusesTools) && !asked.tools.is_empty() {
        return Err(Refusal {
            status: 400,
            kind: "api_error",
            code: None,
            message: format!("registry.ollama.ai/library/{} does not support tools", asked.model),
        });
    }
    let tokens = asked.body.to_string().len() as u64 / 4;
    if tokens > script.window {
        let window = script.window;
        return Err(Refusal {
            code: Some("context_length_exceeded"),
            ..Refusal::invalid(format!(
                "This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens. Please reduce the length of the messages."
            ))
        });
    }
    Ok(asked)
}

/// Reads what can be read, right or wrong.
pub fn understand(body: Value) -> Asked {
    let mut asked = Asked {
        wire: Wire::OpenAi,
        model: body["model"].as_str().unwrap_or_default().to_owned(),
        system: String::new(),
        stage: None,
        turn: 0,
        attempt: 1,
        users: Vec::new(),
        results: Vec::new(),
        tools: Vec::new(),
        stream: body["stream"] == true,
        body: Value::Null,
    };
    for message in body["messages"].as_array().unwrap_or(&Vec::new()) {
        let said = text(&message["content"]);
        match message["role"].as_str().unwrap_or_default() {
            "system" | "developer" => asked.system.push_str(&said),
            "user" => asked.users.push(said),
            "assistant" => {
                asked.turn += 1;
                asked.results.clear();
            }
            "tool" => asked.results.push(said),
            _ => {}
        }
    }
    for tool in body["tools"].as_array().unwrap_or(&Vec::new()) {
        asked.tools.extend(tool["function"]["name"].as_str().map(str::to_owned));
    }
    asked.stage = stage(&asked.system);
    asked.body = body;
    asked
}

/// The text of a string or of a list of parts.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// An error in the envelope of the API.
pub fn error(refusal: &Refusal) -> Value {
    json!({"error": {
        "message": refusal.message, "type": refusal.kind, "param": null, "code": refusal.code,
    }})
}

pub fn models(script: &Script) -> Value {
    let data: Vec<_> = script.models[&Wire::OpenAi]
        .iter()
        .map(|name| json!({"id": name, "object": "model", "created": 1, "owned_by": "script"}))
        .collect();
    json!({"object": "list", "data": data})
}
