use super::*;
use crate::llm::testing::{answer, serve};
use futures::stream;

const KEY: &str = "planted-0123456789-key";

fn endpoint(base: &str, key: Option<&str>) -> Result<Endpoint, LlmError> {
    let key = key.map(Secret::new);
    let identity = Identity {
        name: "mock",
        base_url: base,
        base_variable: "MOCK_URL",
        key: key.as_ref(),
        key_variable: "MOCK_KEY",
    };
    let endpoint = Endpoint::new(&identity)?;
    match &key {
        Some(key) => endpoint.with_header("x-api-key", key.expose()),
        None => Ok(endpoint),
    }
}

#[track_caller]
fn check(key: Option<&str>, answer: String, kind: ErrorKind, words: &str, wait: Option<u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(async {
        let (base, _served) = serve(vec![answer]).await;
        let endpoint = endpoint(&base, key).unwrap();
        endpoint.json(endpoint.get("/x")).await.unwrap_err()
    });
    let retry_after = wait.map(Duration::from_secs);
    assert_eq!(error, LlmError { kind, message: words.to_owned(), retry_after });
}

#[test]
fn refusals_are_told_in_one_sentence() {
    let says = |status: u16, words: &str| {
        answer(status, "", &format!("{{\"error\":{{\"message\":\"{words}\"}}}}"))
    };
    let key = Some(KEY);
    check(
        key,
        says(401, &format!("bad key {KEY}.")),
        ErrorKind::Access,
        "`mock` did not accept the key; check `MOCK_KEY`: bad key [key]",
        None,
    );
    check(
        None,
        says(403, "log in"),
        ErrorKind::Access,
        "`mock` asks for a key; set `MOCK_KEY`: log in",
        None,
    );
    check(
        key,
        says(404, "no model x"),
        ErrorKind::UnknownModel,
        "`mock` knows no such model, or `MOCK_URL` is wrong: no model x",
        None,
    );
    check(
        key,
        says(400, "no\\n such\\tfield"),
        ErrorKind::BadRequest,
        "`mock` did not take the request (HTTP 400): no such field",
        None,
    );
    check(
        key,
        answer(429, "retry-after: 7\r\n", "slow down"),
        ErrorKind::RateLimited,
        "`mock` asks for fewer requests (HTTP 429): slow down",
        Some(7),
    );
    check(
        key,
        answer(529, "retry-after: 2\r\n", ""),
        ErrorKind::Overloaded,
        "`mock` has too much to do (HTTP 529)",
        Some(2),
    );
    check(
        key,
        answer(502, "", "<html>bad gateway</html>"),
        ErrorKind::Unreachable,
        "`mock` had an error of its own (HTTP 502)",
        None,
    );
    check(
        key,
        answer(302, "location: http://127.0.0.1:9/elsewhere\r\n", ""),
        ErrorKind::Unusable,
        "`mock` is not where `MOCK_URL` says (HTTP 302)",
        None,
    );
    check(
        key,
        answer(200, "", "hello"),
        ErrorKind::Broken,
        "`mock` gave an answer that is no JSON",
        None,
    );
}

#[tokio::test]
async fn a_connection_that_fails_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://user:{KEY}@{}", listener.local_addr().unwrap());
    drop(listener);
    let closed = endpoint(&base, None).unwrap();
    let error = closed.json(closed.get("/x")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable);
    let start = "`mock` could not be reached at `http://127.0.0.1:";
    assert!(error.message.starts_with(start), "{error}");
    assert!(error.message.contains("refused") && !error.message.contains(KEY), "{error}");

    let cut = "HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\nhalf";
    let (base, _served) = serve(vec![cut.to_owned()]).await;
    let endpoint = endpoint(&base, None).unwrap();
    let error = endpoint.json(endpoint.get("/x")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Broken);
    assert!(error.message.starts_with("the answer of `mock` broke off: "), "{error}");
}

#[test]
fn what_cannot_be_sent_is_unusable() {
    let why = |base: &str, key: Option<&str>| match endpoint(base, key) {
        Ok(_) => "fine".to_owned(),
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Unusable);
            error.message
        }
    };
    for base in ["", "api.example.com", "ftp://x", "http://", "unix:/x", "http://x/?key=y"] {
        assert_eq!(why(base, None), "`MOCK_URL` is no http or https address", "{base}");
    }
    let words = "`MOCK_KEY` holds a character that no key has";
    assert_eq!(why("http://127.0.0.1:9", Some("sk-test\n-split")), words);
    assert_eq!(why("http://127.0.0.1:9/v1/", Some(" sk-test \n")), "fine");
}

#[tokio::test]
async fn an_answer_has_an_end() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
        let head = "HTTP/1.1 200 X\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let piece = vec![b' '; 1 << 20];
        // Ends with an error when the other side has had enough.
        while stream.write_all(&piece).await.is_ok() {}
    });
    let endpoint = endpoint(&base, None).unwrap();
    let error = endpoint.json(endpoint.get("/x")).await.unwrap_err();
    assert_eq!(error.message, "`mock` gave an answer of more than 64 MiB");
    task.await.unwrap();
}

#[tokio::test]
async fn a_comment_is_a_sign_of_life() {
    use crate::llm::{Delta, sse};
    struct Deaf;
    impl sse::Assemble for Deaf {
        fn take(&mut self, _: &eventsource_stream::Event) -> Result<Vec<Delta>, LlmError> {
            Ok(vec![Delta::Text("event".into())])
        }
        fn end(&mut self) -> Result<Vec<Delta>, LlmError> {
            Ok(Vec::new())
        }
    }
    let pieces = [": busy\n\n", "data: 1\n\ndata: 2\n\n", "data: ha", "lf\n\n"];
    let body = stream::iter(pieces.map(|p| Ok(Bytes::from_static(p.as_bytes()))));
    let got: Vec<_> = sse::follow(body, Deaf).map(|d| d.unwrap()).collect().await;
    let event = || Delta::Text("event".into());
    assert_eq!(got, [Delta::Working, event(), event(), Delta::Working, event()]);
}
