use super::*;
use crate::llm::{
    Block, Message,
    testing::{Seen, answer, collect, events, request, serve},
};
use serde_json::{Value, json};

const KEY: &str = "planted-0123456789-key";

fn provider(base: &str, credential: fn(Secret) -> Credential) -> Anthropic {
    Anthropic::new(AnthropicConfig {
        name: "anthropic".into(),
        base_url: base.into(),
        credential: credential(Secret::new(KEY)),
        default_model: DEFAULT_MODEL.into(),
    })
    .unwrap()
}

fn hello() -> String {
    let block = json!({ "type": "text", "text": "hi" });
    let all = [
        json!({ "type": "content_block_start", "index": 0, "content_block": block }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": {} }),
        json!({ "type": "message_stop" }),
    ];
    events(&all.iter().map(|e| format!("data: {e}\n\n")).collect::<String>())
}

fn invalid(message: &str) -> String {
    let error = json!({ "type": "invalid_request_error", "message": message });
    answer(400, "", &json!({ "type": "error", "error": error }).to_string())
}

/// A conversation with one thought in it.
fn thoughtful() -> Request {
    let value = json!({ "type": "thinking", "thinking": "hm", "signature": "s" });
    let said = vec![Block::Opaque { value }, Block::Text { text: "so".into() }];
    let user = |text: &str| Message::User { text: text.into() };
    request("claude-opus-5-5", vec![user("go"), Message::Assistant { blocks: said }, user("on")])
}

/// Asks once; what was said of it, as texts, and what the server saw.
async fn ask(answers: Vec<String>) -> (Vec<String>, Vec<Seen>) {
    let (base, served) = serve(answers).await;
    let deltas = collect(provider(&base, Credential::ApiKey).stream(thoughtful()).await).await;
    let told = deltas.into_iter().map(|delta| match delta {
        Ok(Delta::Text(text)) => text,
        Ok(Delta::Note(note)) => format!("note: {note}"),
        Ok(Delta::Done(done)) => format!("done: {:?}", done.stop),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("{:?}: {error}", error.kind),
    });
    let told = told.collect();
    served.abort();
    let seen = served.await.unwrap_or_default();
    (told, seen)
}

const NOTE: &str =
    "note: earlier thoughts of the model no longer fit the conversation and are left out";
const UNFIT: &str = "messages.1.content.0: Invalid `signature` in `thinking` block. The block is \
                     bound to a different conversation. Remove the block.";

#[tokio::test]
async fn requests_carry_the_key_where_it_belongs() {
    for suffix in ["", "/", "/v1", "/v1/"] {
        let (base, served) = serve(vec![hello()]).await;
        let provider = provider(&format!("{base}{suffix}"), Credential::ApiKey);
        assert_eq!(collect(provider.stream(thoughtful()).await).await.len(), 2);
        let seen = &served.await.unwrap()[0];
        assert!(seen.head.starts_with("post /v1/messages http/1.1\r\n"), "{}", seen.head);
        assert!(seen.head.contains("anthropic-version: 2023-06-01"));
        assert!(seen.head.contains(&format!("x-api-key: {KEY}")));
        assert!(!seen.head.contains("authorization") && !seen.head.contains("anthropic-beta"));
        assert_eq!(seen.body["model"], "claude-opus-5-5");
        assert!(!seen.body.to_string().contains(KEY));
    }
    let (base, served) = serve(vec![hello()]).await;
    collect(provider(&base, Credential::Bearer).stream(thoughtful()).await).await;
    let seen = &served.await.unwrap()[0];
    assert!(seen.head.contains(&format!("authorization: bearer {KEY}")));
    assert!(!seen.head.contains("x-api-key"));
}

#[tokio::test]
async fn thoughts_that_do_not_fit_are_dropped() {
    let (told, seen) = ask(vec![invalid(UNFIT), hello()]).await;
    assert_eq!(told, [NOTE, "hi", "done: EndTurn"]);
    assert!(seen[1].head.contains("anthropic-beta: thinking-binding-controls-2026-08-01"));
    let behaviour = &seen[1].body["thinking"]["block_binding"]["prefix_mismatch_behavior"];
    assert_eq!(behaviour, "drop_block");
    assert_eq!(seen[1].body["messages"], seen[0].body["messages"]);

    let beta = "Unexpected value(s) `thinking-binding-controls-2026-08-01`";
    for answers in [
        vec![invalid(UNFIT), invalid(beta), hello()],
        vec![invalid("messages.1.content.0: Invalid `signature` in `thinking` block"), hello()],
    ] {
        let (told, seen) = ask(answers).await;
        assert_eq!(told, [NOTE, "hi", "done: EndTurn"]);
        let last = &seen.last().unwrap().body;
        assert_eq!(last["messages"][1]["content"], json!([{ "type": "text", "text": "so" }]));
        assert_eq!(last["thinking"], Value::Null);
    }
}

#[tokio::test]
async fn what_was_refused_once_is_not_sent_again() {
    let (base, served) = serve(vec![invalid(UNFIT), hello(), hello()]).await;
    let provider = provider(&base, Credential::ApiKey);
    assert_eq!(
        collect(provider.stream(thoughtful()).await).await.len(),
        3,
        "a note, the words, the end"
    );
    assert_eq!(collect(provider.stream(thoughtful()).await).await.len(), 2);
    let seen = served.await.unwrap();
    assert_eq!(seen.len(), 3, "the next turn was not refused");
    assert!(seen[2].head.contains("anthropic-beta: thinking-binding-controls-2026-08-01"));
}

#[tokio::test]
async fn refusals_reach_people_in_words() {
    let (told, _) = ask(vec![invalid("prompt is too long: 2 tokens > 1 maximum")]).await;
    let words = "the conversation is longer than the model's window: prompt is too long: 2 tokens \
                 > 1 maximum";
    assert_eq!(told, [format!("ContextOverflow: {words}")]);
    let (told, _) = ask(vec![answer(401, "", &format!("{{\"error\":\"no {KEY}\"}}"))]).await;
    let words = "`anthropic` did not accept the key; check `ANTHROPIC_API_KEY`: no [key]";
    assert_eq!(told, [format!("Access: {words}")]);
    // A status of success around an error.
    let error =
        json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Wait" } });
    let json = "content-type: application/json\r\n";
    let (told, _) = ask(vec![answer(200, json, &error.to_string())]).await;
    assert_eq!(told, ["Overloaded: `anthropic` has too much to do: Wait"]);
}

#[tokio::test]
async fn models_are_listed() {
    let ids = ["claude-fable-5-2", DEFAULT_MODEL, "claude-haiku-4-5"];
    let listed = json!({ "data": ids.map(|id| json!({ "id": id, "type": "model" })) });
    let (base, served) = serve(vec![answer(200, "", &listed.to_string())]).await;
    let models = provider(&base, Credential::ApiKey).models().await.unwrap();
    assert_eq!(models, [DEFAULT_MODEL, "claude-fable-5-2", "claude-haiku-4-5"]);
    assert!(served.await.unwrap()[0].head.starts_with("get /v1/models?limit=1000 "));
}
