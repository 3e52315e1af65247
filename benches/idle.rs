//! The memory of the real binary with 10,000 idle sessions known, 1,000 actors awake and 2,000 open subscriptions.
//!
//!     cargo bench --bench idle
//!
//! An actor is awake because somebody asked its session for something a moment ago; none of them runs anything. Each of
//! the 2,000 subscriptions has a socket of its own.

#[path = "../tests/support/mod.rs"]
mod support;

use chrono::Utc;
use entity::ids::SessionId;
use futures::{SinkExt, StreamExt, stream};
use serde_json::json;
use support::binary::Server;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use trainable::{
    event::{Draft, Event, SessionEvent},
    log::EventLog,
    store::{self, Store},
};

const SESSIONS: usize = 10_000;
const AWAKE: usize = 1_000;
const SUBSCRIPTIONS: usize = 2_000;
/// MiB that are still good.
const BAR: f64 = 500.0;
/// Requests under way while it is prepared.
const AT_ONCE: usize = 32;

const EVENTS: &str = "subscription($id: ID!) { sessionEvents(sessionId: $id) { caughtUp events { __typename \
    ... on UserMessageEvent { seq text } } } }";
const SAY: &str =
    "mutation($i: SendMessageInput!) { sendMessage(input: $i) { userErrors { message } } }";

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let data = support::temporary();
    let sessions = known(data.path()).await;
    let server = Server::start(data.path(), &[]).await;
    let pid = server.running.pid();
    println!("memory of the server, MiB (resident, and its proportional share):");
    show("started", pid);
    let ids: Vec<String> = sessions.iter().map(|id| global("Session", &id.to_string())).collect();
    let asked = ids
        .iter()
        .take(AWAKE)
        .map(|id| server.ask(SAY, json!({"i": {"sessionId": id, "text": "hello"}})));
    let said = stream::iter(asked).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    let none = json!([]);
    assert!(said.iter().all(|said| said["sendMessage"]["userErrors"] == none), "{:?}", said[0]);
    show(&format!("{AWAKE} actors awake"), pid);
    let mut sockets = Vec::new();
    let opened = (0..SUBSCRIPTIONS).map(|n| subscribed(&server, &ids[n % AWAKE]));
    let mut opened = stream::iter(opened).buffer_unordered(AT_ONCE);
    while let Some(socket) = opened.next().await {
        sockets.push(socket);
    }
    let awake = metric(&server, "trainable_sessions_awake").await;
    let operations = metric(&server, "trainable_socket_operations").await;
    assert_eq!((awake, operations), (AWAKE as f64, SUBSCRIPTIONS as f64), "all of them are there");
    let last = format!("{SESSIONS} sessions, {AWAKE} awake, {SUBSCRIPTIONS} subscriptions");
    let resident = show(&last, pid);
    let verdict = if resident < BAR { "under" } else { "NOT under" };
    println!("{:>60}  {verdict} {BAR:.0} MiB", "");
}

/// Makes sessions in a data directory that nobody serves yet.
async fn known(data: &std::path::Path) -> Vec<SessionId> {
    let store = Store::open_sqlite(&data.join("trainable.db")).await.expect("a database");
    let log = EventLog::start(store.clone());
    let experiment = support::experiment();
    store::experiments::insert(&store, &experiment, &[]).await.expect("an experiment");
    let made = stream::iter(0..SESSIONS).map(|_| async {
        let id = SessionId::new();
        let created = SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None };
        let draft = Draft { stage_run: None, event: Event::Session(created) };
        log.append(id, 0, 0, Utc::now(), vec![draft]).await.expect("a session");
        id
    });
    made.buffer_unordered(256).collect().await
}

/// An id as the API writes it.
fn global(kind: &str, id: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(format!("{kind}:{id}"))
}

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A socket whose subscription has delivered everything that is stored.
async fn subscribed(server: &Server, session: &str) -> Socket {
    let url = format!("ws://{}/graphql/ws", server.address);
    let mut request = url.into_client_request().expect("a request");
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = connect_async(request).await.expect("an upgrade");
    let payload = json!({"query": EVENTS, "variables": {"id": session}});
    for message in [
        json!({"type": "connection_init"}),
        json!({"id": "1", "type": "subscribe", "payload": payload}),
    ] {
        socket.send(Message::text(message.to_string())).await.expect("it is sent");
    }
    loop {
        let message = socket.next().await.expect("an answer").expect("an answer");
        if message.to_text().is_ok_and(|text| text.contains("\"caughtUp\":true")) {
            return socket;
        }
    }
}

async fn metric(server: &Server, name: &str) -> f64 {
    let url = format!("http://{}/metrics", server.address);
    let answer = support::client().get(url).send().await.expect("an answer");
    let text = answer.text().await.expect("a text");
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no {name}: {text}"))
}

/// Prints the memory of a process, and answers what of it is resident, in MiB.
fn show(when: &str, pid: i32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("it runs");
    let mib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        kib.unwrap_or(f64::NAN) / 1024.0
    };
    let (resident, share) = (mib("Rss:"), mib("Pss:"));
    println!("{when:>60}  {resident:>7.1}  {share:>7.1}");
    resident
}
