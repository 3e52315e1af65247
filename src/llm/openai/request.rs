//! A request as chat completions want it.

use super::{
    assemble::WIRE,
    dialect::{self, Dialect, Reasoning, Tokens, Tools},
    prose,
};
use crate::llm::{Block, Message, Request, ToolResult};
use serde_json::{Map, Value, json};

/// The body of `POST /chat/completions`.
pub(super) fn body(request: &Request, dialect: Dialect) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    body.insert("stream".into(), json!(true));
    if dialect.asks_usage {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    let tokens = match dialect.tokens {
        Tokens::MaxTokens => "max_tokens",
        Tokens::MaxCompletionTokens => "max_completion_tokens",
    };
    body.insert(tokens.into(), json!(request.max_tokens));
    let native = dialect.tools == Tools::Native && !request.tools.is_empty();
    let effort = match dialect.effort {
        Reasoning::NoneWithTools if native => Some("none"),
        Reasoning::NoneWithTools | Reasoning::AsAsked => {
            dialect::effort(&request.model, request.effort)
        }
        Reasoning::Absent => None,
    };
    if let Some(effort) = effort {
        body.insert("reasoning_effort".into(), json!(effort));
    }
    if native {
        let tools = request.tools.iter().map(|t| {
            json!({ "type": "function", "function": {
                "name": t.name, "description": t.description, "parameters": t.input_schema,
            }})
        });
        body.insert("tools".into(), tools.collect());
    }
    let messages = match dialect.tools {
        Tools::Native => messages(request),
        Tools::Prose => prose::messages(request),
    };
    body.insert("messages".into(), Value::Array(messages));
    Value::Object(body)
}

fn messages(request: &Request) -> Vec<Value> {
    let mut all = Vec::new();
    if !request.system.trim().is_empty() {
        all.push(json!({ "role": "system", "content": request.system }));
    }
    for message in &request.messages {
        match message {
            Message::User { text } => user(&mut all, text),
            Message::Assistant { blocks } => all.extend(assistant(blocks)),
            Message::ToolResults { results } => all.extend(results.iter().map(result)),
        }
    }
    all
}

/// Some templates want users and assistants to take turns, so neighbours are joined.
fn user(all: &mut Vec<Value>, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    if let Some(last) = all.last_mut().filter(|m| m["role"] == "user") {
        let before = last["content"].as_str().unwrap_or_default();
        last["content"] = json!(format!("{before}\n\n{text}"));
    } else {
        all.push(json!({ "role": "user", "content": text }));
    }
}

fn assistant(blocks: &[Block]) -> Option<Value> {
    let mut texts = Vec::new();
    let mut calls: Vec<Value> = Vec::new();
    let mut reasoning = None;
    for block in blocks {
        match block {
            Block::Text { text } if text.trim().is_empty() => {}
            Block::Text { text } => texts.push(text.as_str()),
            Block::ToolUse { id, name, input } => {
                let function = json!({ "name": name, "arguments": arguments(input) });
                let mut call = json!({ "id": id, "type": "function", "function": function });
                if let Some(extra) = extra(blocks, id) {
                    call["extra_content"] = extra.clone();
                }
                calls.push(call);
            }
            Block::Opaque { value } if value["wire"] == WIRE => {
                reasoning = reasoning.or(value.get("reasoning_content"));
            }
            Block::Opaque { .. } => {}
        }
    }
    if texts.is_empty() && calls.is_empty() {
        return None;
    }
    let content = (!texts.is_empty()).then(|| texts.join("\n\n"));
    let mut message = json!({ "role": "assistant", "content": content });
    if !calls.is_empty() {
        // DeepSeek and Kimi refuse a call without the reasoning that led to it.
        if let Some(reasoning) = reasoning {
            message["reasoning_content"] = reasoning.clone();
        }
        message["tool_calls"] = Value::Array(calls);
    }
    Some(message)
}

/// What a server hung on a call and wants back with it: Gemini's thought signature.
fn extra<'a>(blocks: &'a [Block], id: &str) -> Option<&'a Value> {
    blocks.iter().find_map(|block| match block {
        Block::Opaque { value } if value["wire"] == WIRE && value["call"] == id => {
            value.get("extra_content")
        }
        Block::Opaque { .. } | Block::Text { .. } | Block::ToolUse { .. } => None,
    })
}

/// Servers parse the arguments again, so they are an object whatever the model wrote.
fn arguments(input: &Value) -> String {
    match input {
        Value::Object(_) => input.to_string(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            json!({ "invalid_input": input }).to_string()
        }
    }
}

fn result(result: &ToolResult) -> Value {
    let content = match (result.is_error, result.output.trim().is_empty()) {
        (true, _) => format!("[error] {}", result.output),
        (false, true) => "(nothing)".to_owned(),
        (false, false) => result.output.clone(),
    };
    json!({ "role": "tool", "tool_call_id": result.call_id, "content": content })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{ToolSpec, testing};
    use entity::vocab::Effort;

    fn user(text: &str) -> Message {
        Message::User { text: text.into() }
    }

    fn conversation() -> Vec<Message> {
        let call = |id: &str, input: Value| Block::ToolUse {
            id: id.into(),
            name: "list_files".into(),
            input,
        };
        let opaque = |value: Value| Block::Opaque { value };
        let answer = |id: &str, output: &str, is_error: bool| ToolResult {
            call_id: id.into(),
            output: output.into(),
            is_error,
        };
        let results =
            vec![answer("a", "x.csv", false), answer("b", "no", true), answer("c", "", false)];
        vec![
            user("go"),
            user(" "),
            user("on"),
            Message::Assistant { blocks: vec![Block::Text { text: " ".into() }] },
            Message::Assistant {
                blocks: vec![
                    opaque(json!({ "type": "thinking", "thinking": "another's" })),
                    opaque(json!({ "wire": WIRE, "reasoning_content": "hm" })),
                    opaque(json!({ "wire": WIRE, "call": "b", "extra_content": { "s": 1 } })),
                    call("a", json!({ "path": "" })),
                    call("b", json!("{\"path\": ")),
                    call("c", json!({})),
                ],
            },
            Message::ToolResults { results },
            Message::Assistant { blocks: vec![Block::Text { text: "done".into() }] },
        ]
    }

    #[test]
    fn messages_are_rendered() {
        let mut request = testing::request("m", conversation());
        request.system = "be good".into();
        let call = |id: &str, arguments: &str| {
            json!({ "id": id, "type": "function",
                    "function": { "name": "list_files", "arguments": arguments } })
        };
        let mut second = call("b", "{\"invalid_input\":\"{\\\"path\\\": \"}");
        second["extra_content"] = json!({ "s": 1 });
        assert_eq!(
            Value::Array(messages(&request)),
            json!([
                { "role": "system", "content": "be good" },
                { "role": "user", "content": "go\n\non" },
                { "role": "assistant", "content": null, "reasoning_content": "hm",
                  "tool_calls": [call("a", "{\"path\":\"\"}"), second, call("c", "{}")] },
                { "role": "tool", "tool_call_id": "a", "content": "x.csv" },
                { "role": "tool", "tool_call_id": "b", "content": "[error] no" },
                { "role": "tool", "tool_call_id": "c", "content": "(nothing)" },
                { "role": "assistant", "content": "done" },
            ])
        );
    }

    #[track_caller]
    fn check(model: &str, dialect: Dialect, expect: Value) {
        let mut request = testing::request(model, vec![user("go")]);
        request.effort = Some(Effort::High);
        request.tools = vec![ToolSpec {
            name: "list_files".into(),
            description: "Lists".into(),
            input_schema: json!({ "type": "object" }),
        }];
        let mut body = body(&request, dialect);
        body.as_object_mut().unwrap().remove("messages");
        assert_eq!(body, expect, "{model}");
    }

    #[test]
    fn bodies_follow_the_dialect() {
        let function = json!({ "name": "list_files", "description": "Lists",
                               "parameters": { "type": "object" } });
        let tools = json!([{ "type": "function", "function": function }]);
        let usage = json!({ "include_usage": true });
        check(
            "llama",
            Dialect::of("llama"),
            json!({ "model": "llama", "stream": true,
            "stream_options": usage, "max_tokens": 16000, "tools": tools }),
        );
        check(
            "gpt-6-sol",
            Dialect::of("gpt-6-sol"),
            json!({ "model": "gpt-6-sol", "stream": true,
            "stream_options": usage, "max_completion_tokens": 16000, "reasoning_effort": "none",
            "tools": tools }),
        );
        check(
            "gpt-5.2",
            Dialect::of("gpt-5.2"),
            json!({ "model": "gpt-5.2", "stream": true,
            "stream_options": usage, "max_completion_tokens": 16000, "reasoning_effort": "high",
            "tools": tools }),
        );
        check(
            "gpt-6.1-sol",
            Dialect::of("gpt-6.1-sol"),
            json!({ "model": "gpt-6.1-sol",
            "stream": true, "stream_options": usage, "max_completion_tokens": 16000,
            "reasoning_effort": "high" }),
        );
        let bare = Dialect { asks_usage: false, tools: Tools::Prose, ..Dialect::of("llama") };
        check("llama", bare, json!({ "model": "llama", "stream": true, "max_tokens": 16000 }));
    }
}
