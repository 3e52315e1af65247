use super::*;
use crate::llm::{
    StopReason::{EndTurn, MaxTokens, Refusal, ToolUse},
    http::Identity,
    sse::testing::play,
};

fn assembler(in_prose: bool) -> Assembler {
    let identity = Identity {
        name: "openai",
        base_url: "http://127.0.0.1:9/v1",
        base_variable: "OPENAI_BASE_URL",
        key: None,
        key_variable: "OPENAI_API_KEY",
    };
    let asked = Asked {
        tools: vec!["execute_code".into(), "list_files".into()],
        in_prose,
        seed: "s".into(),
        bytes: 400,
    };
    Assembler::new(Endpoint::new(&identity).unwrap(), asked)
}

/// The same stream cut at every odd size, with either line end, comes to the same.
#[track_caller]
fn check_wire(wire: &str, in_prose: bool, expect: &[Result<Delta, LlmError>]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for wire in [wire.to_owned(), wire.replace('\n', "\r\n")] {
        for size in [1, 2, 3, 7, 64, 1 << 20] {
            let got = runtime.block_on(play(&wire, size, assembler(in_prose)));
            assert_eq!(got, expect, "in pieces of {size}");
        }
    }
}

/// Deltas of one choice as they go over the wire, with counts and an end.
fn wire(deltas: &[Value], finish: &str) -> String {
    let mut chunks: Vec<Value> = deltas
        .iter()
        .map(|d| json!({ "choices": [{ "index": 0, "delta": d, "finish_reason": null }], "usage": null }))
        .collect();
    chunks.push(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": finish }] }));
    chunks.push(json!({ "choices": [], "usage": { "prompt_tokens": 10, "completion_tokens": 9 } }));
    let mut wire: String = chunks.iter().map(|c| format!("data: {c}\n\n")).collect();
    wire.push_str("data: [DONE]\n\n");
    wire
}

fn counted() -> Usage {
    Usage { input_tokens: 10, output_tokens: 9, ..Usage::default() }
}

#[track_caller]
fn check(deltas: &[Value], finish: &str, blocks: Vec<Block>, stop: StopReason) {
    check_in(false, deltas, finish, blocks, stop);
}

#[track_caller]
fn check_in(prose: bool, deltas: &[Value], finish: &str, blocks: Vec<Block>, stop: StopReason) {
    let text: String = deltas.iter().map(|d| words(&d["content"])).collect();
    let mut expect = Vec::new();
    if !text.is_empty() {
        expect.push(Ok(Delta::Text(text)));
    }
    expect.push(Ok(Delta::Done(Completion { blocks, stop, usage: counted() })));
    check_wire(&wire(deltas, finish), prose, &expect);
}

fn call(id: &str, input: Value) -> Block {
    Block::ToolUse { id: id.into(), name: "list_files".into(), input }
}

fn text(words: &str) -> Block {
    Block::Text { text: words.into() }
}

fn pieces(pieces: Value) -> Value {
    json!({ "tool_calls": pieces })
}

#[test]
fn text_and_calls_are_assembled() {
    check(
        &[
            json!({ "role": "assistant", "content": "" }),
            json!({ "reasoning": "hm" }),
            json!({ "content": "Grüße " }),
            Value::Null,
            json!({ "content": "🐧" }),
            pieces(json!([{ "index": 0, "id": "a", "type": "function",
                            "function": { "name": "list_files", "arguments": "" } }])),
            pieces(json!([{ "index": 0, "function": { "arguments": "{\"path\": " } }])),
            pieces(json!([
                { "index": 1, "id": "b", "function": { "name": "list_files", "arguments": "{}" } },
                { "index": 0, "function": { "arguments": "\"ü\"}" } },
            ])),
        ],
        "tool_calls",
        vec![text("Grüße 🐧"), call("a", json!({ "path": "ü" })), call("b", json!({}))],
        ToolUse,
    );
}

#[test]
fn quirks_of_calls_are_tolerated() {
    let one = |piece: Value, id: &str, input: Value| {
        check(&[pieces(json!([piece]))], "stop", vec![call(id, input)], ToolUse);
    };
    let path = || json!({ "path": "x" });
    let f = |arguments: Value| json!({ "name": "list_files", "arguments": arguments });
    // Neither id nor index; arguments as an object, absent, null, empty, encoded twice, nonsense.
    one(json!({ "function": f(path()) }), "call_s_0", path());
    one(json!({ "id": null, "function": f(Value::Null) }), "call_s_0", json!({}));
    one(json!({ "id": "a", "function": { "name": "list_files" } }), "a", json!({}));
    one(json!({ "id": "a", "function": f(json!("")) }), "a", json!({}));
    one(json!({ "id": "a", "function": f(json!("null")) }), "a", json!({}));
    one(json!({ "id": "a", "function": f(json!("\"{\\\"path\\\": \\\"x\\\"}\"")) }), "a", path());
    one(json!({ "id": "a", "function": f(json!("{path: x}")) }), "a", json!("{path: x}"));
    let two = |given: &[Value], ids: [&str; 2]| {
        let blocks = vec![call(ids[0], path()), call(ids[1], path())];
        check(given, "stop", blocks, ToolUse);
    };
    let whole = || f(json!("{\"path\": \"x\"}"));
    // Every call at index 0, told apart by its id, or only by beginning anew.
    let at = |id: Value| json!({ "index": 0, "id": id, "function": whole() });
    two(&[pieces(json!([at(json!("a"))])), pieces(json!([at(json!("b"))]))], ["a", "b"]);
    two(&[pieces(json!([at(json!(null)), at(json!(null))]))], ["call_s_0", "call_s_1"]);
    two(
        &[pieces(json!([{ "function": whole() }, { "function": whole() }]))],
        ["call_s_0", "call_s_1"],
    );
    // The same id twice at two indexes.
    let same = |index: u64| json!({ "index": index, "id": "a", "function": whole() });
    two(&[pieces(json!([same(0), same(1)]))], ["a", "call_s_1"]);
    // The name and the id in every piece; an index in none.
    let part = |arguments: &str| {
        pieces(json!([{ "id": "a", "function": { "name": "list_files", "arguments": arguments } }]))
    };
    check(&[part("{\"path\":"), part(" \"x\"}")], "stop", vec![call("a", path())], ToolUse);
    let indexed = |arguments: &str| {
        pieces(
            json!([{ "index": 0, "id": "a", "function": { "name": "list_files", "arguments": arguments } }]),
        )
    };
    check(&[indexed("{\"path\":"), indexed(" \"x\"}")], "stop", vec![call("a", path())], ToolUse);
    let rest = json!([{ "function": { "arguments": " \"x\"}" } }]);
    check(&[part("{\"path\":"), pieces(rest)], "stop", vec![call("a", path())], ToolUse);
    // An object in place of the list; the older field.
    check(
        &[pieces(json!({ "id": "a", "function": whole() }))],
        "stop",
        vec![call("a", path())],
        ToolUse,
    );
    check(
        &[json!({ "function_call": whole() })],
        "function_call",
        vec![call("call_s_0", path())],
        ToolUse,
    );
}

#[test]
fn what_servers_want_back_is_kept() {
    let extra = json!({ "google": { "thought_signature": "sig" } });
    let function = json!({ "name": "list_files", "arguments": "{}" });
    check(
        &[
            json!({ "reasoning_content": "I " }),
            json!({ "reasoning_content": "think" }),
            pieces(
                json!([{ "index": 0, "id": "a", "function": function, "extra_content": extra }]),
            ),
        ],
        "stop",
        vec![
            Block::Opaque { value: json!({ "wire": WIRE, "reasoning_content": "I think" }) },
            Block::Opaque { value: json!({ "wire": WIRE, "call": "a", "extra_content": extra }) },
            call("a", json!({})),
        ],
        ToolUse,
    );
}

#[test]
fn ends_are_told_apart() {
    let hello = || [json!({ "content": "hello" })];
    for (finish, stop) in [
        ("stop", EndTurn),
        ("eos", EndTurn),
        ("tool_calls", EndTurn),
        ("length", MaxTokens),
        ("MAX_TOKENS", MaxTokens),
        ("content_filter", Refusal),
    ] {
        check(&hello(), finish, vec![text("hello")], stop);
    }
    let cut = json!([
        { "index": 0, "id": "a", "function": { "name": "list_files", "arguments": "{}" } },
        { "index": 1, "id": "b", "function": { "name": "list_files", "arguments": "{\"pa" } },
    ]);
    check(&[pieces(cut)], "length", vec![call("a", json!({}))], MaxTokens);
    let begun = json!([{ "index": 0, "id": "b", "function": { "name": "list_files" } }]);
    check(&[pieces(begun)], "length", vec![], MaxTokens);
    let refusal =
        json!({ "choices": [{ "delta": { "refusal": "No." }, "finish_reason": "stop" }] });
    let usage = Usage { input_tokens: 100, output_tokens: 1, estimated: true, ..Usage::default() };
    let done = Completion { blocks: vec![text("No.")], stop: Refusal, usage };
    let expect = [Ok(Delta::Text("No.".into())), Ok(Delta::Done(done))];
    check_wire(&format!("data: {refusal}\n\n"), false, &expect);
}

#[test]
fn calls_in_text_are_found() {
    let script = || Block::ToolUse {
        id: "call_s_0".into(),
        name: "execute_code".into(),
        input: json!({ "code": "x = 1\n", "slug": "look" }),
    };
    let said =
        [json!({ "content": "Look:\n```python look\nx" }), json!({ "content": " = 1\n```\nok" })];
    check_in(true, &said, "stop", vec![text("Look:"), script()], ToolUse);
    check_in(false, &said, "stop", vec![text("Look:\n```python look\nx = 1\n```\nok")], EndTurn);
    let open = [json!({ "content": "Look:\n```python look\nx = 1\n" })];
    check_in(true, &open, "stop", vec![text("Look:"), script()], ToolUse);
    check_in(true, &open, "length", vec![text("Look:\n```python look\nx = 1\n")], MaxTokens);
    let tag = "<tool_call>{\"name\": \"list_files\", \"arguments\": {}}</tool_call>";
    let tags = [json!({ "content": [{ "type": "text", "text": format!("{tag}\n{tag}") }] })];
    let blocks = vec![call("call_s_0", json!({})), call("call_s_1", json!({}))];
    check_in(false, &tags, "stop", blocks, ToolUse);
}

#[track_caller]
fn check_usage(usage: Value, expect: Usage) {
    let chunk = json!({ "choices": [{ "delta": { "content": "12345678" }, "finish_reason": "stop" }],
                        "usage": usage });
    let done = Completion { blocks: vec![text("12345678")], stop: EndTurn, usage: expect };
    let expect = [Ok(Delta::Text("12345678".into())), Ok(Delta::Done(done))];
    check_wire(&format!("data: {chunk}\n\ndata: [DONE]\n\n"), false, &expect);
    // The end of the stream is as good as the word for it.
    check_wire(&format!(": hello\n\ndata: {chunk}\n\n"), false, &expect);
}

#[test]
fn tokens_are_counted_once() {
    let usage = |input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, estimated| {
        Usage { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, estimated }
    };
    check_usage(Value::Null, usage(100, 2, 0, 0, true));
    check_usage(json!({ "prompt_tokens": 50 }), usage(50, 2, 0, 0, true));
    check_usage(json!({ "prompt_tokens": 50, "completion_tokens": 7 }), usage(50, 7, 0, 0, false));
    let details = json!({ "cached_tokens": 30, "cache_write_tokens": 5 });
    let counts =
        json!({ "prompt_tokens": 50, "completion_tokens": 7, "prompt_tokens_details": details });
    check_usage(counts, usage(15, 7, 30, 5, false));
    let counts =
        json!({ "prompt_tokens": 50, "completion_tokens": 7, "prompt_cache_hit_tokens": 60 });
    check_usage(counts, usage(0, 7, 60, 0, false));
}

#[test]
fn a_whole_message_is_taken() {
    let message = json!({ "role": "assistant", "content": "hi" });
    let whole = json!({ "choices": [{ "message": message, "finish_reason": "stop" }],
                        "usage": { "prompt_tokens": 10, "completion_tokens": 9 } });
    let done = Completion { blocks: vec![text("hi")], stop: EndTurn, usage: counted() };
    let expect = [Ok(Delta::Text("hi".into())), Ok(Delta::Done(done))];
    check_wire(&format!("data: {whole}\n\n"), false, &expect);
}

#[test]
fn a_stream_that_breaks_is_an_error() {
    let hello = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n";
    let check = |rest: &str, kind: ErrorKind, words: &str| {
        let expect = [Ok(Delta::Text("hi".into())), Err(LlmError::new(kind, words))];
        check_wire(&format!("{hello}{rest}"), false, &expect);
    };
    check("", ErrorKind::Broken, "the answer ended in the middle");
    check("data: {oops\n\n", ErrorKind::Broken, "the answer holds a chunk that is no JSON");
    check(
        "data: {\"error\":{\"code\":502,\"message\":\"upstream\"}}\n\n",
        ErrorKind::Unreachable,
        "`openai` had an error of its own: upstream",
    );
    check(
        "data: {\"error\":\"out of memory\"}\n\n",
        ErrorKind::Unreachable,
        "`openai` had an error of its own: out of memory",
    );
    check(
        "event: error\ndata: {\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}\n\n",
        ErrorKind::RateLimited,
        "`openai` asks for fewer requests: slow down",
    );
    check(
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\ndata: [DONE]\n\n",
        ErrorKind::Unreachable,
        "the model's server failed",
    );
    let empty = [Err(LlmError::new(ErrorKind::Broken, "the answer is empty"))];
    check_wire("data: [DONE]\n\n", false, &empty);
}
