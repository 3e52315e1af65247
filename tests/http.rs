//! The edge, from outside: negotiation, hosts and origins, uploads, files, access.

#[path = "support/server.rs"]
mod server;
mod support;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use server::{Server, UPLOAD_LIMIT};

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// One request to `/graphql`, and what it must come to.
#[track_caller]
fn check(
    server: &Server,
    accept: &str,
    body: Value,
    status: u16,
    media: &str,
    data: bool,
) -> impl Future<Output = ()> + use<> {
    let at = std::panic::Location::caller();
    let request =
        server.http.post(server.url("/graphql")).header("accept", accept).json(&body).send();
    let (media, body) = (media.to_owned(), body.to_string());
    async move {
        let response = request.await.expect("an answer");
        let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
        let found = (response.status().as_u16(), kind);
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(found, (status, format!("{media}; charset=utf-8")), "{at}: {body}: {answer}");
        assert_eq!(answer.get("data").is_some(), data, "{at}: {body}: {answer}");
        for error in answer["errors"].as_array().into_iter().flatten() {
            assert!(error["extensions"]["code"].is_string(), "{at}: {answer}");
            assert!(error["extensions"]["traceId"].is_string(), "{at}: {answer}");
        }
    }
}

#[actix_web::test]
async fn graphql_over_http() {
    let server = Server::start().await;
    let s = &server;
    let query = |text: &str| json!({"query": text});
    let good = query("{ __typename }");
    check(s, GRAPHQL, good.clone(), 200, GRAPHQL, true).await;
    check(s, JSON, good.clone(), 200, JSON, true).await;
    check(s, "*/*", good.clone(), 200, JSON, true).await;
    check(s, "text/html", good, 406, JSON, false).await;
    for (document, variables) in [
        ("{", json!({})),
        ("{ nothing }", json!({})),
        ("query($id: ID!) { session(id: $id) { id } }", json!({})),
        ("query($id: ID!) { session(id: $id) { id } }", json!({"id": null})),
        ("query($n: Int) { experiments(first: $n) { totalCount } }", json!({"n": "many"})),
        ("query A { __typename } query B { __typename }", json!({})),
        ("subscription { experimentChanged { experimentId } }", json!({})),
    ] {
        let body = json!({"query": document, "variables": variables});
        check(s, GRAPHQL, body.clone(), 400, GRAPHQL, false).await;
        let legacy = if document.starts_with("subscription") { 400 } else { 200 };
        check(s, JSON, body, legacy, JSON, false).await;
    }
    // A field that fails leaves the rest: that was executed.
    check(s, GRAPHQL, query("{ experiments(first: 0) { totalCount } }"), 200, GRAPHQL, true).await;
    for wrong in [json!([query("{ __typename }")]), json!("x"), json!({}), json!({"query": 7})] {
        check(s, GRAPHQL, wrong.clone(), 400, GRAPHQL, false).await;
        check(s, JSON, wrong, 400, JSON, false).await;
    }
    let named = json!({"query": "query A { __typename } query B { server { version } }", "operationName": "A"});
    check(s, GRAPHQL, named, 200, GRAPHQL, true).await;
    let deep = format!("{{ {}", "a { ".repeat(100));
    check(s, GRAPHQL, query(&deep), 400, GRAPHQL, false).await;
    let wide: String = (0..200).map(|n| format!("a{n}: __typename ")).collect();
    check(s, GRAPHQL, query(&format!("{{ {wide} }}")), 400, GRAPHQL, false).await;
    let bomb: String = (0..30)
        .map(|n| format!("fragment F{n} on Query {{ ...F{m} ...F{m} }} ", m = n + 1))
        .collect();
    let bomb = format!("{{ ...F0 }} {bomb} fragment F30 on Query {{ __typename }}");
    check(s, GRAPHQL, query(&bomb), 400, GRAPHQL, false).await;
    let costly = "{ experiments(first: 100) { nodes { sessions(first: 100) { nodes { messages(first: 100) { nodes { id } } } } } } }";
    check(s, GRAPHQL, query(costly), 400, GRAPHQL, false).await;
}

#[actix_web::test]
async fn methods_and_bodies() {
    let server = Server::start().await;
    let status = |request: reqwest::RequestBuilder| async move {
        request.send().await.expect("an answer").status().as_u16()
    };
    let at = |method: Method, path: &str| server.http.request(method, server.url(path));
    let get = |query: &str| at(Method::GET, "/graphql").query(&[("query", query)]);
    assert_eq!(status(get("{ __typename }")).await, 200);
    let rename = "mutation { renameExperiment(input: {experimentId: \"x\", name: \"y\"}) { userErrors { code } } }";
    let refused = get(rename).send().await.expect("an answer");
    assert_eq!(
        (refused.status().as_u16(), refused.headers()["allow"].as_bytes()),
        (405, &b"POST"[..])
    );
    assert_eq!(
        status(
            get("query A { __typename } query B { __typename }").query(&[("operationName", "B")])
        )
        .await,
        200
    );
    assert_eq!(status(get("{ __typename }").query(&[("variables", "[]")])).await, 400);
    assert_eq!(status(at(Method::GET, "/graphql")).await, 400);
    assert_eq!(status(at(Method::DELETE, "/graphql")).await, 405);
    let post = || at(Method::POST, "/graphql");
    let body = r#"{"query":"{ __typename }"}"#;
    assert_eq!(status(post().header("content-type", "text/plain").body(body)).await, 415);
    assert_eq!(status(post().body(body)).await, 415);
    assert_eq!(
        status(post().header("content-type", "application/x-www-form-urlencoded").body(body)).await,
        415
    );
    let typed = || post().header("content-type", "application/json");
    assert_eq!(status(typed().body(body)).await, 200);
    assert_eq!(status(typed().body("{")).await, 400);
    assert_eq!(status(typed().body("")).await, 400);
    assert_eq!(status(typed().body(vec![b' '; 2 << 20])).await, 413);
    assert_eq!(status(typed().header("content-encoding", "gzip").body(body)).await, 415);
}

#[actix_web::test]
async fn hosts_and_origins() {
    let server = Server::with(|config| {
        config.allowed_hosts = vec!["models.example".into()];
        config.allowed_origins = vec!["https://app.example".into()];
    })
    .await;
    let own = server.base.clone();
    let post = |headers: Vec<(&'static str, String)>| {
        let mut request =
            server.http.post(server.url("/graphql")).json(&json!({"query": "{ __typename }"}));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        async move { request.send().await.expect("an answer") }
    };
    let status = |response: Response| response.status().as_u16();
    let header = |name: &'static str, value: &str| vec![(name, value.to_owned())];
    assert_eq!(status(post(header("host", "evil.example")).await), 403);
    assert_eq!(status(post(header("host", "models.example:8080")).await), 200);
    assert_eq!(status(post(header("origin", &own)).await), 200);
    assert_eq!(status(post(header("origin", "https://evil.example")).await), 403);
    assert_eq!(status(post(header("origin", "null")).await), 403);
    assert_eq!(status(post(header("sec-fetch-site", "cross-site")).await), 403);
    assert_eq!(status(post(header("sec-fetch-site", "same-origin")).await), 200);
    let allowed = post(header("origin", "https://app.example")).await;
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example");
    assert_eq!(status(allowed), 200);
    for path in ["/", "/healthz", "/metrics", "/files/sessions/x/y"] {
        let asked = server.http.get(server.url(path)).header("host", "evil.example").send();
        assert_eq!(asked.await.expect("an answer").status(), 403, "{path}");
    }
    let preflight = |origin: &'static str| {
        let request = server.http.request(Method::OPTIONS, server.url("/graphql"));
        let request =
            request.header("origin", origin).header("access-control-request-method", "POST");
        async move { request.send().await.expect("an answer") }
    };
    assert_eq!(preflight("https://app.example").await.status(), 204);
    let refused = preflight("https://evil.example").await;
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
    assert_eq!(status(refused), 403);
    let evil = [("origin", "https://evil.example")];
    assert_eq!(server.socket_with(Some(trainable::http::PROTOCOL), &evil).await.err(), Some(403));
}

#[actix_web::test]
async fn every_response_is_guarded() {
    let server = Server::start().await;
    for path in
        ["/", "/graphql", "/healthz", "/nothing", "/graphiql", "/files/sessions/x/y", "/e/x/s/y"]
    {
        let response = server.http.get(server.url(path)).send().await.expect("an answer");
        for name in
            ["x-content-type-options", "content-security-policy", "referrer-policy", "x-trace-id"]
        {
            assert!(response.headers().contains_key(name), "{path} lacks {name}");
        }
    }
    let page = server.http.get(server.url("/")).send().await.expect("a page");
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    let nothing = server.http.get(server.url("/nothing/here")).send().await.expect("an answer");
    assert_eq!(nothing.status(), 404);
    let ready = server.http.get(server.url("/readyz")).send().await.expect("an answer");
    assert_eq!(ready.status(), 200);
    let text = server.http.get(server.url("/metrics")).send().await.expect("an answer");
    let text = text.text().await.expect("text");
    assert!(
        text.contains("trainable_http_responses_total{route=\"client\",status=\"2xx\"}"),
        "{text}"
    );
}

#[actix_web::test]
async fn uploads() {
    let server = Server::start().await;
    let code = |response: Response| async move {
        let status = response.status().as_u16();
        let body: Value = response.json().await.expect("JSON");
        (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    let said = |status: u16, code: &str| (status, code.to_owned());
    let (_, url) = server.upload("../a \"b\"\n📈.csv").await;
    let bare = server.http.put(server.url(&url)).body("a").send().await.expect("an answer");
    assert_eq!(code(bare).await, said(403, "HEADER_MISSING"));
    let stored = server.put(&url, "a,b\n1,2\n").await;
    assert_eq!(stored.status(), 201);
    let stored: Value = stored.json().await.expect("JSON");
    assert_eq!(
        stored,
        json!({"size": 8, "sha256": "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470"}),
    );
    assert_eq!(code(server.put(&url, "again").await).await, said(409, "CONFLICT"));
    assert_eq!(code(server.put("/uploads/nonsense", "a").await).await, said(404, "NOT_FOUND"));
    let unknown = "/uploads/0192a000-0000-7000-8000-000000000000";
    assert_eq!(code(server.put(unknown, "a").await).await, said(404, "NOT_FOUND"));
    let (_, url) = server.upload("large.csv").await;
    let large = vec![b'x'; UPLOAD_LIMIT as usize + 1];
    assert_eq!(code(server.put(&url, large.clone()).await).await, said(413, "TOO_LARGE"));
    // Without a declared length the limit is found while the bytes come.
    let pieces = futures::stream::iter(
        large
            .chunks(64 * 1024)
            .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
            .collect::<Vec<_>>(),
    );
    let streamed = reqwest::Body::wrap_stream(pieces);
    assert_eq!(code(server.put(&url, streamed).await).await, said(413, "TOO_LARGE"));
    // After a refusal the same address takes a smaller file.
    assert_eq!(server.put(&url, vec![b'x'; UPLOAD_LIMIT as usize]).await.status(), 201);
}

#[actix_web::test]
async fn files() {
    let server = Server::start().await;
    let (session, _) = server.session(0).await;
    server.file(session, "eda/größe 1.txt", b"0123456789").await;
    server.file(session, "eda/page.html", b"<p>hi</p>").await;
    server.file(session, "train/models/model.pkl", b"pickle").await;
    let get = |path: &str, headers: Vec<(&'static str, String)>| {
        let mut request = server.http.get(server.url(&format!("/files/sessions/{session}/{path}")));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        async move { request.send().await.expect("an answer") }
    };
    let text = "eda/gr%C3%B6%C3%9Fe%201.txt";
    let whole = get(text, vec![]).await;
    let etag = whole.headers()["etag"].to_str().expect("text").to_owned();
    assert_eq!(whole.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    assert_eq!(whole.text().await.expect("text"), "0123456789");
    let range = |value: &str| vec![("range", value.to_owned())];
    let part = get(text, range("bytes=2-4")).await;
    assert_eq!(part.headers()["content-range"], "bytes 2-4/10");
    assert_eq!((part.status().as_u16(), part.text().await.expect("text").as_str()), (206, "234"));
    let beyond = get(text, range("bytes=10-")).await;
    assert_eq!(beyond.headers()["content-range"], "bytes */10");
    assert_eq!(beyond.status(), 416);
    assert_eq!(get(text, vec![("if-none-match", etag.clone())]).await.status(), 304);
    let resumed = vec![("range", "bytes=0-0".to_owned()), ("if-range", etag)];
    assert_eq!(get(text, resumed).await.status(), 206);
    let head = server.http.head(server.url(&format!("/files/sessions/{session}/{text}"))).send();
    let head = head.await.expect("an answer");
    assert_eq!(
        (head.status().as_u16(), head.headers()["content-length"].as_bytes()),
        (200, &b"10"[..])
    );
    let download = get(&format!("{text}?download=1"), vec![]).await;
    let disposition = download.headers()["content-disposition"].to_str().expect("text").to_owned();
    assert_eq!(
        disposition,
        "attachment; filename=\"gr__e 1.txt\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.txt"
    );
    let page = get("eda/page.html", vec![]).await;
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("sandbox allow-scripts; default-src 'none'"), "{policy}");
    let model = get("train/models/model.pkl", vec![]).await;
    assert_eq!(model.headers()["content-type"], "application/octet-stream");
    assert!(
        model.headers()["content-disposition"].to_str().expect("text").starts_with("attachment")
    );
    for path in ["eda/none.txt", "eda", "..%2f..%2fx", "eda%2fpage.html", "%00"] {
        assert_eq!(get(path, vec![]).await.status(), 404, "{path}");
    }
    let other = format!("/files/sessions/{}/eda/page.html", entity::ids::SessionId::new());
    let other = server.http.get(server.url(&other)).send().await.expect("an answer");
    assert_eq!(other.status(), 404);
}

#[actix_web::test]
async fn a_token_guards_everything() {
    let server = Server::with(|config| config.token = Some("a-long-secret-token".into())).await;
    let query = json!({"query": "{ __typename }"});
    let refused =
        server.http.post(server.url("/graphql")).json(&query).send().await.expect("an answer");
    assert_eq!(refused.status(), 401);
    let answer: Value = refused.json().await.expect("JSON");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    for path in ["/metrics", "/files/sessions/0192a000-0000-7000-8000-000000000000/x"] {
        let asked = server.http.get(server.url(path)).send().await.expect("an answer");
        assert_eq!(asked.status(), 401, "{path}");
    }
    for path in ["/", "/healthz", "/login"] {
        let asked = server.http.get(server.url(path)).send().await.expect("an answer");
        assert_eq!(asked.status(), 200, "{path}");
    }
    let bearer = server.http.post(server.url("/graphql")).bearer_auth("a-long-secret-token");
    assert_eq!(bearer.json(&query).send().await.expect("an answer").status(), 200);
    let login = |token: &'static str| {
        let request = server.http.post(server.url("/login")).json(&json!({"token": token}));
        async move { request.send().await.expect("an answer") }
    };
    assert_eq!(login("wrong").await.status(), 401);
    let signed = login("a-long-secret-token").await;
    let cookie = signed.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().expect("a cookie").to_owned();
    let asked = server.http.get(server.url("/metrics")).header("cookie", cookie).send();
    assert_eq!(asked.await.expect("an answer").status(), 200);
    let mut socket = server.socket(Some(trainable::http::PROTOCOL)).await;
    socket.say(json!({"type": "connection_init"})).await;
    assert_eq!(socket.hear().await, Err(4403));
    let mut socket = server.socket(Some(trainable::http::PROTOCOL)).await;
    socket
        .say(json!({"type": "connection_init", "payload": {"token": "a-long-secret-token"}}))
        .await;
    assert_eq!(socket.hear().await, Ok(json!({"type": "connection_ack"})));
}
