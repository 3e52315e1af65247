//! Answers are compressed for who can read them so, and are the same once unpacked.

use super::server::Server;
use serde_json::{Value, json};

const QUERY: &str = "{ __schema { types { name kind fields { name description } } } }";

async fn ask(server: &Server, encoding: &str) -> (Option<String>, Vec<u8>) {
    let request = server.http.post(server.url("/graphql")).header("accept-encoding", encoding);
    let answer = request.json(&json!({"query": QUERY})).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let vary = answer.headers().get_all("vary").iter().any(|value| value == "accept-encoding");
    let encoding = answer.headers().get("content-encoding");
    let encoding = encoding.map(|value| value.to_str().expect("text").to_owned());
    assert!(vary || encoding.is_none(), "{:?}", answer.headers());
    (encoding, answer.bytes().await.expect("a body").to_vec())
}

#[actix_web::test]
async fn answers_are_compressed() {
    let server = Server::start().await;
    let (none, plain) = ask(&server, "identity").await;
    assert_eq!(none, None);
    let expected: Value = serde_json::from_slice(&plain).expect("JSON");
    let (gzip, packed) = ask(&server, "gzip").await;
    assert_eq!(gzip.as_deref(), Some("gzip"));
    assert!(
        packed.starts_with(&[0x1f, 0x8b]) && packed.len() * 4 < plain.len(),
        "{}",
        packed.len()
    );
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(&packed[..]);
    std::io::Read::read_to_end(&mut reader, &mut unpacked).expect("gzip");
    assert_eq!(serde_json::from_slice::<Value>(&unpacked).expect("JSON"), expected);
    let (brotli, packed) = ask(&server, "br, gzip;q=0.5").await;
    assert_eq!(brotli.as_deref(), Some("br"));
    assert!(packed.len() * 4 < plain.len(), "{}", packed.len());
}
