//! A TCP connection and the frames of RFC 6455, written by hand: what no client library would send.

use super::server::Server;
use serde_json::Value;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

pub struct Raw {
    stream: TcpStream,
    host: String,
}

impl Raw {
    pub async fn connect(server: &Server) -> Self {
        let host = server.base.trim_start_matches("http://").to_owned();
        Self { stream: TcpStream::connect(&host).await.expect("a connection"), host }
    }

    /// Sends the head of a request, with a `Host`, and what stands after it.
    pub async fn send(&mut self, line: &str, headers: &[(&str, &str)], rest: &str) {
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = format!("{line} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n{rest}", self.host);
        self.stream.write_all(text.as_bytes()).await.expect("sent");
    }

    /// The status and the head of the answer.
    pub async fn head(&mut self) -> (u16, String) {
        let mut head = Vec::new();
        let read = async {
            while !head.ends_with(b"\r\n\r\n") {
                head.push(self.stream.read_u8().await.expect("a byte of the head"));
            }
        };
        timeout(PATIENCE, read).await.expect("the head comes");
        let head = String::from_utf8(head).expect("ASCII");
        (head[9..12].parse().expect("a status"), head)
    }

    /// A WebSocket that offers a subprotocol, or none.
    pub async fn socket(server: &Server, protocol: Option<&str>) -> Self {
        let mut raw = Self::connect(server).await;
        let mut headers = vec![
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        headers.extend(protocol.map(|name| ("sec-websocket-protocol", name)));
        raw.send("GET /graphql/ws", &headers, "").await;
        let (status, head) = raw.head().await;
        assert_eq!(status, 101, "{head}");
        // The answer to the key above. Source: RFC 6455 section 1.3.
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        raw
    }

    pub async fn frame(&mut self, first: u8, masked: bool, payload: &[u8]) {
        let mut frame = vec![first];
        let mask = if masked { 0x80 } else { 0 };
        match payload.len() {
            length @ 0..126 => frame.push(mask | length as u8),
            length => {
                frame.push(mask | 126);
                frame.extend((length as u16).to_be_bytes());
            }
        }
        let key = [7, 77, 177, 27];
        if masked {
            frame.extend(key);
            frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        } else {
            frame.extend(payload);
        }
        // A server that has closed already has said why.
        let _ = self.stream.write_all(&frame).await;
    }

    /// A whole message.
    pub async fn say(&mut self, opcode: u8, payload: &[u8]) {
        self.frame(0x80 | opcode, true, payload).await;
    }

    pub async fn text(&mut self, text: &str) {
        self.say(TEXT, text.as_bytes()).await;
    }

    /// The next frame: its opcode and its payload. None once the connection has ended.
    pub async fn hear(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let first = self.stream.read_u8().await.ok()?;
            assert_eq!(first & 0xf0, 0x80, "the server neither splits nor extends");
            let length = match self.stream.read_u8().await.ok()? {
                126 => u64::from(self.stream.read_u16().await.ok()?),
                127 => self.stream.read_u64().await.ok()?,
                length => u64::from(length),
            };
            let mut payload = vec![0; usize::try_from(length).expect("a length")];
            self.stream.read_exact(&mut payload).await.ok()?;
            Some((first & 0xf, payload))
        };
        timeout(PATIENCE, read).await.expect("a frame or the end")
    }

    pub async fn json(&mut self) -> Value {
        let (opcode, payload) = self.hear().await.expect("a frame");
        assert_eq!(opcode, TEXT, "{payload:?}");
        serde_json::from_slice(&payload).expect("JSON")
    }

    /// The code and the reason that the socket is closed with; frames before it are passed over. Then the
    /// connection itself must end.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            let (opcode, payload) = self.hear().await.expect("a close frame before the end");
            if opcode == CLOSE {
                let (code, reason) = payload.split_at(2);
                let code = u16::from_be_bytes([code[0], code[1]]);
                self.say(CLOSE, &payload).await;
                assert_eq!(self.hear().await, None, "nothing comes after the close");
                return (code, String::from_utf8(reason.to_vec()).expect("UTF-8"));
            }
        }
    }
}
