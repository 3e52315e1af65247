//! What the Messages API refuses, in its words. The order of the checks is the API's: the shape of
//! the body, then each message, then how messages answer each other.

use super::super::fault::Refusal;
use super::render::{redacted, seal, signature};
use serde_json::Value;
use std::collections::HashSet;

const FIELDS: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "metadata",
    "service_tier",
    "cache_control",
    "container",
    "inference_geo",
];
const CACHE_MARKS: usize = 4;

type Checked = Result<(), Refusal>;

fn refuse<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(message))
}

/// What the version of 2026-10-21 took away.
const REMOVED: &[&str] = &["temperature", "top_p", "top_k"];

/// `latest`: the request speaks the latest version. `paused`: the last assistant message is a turn
/// that the server paused itself.
pub fn body(body: &Value, latest: bool, paused: bool) -> Checked {
    let Some(fields) = body.as_object() else {
        return refuse("The request body is not valid JSON: expected an object");
    };
    if let Some(strange) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return refuse(format!("{strange}: Extra inputs are not permitted"));
    }
    if latest && let Some(name) = REMOVED.iter().find(|&&name| !body[name].is_null()) {
        return refuse(format!("{name}: Extra inputs are not permitted"));
    }
    for needed in ["model", "max_tokens", "messages"] {
        if body[needed].is_null() {
            return refuse(format!("{needed}: Field required"));
        }
    }
    if body["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return refuse("max_tokens: Input should be a valid integer greater than 0");
    }
    thinking(body)?;
    tools(&body["tools"])?;
    for (n, block) in list(&body["system"]).iter().enumerate() {
        text(&format!("system.{n}"), "system", block)?;
    }
    let marks = cache_marks(body);
    if marks > CACHE_MARKS {
        return refuse(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {marks}."
        ));
    }
    messages(body, paused)
}

fn thinking(body: &Value) -> Checked {
    let effort = &body["output_config"]["effort"];
    let known = ["low", "medium", "high", "xhigh", "max"];
    if !effort.is_null() && !effort.as_str().is_some_and(|effort| known.contains(&effort)) {
        return refuse(format!(
            "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max', got {effort}"
        ));
    }
    let config = &body["thinking"];
    let model = body["model"].as_str().unwrap_or_default();
    // Models from Claude 4.6 on think adaptively, from 4.7 on they take no budget, and from 5.5 on
    // they always think.
    let older = ["haiku-4", "-4-5"].iter().any(|mark| model.contains(mark));
    let newer = !older && !model.contains("-4-6");
    let always = model.contains("-5-5");
    match config["type"].as_str() {
        None if config.is_null() => Ok(()),
        Some("disabled") if always => {
            refuse("\"thinking.type.disabled\" is not supported for this model.")
        }
        Some("disabled" | "between_tools") => Ok(()),
        Some("adaptive") if older => refuse("adaptive thinking is not supported on this model"),
        Some("adaptive") => Ok(()),
        Some("enabled") if newer => refuse(
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.",
        ),
        Some("enabled") => match (config["budget_tokens"].as_u64(), body["max_tokens"].as_u64()) {
            (Some(budget), _) if budget < 1024 => refuse(
                "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
            ),
            (Some(budget), Some(most)) if budget >= most => refuse(
                "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation",
            ),
            (Some(_), _) => Ok(()),
            (None, _) => refuse("thinking.enabled.budget_tokens: Field required"),
        },
        _ => refuse("thinking: Input tag does not match any of the expected tags"),
    }
}

fn tools(tools: &Value) -> Checked {
    let mut names = HashSet::new();
    for (n, tool) in list(tools).iter().enumerate() {
        let Some(name) = tool["name"].as_str() else {
            return refuse(format!("tools.{n}.custom.name: Field required"));
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 128 || !name.chars().all(fits) {
            return refuse(format!(
                "tools.{n}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
            ));
        }
        if !names.insert(name) {
            return refuse("tools: Tool names must be unique.");
        }
        if tool["input_schema"]["type"] != "object" {
            return refuse(format!("tools.{n}.custom.input_schema.type: Input should be 'object'"));
        }
    }
    Ok(())
}

/// How many blocks carry a breakpoint, wherever they stand.
fn cache_marks(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            let own = usize::from(fields.get("cache_control").is_some_and(|mark| !mark.is_null()));
            // Schemas and inputs are the user's own.
            let inner =
                fields.iter().filter(|(name, _)| *name != "input_schema" && *name != "input");
            own + inner.map(|(_, value)| cache_marks(value)).sum::<usize>()
        }
        Value::Array(values) => values.iter().map(cache_marks).sum(),
        _ => 0,
    }
}

fn messages(body: &Value, paused: bool) -> Checked {
    let messages = list(&body["messages"]);
    if messages.is_empty() {
        return refuse("messages: at least one message is required");
    }
    let mut uses_tools = false;
    for (n, message) in messages.iter().enumerate() {
        role(messages, n, paused)?;
        if let Value::String(said) = &message["content"] {
            if said.trim().is_empty() {
                return refuse(empty(n));
            }
            continue;
        }
        let blocks = list(&message["content"]);
        if blocks.is_empty() {
            return refuse(empty(n));
        }
        for (m, block) in blocks.iter().enumerate() {
            uses_tools |= block["type"] == "tool_use" || block["type"] == "tool_result";
            self::block(&format!("messages.{n}.content.{m}"), block)?;
        }
        answers(messages, n)?;
        thoughts(messages, n)?;
    }
    if uses_tools && list(&body["tools"]).is_empty() {
        return refuse(
            "Requests which include `tool_use` or `tool_result` blocks must define tools",
        );
    }
    Ok(())
}

fn empty(n: usize) -> String {
    format!(
        "messages.{n}: all messages must have non-empty content except for the optional final assistant message"
    )
}

fn role(messages: &[Value], n: usize, paused: bool) -> Checked {
    let role = messages[n]["role"].as_str().unwrap_or_default();
    let last = n + 1 == messages.len();
    match role {
        "user" | "assistant" => {}
        other => {
            return refuse(format!(
                "messages.{n}.role: Input should be 'user' or 'assistant', got '{other}'"
            ));
        }
    }
    if n == 0 && role != "user" {
        return refuse("messages: first message must use the \"user\" role");
    }
    // The API of today would join them; the port promises alternating messages, and older
    // endpoints insist.
    if n > 0 && messages[n - 1]["role"] == role {
        return refuse(format!(
            "messages: roles must alternate between \"user\" and \"assistant\", but found multiple \"{role}\" roles in a row"
        ));
    }
    if last && role == "assistant" && !paused {
        return refuse(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        );
    }
    Ok(())
}

fn text(place: &str, of: &str, block: &Value) -> Checked {
    match block["text"].as_str() {
        None => refuse(format!("{place}.text: Field required")),
        Some("") => refuse(format!("{of}: text content blocks must be non-empty")),
        Some(said) if said.trim().is_empty() => {
            refuse(format!("{of}: text content blocks must contain non-whitespace text"))
        }
        Some(_) => Ok(()),
    }
}

fn block(place: &str, block: &Value) -> Checked {
    match block["type"].as_str().unwrap_or_default() {
        "text" => text(place, "messages", block),
        "tool_use" => {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let id = block["id"].as_str().unwrap_or_default();
            if id.is_empty() || !id.chars().all(fits) {
                return refuse(format!(
                    "{place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
                ));
            }
            if !block["input"].is_object() {
                return refuse(format!(
                    "{place}.tool_use.input: Input should be a valid dictionary"
                ));
            }
            known(place, block, &["type", "id", "name", "input", "cache_control", "caller"])
        }
        "tool_result" => {
            for (n, part) in list(&block["content"]).iter().enumerate() {
                text(&format!("{place}.content.{n}"), "messages", part)?;
            }
            known(place, block, &["type", "tool_use_id", "content", "is_error", "cache_control"])
        }
        "thinking" => {
            let thought = block["thinking"].as_str().unwrap_or_default();
            if block["signature"] != signature(thought) {
                return refuse(format!("{place}: Invalid `signature` in `thinking` block"));
            }
            known(place, block, &["type", "thinking", "signature"])
        }
        "redacted_thinking" => {
            let ours = |data: &str| (0..500).any(|turn| redacted(turn) == data);
            if !block["data"].as_str().is_some_and(ours) {
                return refuse(format!("{place}: Invalid `data` in `redacted_thinking` block"));
            }
            known(place, block, &["type", "data"])
        }
        other => refuse(format!(
            "{place}: Input tag '{other}' found using 'type' does not match any of the expected tags"
        )),
    }
}

fn known(place: &str, block: &Value, fields: &[&str]) -> Checked {
    let strange = block
        .as_object()
        .and_then(|its| its.keys().find(|name| !fields.contains(&name.as_str())).cloned());
    match strange {
        Some(name) => {
            let kind = block["type"].as_str().unwrap_or_default();
            refuse(format!("{place}.{kind}.{name}: Extra inputs are not permitted"))
        }
        None => Ok(()),
    }
}

/// Every call is answered at the beginning of the next message, and nothing else is answered.
fn answers(messages: &[Value], n: usize) -> Checked {
    let calls = ids(&messages[n], "tool_use", "id");
    if calls.iter().collect::<HashSet<_>>().len() != calls.len() {
        return refuse("messages: `tool_use` ids must be unique");
    }
    if !calls.is_empty() {
        let next = messages.get(n + 1).map(|next| list(&next["content"])).unwrap_or_default();
        let leading: HashSet<_> = next
            .iter()
            .take_while(|block| block["type"] == "tool_result")
            .filter_map(|block| block["tool_use_id"].as_str())
            .collect();
        let missing: Vec<_> = calls.into_iter().filter(|id| !leading.contains(id)).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return refuse(format!(
                "messages.{n}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
            ));
        }
    }
    let before = n.checked_sub(1).map(|n| ids(&messages[n], "tool_use", "id")).unwrap_or_default();
    let mut seen = HashSet::new();
    for id in ids(&messages[n], "tool_result", "tool_use_id") {
        if !before.contains(&id) {
            return refuse(format!(
                "messages.{n}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            ));
        }
        if !seen.insert(id) {
            return refuse(format!(
                "messages.{n}.content.1: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
            ));
        }
    }
    Ok(())
}

/// When tool results follow the last assistant message, its thoughts stand before its calls as
/// they were: the ids of the calls say which they were.
fn thoughts(messages: &[Value], n: usize) -> Checked {
    let latest = messages.iter().rposition(|message| message["role"] == "assistant");
    if latest != Some(n) || n + 1 == messages.len() {
        return Ok(());
    }
    let blocks = list(&messages[n]["content"]);
    let is_thought =
        |block: &&Value| block["type"] == "thinking" || block["type"] == "redacted_thinking";
    let thoughts: Vec<Value> = blocks.iter().filter(is_thought).cloned().collect();
    for id in ids(&messages[n], "tool_use", "id") {
        // Calls that another provider made carry no seal.
        let Some(rest) = id.strip_prefix("toolu_01_") else { continue };
        let leading = blocks.iter().take_while(is_thought).count();
        if rest.split('_').next() != Some(&seal(&thoughts)) || leading != thoughts.len() {
            return refuse(format!(
                "messages.{n}.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response."
            ));
        }
    }
    Ok(())
}

fn ids<'a>(message: &'a Value, kind: &str, field: &str) -> Vec<&'a str> {
    let blocks = list(&message["content"]).iter();
    blocks.filter(|block| block["type"] == kind).filter_map(|b| b[field].as_str()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
