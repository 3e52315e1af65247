//! A proxy that lets a server of S3 look worse than it is: one request per connection, each passed on,
//! spoilt or answered here.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is answered here, and the server never sees it.
    Answer { status: u16, code: &'static str },
    /// Nothing happens for so long; then it goes on.
    Slow(Duration),
    /// The connection is reset after so many bytes of its body.
    Reset { after: usize },
    /// A byte of its body becomes another.
    Spoil,
    /// It is done, and the connection is reset before the answer.
    Lost,
    /// The connection is reset after so many bytes of the answer.
    Cut { after: usize },
    /// Another region's bucket: the answer says which.
    Elsewhere(&'static str),
    /// A listing of everything, whatever prefix was asked for. Only for a server that checks no signatures.
    Unfiltered,
}

/// A request that a rule is about: a method, and what its address holds.
struct Rule {
    method: &'static str,
    holds: &'static str,
    fault: Fault,
    times: usize,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    seen: Vec<String>,
    down: bool,
}

/// The proxy. It ends with the runtime that it was started in.
#[derive(Clone)]
pub struct Faults {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Faults {
    pub async fn before(upstream: &str) -> Self {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let faults = Self { address, state: Arc::default() };
        let state = Arc::clone(&faults.state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (upstream, state) = (upstream.clone(), Arc::clone(&state));
                tokio::spawn(async move { serve(socket, &upstream, &state).await });
            }
        });
        faults
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// The next `times` requests of this kind go wrong so.
    pub fn add(&self, method: &'static str, holds: &'static str, fault: Fault, times: usize) {
        self.state.lock().unwrap().rules.push(Rule { method, holds, fault, times });
    }

    /// While it is down, every connection is reset.
    pub fn down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    /// Rules that nothing has met as often as they say.
    pub fn left(&self) -> usize {
        self.state.lock().unwrap().rules.iter().map(|rule| rule.times).sum()
    }

    /// Nothing goes wrong any more.
    pub fn calm(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    /// Requests since the last call: `PUT /bucket/key?partNumber=1`.
    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }
}

async fn serve(mut socket: TcpStream, upstream: &str, state: &Mutex<State>) {
    let Ok(Some(head)) = head(&mut socket).await else { return };
    let line = head.lines().next().unwrap_or_default().to_owned();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let fault = {
        let mut state = state.lock().unwrap();
        state.seen.push(format!("{method} {target}"));
        if state.down {
            return reset(socket);
        }
        let rule = state
            .rules
            .iter_mut()
            .find(|rule| rule.times > 0 && rule.method == method && target.contains(rule.holds));
        rule.map(|rule| {
            rule.times -= 1;
            rule.fault.clone()
        })
    };
    let length = header(&head, "content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    // A connection that breaks is what this is for.
    let _ = exchange(socket, upstream, &head, length, method == "HEAD", fault).await;
}

async fn exchange(
    mut socket: TcpStream,
    upstream: &str,
    head: &str,
    length: usize,
    bodiless: bool,
    fault: Option<Fault>,
) -> io::Result<()> {
    if header(head, "expect").is_some() {
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    match &fault {
        Some(Fault::Answer { status, code }) => {
            drain(&mut socket, length).await?;
            return answer(socket, *status, code, None, bodiless).await;
        }
        Some(Fault::Elsewhere(region)) => {
            drain(&mut socket, length).await?;
            return answer(socket, 301, "PermanentRedirect", Some(region), bodiless).await;
        }
        Some(Fault::Slow(wait)) => tokio::time::sleep(*wait).await,
        Some(Fault::Reset { after }) => {
            drain(&mut socket, (*after).min(length)).await?;
            reset(socket);
            return Ok(());
        }
        Some(Fault::Spoil | Fault::Lost | Fault::Cut { .. } | Fault::Unfiltered) | None => {}
    }
    let head = match &fault {
        Some(Fault::Unfiltered) => unfiltered(head),
        _ => head.to_owned(),
    };
    let mut server = TcpStream::connect(upstream).await?;
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        !matches!(name.as_str(), "" | "connection" | "expect")
    });
    let mut text: String = kept.map(|line| format!("{line}\r\n")).collect();
    text.push_str("connection: close\r\n\r\n");
    server.write_all(text.as_bytes()).await?;
    let mut left = length;
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let read = socket.read(&mut buffer[..left.min(64 * 1024)]).await?;
        if read == 0 {
            return Ok(());
        }
        if left == length && matches!(fault, Some(Fault::Spoil)) {
            buffer[0] ^= 1;
        }
        left -= read;
        // A server that has heard enough answers, and closes.
        if server.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    let mut sent = 0;
    loop {
        let read = server.read(&mut buffer).await?;
        if read == 0 {
            socket.shutdown().await?;
            // What nobody reads would reset the connection, and take the answer back.
            return drain(&mut socket, left).await;
        }
        match fault {
            Some(Fault::Lost) => {
                reset(socket);
                return Ok(());
            }
            Some(Fault::Cut { after }) if sent + read > after => {
                socket.write_all(&buffer[..after.saturating_sub(sent)]).await?;
                socket.flush().await?;
                // What was written must arrive before the reset takes it back.
                tokio::time::sleep(Duration::from_millis(50)).await;
                reset(socket);
                return Ok(());
            }
            _ => socket.write_all(&buffer[..read]).await?,
        }
        sent += read;
    }
}

/// The head of a request without the prefix in its address.
fn unfiltered(head: &str) -> String {
    let (before, after) = head.split_once("prefix=").expect("a listing with a prefix");
    let rest = after.find(['&', ' ']).expect("the address ends");
    format!("{before}prefix={}", &after[rest..])
}

async fn answer(
    mut socket: TcpStream,
    status: u16,
    code: &str,
    region: Option<&str>,
    bodiless: bool,
) -> io::Result<()> {
    let body = match bodiless {
        true => String::new(),
        false => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>no</Message></Error>"
        ),
    };
    let region = region.map(|region| format!("x-amz-bucket-region: {region}\r\n"));
    let text = format!(
        "HTTP/1.1 {status} No\r\ncontent-type: application/xml\r\n{}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        region.unwrap_or_default(),
        body.len()
    );
    socket.write_all(text.as_bytes()).await?;
    socket.shutdown().await
}

/// The head of a request, with its empty line; `None` when nobody asks.
async fn head(socket: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim())
}

async fn drain(socket: &mut TcpStream, mut left: usize) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let most = left.min(buffer.len());
        match socket.read(&mut buffer[..most]).await? {
            0 => return Ok(()),
            read => left -= read,
        }
    }
    Ok(())
}

/// Ends a connection so that the other side sees a reset and no end.
fn reset(socket: TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO));
}
