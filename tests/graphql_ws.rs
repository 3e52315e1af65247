//! The WebSocket, from outside: the protocol's close codes, and streams that are exact.

#[path = "support/server.rs"]
mod server;
mod support;

use serde_json::{Value, json};
use server::{Server, Socket};
use std::time::Duration;
use trainable::http::PROTOCOL;

const EVENTS: &str = "subscription($id: ID!, $after: Long, $kinds: [SessionEventKind!]) {
    sessionEvents(sessionId: $id, after: $after, kinds: $kinds) { caughtUp events { __typename seq } } }";

#[actix_web::test]
async fn close_codes() {
    let server = Server::with(|config| config.sockets.init = Duration::from_millis(100)).await;
    let subscribe = json!({"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}});
    let changed = json!({"id": "1", "type": "subscribe",
        "payload": {"query": "subscription { experimentChanged { experimentId } }"}});
    let init = json!({"type": "connection_init"});
    // What is said, in order, and the code that ends it.
    for (said, code) in [
        (vec![], 4408),
        (vec![json!({"type": "nonsense"})], 4400),
        (vec![json!([1])], 4400),
        (vec![json!({"type": "subscribe", "id": "", "payload": {"query": "{ a }"}})], 4400),
        (vec![subscribe.clone()], 4401),
        (vec![init.clone(), init.clone()], 4429),
        (vec![init.clone(), changed.clone(), changed.clone()], 4409),
    ] {
        let mut socket = server.socket(Some(PROTOCOL)).await;
        for message in &said {
            socket.say(message.clone()).await;
        }
        assert_eq!(last(&mut socket).await, code, "{said:?}");
    }
    let mut socket = server.socket(Some(PROTOCOL)).await;
    socket.text("{").await;
    assert_eq!(last(&mut socket).await, 4400);
    let mut socket = server.socket(Some(PROTOCOL)).await;
    socket.text(&"x".repeat(2 << 20)).await;
    assert_eq!(last(&mut socket).await, 1009);
    // The client library refuses a handshake without its subprotocol; a bare one is closed.
    let mut socket = server.socket(None).await;
    assert_eq!(last(&mut socket).await, 4406);
    let plain = server.http.get(server.url("/graphql/ws")).send().await.expect("an answer");
    assert_eq!(plain.status(), 426);
}

/// Hears everything until the close, and answers its code.
async fn last(socket: &mut Socket) -> u16 {
    loop {
        if let Err(code) = socket.hear().await {
            return code;
        }
    }
}

#[actix_web::test]
async fn operations() {
    let server = Server::with(|config| config.sockets.operations = 2).await;
    let mut socket = server.ready().await;
    socket.say(json!({"type": "ping", "payload": {"n": 1}})).await;
    assert_eq!(socket.hear().await, Ok(json!({"type": "pong", "payload": {"n": 1}})));
    for _ in 0..2 {
        socket.subscribe("q", "{ __typename }", json!({})).await;
        let next = json!({"id": "q", "type": "next", "payload": {"data": {"__typename": "Query"}}});
        assert_eq!(socket.hear().await, Ok(next));
        assert_eq!(socket.hear().await, Ok(json!({"id": "q", "type": "complete"})));
    }
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { sessionEvents(sessionId: \"x\") { caughtUp } }", "NOT_FOUND"),
    ] {
        socket.subscribe("e", query, json!({})).await;
        let heard = socket.hear().await.expect("a message");
        assert_eq!((&heard["id"], &heard["type"]), (&json!("e"), &json!("error")), "{heard}");
        assert_eq!(heard["payload"][0]["extensions"]["code"], code, "{heard}");
    }
    let watch = "subscription { experimentChanged { experimentId } }";
    socket.subscribe("a", watch, json!({})).await;
    socket.subscribe("b", watch, json!({})).await;
    socket.subscribe("c", watch, json!({})).await;
    let heard = socket.hear().await.expect("a message");
    assert_eq!(heard["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
    socket.say(json!({"id": "b", "type": "complete"})).await;
    let id = server.experiment("watched").await;
    let hint = json!({"data": {"experimentChanged": {"experimentId": id}}});
    assert_eq!(socket.hear().await, Ok(json!({"id": "a", "type": "next", "payload": hint})));
}

/// Reads batches until one says that everything stored is delivered; answers their sequences.
async fn caught_up(socket: &mut Socket) -> Vec<i64> {
    let mut seqs = Vec::new();
    loop {
        let heard = socket.hear().await.expect("a batch");
        assert_eq!(heard["type"], "next", "{heard}");
        let batch = &heard["payload"]["data"]["sessionEvents"];
        seqs.extend(sequences(batch));
        if batch["caughtUp"] == true {
            return seqs;
        }
    }
}

fn sequences(batch: &Value) -> Vec<i64> {
    let events = batch["events"].as_array().expect("events");
    assert!(events.len() <= 256);
    events.iter().filter_map(|event| event["seq"].as_i64()).collect()
}

#[actix_web::test]
async fn streams_are_exact() {
    let server = Server::start().await;
    let (session, global) = server.session(700).await;
    let mut socket = server.ready().await;
    let watch = |after: i64| json!({"id": global, "after": after});
    socket.subscribe("1", EVENTS, watch(0)).await;
    assert_eq!(caught_up(&mut socket).await, (1..=701).collect::<Vec<_>>());
    // What comes while it is watched follows without a gap.
    let mut last = 701;
    for count in [1, 300, 2, 1] {
        server.append(session, last, count).await;
        let until = last + count as i64;
        let mut seen = Vec::new();
        while seen.last() != Some(&until) {
            let heard = socket.hear().await.expect("a batch");
            seen.extend(sequences(&heard["payload"]["data"]["sessionEvents"]));
        }
        assert_eq!(seen, (last + 1..=until).collect::<Vec<_>>());
        last = until;
    }
    // Another connection goes on where this one was.
    let mut again = server.ready().await;
    again.subscribe("1", EVENTS, watch(650)).await;
    assert_eq!(caught_up(&mut again).await, (651..=last).collect::<Vec<_>>());
    // At the end there is an empty batch that says so.
    let mut end = server.ready().await;
    end.subscribe("1", EVENTS, watch(last)).await;
    assert_eq!(caught_up(&mut end).await, Vec::<i64>::new());
    // Kinds are filtered on the server, and nothing hangs where a page has none of them.
    let mut some = server.ready().await;
    let kinds = json!({"id": global, "after": 0, "kinds": ["SESSION_CREATED", "STATE_CHANGE"]});
    some.subscribe("1", EVENTS, kinds).await;
    assert_eq!(caught_up(&mut some).await, [1]);
}

#[actix_web::test]
async fn a_stopping_server_says_come_back() {
    let server = Server::start().await;
    let mut socket = server.ready().await;
    server.stopping.cancel();
    assert_eq!(last(&mut socket).await, 1012);
}

#[actix_web::test]
async fn a_slow_reader_is_told_to_resume() {
    let server = Server::with(|config| {
        config.sockets.slow = Duration::from_millis(300);
        config.sockets.buffer = 64 * 1024;
    })
    .await;
    let (_, global) = server.session(2000).await;
    let mut socket = server.ready().await;
    let query =
        "subscription($id: ID!) { sessionEvents(sessionId: $id) { events { seq ... on NoticeEvent {
        a: text b: text c: text d: text e: text f: text g: text h: text } } } }";
    // Enough replays to fill every buffer between here and there while nothing is read.
    for n in 0..60 {
        socket.subscribe(&n.to_string(), query, json!({"id": global})).await;
    }
    let closed = async {
        loop {
            let text = server.http.get(server.url("/metrics")).send().await.expect("an answer");
            let text = text.text().await.expect("text");
            if text.contains("trainable_slow_readers_total 1") {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), closed).await.expect("never closed");
    assert_eq!(last(&mut socket).await, 1013);
    // Nobody else is harmed.
    let mut other = server.ready().await;
    other.subscribe("1", EVENTS, json!({"id": global, "after": 1990})).await;
    assert_eq!(caught_up(&mut other).await, (1991..=2001).collect::<Vec<_>>());
}
