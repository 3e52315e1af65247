//! A scripted server that speaks the wire formats of Anthropic and OpenAI, byte by byte.
//!
//! It renders one script of turns into the format of each request, checks requests as strictly as
//! the vendors do, delivers in awkward pieces, and fails on demand. It runs on a thread of its own,
//! keeps no conversation (the turn follows from the request), and records all that it hears. It
//! never says anything that the vendors' own clients would not understand, unless a fault says so:
//! `tests/models.rs` proves that with them.
//!
//! ```text
//! script     turns, rules, what was asked       delivery  how the bytes are cut
//! fault      what goes wrong, by name           line      HTTP/1.1 on one connection
//! anthropic  the Messages API                   openai    chat completions, and quirks
//! answer     from a request to its bytes
//! ```
#![allow(dead_code)]

mod answer;
pub mod anthropic;
pub mod delivery;
pub mod fault;
pub mod line;
pub mod openai;
pub mod script;

use answer::{End, Plan};
use anthropic::cache::{Cache, Prompt};
use fault::Fault;
use line::{Gone, Heard, Line};
use script::{Asked, Script, Wire};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    net::TcpListener,
    sync::{Arc, Mutex, MutexGuard},
    thread::JoinHandle,
    time::Duration,
};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

/// How an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ended {
    /// It has not.
    #[default]
    Running,
    /// As the script wanted.
    Sent,
    /// The other side closed the connection before the end.
    Left,
}

/// One request and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub heard: Heard,
    /// Null when the request has none.
    pub body: Value,
    pub wire: Option<Wire>,
    /// From 0.
    pub turn: usize,
    /// From 1 for requests that passed the checks; 0 for others.
    pub attempt: u32,
    pub fault: Option<Fault>,
    /// None for an answer without a head.
    pub status: Option<u16>,
    pub ended: Ended,
}

impl Seen {
    /// Whether a turn was asked for.
    pub fn is_turn(&self) -> bool {
        self.heard.method == "POST"
    }
}

struct State {
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
}

struct Inner {
    script: Arc<Script>,
    seen: Vec<Seen>,
    attempts: HashMap<[u8; 32], u32>,
    cache: Cache,
    automatic: Cache,
    paused: HashSet<String>,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nobody panicked")
    }

    fn script(&self) -> Arc<Script> {
        Arc::clone(&self.lock().script)
    }

    /// Counts how often a conversation was asked.
    fn attempt(&self, asked: &Asked) -> u32 {
        let conversation =
            format!("{}{}{}", asked.model, asked.body["system"], asked.body["messages"]);
        let mut inner = self.lock();
        let count = inner.attempts.entry(Sha256::digest(conversation).into()).or_default();
        *count += 1;
        *count
    }

    fn pause(&self, text: &str) {
        self.lock().paused.insert(text.to_owned());
    }

    /// Whether a body ends with a turn that the server itself paused.
    fn paused(&self, body: &Value) -> bool {
        let last = body["messages"].as_array().and_then(|messages| messages.last());
        let blocks = last.and_then(|message| message["content"].as_array());
        let inner = self.lock();
        blocks.is_some_and(|blocks| {
            blocks
                .iter()
                .filter_map(|block| block["text"].as_str())
                .any(|text| inner.paused.contains(text))
        })
    }

    fn prompt(&self, asked: &Asked) -> Prompt {
        let mut inner = self.lock();
        match asked.wire {
            Wire::Anthropic => inner.cache.prompt(&asked.body),
            // Prefixes are kept without being asked for, in steps of 128 tokens.
            Wire::OpenAi => {
                let mut body = asked.body.clone();
                mark_all(&mut body);
                let all = inner.automatic.prompt(&body);
                let read = all.read / 128 * 128;
                Prompt { fresh: all.fresh + all.written + all.read - read, read, written: 0 }
            }
        }
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut Seen)) {
        change(&mut self.lock().seen[number]);
        self.changed.send_replace(());
    }
}

/// Makes every message a breakpoint.
fn mark_all(body: &mut Value) {
    for message in body["messages"].as_array_mut().into_iter().flatten() {
        let whole = message.clone();
        let block =
            serde_json::json!({"type": "text", "text": whole.to_string(), "cache_control": {}});
        message["content"] = Value::Array(vec![block]);
    }
}

/// The server. It ends when it is dropped.
pub struct Models {
    state: Arc<State>,
    pub port: u16,
    stopping: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Models {
    pub fn start(script: Script) -> Self {
        Self::start_on(0, script)
    }

    /// On a port, so that one can come back where another was.
    pub fn start_on(port: u16, script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("its address").port();
        let inner = Inner {
            script: Arc::new(script),
            seen: Vec::new(),
            attempts: HashMap::new(),
            cache: Cache::default(),
            automatic: Cache::default(),
            paused: HashSet::new(),
        };
        let state = Arc::new(State { inner: Mutex::new(inner), changed: watch::channel(()).0 });
        let stopping = CancellationToken::new();
        let (its_state, its_end) = (Arc::clone(&state), stopping.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            runtime.block_on(its_end.run_until_cancelled(accept(listener, its_state)));
        });
        Self { state, port, stopping, thread: Some(thread) }
    }

    /// What `ANTHROPIC_BASE_URL` is set to.
    pub fn anthropic(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What `OPENAI_BASE_URL` is set to.
    pub fn openai(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// Plays another script from now on.
    pub fn play(&self, script: Script) {
        self.state.lock().script = Arc::new(script);
    }

    /// All requests so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().seen.clone()
    }

    /// The requests for turns.
    pub fn turns(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_turn).collect()
    }

    /// The requests that asked again what was asked before.
    pub fn repeated(&self) -> Vec<Seen> {
        self.turns().into_iter().filter(|seen| seen.attempt > 1).collect()
    }

    /// Waits until the requests satisfy a condition; false when they do not in time.
    pub async fn until(&self, within: Duration, good: impl Fn(&[Seen]) -> bool) -> bool {
        let mut changes = self.state.changed.subscribe();
        let waiting = async {
            while !good(&self.seen()) {
                changes.changed().await.expect("the state lives");
            }
        };
        timeout(within, waiting).await.is_ok()
    }
}

impl Drop for Models {
    fn drop(&mut self) {
        self.stopping.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic of the server fails the test that uses it.
            if thread.join().is_err() && !std::thread::panicking() {
                panic!("the scripted server panicked");
            }
        }
    }
}

/// An address where nobody listens.
pub fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("its address"))
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(converse(Line::new(stream), Arc::clone(&state)));
    }
}

/// One connection, request after request.
async fn converse(mut line: Line, state: Arc<State>) {
    while let Some(heard) = line.hear().await {
        let number = {
            let mut inner = state.lock();
            inner.seen.push(Seen { heard: heard.clone(), ..Seen::default() });
            inner.seen.len() - 1
        };
        let mut seen = Seen { heard, ..Seen::default() };
        let heard = seen.heard.clone();
        let plan = answer::plan(&state, &heard, &mut seen);
        seen.status = match &plan {
            Plan::Whole { status, .. } => Some(*status),
            Plan::Stream { .. } => Some(200),
            Plan::Silence | Plan::Close | Plan::Reset => None,
        };
        state.change(number, |its| *its = seen);
        let (rest, ended) = carry_out(line, &state.script(), plan).await;
        state.change(number, |its| its.ended = ended);
        match rest {
            Some(open) => line = open,
            None => return,
        }
    }
}

/// Does what was planned; the line, where it can be used again.
async fn carry_out(mut line: Line, script: &Script, plan: Plan) -> (Option<Line>, Ended) {
    let left = (None, Ended::Left);
    match plan {
        Plan::Whole { status, kind, headers, body } => {
            let mut head = head(status, kind);
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
            let sent = line.send(&[head.as_bytes(), &body].concat()).await;
            if sent.is_ok() { (Some(line), Ended::Sent) } else { left }
        }
        Plan::Stream { kind, writes, end } => {
            match stream(&mut line, script, kind, &writes).await {
                Ok(()) => finish(line, end).await,
                Err(Gone) => left,
            }
        }
        Plan::Silence => {
            line.silence().await;
            left
        }
        Plan::Close => {
            line.finish().await;
            (None, Ended::Sent)
        }
        Plan::Reset => {
            line.reset();
            (None, Ended::Sent)
        }
    }
}

fn head(status: u16, kind: &str) -> String {
    format!(
        "HTTP/1.1 {status} Scripted\r\ncontent-type: {kind}\r\nrequest-id: req_script\r\nx-request-id: req_script\r\n"
    )
}

async fn stream(
    line: &mut Line,
    script: &Script,
    kind: &str,
    writes: &[Vec<u8>],
) -> Result<(), Gone> {
    let head = format!("{}transfer-encoding: chunked\r\n\r\n", head(200, kind));
    line.send(head.as_bytes()).await?;
    for bytes in writes {
        if !script.delivery.delay.is_zero() {
            line.rest(script.delivery.delay).await?;
        }
        line.chunk(bytes).await?;
        // Lets the other side read this much by itself.
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn finish(mut line: Line, end: End) -> (Option<Line>, Ended) {
    match end {
        End::Good => match line.chunk(&[]).await {
            Ok(()) => (Some(line), Ended::Sent),
            Err(Gone) => (None, Ended::Left),
        },
        End::Fin => {
            line.finish().await;
            (None, Ended::Sent)
        }
        End::Rst => {
            line.reset();
            (None, Ended::Sent)
        }
        End::Silence => {
            line.silence().await;
            (None, Ended::Left)
        }
        End::Endless => {
            let _ = line.chunk(b"data: {\"").await;
            let more = vec![b'a'; 64 << 10];
            while line.chunk(&more).await.is_ok() {}
            (None, Ended::Left)
        }
    }
}
