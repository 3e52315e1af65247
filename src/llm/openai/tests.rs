use super::*;
use crate::llm::{
    Message, ToolSpec,
    testing::{Seen, answer, collect, events, request, serve},
};
use serde_json::{Value, json};

fn provider(base: &str, key: Option<&str>, tools_in_prose: bool) -> OpenAi {
    OpenAi::new(OpenAiConfig {
        name: "openai".into(),
        base_url: base.into(),
        key: key.map(Secret::new),
        default_model: DEFAULT_MODEL.into(),
        tools_in_prose,
    })
    .unwrap()
}

fn says(text: &str) -> String {
    let chunk = json!({ "choices": [{ "delta": { "content": text }, "finish_reason": "stop" }] });
    events(&format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

fn refuses(message: &str) -> String {
    let error = json!({ "message": message, "type": "invalid_request_error", "code": null });
    answer(400, "", &json!({ "error": error }).to_string())
}

fn turn(model: &str, turn: u32) -> Request {
    let mut request = request(model, vec![Message::User { text: "go".into() }]);
    request.turn = turn;
    request.tools = vec![ToolSpec {
        name: "execute_code".into(),
        description: "Runs".into(),
        input_schema: json!({ "type": "object" }),
    }];
    request
}

/// Asks for turns 2 and 3 of one provider: the notes, the last stop, and what the server saw.
async fn ask(model: &str, answers: Vec<String>) -> (Vec<String>, Vec<Value>) {
    let (base, served) = serve(answers).await;
    let provider = provider(&base, None, false);
    let mut told = Vec::new();
    for n in [2, 3] {
        for delta in collect(provider.stream(turn(model, n)).await).await {
            match delta {
                Ok(Delta::Note(note)) => told.push(note),
                Ok(Delta::Done(done)) => told.push(format!("{:?}", done.stop)),
                Ok(_) => {}
                Err(error) => told.push(error.to_string()),
            }
        }
    }
    (told, served.await.unwrap().into_iter().map(|s: Seen| s.body).collect())
}

#[tokio::test]
async fn a_dialect_is_learnt_once() {
    let field = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                 'max_completion_tokens' instead.";
    let (told, seen) = ask("mystery", vec![refuses(field), says("a"), says("b")]).await;
    assert_eq!(told, ["EndTurn", "EndTurn"]);
    assert_eq!(seen[0]["max_tokens"], 16_000);
    for body in &seen[1..] {
        assert_eq!(
            (&body["max_tokens"], &body["max_completion_tokens"]),
            (&Value::Null, &json!(16_000))
        );
    }
}

#[tokio::test]
async fn a_server_without_tools_is_told_of_them_in_words() {
    let script = says("```python look\nx = 1\n```");
    let no_tools = refuses("registry.ollama.ai/library/gemma:2b does not support tools");
    let (told, seen) = ask("gemma:2b", vec![no_tools, script.clone(), script]).await;
    let note =
        "`gemma:2b` is not offered tools here, so it calls them by writing fenced code blocks";
    assert_eq!(told, [note, "ToolUse", "ToolUse"]);
    assert!(seen[0]["tools"].is_array());
    for body in &seen[1..] {
        assert_eq!(body["tools"], Value::Null);
        assert!(body["messages"][0]["content"].as_str().unwrap().contains("## execute_code"));
    }
}

#[tokio::test]
async fn a_model_that_cannot_reason_with_tools_says_so() {
    let both = "Function tools with reasoning_effort are not supported for x in \
                /v1/chat/completions. To use function tools, use /v1/responses or set \
                reasoning_effort to 'none'.";
    let (told, seen) = ask("x", vec![refuses(both), says("a"), says("b")]).await;
    let note = "`x` takes tools over this API only without reasoning, so it does not reason";
    assert_eq!(told, [note, "EndTurn", "EndTurn"]);
    assert_eq!(seen[2]["reasoning_effort"], "none");
    let answers = vec![refuses(both), refuses(both), says("a"), says("b")];
    let (told, seen) = ask("x", answers).await;
    assert!(told[0].contains("fenced code blocks"), "{told:?}");
    assert_eq!((&seen[3]["tools"], &seen[3]["reasoning_effort"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_refusal_about_something_else_counts() {
    let (told, _) = ask("x", vec![refuses("no"), says("b")]).await;
    assert_eq!(told, ["`openai` did not take the request (HTTP 400): no", "EndTurn"]);
}

#[tokio::test]
async fn keys_and_notes_follow_the_settings() {
    for suffix in ["/v1", "/v1/", "/v1/chat/completions"] {
        let (base, served) = serve(vec![says("a")]).await;
        let provider = provider(&format!("{base}{suffix}"), Some("sk-planted-01234"), true);
        let deltas = collect(provider.stream(turn("m", 1)).await).await;
        assert!(matches!(&deltas[0], Ok(Delta::Note(note)) if note.contains("`m`")), "{deltas:?}");
        let seen = &served.await.unwrap()[0];
        assert!(seen.head.starts_with("post /v1/chat/completions http/1.1\r\n"), "{}", seen.head);
        assert!(seen.head.contains("authorization: bearer sk-planted-01234"));
    }
    let (base, served) = serve(vec![says("a")]).await;
    let deltas = collect(provider(&base, Some(" "), false).stream(turn("m", 1)).await).await;
    assert!(matches!(&deltas[0], Ok(Delta::Text(_))), "{deltas:?}");
    assert!(!served.await.unwrap()[0].head.contains("authorization"));
}

#[tokio::test]
async fn models_are_listed() {
    let data = json!([{ "id": "old", "created": 1 }, { "id": "new", "created": 2 },
                      { "id": DEFAULT_MODEL, "created": 1 }, { "id": "text-embedding-3" }]);
    let (base, _served) = serve(vec![answer(200, "", &json!({ "data": data }).to_string())]).await;
    let models = provider(&base, None, false).models().await.unwrap();
    assert_eq!(models, [DEFAULT_MODEL, "new", "old", "text-embedding-3"]);
    assert!(chats("gpt-6-sol") && !chats("text-embedding-3-large") && !chats("gpt-realtime"));
}
