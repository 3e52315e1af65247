//! Every close code, on raw sockets.

use super::{
    raw::{BINARY, Raw},
    server::Server,
};
use serde_json::{Value, json};
use std::time::Duration;
use trainable::http::PROTOCOL;

const TOKEN: &str = "a-long-secret-token";

/// What is said on a new socket, in order, and the code and reason that it is closed with.
async fn check(server: &Server, said: &[Value], code: u16, reason: &str) {
    let mut raw = Raw::socket(server, Some(PROTOCOL)).await;
    for message in said {
        raw.text(&message.to_string()).await;
    }
    let closed = raw.closed().await;
    assert_eq!(closed.0, code, "{said:?}: {closed:?}");
    assert!(closed.1.contains(reason), "{said:?}: {closed:?}");
}

#[actix_web::test]
async fn bad_messages_are_4400() {
    let server = Server::start().await;
    for message in [
        json!({"type": "nonsense"}),
        json!({"no": "type"}),
        json!([1]),
        json!("connection_init"),
        json!({"type": "connection_init", "payload": "text"}),
        json!({"type": "ping", "payload": 1}),
        json!({"type": "complete"}),
        json!({"type": "subscribe", "payload": {"query": "{ __typename }"}}),
        json!({"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}),
        json!({"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}),
        json!({"type": "subscribe", "id": "1"}),
        json!({"type": "subscribe", "id": "1", "payload": {}}),
        json!({"type": "subscribe", "id": "1", "payload": {"query": 1}}),
        json!({"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": []}}),
        // What only a server says.
        json!({"type": "connection_ack"}),
        json!({"type": "next", "id": "1", "payload": {}}),
    ] {
        check(&server, &[message], 4400, "").await;
    }
    let mut raw = Raw::socket(&server, Some(PROTOCOL)).await;
    raw.text("{").await;
    assert_eq!(raw.closed().await.0, 4400);
    let mut raw = Raw::socket(&server, Some(PROTOCOL)).await;
    raw.say(BINARY, br#"{"type":"connection_init"}"#).await;
    assert_eq!(raw.closed().await.0, 4400);
}

#[actix_web::test]
async fn the_protocol_has_its_codes() {
    let server = Server::start().await;
    let init = json!({"type": "connection_init"});
    let watch = json!({"id": "one", "type": "subscribe",
        "payload": {"query": "subscription { experimentChanged { experimentId } }"}});
    check(&server, std::slice::from_ref(&watch), 4401, "Unauthorized").await;
    let twice = [init.clone(), watch.clone(), watch];
    check(&server, &twice, 4409, "Subscriber for one already exists").await;
    check(&server, &[init.clone(), init], 4429, "Too many initialisation requests").await;
    let mut bare = Raw::socket(&server, None).await;
    assert_eq!(bare.closed().await.0, 4406);
    let mut old = Raw::socket(&server, Some("graphql-ws")).await;
    assert_eq!(old.closed().await.0, 4406);
}

#[actix_web::test]
async fn who_says_nothing_in_time_is_4408() {
    let server = Server::with(|config| config.sockets.init = Duration::from_millis(100)).await;
    check(&server, &[], 4408, "initialisation timeout").await;
    // Other messages do not stand in for it.
    check(&server, &[json!({"type": "ping"})], 4408, "initialisation timeout").await;
}

#[actix_web::test]
async fn who_has_no_token_is_4403() {
    let server = Server::with(|config| config.token = Some(TOKEN.into())).await;
    let init = |payload: Value| json!({"type": "connection_init", "payload": payload});
    for payload in [
        Value::Null,
        json!({}),
        json!({"token": "another-long-token"}),
        json!({"token": 7}),
        json!({"Authorization": TOKEN}),
        json!({"Authorization": format!("Basic {TOKEN}")}),
    ] {
        check(&server, &[init(payload)], 4403, "Forbidden").await;
    }
    for payload in [
        json!({"token": TOKEN}),
        json!({"Authorization": format!("Bearer {TOKEN}")}),
        json!({"authorization": format!("bearer {TOKEN}")}),
    ] {
        let mut raw = Raw::socket(&server, Some(PROTOCOL)).await;
        raw.text(&init(payload).to_string()).await;
        assert_eq!(raw.json().await, json!({"type": "connection_ack"}));
    }
}
