//! The live streams of a session under many watchers at once: whoever shares batches, joins late, lags or asks for
//! something else sees exactly the log.

#[path = "support/server.rs"]
mod server;
mod support;

use entity::ids::{SessionId, StageRunId};
use futures::{SinkExt, StreamExt, future::join_all};
use serde_json::{Value, json};
use server::{Server, Socket};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use trainable::{
    event::{Draft, Event, Fact, OutputStream, TextDelta},
    http::PROTOCOL,
};

const WATCH: &str = "subscription($id: ID!, $after: Long, $size: Int) {
    sessionEvents(sessionId: $id, after: $after, batchSize: $size) {
        caughtUp events { __typename seq ... on NoticeEvent { text } } } }";
/// The same stream, looked at otherwise.
const OTHERWISE: &str = "subscription($id: ID!, $after: Long, $size: Int) {
    watched: sessionEvents(sessionId: $id, after: $after, batchSize: $size) {
        events { seq ... on NoticeEvent { said: text } } } }";

/// Events that a batch holds, as (sequence, text).
fn events(message: &Value) -> Vec<(i64, String)> {
    let data = &message["payload"]["data"];
    let (events, text) = match data.get("watched") {
        Some(watched) => (&watched["events"], "said"),
        None => (&data["sessionEvents"]["events"], "text"),
    };
    let events = events.as_array().unwrap_or_else(|| panic!("{message}"));
    let event = |event: &Value| {
        (event["seq"].as_i64().expect("a sequence"), event[text].as_str().unwrap_or("").to_owned())
    };
    events.iter().map(event).collect()
}

/// Reads until a sequence has come: everything that came.
async fn until(socket: &mut Socket, last: i64, largest: usize) -> Vec<(i64, String)> {
    let mut seen = Vec::new();
    while seen.last().is_none_or(|(seq, _)| *seq < last) {
        let message = socket.hear().await.expect("the socket is open");
        if message["type"] == "ping" {
            continue;
        }
        let batch = events(&message);
        assert!(batch.len() <= largest, "{} in one batch", batch.len());
        seen.extend(batch);
    }
    seen
}

/// What a watcher that knows the log up to `after` has to see.
fn expected(after: i64, last: i64) -> Vec<(i64, String)> {
    let text = |seq| if seq == 1 { String::new() } else { format!("n{seq}") };
    (after + 1..=last).map(|seq| (seq, text(seq))).collect()
}

async fn watch(server: &Server, query: &str, id: &str, after: i64, size: i64) -> Socket {
    let mut socket = server.ready().await;
    let variables = json!({"id": id, "after": after, "size": size});
    socket.subscribe("1", query, variables).await;
    socket
}

#[actix_web::test]
async fn watchers_who_share_and_watchers_who_do_not_see_the_log() {
    let server = Server::with(|config| config.workers = 2).await;
    let (id, global) = server.session(9).await;
    let mut watchers = Vec::new();
    for n in 0..24 {
        let query = if n % 5 == 4 { OTHERWISE } else { WATCH };
        let (after, size) = (n % 4, if n % 7 == 6 { 3 } else { 256 });
        watchers.push((after, size, watch(&server, query, &global, after, size).await));
    }
    let write = async {
        let mut after = 10;
        for n in 0..60 {
            let more = 1 + (n * 7) % 23;
            server.append(id, after, more as usize).await;
            after += more;
            // Some bursts come together, some on their own.
            tokio::time::sleep(Duration::from_millis(if n % 3 == 0 { 25 } else { 3 })).await;
        }
        after
    };
    // One that comes in the middle of it all.
    let late = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        watch(&server, WATCH, &global, 5, 256).await
    };
    let last = 10 + (0..60).map(|n| 1 + (n * 7) % 23).sum::<i64>();
    let read = join_all(watchers.iter_mut().map(|(after, size, socket)| async move {
        (*after, until(socket, last, *size as usize).await)
    }));
    let (written, mut late, read) = tokio::join!(write, late, read);
    assert_eq!(written, last);
    for (after, seen) in read {
        assert_eq!(seen, expected(after, last));
    }
    assert_eq!(until(&mut late, last, 256).await, expected(5, last));
}

#[actix_web::test]
async fn one_that_does_not_read_holds_up_nobody() {
    let server = Server::with(|config| config.sockets.buffer = 64 * 1024).await;
    let (id, global) = server.session(0).await;
    let mut reads = watch(&server, WATCH, &global, 0, 256).await;
    let mut dead = watch(&server, WATCH, &global, 0, 256).await;
    let mut after = 1;
    for _ in 0..40 {
        server.append(id, after, 250).await;
        after += 250;
    }
    assert_eq!(until(&mut reads, after, 256).await, expected(0, after));
    // When it reads again, it has missed nothing.
    assert_eq!(until(&mut dead, after, 256).await, expected(0, after));
}

#[actix_web::test]
async fn a_batch_is_as_small_as_it_is_asked_for() {
    let server = Server::start().await;
    let (id, global) = server.session(5).await;
    let mut socket = watch(&server, WATCH, &global, 0, 1).await;
    assert_eq!(until(&mut socket, 6, 1).await, expected(0, 6));
    server.append(id, 6, 7).await;
    assert_eq!(until(&mut socket, 13, 1).await, expected(6, 13));
    for size in [0, -1, 257] {
        let mut socket = watch(&server, WATCH, &global, 0, size).await;
        let said = socket.hear().await.expect("an answer");
        assert_eq!(said["type"], "error", "{said}");
        assert_eq!(said["payload"][0]["message"], "`batchSize` must be from 1 to 256");
    }
}

async fn facts(server: &Server, id: SessionId, after: i64, facts: Vec<Fact>) {
    let run = StageRunId::new();
    let draft = |fact| Draft { stage_run: Some(run), event: Event::Fact(fact) };
    let drafts = facts.into_iter().map(draft).collect();
    server.log.append(id, 0, after, chrono::Utc::now(), drafts).await.expect("appended");
}

#[actix_web::test]
async fn a_narrow_view_is_a_view_of_the_same_log() {
    let server = Server::start().await;
    let (id, global) = server.session(3).await;
    let printed = |text: &str| Fact::CodeOutput {
        call_id: "c".into(),
        stream: OutputStream::Stdout,
        text: text.into(),
    };
    facts(&server, id, 4, vec![printed("a"), printed("b")]).await;
    let mut socket = server.ready().await;
    let query = "subscription($id: ID!) { codeOutput(sessionId: $id) { caughtUp events {
        ... on CodeOutputEvent { seq text } } } }";
    socket.subscribe("1", query, json!({"id": global})).await;
    let batch = |message: Value| message["payload"]["data"]["codeOutput"].clone();
    assert_eq!(
        batch(socket.hear().await.expect("a batch")),
        json!({"caughtUp": true, "events": [{"seq": 5, "text": "a"}, {"seq": 6, "text": "b"}]})
    );
    // What is not in the view wakes nobody with nothing.
    server.append(id, 6, 4).await;
    facts(&server, id, 10, vec![printed("c")]).await;
    assert_eq!(
        batch(socket.hear().await.expect("a batch")),
        json!({"caughtUp": true, "events": [{"seq": 11, "text": "c"}]})
    );
    for name in ["messages", "metrics", "files"] {
        let query = format!(
            "subscription($id: ID!) {{ {name}(sessionId: $id) {{ caughtUp events {{ __typename }} }} }}"
        );
        socket.subscribe(name, &query, json!({"id": global})).await;
        let said = socket.hear().await.expect("a batch");
        assert_eq!(said["payload"]["data"][name], json!({"caughtUp": true, "events": []}));
    }
}

#[actix_web::test]
async fn text_is_live_only_and_never_stored() {
    let server = Server::start().await;
    let (id, global) = server.session(2).await;
    let query = "subscription($id: ID!) { sessionEvents(sessionId: $id) { events { __typename seq
        ... on TextDeltaEvent { turn attempt offset text } } } }";
    let mut socket = server.ready().await;
    socket.subscribe("1", query, json!({"id": global})).await;
    let replayed = socket.hear().await.expect("a batch");
    assert_eq!(
        replayed["payload"]["data"]["sessionEvents"]["events"].as_array().map(Vec::len),
        Some(3)
    );
    // It listens to text once it has caught up, which nothing tells from outside: so until it hears.
    let run = StageRunId::new();
    let heard = async {
        let say = async {
            loop {
                let text = TextDelta { turn: 1, attempt: 2, offset: 7, text: "word".into() };
                server.log.provisional(id, run, text);
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        tokio::select! { heard = socket.hear() => heard.expect("a batch"), () = say => unreachable!() }
    };
    let heard = heard.await;
    let event = &heard["payload"]["data"]["sessionEvents"]["events"][0];
    let expect = json!({"__typename": "TextDeltaEvent", "seq": null, "turn": 1, "attempt": 2, "offset": 7, "text": "word"});
    assert_eq!(event, &expect);
    // Whoever comes later sees none of it.
    let mut other = server.socket(Some(PROTOCOL)).await;
    other
        .0
        .send(Message::text(json!({"type": "connection_init"}).to_string()))
        .await
        .expect("sent");
    assert!(other.0.next().await.is_some());
    other.subscribe("1", query, json!({"id": global})).await;
    let replayed = other.hear().await.expect("a batch");
    let events = replayed["payload"]["data"]["sessionEvents"]["events"].as_array().cloned();
    let kinds: Vec<_> =
        events.into_iter().flatten().map(|event| event["__typename"].clone()).collect();
    assert_eq!(kinds, ["SessionCreatedEvent", "NoticeEvent", "NoticeEvent"]);
}
