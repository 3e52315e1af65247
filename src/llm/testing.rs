//! For tests of adapters: a plain request, and a server that answers by rote.

use super::{Brief, Delta, Deltas, LlmError, Message, Request};
use entity::vocab::Stage;
use futures::StreamExt;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub(crate) fn request(model: &str, messages: Vec<Message>) -> Request {
    Request {
        model: model.into(),
        system: String::new(),
        messages,
        tools: Vec::new(),
        brief: Brief {
            stage: Stage::Eda,
            dataset_dir: "/data".into(),
            session_dir: "/session".into(),
            stage_dir: "/session/eda".into(),
            dataset: Value::Null,
            target: None,
            instructions: String::new(),
            earlier: Vec::new(),
            seed: 7,
            turns_left: 30,
            execution_timeout_s: 600,
            memory_mib: 4096,
            cpus: 2,
        },
        turn: 1,
        max_tokens: 16_000,
        effort: None,
    }
}

/// What a server was sent: the head in lower case, and the body.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Serves one answer per connection, as written, and tells what was asked.
pub(crate) async fn serve(answers: Vec<String>) -> (String, JoinHandle<Vec<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut seen = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            seen.push(read(&mut stream).await);
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
        seen
    });
    (base, served)
}

async fn read(stream: &mut TcpStream) -> Seen {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length: usize = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "))
                .map_or(0, |n| n.parse().unwrap());
            if body.len() >= length {
                return Seen { head, body: serde_json::from_str(body).unwrap_or_default() };
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request broke off");
    }
}

/// An answer with a status, headers and a body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// An answer as a stream of events.
pub(crate) fn events(body: &str) -> String {
    answer(200, "content-type: text/event-stream\r\n", body)
}

/// All deltas but the signs of life.
pub(crate) async fn collect(deltas: Result<Deltas, LlmError>) -> Vec<Result<Delta, LlmError>> {
    let mut deltas = match deltas {
        Ok(deltas) => deltas,
        Err(error) => return vec![Err(error)],
    };
    let mut all = Vec::new();
    while let Some(delta) = deltas.next().await {
        if !matches!(delta, Ok(Delta::Working | Delta::Spent(_))) {
            all.push(delta);
        }
    }
    all
}
