//! A turn in the words of the Messages API, whole or as a stream of events.

use super::super::{
    delivery::pieces,
    script::{Asked, Thinking, Turn},
};
use super::cache::Prompt;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use trainable::llm::StopReason;

/// Signs a thought; only the server could.
pub fn signature(thought: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update("the secret of the scripted server");
    hasher.update(thought);
    STANDARD.encode(hasher.finalize())
}

/// Encrypts a thought, as far as anybody can tell.
pub fn redacted(turn: usize) -> String {
    STANDARD.encode(format!("redacted thought of turn {turn}, sealed"))
}

/// What the id of a call says of the thoughts before it: whether they are still there unchanged
/// can be told from the message alone.
pub fn seal(thoughts: &[Value]) -> String {
    if thoughts.is_empty() {
        return "none".to_owned();
    }
    let mut hasher = Sha256::new();
    for thought in thoughts {
        for field in ["type", "thinking", "signature", "data"] {
            hasher.update(thought[field].as_str().unwrap_or_default());
            hasher.update([0]);
        }
    }
    hex(&hasher.finalize()[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id of a call: `toolu_01`, the seal, the turn, the number of the call.
fn call_id(seal: &str, turn: usize, call: usize) -> String {
    format!("toolu_01_{seal}_{turn}_{call}")
}

pub fn stop_reason(stop: StopReason) -> &'static str {
    match stop {
        StopReason::EndTurn => "end_turn",
        StopReason::ToolUse => "tool_use",
        StopReason::MaxTokens => "max_tokens",
        StopReason::PauseTurn => "pause_turn",
        StopReason::Refusal => "refusal",
        StopReason::ContextOverflow => "model_context_window_exceeded",
    }
}

/// The content blocks of a turn; inputs of calls as JSON texts, for they may be cut off.
fn content(asked: &Asked, turn: &Turn) -> Vec<(Value, String)> {
    let mut blocks = Vec::new();
    if asked.body["thinking"]["type"] != "disabled" {
        let signed = |thought: &str| json!({"type": "thinking", "thinking": thought, "signature": signature(thought)});
        match &turn.thinking {
            Some(Thinking::Shown(thought)) => blocks.push(signed(thought)),
            Some(Thinking::Omitted) => blocks.push(signed("")),
            Some(Thinking::Redacted) => {
                blocks.push(json!({"type": "redacted_thinking", "data": redacted(asked.turn)}));
            }
            None => {}
        }
    }
    let seal = seal(&blocks);
    let mut content: Vec<_> = blocks.into_iter().map(|block| (block, String::new())).collect();
    if !turn.text.is_empty() {
        content.push((json!({"type": "text", "text": turn.text}), String::new()));
    }
    for (n, ((name, _), arguments)) in turn.calls.iter().zip(turn.arguments()).enumerate() {
        let id = call_id(&seal, asked.turn, n);
        let block = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
        content.push((block, arguments));
    }
    content
}

fn usage(turn: &Turn, prompt: Prompt) -> Value {
    let (output, thought) = turn.tokens();
    json!({
        "input_tokens": prompt.fresh,
        "cache_creation_input_tokens": prompt.written,
        "cache_read_input_tokens": prompt.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": prompt.written, "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": output,
        "output_tokens_details": {"thinking_tokens": thought},
        "service_tier": "standard",
    })
}

fn details(stop: StopReason) -> Value {
    match stop {
        StopReason::Refusal => {
            json!({"type": "refusal", "category": "cyber", "explanation": "a scripted refusal"})
        }
        _ => Value::Null,
    }
}

/// The answer to a request that does not stream.
pub fn message(asked: &Asked, turn: &Turn, prompt: Prompt) -> Value {
    let mut blocks = Vec::new();
    for (mut block, arguments) in content(asked, turn) {
        if block["type"] == "tool_use" {
            block["input"] = serde_json::from_str(&arguments).unwrap_or_else(|_| json!({}));
        }
        blocks.push(block);
    }
    let mut message = start(asked, turn, prompt);
    message["content"] = Value::Array(blocks);
    message["stop_reason"] = json!(stop_reason(turn.stops()));
    message["stop_details"] = details(turn.stops());
    message["usage"] = usage(turn, prompt);
    message
}

fn start(asked: &Asked, turn: &Turn, prompt: Prompt) -> Value {
    let mut usage = usage(turn, prompt);
    usage["output_tokens"] = json!(1);
    json!({
        "id": format!("msg_01{:022}", asked.turn),
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "stop_details": null,
        "usage": usage,
    })
}

/// The events of a stream: names and data.
///
/// *Source*: <https://platform.claude.com/docs/en/build-with-claude/streaming>
pub fn events(asked: &Asked, turn: &Turn, prompt: Prompt) -> Vec<(&'static str, Value)> {
    let mut events = vec![(
        "message_start",
        json!({"type": "message_start", "message": start(asked, turn, prompt)}),
    )];
    for (index, (block, arguments)) in content(asked, turn).into_iter().enumerate() {
        if index == 0 {
            events.push(("ping", json!({"type": "ping"})));
        }
        let (opening, deltas) = deltas(&block, &arguments);
        events.push((
            "content_block_start",
            json!({"type": "content_block_start", "index": index, "content_block": opening}),
        ));
        for delta in deltas {
            events.push((
                "content_block_delta",
                json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ));
        }
        events.push(("content_block_stop", json!({"type": "content_block_stop", "index": index})));
    }
    let stop = turn.stops();
    events.push((
        "message_delta",
        json!({
            "type": "message_delta",
            "delta": {
                "stop_reason": stop_reason(stop), "stop_sequence": null, "stop_details": details(stop),
            },
            "usage": usage(turn, prompt),
        }),
    ));
    events.push(("message_stop", json!({"type": "message_stop"})));
    events
}

/// How a block begins, and what is added to it.
fn deltas(block: &Value, arguments: &str) -> (Value, Vec<Value>) {
    let text = |field: &str| block[field].as_str().unwrap_or_default();
    match text("type") {
        "text" => {
            let added = pieces(text("text"));
            let deltas =
                added.iter().map(|piece| json!({"type": "text_delta", "text": piece})).collect();
            (json!({"type": "text", "text": ""}), deltas)
        }
        "thinking" => {
            let mut deltas: Vec<_> = pieces(text("thinking"))
                .iter()
                .map(|piece| json!({"type": "thinking_delta", "thinking": piece}))
                .collect();
            deltas.push(json!({"type": "signature_delta", "signature": text("signature")}));
            (json!({"type": "thinking", "thinking": "", "signature": ""}), deltas)
        }
        "tool_use" => {
            // The API begins every input with an empty piece.
            let mut deltas = vec![json!({"type": "input_json_delta", "partial_json": ""})];
            deltas.extend(
                pieces(arguments)
                    .iter()
                    .map(|piece| json!({"type": "input_json_delta", "partial_json": piece})),
            );
            (block.clone(), deltas)
        }
        // A redacted thought comes as a whole.
        _ => (block.clone(), Vec::new()),
    }
}
