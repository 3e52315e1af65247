//! Automatic persisted queries over GET, POST and the WebSocket, as Apollo's and urql's clients speak them.

use super::server::Server;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use trainable::graphql::{Documents, Trusted};

pub const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
const QUERY: &str = "query Named($n: Int = 1) { experiments(first: $n) { totalCount } }";

pub fn persisted(text: &str) -> Value {
    let hash: String =
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

/// One POST, and the status and the code or data that it must come to.
pub async fn post(server: &Server, accept: &str, body: Value) -> (u16, Value) {
    let request = server.http.post(server.url("/graphql")).header("accept", accept);
    let answer = request.json(&body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

pub async fn get(server: &Server, parameters: &[(&str, String)]) -> (u16, Value) {
    let request = server.http.get(server.url("/graphql")).header("accept", GRAPHQL);
    let answer = request.query(parameters).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[track_caller]
pub fn check(found: (u16, Value), status: u16, code: Option<&str>) {
    let (was, answer) = found;
    assert_eq!(was, status, "{answer}");
    match code {
        Some(code) => {
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
            assert!(answer["errors"][0]["extensions"]["traceId"].is_string(), "{answer}");
            assert!(answer.get("data").is_none(), "{answer}");
        }
        None => assert!(answer["data"].is_object() && answer.get("errors").is_none(), "{answer}"),
    }
}

#[actix_web::test]
async fn post_and_get() {
    let server = Server::start().await;
    let s = &server;
    let hash = || json!({"extensions": persisted(QUERY), "variables": {"n": 2}});
    let missing = post(s, GRAPHQL, hash()).await;
    // The message is the protocol: clients know it by its text.
    assert_eq!(missing.1["errors"][0]["message"], "PersistedQueryNotFound");
    check(missing, 400, Some("PERSISTED_QUERY_NOT_FOUND"));
    check(post(s, JSON, hash()).await, 200, Some("PERSISTED_QUERY_NOT_FOUND"));
    let by_get = [("extensions", persisted(QUERY).to_string()), ("variables", "{\"n\":3}".into())];
    check(get(s, &by_get).await, 400, Some("PERSISTED_QUERY_NOT_FOUND"));
    let wrong = json!({"query": "{ __typename }", "extensions": persisted(QUERY)});
    let refused = post(s, GRAPHQL, wrong).await;
    assert_eq!(refused.1["errors"][0]["message"], "provided sha does not match query");
    check(refused, 400, Some("BAD_REQUEST"));
    let whole = json!({"query": QUERY, "extensions": persisted(QUERY)});
    check(post(s, GRAPHQL, whole).await, 200, None);
    check(post(s, GRAPHQL, hash()).await, 200, None);
    check(get(s, &by_get).await, 200, None);
    // Registered by GET, asked by POST.
    let other = "query Other { __typename }";
    let both = [("query", other.into()), ("extensions", persisted(other).to_string())];
    check(get(s, &both).await, 200, None);
    check(post(s, GRAPHQL, json!({"extensions": persisted(other)})).await, 200, None);
    // A hash is no way around the method.
    let rename = "mutation { renameExperiment(input: {experimentId: \"x\", name: \"y\"}) { userErrors { code } } }";
    let whole = json!({"query": rename, "extensions": persisted(rename)});
    check(post(s, GRAPHQL, whole).await, 200, None);
    let by_get = [("extensions", persisted(rename).to_string())];
    check(get(s, &by_get).await, 405, Some("METHOD_NOT_ALLOWED"));
}

#[actix_web::test]
async fn limits_hold_for_them_too() {
    let server = Server::start().await;
    let wide: String = (0..200).map(|n| format!("a{n}: __typename ")).collect();
    let wide = format!("{{ {wide} }}");
    let deep = format!("{{ {} {}", "node(id: 1) { ".repeat(70), "}".repeat(71));
    for text in [wide.as_str(), deep.as_str(), "{ a"] {
        let whole = json!({"query": text, "extensions": persisted(text)});
        assert_eq!(post(&server, GRAPHQL, whole).await.0, 400);
        // It was not kept: the hash of a refused document means nothing.
        let found = post(&server, GRAPHQL, json!({"extensions": persisted(text)})).await;
        check(found, 400, Some("PERSISTED_QUERY_NOT_FOUND"));
    }
    // Page sizes are only known with the variables, so this one is kept and refused each time.
    let costly = "query($n: Int!) { experiments(first: $n) { nodes { sessions(first: $n) { nodes { messages(first: $n) { nodes { id } } } } } } }";
    let ask = |n: u32, text: Option<&str>| json!({"query": text, "extensions": persisted(costly), "variables": {"n": n}});
    check(post(&server, GRAPHQL, ask(100, Some(costly))).await, 400, Some("LIMIT_EXCEEDED"));
    check(post(&server, GRAPHQL, ask(100, None)).await, 400, Some("LIMIT_EXCEEDED"));
    check(post(&server, GRAPHQL, ask(5, None)).await, 200, None);
}

#[actix_web::test]
async fn memory_is_bounded() {
    let server = Server::with(|config| {
        config.documents = Arc::new(Documents::new(Trusted::default(), false, 4096));
    })
    .await;
    let text = |n: usize| format!("# {}\n{{ __typename a{n}: __typename }}", "x".repeat(700));
    for n in 0..20 {
        let whole = json!({"query": text(n), "extensions": persisted(&text(n))});
        check(post(&server, GRAPHQL, whole).await, 200, None);
    }
    let newest = post(&server, GRAPHQL, json!({"extensions": persisted(&text(19))})).await;
    check(newest, 200, None);
    let oldest = post(&server, GRAPHQL, json!({"extensions": persisted(&text(0))})).await;
    check(oldest, 400, Some("PERSISTED_QUERY_NOT_FOUND"));
}

#[actix_web::test]
async fn they_can_be_turned_off() {
    let server = Server::with(|config| {
        config.documents = Arc::new(Documents::new(Trusted::default(), false, 0));
    })
    .await;
    let whole = json!({"query": QUERY, "extensions": persisted(QUERY)});
    check(post(&server, GRAPHQL, whole).await, 200, None);
    let refused = post(&server, GRAPHQL, json!({"extensions": persisted(QUERY)})).await;
    assert_eq!(refused.1["errors"][0]["message"], "PersistedQueryNotSupported");
    check(refused, 400, Some("PERSISTED_QUERY_NOT_SUPPORTED"));
}

#[actix_web::test]
async fn websocket() {
    let server = Server::start().await;
    let (_, session) = server.session(3).await;
    let text =
        "subscription($id: ID!) { sessionEvents(sessionId: $id) { caughtUp events { seq } } }";
    let mut socket = server.ready().await;
    let ask = |id: &str, query: Option<&str>| {
        let payload =
            json!({"query": query, "extensions": persisted(text), "variables": {"id": session}});
        json!({"id": id, "type": "subscribe", "payload": payload})
    };
    // Some clients have to send a text, and send an empty one.
    for query in [None, Some("")] {
        socket.say(ask("a", query)).await;
        let heard = socket.hear().await.expect("a message");
        assert_eq!((&heard["type"], &heard["id"]), (&json!("error"), &json!("a")), "{heard}");
        assert_eq!(heard["payload"][0]["message"], "PersistedQueryNotFound", "{heard}");
        assert_eq!(heard["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
    }
    for (id, query) in [("b", Some(text)), ("c", None), ("d", Some(""))] {
        socket.say(ask(id, query)).await;
        let heard = socket.hear().await.expect("a message");
        assert_eq!((&heard["type"], &heard["id"]), (&json!("next"), &json!(id)), "{heard}");
        socket.say(json!({"id": id, "type": "complete"})).await;
    }
}
