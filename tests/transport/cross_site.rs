//! Pages of other sites: who may ask, what a preflight says, and that nobody may unless listed.

use super::{raw::Raw, server::Server};
use reqwest::{Method, Response};
use serde_json::json;

const APP: &str = "https://app.example";
const EVIL: &str = "https://evil.example";

async fn preflight(server: &Server, path: &str, origin: &str, method: &str) -> Response {
    let request = server.http.request(Method::OPTIONS, server.url(path));
    let request = request
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "content-type, authorization");
    request.send().await.expect("an answer")
}

fn cors(response: &Response) -> Vec<&str> {
    let names = response.headers().keys().map(|name| name.as_str());
    names.filter(|name| name.starts_with("access-control-")).collect()
}

#[actix_web::test]
async fn without_a_list_every_other_site_is_refused() {
    let server = Server::start().await;
    for path in ["/graphql", "/uploads/x", "/files/sessions/x/y", "/login", "/graphql/ws"] {
        for origin in [APP, "null", "http://localhost.evil.example", "file://"] {
            for method in ["POST", "PUT", "PATCH", "GET"] {
                let answer = preflight(&server, path, origin, method).await;
                assert_eq!(answer.status(), 403, "{path} {origin}");
                assert!(cors(&answer).is_empty(), "{path} {origin}: {:?}", cors(&answer));
            }
        }
    }
    // The requests that need no preflight do nothing either.
    let post = server.http.post(server.url("/graphql")).header("origin", APP);
    let refused = post.json(&json!({"query": "{ __typename }"})).send().await.expect("an answer");
    assert_eq!(refused.status(), 403);
    assert!(cors(&refused).is_empty());
    let answer: serde_json::Value = refused.json().await.expect("JSON");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "ORIGIN_NOT_ALLOWED");
    let form = server.http.post(server.url("/graphql")).header("content-type", "text/plain");
    let form = form.body(r#"{"query":"{ __typename }"}"#).send().await.expect("an answer");
    assert_eq!(form.status(), 415);
    // A query from an image or a link of another site.
    let get = server.http.get(server.url("/graphql?query={__typename}"));
    let get = get.header("sec-fetch-site", "cross-site").send().await.expect("an answer");
    assert_eq!(get.status(), 403);
    let mut socket = Raw::connect(&server).await;
    let headers = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", trainable::http::PROTOCOL),
        ("origin", EVIL),
    ];
    socket.send("GET /graphql/ws", &headers, "").await;
    assert_eq!(socket.head().await.0, 403);
}

#[actix_web::test]
async fn a_listed_site_may_ask_and_nobody_else() {
    let server = Server::with(|config| config.allowed_origins = vec![APP.into()]).await;
    let allowed = preflight(&server, "/graphql", APP, "POST").await;
    assert_eq!(allowed.status(), 204);
    let header = |name: &str| allowed.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("access-control-allow-origin"), APP);
    assert_eq!(header("access-control-allow-methods"), "GET, HEAD, PATCH, POST, PUT");
    assert_eq!(
        header("access-control-allow-headers"),
        "authorization, content-type, x-trainable-upload, tus-resumable, upload-offset, upload-length"
    );
    assert!(header("vary").contains("origin"));
    // A token goes with the request, never a cookie: another site's page is nobody's session.
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    for origin in
        [EVIL, "null", "http://app.example", "https://app.example:8443", "https://x.app.example"]
    {
        let refused = preflight(&server, "/graphql", origin, "POST").await;
        assert_eq!(refused.status(), 403, "{origin}");
        assert!(cors(&refused).is_empty(), "{origin}");
    }
    let post = server.http.post(server.url("/graphql")).header("origin", APP);
    let post = post.json(&json!({"query": "{ __typename }"})).send().await.expect("an answer");
    assert_eq!(post.status(), 200);
    assert_eq!(post.headers()["access-control-allow-origin"], APP);
    // Without an origin there is nothing to allow, and a cache knows that it would matter.
    let plain = server.http.get(server.url("/healthz")).send().await.expect("an answer");
    assert!(cors(&plain).is_empty());
    let varies = plain.headers().get_all("vary").iter().any(|value| value == "origin");
    assert!(varies, "{:?}", plain.headers());
}
