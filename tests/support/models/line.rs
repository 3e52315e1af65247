//! HTTP/1.1 on one connection, byte by byte, so that every byte of an answer can be wrong on purpose.

use serde_json::Value;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::sleep,
};

/// Longer than any request of a test.
const LONGEST: usize = 64 << 20;

/// The other side closed the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// One request as it came.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub raw: Vec<u8>,
}

impl Heard {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(its, _)| its == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, which holds nothing that needs decoding.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(its, _)| *its == name).map(|(_, value)| value)
    }

    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.raw).ok()
    }
}

/// One connection.
pub struct Line {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    buffer: Vec<u8>,
}

impl Line {
    pub fn new(stream: TcpStream) -> Self {
        // Each write is to leave by itself.
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        Self { read, write, buffer: Vec::new() }
    }

    /// The next request; none when the other side has left or speaks something else.
    pub async fn hear(&mut self) -> Option<Heard> {
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..head_end + 4).collect()).ok()?;
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut heard = Heard {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            raw: Vec::new(),
        };
        heard.raw = match (heard.header("content-length"), heard.header("transfer-encoding")) {
            (Some(length), _) => {
                let length: usize = length.parse().ok().filter(|&length| length <= LONGEST)?;
                self.exactly(length).await?
            }
            (None, Some("chunked")) => self.chunks().await?,
            (None, _) => Vec::new(),
        };
        Some(heard)
    }

    async fn more(&mut self) -> Option<()> {
        let read = self.read.read_buf(&mut self.buffer).await.ok()?;
        (read > 0 && self.buffer.len() <= LONGEST).then_some(())
    }

    async fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Some(self.buffer.drain(..length).collect())
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(at) = find(&self.buffer, b"\r\n") {
                    break at;
                }
                self.more().await?;
            };
            let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let size = std::str::from_utf8(&line).ok()?.trim().split(';').next()?.to_owned();
            let size = usize::from_str_radix(&size, 16).ok().filter(|&size| size <= LONGEST)?;
            let chunk = self.exactly(size + 2).await?;
            if size == 0 {
                return Some(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    /// Sends bytes, and notices at once when the other side closes.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let Self { read, write, buffer } = self;
        let sending = async {
            write.write_all(bytes).await.map_err(|_| Gone)?;
            write.flush().await.map_err(|_| Gone)
        };
        tokio::select! {
            sent = sending => sent,
            gone = watch(read, buffer) => Err(gone),
        }
    }

    /// Sends one chunk of a body that is sent in chunks.
    pub async fn chunk(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
        self.send(&framed).await
    }

    /// Says nothing for a while.
    pub async fn rest(&mut self, time: Duration) -> Result<(), Gone> {
        let Self { read, buffer, .. } = self;
        tokio::select! {
            () = sleep(time) => Ok(()),
            gone = watch(read, buffer) => Err(gone),
        }
    }

    /// Says nothing for ever.
    pub async fn silence(&mut self) -> Gone {
        watch(&mut self.read, &mut self.buffer).await
    }

    /// Ends the connection in good order: what was sent arrives.
    pub async fn finish(mut self) {
        let _ = self.write.shutdown().await;
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        if let Ok(stream) = self.read.reunite(self.write) {
            let _ = stream.set_zero_linger();
        }
    }
}

/// Ends when the other side does.
async fn watch(read: &mut OwnedReadHalf, buffer: &mut Vec<u8>) -> Gone {
    loop {
        match read.read_buf(buffer).await {
            Ok(0) | Err(_) => return Gone,
            Ok(_) if buffer.len() > LONGEST => return Gone,
            // The next request, early.
            Ok(_) => {}
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
