//! Trusted documents: on the real binary, that the list is enforced, that a bad list is refused at the start, and
//! that the web client's own documents need no list.

use super::{
    documents::{GRAPHQL, check, get, persisted, post},
    server::Server,
    support::{
        binary::{self, house, sentence, trainable},
        client,
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};
use trainable::graphql::{Documents, Limits, Trusted};

const LISTED: &str = "query Listed($n: Int) {\n  experiments(first: $n) {\n    totalCount\n  }\n}";
const OURS: &str = include_str!("../../web/src/api/gql/trusted-documents.json");

async fn closed() -> Server {
    let mut trusted = Trusted::ours();
    let manifest = json!({"listed-1": LISTED}).to_string();
    trusted.add(&manifest, &Limits::default()).expect("a good list");
    Server::with(|config| config.documents = Arc::new(Documents::new(trusted, true, 1 << 20))).await
}

#[actix_web::test]
async fn only_the_list_is_run() {
    let server = closed().await;
    let s = &server;
    let query = |text: &str| json!({"query": text, "variables": {"n": 2}});
    for text in [
        "{ __typename }",
        "query Listed { experiments { totalCount } }",
        "{ __schema { types { name } } }",
    ] {
        check(post(s, GRAPHQL, query(text)).await, 400, Some("DOCUMENT_NOT_TRUSTED"));
        let mut whole = query(text);
        whole["extensions"] = persisted(text);
        check(post(s, GRAPHQL, whole).await, 400, Some("DOCUMENT_NOT_TRUSTED"));
        let by_hash = json!({"extensions": persisted(text)});
        check(post(s, GRAPHQL, by_hash).await, 400, Some("PERSISTED_QUERY_NOT_FOUND"));
        check(get(s, &[("query", text.into())]).await, 400, Some("DOCUMENT_NOT_TRUSTED"));
    }
    check(post(s, GRAPHQL, query(LISTED)).await, 200, None);
    check(
        post(s, GRAPHQL, query(&LISTED.replace('\n', " # as a client prints it\n"))).await,
        200,
        None,
    );
    check(post(s, GRAPHQL, json!({"extensions": persisted(LISTED)})).await, 200, None);
    check(
        post(s, GRAPHQL, json!({"documentId": "listed-1", "variables": {"n": 2}})).await,
        200,
        None,
    );
    check(get(s, &[("documentId", "listed-1".into())]).await, 200, None);
    check(
        post(s, GRAPHQL, json!({"documentId": "listed-2"})).await,
        400,
        Some("DOCUMENT_NOT_FOUND"),
    );
    let mut socket = server.ready().await;
    socket.subscribe("1", "subscription { experimentChanged { experimentId } }", json!({})).await;
    let heard = socket.hear().await.expect("a message");
    assert_eq!(heard["payload"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED", "{heard}");
    socket
        .say(json!({"id": "2", "type": "subscribe", "payload": {"documentId": "listed-1"}}))
        .await;
    let heard = socket.hear().await.expect("a message");
    assert!(heard["payload"]["data"]["experiments"]["totalCount"].is_i64(), "{heard}");
}

/// What comes of a manifest at the start: one sentence, and the exit code of bad input.
#[track_caller]
fn check_bad(manifest: Option<&str>, expect: &str) -> impl Future<Output = ()> {
    let at = std::panic::Location::caller();
    let (folder, data) = house();
    let file = folder.path().join("list.json");
    if let Some(text) = manifest {
        std::fs::write(&file, text).expect("a file");
    }
    let mut command = trainable(&data);
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("TRAINABLE_TRUSTED_DOCUMENTS", &file);
    async move {
        let ended = binary::end(command).await;
        assert_eq!(ended.code, Some(2), "{at}: {ended:?}");
        let said = ended.stderr.trim();
        assert!(said.contains(expect), "{at}: {said}");
        assert!(said.starts_with("trainable: TRAINABLE_TRUSTED_DOCUMENTS names `"), "{at}: {said}");
        // The path is the operator's own.
        sentence(&said.replace(file.to_str().expect("UTF-8"), "list.json"), &[&data]);
        drop(folder);
    }
}

#[tokio::test]
async fn a_bad_list_is_refused_at_the_start() {
    check_bad(None, "cannot be read").await;
    check_bad(Some(""), "not a JSON object").await;
    check_bad(Some("[\"{ a }\"]"), "not a JSON object").await;
    check_bad(Some("{\"a\": 1}"), "not a JSON object").await;
    check_bad(
        Some("{\"good\": \"{ a }\", \"bad\": \"{ a\"}"),
        "`bad` cannot be used: it is no GraphQL",
    )
    .await;
    let wide: String = (0..200).map(|n| format!("a{n}: __typename ")).collect();
    check_bad(Some(&json!({"wide": format!("{{ {wide} }}")}).to_string()), "more than 100 aliases")
        .await;
}

#[tokio::test]
async fn the_web_client_works_under_an_enforced_list() {
    let (folder, data) = house();
    let file = folder.path().join("list.json");
    std::fs::write(&file, json!({"mine": LISTED}).to_string()).expect("a file");
    let set = [("TRAINABLE_TRUSTED_DOCUMENTS", file.to_str().expect("UTF-8"))];
    let server = binary::Server::start(&data, &set).await;
    let http = client();
    let ask = async |body: Value| -> Value {
        let request = http.post(format!("http://{}/graphql", server.address)).json(&body);
        request.send().await.expect("an answer").json().await.expect("JSON")
    };
    let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
    assert_eq!(code(&ask(json!({"query": "{ __typename }"})).await), "DOCUMENT_NOT_TRUSTED");
    assert!(ask(json!({"documentId": "mine"})).await["data"].is_object());
    let ours: BTreeMap<String, String> = serde_json::from_str(OURS).expect("a manifest");
    for text in ours.values() {
        // Without variables most are refused for that, which is after they were trusted and found valid.
        let answer = ask(json!({"query": text})).await;
        let subscription = text.starts_with("subscription");
        let fine = match code(&answer).as_str() {
            None => answer["data"].is_object(),
            Some("BAD_USER_INPUT") => true,
            Some("BAD_REQUEST") => subscription,
            Some(_) => false,
        };
        assert!(fine, "{text}: {answer}");
    }
    // GraphiQL could not send what it needs.
    let page = http.get(format!("http://{}/graphiql", server.address)).send().await;
    assert_eq!(page.expect("an answer").status(), 404);
    server.stop().await;
}
