//! A socket that follows a session across every end of the server, and comes back with its last
//! sequence each time: it must see 1, 2, 3 … each once.

use super::asking::Address;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{net::TcpStream, sync::watch, task::JoinHandle, time::sleep};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

const PAUSE: Duration = Duration::from_millis(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The text of the subscription.
pub fn follow() -> String {
    format!(
        "subscription($id: ID!, $after: Long) {{ sessionEvents(sessionId: $id, after: $after) {{
            caughtUp events {{ ...Shown }} }} }}\n{}",
        include_str!("events.graphql")
    )
}

/// Somebody who watches one session for as long as this lives.
pub struct Watcher {
    shared: Arc<Shared>,
    seen: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    events: Mutex<Vec<Value>>,
    /// The codes that its sockets were closed with; none for a socket that broke.
    closes: Mutex<Vec<Option<u16>>>,
}

impl Watcher {
    pub fn start(session: String, address: Address) -> Self {
        let shared = Arc::<Shared>::default();
        let (told, seen) = watch::channel(0);
        let task = tokio::spawn(watch(session, address, Arc::clone(&shared), told));
        Self { shared, seen, task }
    }

    /// What all that it saw comes to. A watcher that saw something wrong is a panic.
    pub fn seeing<T>(&self, read: impl FnOnce(&[Value]) -> T) -> T {
        assert!(!self.task.is_finished(), "the watcher saw what it must not see");
        read(&lock(&self.shared.events))
    }

    pub fn events(&self) -> Vec<Value> {
        self.seeing(<[Value]>::to_vec)
    }

    pub fn closes(&self) -> Vec<Option<u16>> {
        lock(&self.shared.closes).clone()
    }

    /// Changes with each event.
    pub fn seen(&self) -> watch::Receiver<usize> {
        self.seen.clone()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panicked")
}

async fn watch(
    session: String,
    mut address: Address,
    shared: Arc<Shared>,
    told: watch::Sender<usize>,
) {
    loop {
        let there = address.borrow_and_update().clone();
        let after = lock(&shared.events).len() as i64;
        let opened = match there {
            Some(address) => open(&address, &session, after).await,
            None => None,
        };
        let Some(mut socket) = opened else {
            sleep(PAUSE).await;
            continue;
        };
        let mut texts = Texts::default();
        let why = loop {
            match hear(&mut socket).await {
                Heard::Batch { events, .. } => {
                    for event in events {
                        texts.take(&event);
                        if event["seq"].is_null() {
                            continue;
                        }
                        let mut all = lock(&shared.events);
                        let next = all.len() as i64 + 1;
                        assert_eq!(event["seq"].as_i64(), Some(next), "{session}: {event}");
                        all.push(event);
                        told.send_replace(all.len());
                    }
                }
                Heard::Closed(code) => break code,
            }
        };
        lock(&shared.closes).push(why);
    }
}

/// All that is stored of a session now, by a socket of its own.
pub async fn stored(address: &str, session: &str) -> Vec<Value> {
    let mut socket = open(address, session, 0).await.expect("the server is there");
    let mut all = Vec::new();
    loop {
        match hear(&mut socket).await {
            Heard::Batch { events, caught_up } => {
                all.extend(events.into_iter().filter(|event| !event["seq"].is_null()));
                if caught_up {
                    return all;
                }
            }
            Heard::Closed(code) => panic!("closed with {code:?} while the log was read"),
        }
    }
}

enum Heard {
    Batch {
        events: Vec<Value>,
        caught_up: bool,
    },
    /// With a code, or broken.
    Closed(Option<u16>),
}

async fn open(address: &str, session: &str, after: i64) -> Option<Socket> {
    let mut request = format!("ws://{address}/graphql/ws").into_client_request().ok()?;
    let protocol = "graphql-transport-ws".parse().expect("a name");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = connect_async(request).await.ok()?;
    let variables = json!({"id": session, "after": after});
    let subscribe = json!({
        "id": "1", "type": "subscribe", "payload": {"query": follow(), "variables": variables},
    });
    for message in [json!({"type": "connection_init"}), subscribe] {
        socket.send(Message::text(message.to_string())).await.ok()?;
    }
    Some(socket)
}

async fn hear(socket: &mut Socket) -> Heard {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                let mut message: Value = serde_json::from_str(&text).expect("JSON");
                match message["type"].as_str() {
                    Some("connection_ack" | "ping" | "pong") => continue,
                    Some("next") => {}
                    _ => panic!("{message}"),
                }
                assert!(message["payload"]["errors"].is_null(), "{message}");
                let batch = &mut message["payload"]["data"]["sessionEvents"];
                let caught_up = batch["caughtUp"] == true;
                let Value::Array(events) = batch["events"].take() else { panic!("no events") };
                return Heard::Batch { events, caught_up };
            }
            Some(Ok(Message::Close(frame))) => {
                return Heard::Closed(frame.map(|frame| u16::from(frame.code)));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Heard::Closed(None),
        }
    }
}

/// Provisional text of one socket: pieces may be missing, none comes again or too late.
#[derive(Default)]
struct Texts {
    at: (Value, i64, i64),
    /// Characters of the attempt that were heard of.
    reached: i64,
    /// The turn is over: what it said is in the log.
    over: bool,
}

impl Texts {
    fn take(&mut self, event: &Value) {
        let number = |name: &str| event[name].as_i64().expect("a number");
        let kind = event["__typename"].as_str().unwrap_or_default();
        if !matches!(kind, "TextDeltaEvent" | "TurnStartedEvent" | "TurnEndedEvent") {
            return;
        }
        let at = (event["stageRunId"].clone(), number("turn"), number("attempt"));
        if at != self.at {
            *self = Self { at, ..Self::default() };
        }
        match kind {
            "TurnEndedEvent" => self.over = true,
            "TextDeltaEvent" => {
                assert!(!self.over, "text after the end of its turn: {event}");
                assert!(number("offset") >= self.reached, "text came again: {event}");
                let length = event["text"].as_str().expect("a text").chars().count();
                self.reached = number("offset") + length as i64;
            }
            _ => {}
        }
    }
}
