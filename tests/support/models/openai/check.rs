//! What chat completions refuse, in their words.

use super::super::{fault::Refusal, script::Script};
use super::Quirk;
use serde_json::Value;
use std::collections::HashSet;

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "temperature",
    "top_p",
    "n",
    "stop",
    "seed",
    "user",
    "metadata",
    "response_format",
    "store",
    "service_tier",
    "prompt_cache_key",
    "safety_identifier",
    "verbosity",
    "frequency_penalty",
    "presence_penalty",
    "logprobs",
];

type Checked = Result<(), Refusal>;

fn refuse<T>(code: Option<&'static str>, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { code, ..Refusal::invalid(message) })
}

pub fn body(script: &Script, body: &Value) -> Checked {
    let Some(fields) = body.as_object() else {
        return refuse(None, "We could not parse the JSON body of your request.");
    };
    if let Some(strange) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        let message = format!("Unrecognized request argument supplied: {strange}");
        return refuse(None, message);
    }
    let Some(model) = body["model"].as_str() else {
        return refuse(None, "you must provide a model parameter");
    };
    stream(script, body)?;
    let reasons =
        ["gpt-5", "gpt-6"].iter().any(|name| model.starts_with(name)) || model.starts_with('o');
    if reasons && !body["max_tokens"].is_null() {
        return refuse(
            Some("unsupported_parameter"),
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        );
    }
    let effort = &body["reasoning_effort"];
    if !effort.is_null() && !reasons {
        return refuse(None, "Unrecognized request argument supplied: reasoning_effort");
    }
    let efforts = ["none", "minimal", "low", "medium", "high", "xhigh"];
    if !effort.is_null() && !effort.as_str().is_some_and(|effort| efforts.contains(&effort)) {
        let message = format!(
            "Invalid value: {effort}. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', and 'xhigh'."
        );
        return refuse(Some("invalid_value"), message);
    }
    tools(&body["tools"])?;
    messages(list(&body["messages"]))
}

fn stream(script: &Script, body: &Value) -> Checked {
    let options = &body["stream_options"];
    if options.is_null() {
        return Ok(());
    }
    if script.has(Quirk::RefusesStreamOptions) {
        return refuse(None, "Unrecognized request argument supplied: stream_options");
    }
    if body["stream"] != true {
        return refuse(
            None,
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        );
    }
    Ok(())
}

fn tools(tools: &Value) -> Checked {
    if tools.as_array().is_some_and(Vec::is_empty) {
        return refuse(
            Some("empty_array"),
            "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        );
    }
    for (n, tool) in list(tools).iter().enumerate() {
        if tool["type"] != "function" {
            let message = format!("Missing required parameter: 'tools[{n}].type'.");
            return refuse(Some("missing_required_parameter"), message);
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let name = tool["function"]["name"].as_str().unwrap_or_default();
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            let message = format!(
                "Invalid 'tools[{n}].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
            );
            return refuse(Some("invalid_value"), message);
        }
        let parameters = &tool["function"]["parameters"];
        if !parameters.is_null() && parameters["type"] != "object" {
            let message = format!(
                "Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.",
                parameters["type"]
            );
            return refuse(Some("invalid_function_parameters"), message);
        }
    }
    Ok(())
}

fn messages(messages: &[Value]) -> Checked {
    if messages.is_empty() {
        return refuse(
            Some("empty_array"),
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        );
    }
    // Ids of calls that wait for an answer.
    let mut open: HashSet<&str> = HashSet::new();
    for (n, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            if !open.remove(id) {
                return refuse(
                    None,
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                );
            }
            content(n, message)?;
            continue;
        }
        unanswered(&open)?;
        match role {
            "system" | "developer" | "user" => content(n, message)?,
            "assistant" => {
                open = calls(n, message)?;
                if open.is_empty() {
                    content(n, message)?;
                }
            }
            other => {
                let message = format!(
                    "Invalid value: '{other}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
                );
                return refuse(Some("invalid_value"), message);
            }
        }
    }
    unanswered(&open)
}

fn unanswered(open: &HashSet<&str>) -> Checked {
    if open.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<_> = open.iter().copied().collect();
    ids.sort_unstable();
    let ids = ids.join(", ");
    refuse(
        None,
        format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {ids}"
        ),
    )
}

fn content(n: usize, message: &Value) -> Checked {
    match &message["content"] {
        Value::String(_) => Ok(()),
        Value::Array(parts) if !parts.is_empty() => Ok(()),
        Value::Null => refuse(
            None,
            format!(
                "Invalid value for 'content': expected a string, got null. (param messages.[{n}].content)"
            ),
        ),
        _ => refuse(
            Some("invalid_type"),
            format!("Invalid type for 'messages[{n}].content': expected a string or an array."),
        ),
    }
}

/// The ids of an assistant's calls.
fn calls(n: usize, message: &Value) -> Result<HashSet<&str>, Refusal> {
    let mut ids = HashSet::new();
    if message["tool_calls"].as_array().is_some_and(Vec::is_empty) {
        let message = format!(
            "Invalid 'messages[{n}].tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead."
        );
        return refuse(Some("empty_array"), message);
    }
    for (m, call) in list(&message["tool_calls"]).iter().enumerate() {
        let place = format!("messages[{n}].tool_calls[{m}]");
        let Some(id) = call["id"].as_str().filter(|id| !id.is_empty()) else {
            let message = format!("Missing required parameter: '{place}.id'.");
            return refuse(Some("missing_required_parameter"), message);
        };
        if call["type"] != "function" {
            let message = format!("Missing required parameter: '{place}.type'.");
            return refuse(Some("missing_required_parameter"), message);
        }
        if !call["function"]["arguments"].is_string() {
            let message = format!(
                "Invalid type for '{place}.function.arguments': expected a string, but got an object instead."
            );
            return refuse(Some("invalid_type"), message);
        }
        if !ids.insert(id) {
            let message = format!("Duplicate value for 'tool_call_id' of {id} in message {n}");
            return refuse(None, message);
        }
    }
    Ok(ids)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
