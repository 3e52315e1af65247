use super::*;
use crate::llm::{Secret, http::Identity, sse::testing::play};

fn assembler() -> Assembler {
    let key = Secret::new("planted-0123456789-key");
    let identity = Identity {
        name: "anthropic",
        base_url: "http://127.0.0.1:9",
        base_variable: "ANTHROPIC_BASE_URL",
        key: Some(&key),
        key_variable: "ANTHROPIC_API_KEY",
    };
    Assembler::new(Endpoint::new(&identity).unwrap())
}

/// Events as they go over the wire.
fn wire(events: &[Value]) -> String {
    events
        .iter()
        .map(|e| format!("event: {}\ndata: {e}\n\n", e["type"].as_str().unwrap()))
        .collect()
}

/// The same stream cut at every odd size, with either line end, comes to the same.
#[track_caller]
fn check(text: &str, expect: Vec<Result<Delta, LlmError>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        for size in [1, 2, 3, 5, 7, 64, 1 << 20] {
            let got = runtime.block_on(play(&text, size, assembler()));
            assert_eq!(got, expect, "in pieces of {size}");
        }
    }
}

fn start(usage: Value) -> Value {
    json!({ "type": "message_start", "message": { "id": "m", "content": [], "usage": usage } })
}

fn block(index: u64, block: Value) -> Value {
    json!({ "type": "content_block_start", "index": index, "content_block": block })
}

fn delta(index: u64, delta: Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn text(index: u64, text: &str) -> Value {
    delta(index, json!({ "type": "text_delta", "text": text }))
}

fn part(index: u64, json: &str) -> Value {
    delta(index, json!({ "type": "input_json_delta", "partial_json": json }))
}

fn tool(index: u64, id: &str) -> Value {
    block(index, json!({ "type": "tool_use", "id": id, "name": "execute_code", "input": {} }))
}

fn end(stop: &str) -> [Value; 2] {
    let usage = json!({ "output_tokens": 9 });
    [
        json!({ "type": "message_delta", "delta": { "stop_reason": stop }, "usage": usage }),
        json!({ "type": "message_stop" }),
    ]
}

fn done(blocks: Vec<Block>, stop: StopReason) -> Result<Delta, LlmError> {
    let usage = Usage { output_tokens: 9, ..Usage::default() };
    Ok(Delta::Done(Completion { blocks, stop, usage }))
}

fn call(id: &str, input: Value) -> Block {
    Block::ToolUse { id: id.into(), name: "execute_code".into(), input }
}

fn words(text: &str) -> Block {
    Block::Text { text: text.into() }
}

#[test]
fn a_whole_turn_is_assembled() {
    let usage = json!({ "input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 100,
                        "cache_creation_input_tokens": 20 });
    let mut all = wire(&[
        start(usage),
        json!({ "type": "ping" }),
        block(0, json!({ "type": "thinking", "thinking": "", "signature": "" })),
        delta(0, json!({ "type": "thinking_delta", "thinking": "Let me " })),
        delta(0, json!({ "type": "thinking_delta", "thinking": "sée 🐧" })),
        delta(0, json!({ "type": "signature_delta", "signature": "c2ln" })),
        json!({ "type": "content_block_stop", "index": 0 }),
        block(1, json!({ "type": "redacted_thinking", "data": "xyz" })),
        json!({ "type": "content_block_stop", "index": 1 }),
        block(2, json!({ "type": "text", "text": "" })),
        text(2, "Grüße "),
        text(2, "🐧"),
        json!({ "type": "content_block_stop", "index": 2 }),
        json!({ "type": "a_later_invention", "index": 2 }),
        tool(3, "toolu_1"),
        part(3, ""),
        part(3, "{\"code\": \"pri"),
        part(3, "nt('ü\\n')\""),
        part(3, "}"),
        tool(4, "toolu_2"),
        block(5, json!({ "type": "a_later_block", "keep": [1] })),
        delta(5, json!({ "type": "a_later_delta", "x": 1 })),
    ]);
    all.push_str(": a comment\n\n");
    let usage = json!({ "output_tokens": 42, "cache_read_input_tokens": 110 });
    all.push_str(&wire(&[
        json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": usage }),
        json!({ "type": "message_stop" }),
        json!({ "type": "ping" }),
    ]));
    let opaque = |value: Value| Block::Opaque { value };
    let blocks = vec![
        opaque(json!({ "type": "thinking", "thinking": "Let me sée 🐧", "signature": "c2ln" })),
        opaque(json!({ "type": "redacted_thinking", "data": "xyz" })),
        words("Grüße 🐧"),
        call("toolu_1", json!({ "code": "print('ü\n')" })),
        call("toolu_2", json!({})),
        opaque(json!({ "type": "a_later_block", "keep": [1] })),
    ];
    let usage = Usage {
        input_tokens: 3,
        output_tokens: 42,
        cache_read_tokens: 110,
        cache_write_tokens: 20,
        estimated: false,
    };
    let turn = Completion { blocks, stop: StopReason::ToolUse, usage };
    check(&all, vec![Ok(Delta::Text("Grüße 🐧".into())), Ok(Delta::Done(turn))]);
}

#[test]
fn every_stop_reason_is_told_apart() {
    let hello = || words("hello");
    let table = [
        ("end_turn", StopReason::EndTurn),
        ("stop_sequence", StopReason::EndTurn),
        ("tool_use", StopReason::EndTurn),
        ("a_later_reason", StopReason::EndTurn),
        ("max_tokens", StopReason::MaxTokens),
        ("pause_turn", StopReason::PauseTurn),
        ("refusal", StopReason::Refusal),
        ("model_context_window_exceeded", StopReason::ContextOverflow),
    ];
    for (reason, stop) in table {
        let mut events = vec![block(0, json!({ "type": "text", "text": "hello" }))];
        events.extend(end(reason));
        check(&wire(&events), vec![Ok(Delta::Text("hello".into())), done(vec![hello()], stop)]);
    }
    for reason in ["a_later_reason", "end_turn", "tool_use"] {
        let mut events = vec![tool(0, "t"), part(0, "{\"a\":1}")];
        events.extend(end(reason));
        let blocks = vec![call("t", json!({ "a": 1 }))];
        check(&wire(&events), vec![done(blocks, StopReason::ToolUse)]);
    }
}

#[test]
fn what_was_cut_off_is_left_out() {
    let whole = || call("a", json!({ "x": 1 }));
    for (pieces, blocks) in [
        (vec!["{\"code\": \"pri"], vec![whole()]),
        (vec![], vec![whole()]),
        (vec!["{\"x\":", "2}"], vec![whole(), call("b", json!({ "x": 2 }))]),
    ] {
        let mut events = vec![tool(0, "a"), part(0, "{\"x\":1}"), tool(1, "b")];
        events.extend(pieces.into_iter().map(|p| part(1, p)));
        events.extend(end("max_tokens"));
        check(&wire(&events), vec![done(blocks, StopReason::MaxTokens)]);
    }
    let mut events = vec![
        block(0, json!({ "type": "thinking", "thinking": "", "signature": "" })),
        delta(0, json!({ "type": "thinking_delta", "thinking": "and then" })),
    ];
    events.extend(end("max_tokens"));
    check(&wire(&events), vec![done(vec![], StopReason::MaxTokens)]);
}

#[test]
fn nonsense_in_a_call_is_kept_for_the_tool() {
    let mut events = vec![tool(0, "a"), part(0, "{\"code\": print}")];
    events.extend(end("tool_use"));
    let blocks = vec![call("a", json!("{\"code\": print}"))];
    check(&wire(&events), vec![done(blocks, StopReason::ToolUse)]);
}

#[test]
fn a_refusal_says_why() {
    let details = json!({ "type": "refusal", "category": "bio", "explanation": "It is about x." });
    let delta = json!({ "stop_reason": "refusal", "stop_details": details });
    let events = [
        json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": 9 } }),
        json!({ "type": "message_stop" }),
    ];
    let note = Delta::Note("the model refused: It is about x".into());
    check(&wire(&events), vec![Ok(note), done(vec![], StopReason::Refusal)]);
}

#[test]
fn a_stream_that_breaks_is_an_error() {
    let hello = [start(json!({})), block(0, json!({ "type": "text", "text": "hello" }))];
    let shown = || Ok(Delta::Text("hello".into()));
    let err = |kind, words: &str| Err(LlmError::new(kind, words));
    let cut = wire(&hello);
    check(&cut, vec![shown(), err(ErrorKind::Broken, "the answer ended in the middle")]);
    check(
        "",
        vec![err(
            ErrorKind::Broken,
            "the answer held nothing: the address may be wrong, or the conversation longer than the model's window",
        )],
    );
    let mut events = hello.to_vec();
    let overloaded = json!({ "type": "overloaded_error", "message": "Overloaded" });
    events.push(json!({ "type": "error", "error": overloaded }));
    let words = "`anthropic` has too much to do: Overloaded";
    check(&wire(&events), vec![shown(), err(ErrorKind::Overloaded, words)]);
    let planted = json!({ "type": "api_error", "message": "key planted-0123456789-key broke" });
    events[2] = json!({ "type": "error", "error": planted });
    let words = "`anthropic` had an error of its own: key [key] broke";
    check(&wire(&events), vec![shown(), err(ErrorKind::Unreachable, words)]);
    let words = "the answer holds an event that is no JSON";
    check("data: {oops\n\n", vec![err(ErrorKind::Broken, words)]);
    let words = "the answer holds a piece of a block that never began";
    check(&wire(&[text(3, "x")]), vec![err(ErrorKind::Broken, words)]);
}
