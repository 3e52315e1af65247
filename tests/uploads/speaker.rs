//! A client of tus that does what it is told, and one that stops in the middle of it.

use super::support::client;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub const MEDIA: &str = "application/offset+octet-stream";

/// One upload's address.
pub struct Speaker {
    http: reqwest::Client,
    /// Host and port.
    server: String,
    path: String,
}

/// An answer.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub offset: Option<u64>,
    pub length: Option<u64>,
    pub code: String,
    pub message: String,
}

impl Speaker {
    pub fn new(server: &str, path: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        Self { http: client(), server, path: path.to_owned() }
    }

    /// The same upload at the server's next address.
    pub fn at(&self, server: &str) -> Self {
        Self::new(server, &self.path)
    }

    pub fn bare(&self, method: Method) -> RequestBuilder {
        self.http.request(method, format!("http://{}{}", self.server, self.path))
    }

    pub fn request(&self, method: Method) -> RequestBuilder {
        self.bare(method).header("tus-resumable", "1.0.0")
    }

    pub async fn head(&self) -> Said {
        said(self.request(Method::HEAD).send().await.expect("an answer")).await
    }

    pub fn patching(&self, offset: u64, body: &[u8]) -> RequestBuilder {
        let request = self.request(Method::PATCH).header("content-type", MEDIA);
        request.header("upload-offset", offset).body(body.to_vec())
    }

    pub async fn patch(&self, offset: u64, body: &[u8]) -> Said {
        said(self.patching(offset, body).send().await.expect("an answer")).await
    }

    /// Sends some of a body that is said to have more, and stops.
    pub async fn half(&self, offset: u64, declared: usize, some: &[u8]) -> Half {
        let mut socket = TcpStream::connect(&self.server).await.expect("a connection");
        let head = format!(
            "PATCH {} HTTP/1.1\r\nhost: {}\r\ntus-resumable: 1.0.0\r\ncontent-type: {MEDIA}\r\n\
             upload-offset: {offset}\r\ncontent-length: {declared}\r\n\r\n",
            self.path, self.server
        );
        socket.write_all(head.as_bytes()).await.expect("it is sent");
        socket.write_all(some).await.expect("it is sent");
        Half(socket)
    }
}

pub async fn said(answer: Response) -> Said {
    let number = |name: &str| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().expect("text").parse().expect("a number"))
    };
    let (status, offset, length) =
        (answer.status().as_u16(), number("upload-offset"), number("upload-length"));
    let body: Value = answer.json().await.unwrap_or_default();
    let text = |key: &str| body["error"][key].as_str().unwrap_or_default().to_owned();
    Said { status, offset, length, code: text("code"), message: text("message") }
}

/// A request that is not whole.
pub struct Half(TcpStream);

impl Half {
    /// The answer that comes all the same: its head and body as they are.
    pub async fn answer(mut self) -> String {
        let mut text = Vec::new();
        // Until the server closes it; what it could not send is none of ours.
        let _ = self.0.read_to_end(&mut text).await;
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The connection breaks, so that the server hears of it.
    pub fn reset(self) {
        let _ = rustix::net::sockopt::set_socket_linger(&self.0, Some(std::time::Duration::ZERO));
    }

    /// It ends early, in good order.
    pub async fn close(mut self) {
        self.0.shutdown().await.expect("it ends");
    }
}
