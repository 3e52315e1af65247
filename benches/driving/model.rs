//! A model that says one word and makes one small call per turn, on a thread of its own, and notes when it wrote the word.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// When each word was written.
pub type Written = Arc<Mutex<HashMap<String, Instant>>>;

pub struct Model {
    pub address: String,
    pub written: Written,
}

/// Starts it; `pause` is how long it thinks before its word, as a real one would.
pub fn start(pause: Duration) -> Model {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    let written = Written::default();
    let notes = Arc::clone(&written);
    thread::spawn(move || {
        let words = Arc::new(AtomicU64::new(0));
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            let (words, notes) = (Arc::clone(&words), Arc::clone(&notes));
            thread::spawn(move || {
                while hear(&mut stream) {
                    let word = format!("word-{}", words.fetch_add(1, Ordering::Relaxed));
                    if speak(&mut stream, &word, pause, &notes).is_err() {
                        break;
                    }
                }
            });
        }
    });
    Model { address, written }
}

/// Reads one request; false when the other side is gone.
fn hear(stream: &mut TcpStream) -> bool {
    let (mut heard, mut piece) = (Vec::new(), [0; 65_536]);
    loop {
        let Ok(read) = stream.read(&mut piece) else { return false };
        if read == 0 {
            return false;
        }
        heard.extend_from_slice(&piece[..read]);
        let Some(end) = heard.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&heard[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|n| n.trim().parse().ok()).unwrap_or(0);
        if heard.len() >= end + 4 + length {
            return true;
        }
    }
}

fn speak(
    stream: &mut TcpStream,
    word: &str,
    pause: Duration,
    written: &Written,
) -> std::io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    )?;
    chunk(stream, &[
        r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":10,"output_tokens":1}}}"#.into(),
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#.into(),
    ])?;
    thread::sleep(pause);
    let text = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{word}"}}}}"#
    );
    written.lock().expect("nobody panicked").insert(word.to_owned(), Instant::now());
    chunk(stream, &[text])?;
    thread::sleep(pause);
    let call = format!(
        r#"{{"type":"content_block_start","index":1,"content_block":{{"type":"tool_use","id":"call-{word}","name":"list_files","input":{{}}}}}}"#
    );
    chunk(stream, &[
        r#"{"type":"content_block_stop","index":0}"#.into(),
        call,
        r#"{"type":"content_block_stop","index":1}"#.into(),
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":20}}"#.into(),
        r#"{"type":"message_stop"}"#.into(),
    ])?;
    stream.write_all(b"0\r\n\r\n")
}

fn chunk(stream: &mut TcpStream, events: &[String]) -> std::io::Result<()> {
    let mut bytes = String::new();
    for data in events {
        let kind = data.split('"').nth(3).unwrap_or_default();
        bytes.push_str(&format!("event: {kind}\ndata: {data}\n\n"));
    }
    stream.write_all(format!("{:x}\r\n{bytes}\r\n", bytes.len()).as_bytes())
}

/// The time from writing a word to a bare socket's having it, in milliseconds.
pub fn floor(model: &Model, times: usize) -> Vec<f64> {
    let address = model.address.trim_start_matches("http://");
    let mut found = Vec::new();
    for _ in 0..times {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n").expect("sent");
        let (mut heard, mut piece) = (String::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut piece).expect("an answer");
            let now = Instant::now();
            heard.push_str(&String::from_utf8_lossy(&piece[..read]));
            if let Some(word) = heard.split("\"text\":\"word-").nth(1) {
                let word = format!("word-{}", word.split('"').next().unwrap_or_default());
                let written = model.written.lock().expect("nobody panicked")[&word];
                found.push((now - written).as_secs_f64() * 1000.0);
                break;
            }
        }
    }
    found
}
