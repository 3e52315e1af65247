//! What one client may hold: its sockets and its requests under way, and who counts as one.

use super::{raw::Raw, server::Server};
use serde_json::{Value, json};
use std::time::Duration;
use trainable::http::{CountedBy, PROTOCOL};

const TOKEN: &str = "a-long-secret-token";

/// A request that is under way until its connection is dropped: its body never comes to an end.
async fn under_way(server: &Server, headers: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::connect(server).await;
    let mut all = vec![("content-type", "application/json"), ("content-length", "100")];
    all.extend(headers);
    raw.send("POST /graphql", &all, "{").await;
    raw
}

/// Asks until the answer has a status: what ended elsewhere is seen by the server in its own time.
async fn until(server: &Server, headers: &[(&str, &str)], status: u16) -> Value {
    let asked = async {
        loop {
            let mut request = server.http.post(server.url("/graphql"));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.json(&json!({"query": "{ __typename }"})).send().await;
            let answer = answer.expect("an answer");
            if answer.status() == status {
                if status == 429 {
                    assert_eq!(answer.headers()["retry-after"], "1");
                }
                return answer.json().await.expect("JSON");
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asked).await.expect("the status comes")
}

#[actix_web::test]
async fn sockets() {
    let server = Server::with(|config| config.clients.sockets = 2).await;
    let first = server.ready().await;
    let _second = server.ready().await;
    assert_eq!(server.socket_with(Some(PROTOCOL), &[]).await.err(), Some(429));
    // Requests are counted apart.
    until(&server, &[], 200).await;
    drop(first);
    let again = async { while server.socket_with(Some(PROTOCOL), &[]).await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("the seat is free again");
}

#[actix_web::test]
async fn requests_under_way() {
    let server = Server::with(|config| config.clients.requests = 2).await;
    let first = under_way(&server, &[]).await;
    let _second = under_way(&server, &[]).await;
    let refused = until(&server, &[], 429).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{refused}");
    let message = refused["errors"][0]["message"].as_str().expect("text");
    assert!(message.contains("at most 2 requests under way"), "{message}");
    let page = server.http.get(server.url("/")).send().await.expect("an answer");
    assert_eq!(page.status(), 429);
    let page: Value = page.json().await.expect("JSON");
    assert_eq!(page["error"]["code"], "LIMIT_EXCEEDED");
    // Who watches over the server is always answered.
    let probe = server.http.get(server.url("/healthz")).send().await.expect("an answer");
    assert_eq!(probe.status(), 200);
    drop(first);
    until(&server, &[], 200).await;
}

#[actix_web::test]
async fn clients_behind_a_proxy_are_told_apart() {
    let server = Server::with(|config| {
        config.clients.requests = 1;
        config.clients.by = CountedBy::Forwarded;
    })
    .await;
    let one = [("x-forwarded-for", "198.51.100.9, 192.0.2.1")];
    let same = [("x-forwarded-for", "192.0.2.1")];
    let other = [("x-forwarded-for", "192.0.2.1, 192.0.2.2")];
    let _held = under_way(&server, &one).await;
    until(&server, &same, 429).await;
    until(&server, &other, 200).await;
    until(&server, &[], 200).await;
}

#[actix_web::test]
async fn what_a_client_says_of_itself_does_not_count_by_address() {
    let server = Server::with(|config| config.clients.requests = 1).await;
    let _held = under_way(&server, &[("x-forwarded-for", "192.0.2.1")]).await;
    until(&server, &[("x-forwarded-for", "192.0.2.2")], 429).await;
}

#[actix_web::test]
async fn tokens_are_counted_apart_from_addresses() {
    let server = Server::with(|config| {
        config.token = Some(TOKEN.into());
        config.clients.requests = 1;
        config.clients.by = CountedBy::Token;
    })
    .await;
    let token = format!("Bearer {TOKEN}");
    let _held = under_way(&server, &[("authorization", token.as_str())]).await;
    until(&server, &[("authorization", token.as_str())], 429).await;
    // A stranger cannot use up what the bearer of the token may have.
    until(&server, &[], 401).await;
}

#[actix_web::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::with(|config| config.body_patience = Duration::from_millis(200)).await;
    let mut slow = under_way(&server, &[]).await;
    let (status, head) = slow.head().await;
    assert_eq!(status, 408, "{head}");
}
