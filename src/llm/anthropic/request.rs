//! A request as the Messages API wants it.

use super::{cache, thinking};
use crate::llm::{Block, Message, Request, ToolResult};
use serde_json::{Map, Value, json};

/// What stands where the API refuses an empty text.
const NOTHING: &str = "(nothing)";

/// What becomes of the thoughts in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thoughts {
    /// They go back as they came.
    Kept,
    /// The API drops those that no longer fit what stands before them.
    DroppedWhereUnfit,
    /// None goes back.
    Left,
}

/// The body of `POST /v1/messages`. The same request gives the same bytes, and a longer
/// conversation begins with the bytes of the shorter one: the cache and the thoughts depend on it.
pub(super) fn body(request: &Request, thoughts: Thoughts) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    body.insert("max_tokens".into(), json!(request.max_tokens));
    body.insert("stream".into(), json!(true));
    let mut tools: Vec<Value> = request
        .tools
        .iter()
        .map(|t| {
            json!({ "name": t.name, "description": t.description, "input_schema": t.input_schema })
        })
        .collect();
    let mut system = Vec::new();
    if !request.system.trim().is_empty() {
        system.push(text(&request.system));
    }
    let mut messages = messages(&request.messages, thoughts);
    cache::mark(&mut tools, &mut system, &mut messages);
    if !tools.is_empty() {
        body.insert("tools".into(), Value::Array(tools));
    }
    if !system.is_empty() {
        body.insert("system".into(), Value::Array(system));
    }
    body.insert("messages".into(), Value::Array(messages));
    thinking::write(&mut body, &request.model, request.effort, request.max_tokens);
    if thoughts == Thoughts::DroppedWhereUnfit {
        let binding = json!({ "prefix_mismatch_behavior": "drop_block" });
        body.insert("thinking".into(), json!({ "type": "adaptive", "block_binding": binding }));
    }
    Value::Object(body)
}

/// Messages that alternate and begin with the user's; what would be empty is left out.
fn messages(messages: &[Message], thoughts: Thoughts) -> Vec<Value> {
    let mut all: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages {
        let (role, content) = match message {
            Message::User { text: words } if words.trim().is_empty() => continue,
            Message::User { text: words } => ("user", vec![text(words)]),
            Message::ToolResults { results } => ("user", results.iter().map(result).collect()),
            Message::Assistant { blocks } => ("assistant", assistant(blocks, thoughts)),
        };
        if content.is_empty() {
            continue;
        }
        if all.is_empty() && role == "assistant" {
            all.push(("user", vec![text("Go on.")]));
        }
        match all.last_mut() {
            Some((last, blocks)) if *last == role => blocks.extend(content),
            Some(_) | None => all.push((role, content)),
        }
    }
    all.into_iter().map(|(role, content)| json!({ "role": role, "content": content })).collect()
}

fn assistant(blocks: &[Block], thoughts: Thoughts) -> Vec<Value> {
    let mut content = Vec::new();
    for block in blocks {
        match block {
            Block::Text { text: words } if words.trim().is_empty() => {}
            Block::Text { text: words } => content.push(text(words)),
            Block::ToolUse { id, name, input } => content.push(
                json!({ "type": "tool_use", "id": tool_id(id), "name": name, "input": object(input) }),
            ),
            Block::Opaque { value } if is_ours(value) => {
                if thoughts != Thoughts::Left || !is_thought(value) {
                    content.push(value.clone());
                }
            }
            // Another provider's: it says nothing here.
            Block::Opaque { .. } => {}
        }
    }
    // A thought that led to nothing may not end a message.
    while content.last().is_some_and(is_thought) {
        content.pop();
    }
    content
}

fn result(result: &ToolResult) -> Value {
    let output = if result.output.trim().is_empty() { NOTHING } else { &result.output };
    let id = tool_id(&result.call_id);
    let mut block = json!({ "type": "tool_result", "tool_use_id": id, "content": output });
    if result.is_error {
        block["is_error"] = json!(true);
    }
    block
}

fn text(words: &str) -> Value {
    json!({ "type": "text", "text": words })
}

/// The API takes only objects; what the model sent instead is shown to it inside one.
fn object(input: &Value) -> Value {
    match input {
        Value::Object(_) => input.clone(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            json!({ "invalid_input": input })
        }
    }
}

/// Ids of other providers may hold what this API refuses.
fn tool_id(id: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    if id.is_empty() { "call".to_owned() } else { id.chars().map(fit).collect() }
}

/// Whether an opaque block is of this wire.
fn is_ours(value: &Value) -> bool {
    value["type"].is_string() && value.get("wire").is_none()
}

pub(super) fn is_thought(value: &Value) -> bool {
    matches!(value["type"].as_str(), Some("thinking" | "redacted_thinking"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{ToolSpec, testing};
    use entity::vocab::Effort;

    fn user(words: &str) -> Message {
        Message::User { text: words.into() }
    }

    fn said(blocks: Vec<Block>) -> Message {
        Message::Assistant { blocks }
    }

    fn words(text: &str) -> Block {
        Block::Text { text: text.into() }
    }

    fn call(id: &str, input: Value) -> Block {
        Block::ToolUse { id: id.into(), name: "execute_code".into(), input }
    }

    fn answer(id: &str, output: &str, is_error: bool) -> ToolResult {
        ToolResult { call_id: id.into(), output: output.into(), is_error }
    }

    /// Messages as they are sent, without the marks of the cache.
    #[track_caller]
    fn check(sent: Vec<Message>, thoughts: Thoughts, expect: Value) {
        assert_eq!(Value::Array(messages(&sent, thoughts)), expect);
    }

    #[test]
    fn messages_are_rendered() {
        let thought = json!({ "type": "thinking", "thinking": "hm", "signature": "s" });
        let opaque = |value: &Value| Block::Opaque { value: value.clone() };
        let go = json!({ "role": "user", "content": [{ "type": "text", "text": "go" }] });
        // Thoughts in place, parallel calls, all results in one message, then the person's words.
        let turn = vec![
            user("go"),
            said(vec![
                opaque(&thought),
                words("look"),
                call("a", json!({ "code": "1" })),
                call("b", json!({})),
            ]),
            Message::ToolResults {
                results: vec![answer("a", "1\n", false), answer("b", "", true)],
            },
            user("faster"),
            user(" "),
            user("please"),
        ];
        let results = json!({ "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "a", "content": "1\n" },
            { "type": "tool_result", "tool_use_id": "b", "content": "(nothing)", "is_error": true },
            { "type": "text", "text": "faster" },
            { "type": "text", "text": "please" },
        ]});
        let calls = [
            json!({ "type": "text", "text": "look" }),
            json!({ "type": "tool_use", "id": "a", "name": "execute_code", "input": { "code": "1" } }),
            json!({ "type": "tool_use", "id": "b", "name": "execute_code", "input": {} }),
        ];
        let with =
            json!({ "role": "assistant", "content": [thought, calls[0], calls[1], calls[2]] });
        check(turn.clone(), Thoughts::Kept, json!([go, with, results]));
        let without = json!({ "role": "assistant", "content": calls });
        check(turn, Thoughts::Left, json!([go, without, results]));
    }

    #[test]
    fn what_the_api_refuses_is_mended() {
        let thought = Block::Opaque { value: json!({ "type": "redacted_thinking", "data": "x" }) };
        let foreign = Block::Opaque { value: json!({ "wire": "openai", "type": "reasoning" }) };
        let both = json!([{ "role": "user", "content": [
            { "type": "text", "text": "go" }, { "type": "text", "text": "on" },
        ]}]);
        for empty in [vec![], vec![words("\n")], vec![words(""), thought.clone()], vec![foreign]] {
            check(vec![user("go"), said(empty), user("on")], Thoughts::Kept, both.clone());
        }
        check(
            vec![said(vec![call("call:1/ä", json!("{\"code\": "))])],
            Thoughts::Kept,
            json!([
                { "role": "user", "content": [{ "type": "text", "text": "Go on." }] },
                { "role": "assistant", "content": [{ "type": "tool_use", "id": "call_1__",
                  "name": "execute_code", "input": { "invalid_input": "{\"code\": " } }] },
            ]),
        );
        // A paused turn goes on inside the same message.
        check(
            vec![user("go"), said(vec![words("one")]), said(vec![words("two")])],
            Thoughts::Kept,
            json!([
                { "role": "user", "content": [{ "type": "text", "text": "go" }] },
                { "role": "assistant", "content": [
                    { "type": "text", "text": "one" }, { "type": "text", "text": "two" },
                ]},
            ]),
        );
    }

    #[test]
    fn a_body_is_rendered() {
        let mut request = testing::request("claude-opus-5-5", vec![user("go")]);
        request.system = "be good".into();
        request.effort = Some(Effort::Medium);
        request.tools = vec![ToolSpec {
            name: "list_files".into(),
            description: "Lists".into(),
            input_schema: json!({ "type": "object" }),
        }];
        let mark = json!({ "type": "ephemeral" });
        assert_eq!(
            body(&request, Thoughts::Kept),
            json!({
                "model": "claude-opus-5-5", "max_tokens": 16000, "stream": true,
                "tools": [{ "name": "list_files", "description": "Lists",
                            "input_schema": { "type": "object" } }],
                "system": [{ "type": "text", "text": "be good", "cache_control": mark }],
                "messages": [{ "role": "user", "content": [
                    { "type": "text", "text": "go", "cache_control": mark },
                ]}],
                "output_config": { "effort": "medium" },
            })
        );
        let dropped = body(&request, Thoughts::DroppedWhereUnfit);
        let binding = json!({ "prefix_mismatch_behavior": "drop_block" });
        assert_eq!(dropped["thinking"], json!({ "type": "adaptive", "block_binding": binding }));
        assert_eq!(dropped["output_config"], json!({ "effort": "medium" }));
    }
}
