//! The WebSocket protocol itself: control frames, fragments, what breaks it, and who falls silent.

use super::{
    raw::{CLOSE, PING, PONG, Raw, TEXT},
    server::Server,
};
use serde_json::json;
use std::time::Duration;
use trainable::http::PROTOCOL;

const INIT: &str = r#"{"type":"connection_init"}"#;
const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0;

#[actix_web::test]
async fn pings_are_answered_between_fragments() {
    let server = Server::start().await;
    let mut raw = Raw::socket(&server, Some(PROTOCOL)).await;
    raw.say(PING, b"are you there").await;
    assert_eq!(raw.hear().await, Some((PONG, b"are you there".to_vec())));
    let (start, end) = INIT.split_at(9);
    raw.frame(TEXT, true, start.as_bytes()).await;
    raw.say(PING, b"").await;
    assert_eq!(raw.hear().await, Some((PONG, Vec::new())));
    raw.frame(FIN | CONTINUATION, true, end.as_bytes()).await;
    assert_eq!(raw.json().await, json!({"type": "connection_ack"}));
    // The protocol's own ping, with and without a payload; an unasked pong is no mistake.
    raw.text(r#"{"type":"pong"}"#).await;
    raw.text(r#"{"type":"ping"}"#).await;
    assert_eq!(raw.json().await, json!({"type": "pong"}));
    raw.text(r#"{"type":"ping","payload":{"n":[1]}}"#).await;
    assert_eq!(raw.json().await, json!({"type": "pong", "payload": {"n": [1]}}));
    // Nor is the end of an operation that has ended already.
    raw.text(r#"{"type":"complete","id":"gone"}"#).await;
    raw.say(CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!(raw.closed().await.0, 1000);
}

#[actix_web::test]
async fn broken_frames_end_the_socket() {
    let server = Server::start().await;
    for (first, masked, payload) in [
        (FIN | TEXT, false, INIT.as_bytes()),
        // A reserved opcode, a continuation of nothing, text that is no UTF-8, a split control frame.
        (FIN | 3, true, b""),
        (FIN | CONTINUATION, true, b"x"),
        (FIN | TEXT, true, b"\xff\xfe"),
        (PING, true, b""),
    ] {
        let mut raw = Raw::socket(&server, Some(PROTOCOL)).await;
        raw.frame(first, masked, payload).await;
        let closed = raw.closed().await;
        assert!([4400, 1002, 1007].contains(&closed.0), "{first:#x} {payload:?}: {closed:?}");
    }
    // Nobody else is harmed.
    let mut raw = Raw::socket(&server, Some(PROTOCOL)).await;
    raw.text(INIT).await;
    assert_eq!(raw.json().await, json!({"type": "connection_ack"}));
}

#[actix_web::test]
async fn large_messages_are_refused_whole_or_in_parts() {
    let server = Server::with(|config| config.sockets.message = 1024).await;
    let mut whole = Raw::socket(&server, Some(PROTOCOL)).await;
    whole.say(TEXT, &[b' '; 2000]).await;
    assert_eq!(whole.closed().await.0, 1009);
    let mut parts = Raw::socket(&server, Some(PROTOCOL)).await;
    for first in [TEXT, CONTINUATION, FIN | CONTINUATION] {
        parts.frame(first, true, &[b' '; 600]).await;
    }
    assert_eq!(parts.closed().await.0, 1009);
    let mut fits = Raw::socket(&server, Some(PROTOCOL)).await;
    fits.text(&format!("{INIT:<1000}")).await;
    assert_eq!(fits.json().await, json!({"type": "connection_ack"}));
}

#[actix_web::test]
async fn who_answers_no_ping_is_told_to_come_back() {
    let server = Server::with(|config| {
        config.sockets.ping = Duration::from_millis(40);
        config.sockets.silence = Duration::from_millis(200);
    })
    .await;
    let mut silent = Raw::socket(&server, Some(PROTOCOL)).await;
    silent.text(INIT).await;
    assert_eq!(silent.json().await, json!({"type": "connection_ack"}));
    assert_eq!(silent.hear().await, Some((PING, Vec::new())));
    assert_eq!(silent.closed().await.0, 1001);
    // One that answers stays for as many as it likes.
    let mut alive = Raw::socket(&server, Some(PROTOCOL)).await;
    alive.text(INIT).await;
    assert_eq!(alive.json().await, json!({"type": "connection_ack"}));
    for _ in 0..12 {
        assert_eq!(alive.hear().await, Some((PING, Vec::new())));
        alive.say(PONG, b"").await;
    }
}

#[actix_web::test]
async fn a_stopping_server_closes_every_socket_with_1012() {
    let server = Server::start().await;
    let mut waiting = Raw::socket(&server, Some(PROTOCOL)).await;
    let mut watching = Raw::socket(&server, Some(PROTOCOL)).await;
    watching.text(INIT).await;
    assert_eq!(watching.json().await, json!({"type": "connection_ack"}));
    server.stopping.cancel();
    for raw in [&mut waiting, &mut watching] {
        let (code, reason) = raw.closed().await;
        assert_eq!(code, 1012);
        assert!(reason.contains("resume after your last seq"), "{reason}");
    }
}
