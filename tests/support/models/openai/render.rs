//! A turn in the words of chat completions, whole or as a stream of chunks.

use super::super::{
    anthropic::cache::Prompt,
    delivery::pieces,
    script::{Asked, Script, Thinking, Turn},
};
use super::Quirk;
use serde_json::{Value, json};
use trainable::llm::StopReason;

fn finish_reason(script: &Script, turn: &Turn) -> &'static str {
    match turn.stops() {
        StopReason::ToolUse if script.has(Quirk::StopWithCalls) => "stop",
        StopReason::ToolUse => "tool_calls",
        StopReason::MaxTokens | StopReason::ContextOverflow => "length",
        StopReason::Refusal => "content_filter",
        // There is no pause here.
        StopReason::EndTurn | StopReason::PauseTurn => "stop",
    }
}

fn usage(turn: &Turn, prompt: Prompt) -> Value {
    let (output, thought) = turn.tokens();
    let input = prompt.fresh + prompt.read + prompt.written;
    json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input + output,
        "prompt_tokens_details": {"cached_tokens": prompt.read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": thought, "audio_tokens": 0},
    })
}

/// The calls of a turn as this server writes them.
fn calls(script: &Script, asked: &Asked, turn: &Turn) -> Vec<Value> {
    let all = turn.calls.iter().zip(turn.arguments()).enumerate();
    all.map(|(n, ((name, input), arguments))| {
        let arguments = if script.has(Quirk::ObjectArguments) {
            input.clone()
        } else {
            Value::String(arguments)
        };
        let id = if script.has(Quirk::SameIds) {
            "call_0".to_owned()
        } else {
            format!("call_{:020}_{n}", asked.turn)
        };
        let mut call = json!({
            "id": id, "type": "function",
            "function": {"name": name, "arguments": arguments},
        });
        if script.has(Quirk::NoIds) {
            call.as_object_mut().expect("an object").shift_remove("id");
        }
        call
    })
    .collect()
}

fn thought<'a>(script: &Script, turn: &'a Turn) -> Option<&'a str> {
    match &turn.thinking {
        Some(Thinking::Shown(text)) if script.has(Quirk::Reasoning) => Some(text),
        _ => None,
    }
}

fn envelope(asked: &Asked, object: &str, choices: Value) -> Value {
    json!({
        "id": format!("chatcmpl-{:024}", asked.turn),
        "object": object,
        "created": 1_790_000_000,
        "model": asked.model,
        "system_fingerprint": "fp_script",
        "choices": choices,
    })
}

/// The answer to a request that does not stream.
pub fn completion(script: &Script, asked: &Asked, turn: &Turn, prompt: Prompt) -> Value {
    let text = if turn.text.is_empty() { Value::Null } else { json!(turn.text) };
    let mut message = json!({"role": "assistant", "content": text, "refusal": null});
    if let Some(thought) = thought(script, turn) {
        message["reasoning_content"] = json!(thought);
    }
    if !turn.calls.is_empty() {
        message["tool_calls"] = Value::Array(calls(script, asked, turn));
    }
    let choice = json!([{
        "index": 0, "message": message, "logprobs": null,
        "finish_reason": finish_reason(script, turn),
    }]);
    let mut completion = envelope(asked, "chat.completion", choice);
    if !script.has(Quirk::NoUsage) {
        completion["usage"] = usage(turn, prompt);
    }
    completion
}

/// The chunks of a stream, without its `[DONE]`.
pub fn chunks(script: &Script, asked: &Asked, turn: &Turn, prompt: Prompt) -> Vec<Value> {
    let asks_usage = asked.body["stream_options"]["include_usage"] == true;
    let counts = asks_usage && !script.has(Quirk::NoUsage);
    let chunk = |choices: Value| {
        let mut chunk = envelope(asked, "chat.completion.chunk", choices);
        if counts {
            chunk["usage"] = Value::Null;
        }
        chunk
    };
    let delta = |delta: Value| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]))
    };
    let mut chunks = vec![delta(json!({"role": "assistant", "content": "", "refusal": null}))];
    for piece in pieces(thought(script, turn).unwrap_or_default()) {
        chunks.push(delta(json!({"reasoning_content": piece})));
    }
    for piece in pieces(&turn.text) {
        chunks.push(delta(json!({"content": piece})));
    }
    for (n, call) in calls(script, asked, turn).into_iter().enumerate() {
        chunks.extend(
            call_deltas(script, n, call)
                .into_iter()
                .map(|call| delta(json!({"tool_calls": [call]}))),
        );
    }
    let finish = finish_reason(script, turn);
    let mut last =
        chunk(json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": finish}]));
    if counts && script.has(Quirk::UsageWithFinish) {
        last["usage"] = usage(turn, prompt);
    }
    chunks.push(last);
    if counts && !script.has(Quirk::UsageWithFinish) {
        let mut count = chunk(json!([]));
        count["usage"] = usage(turn, prompt);
        chunks.push(count);
    }
    chunks
}

/// A call in pieces: its id and name first, then its arguments.
fn call_deltas(script: &Script, n: usize, mut call: Value) -> Vec<Value> {
    if !script.has(Quirk::NoIndex) {
        call["index"] = json!(n);
    }
    let arguments = match call["function"]["arguments"].as_str() {
        Some(text) if !script.has(Quirk::WholeCalls) => text.to_owned(),
        _ => return vec![call],
    };
    call["function"]["arguments"] = json!("");
    let mut deltas = vec![call];
    for piece in pieces(&arguments) {
        let mut delta = json!({"function": {"arguments": piece}});
        if !script.has(Quirk::NoIndex) {
            delta["index"] = json!(n);
        }
        deltas.push(delta);
    }
    deltas
}
