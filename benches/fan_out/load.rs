//! The load generator: the same process and the same sockets for every server. It is this binary again, so that its
//! CPU is its own.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// Every event of a session's text begins with this and the microseconds since 1970.
pub const MARK: char = '@';
/// Connections that are made at once.
const AT_ONCE: usize = 50;
/// Latencies are counted in steps of a millisecond up to here.
const SLOTS: usize = 20_000;

/// What the sockets saw.
struct Seen {
    counting: AtomicBool,
    heard: AtomicUsize,
    closed: AtomicUsize,
    counts: Mutex<Counts>,
}

struct Counts {
    events: u64,
    frames: u64,
    bytes: u64,
    millis: Vec<u64>,
}

/// Microseconds since 1970.
pub fn micros() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970");
    now.as_micros() as u64
}

/// `load URL SOCKETS WARM MEASURE PAYLOAD`: seconds, and the payload of `subscribe` as JSON. Says `ready` once every
/// socket has an event, waits for a line, and prints what it measured as JSON.
pub fn run(args: &[String]) {
    let [url, sockets, warm, measure, payload] = args else {
        panic!("load URL SOCKETS WARM MEASURE PAYLOAD")
    };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let payload: Value = serde_json::from_str(payload).expect("JSON");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work(
        url,
        number(sockets) as usize,
        Duration::from_secs(number(warm)),
        Duration::from_secs(number(measure)),
        payload,
    ));
}

async fn work(url: &str, sockets: usize, warm: Duration, measure: Duration, payload: Value) {
    let counts = Counts { events: 0, frames: 0, bytes: 0, millis: vec![0; SLOTS] };
    let seen = Arc::new(Seen {
        counting: AtomicBool::new(false),
        heard: AtomicUsize::new(0),
        closed: AtomicUsize::new(0),
        counts: Mutex::new(counts),
    });
    let connecting = futures::stream::iter(0..sockets)
        .map(|_| tokio::spawn(socket(url.to_owned(), payload.clone(), Arc::clone(&seen))));
    // Each ends once it is subscribed; what it reads from then on is a task of its own.
    connecting
        .buffer_unordered(AT_ONCE)
        .for_each(|joined| async { joined.expect("a socket") })
        .await;
    while seen.heard.load(Relaxed) < sockets {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    say("ready");
    let go = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
    go.await.expect("nothing panicked").expect("somebody says go");
    tokio::time::sleep(warm).await;
    let before = cpu_seconds();
    seen.counting.store(true, Relaxed);
    let begun = std::time::Instant::now();
    tokio::time::sleep(measure).await;
    seen.counting.store(false, Relaxed);
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - before;
    let counts = seen.counts.lock().expect("nobody panicked");
    let at = |share: f64| {
        let (mut passed, wanted) = (0, (counts.events as f64 * share).ceil() as u64);
        counts.millis.iter().position(|n| {
            passed += n;
            passed >= wanted
        })
    };
    let figures = json!({
        "events_per_second": counts.events as f64 / seconds,
        "frames_per_second": counts.frames as f64 / seconds,
        "bytes_per_second": counts.bytes as f64 / seconds,
        "p50": at(0.5),
        "p99": at(0.99),
        "max": counts.millis.iter().rposition(|n| *n > 0),
        "cpu": cpu / seconds,
        "closed": seen.closed.load(Relaxed),
    });
    say(&figures.to_string());
}

async fn socket(url: String, payload: Value, seen: Arc<Seen>) {
    let mut request = url.into_client_request().expect("a request");
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut stream, _) = connect_async(request).await.expect("an upgrade");
    let text = |message: Value| Message::text(message.to_string());
    stream.send(text(json!({"type": "connection_init"}))).await.expect("sent");
    let ack = stream.next().await.expect("an answer").expect("an answer");
    assert!(ack.to_text().is_ok_and(|text| text.contains("connection_ack")), "{ack}");
    let subscribe = json!({"id": "1", "type": "subscribe", "payload": payload});
    stream.send(text(subscribe)).await.expect("sent");
    tokio::spawn(async move {
        let mut first = true;
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Text(text) = &message
                && take(text.as_str(), &seen) > 0
                && std::mem::take(&mut first)
            {
                seen.heard.fetch_add(1, Relaxed);
            }
        }
        seen.closed.fetch_add(1, Relaxed);
    });
}

/// Counts the events of a frame. Answers how many there are.
fn take(text: &str, seen: &Seen) -> usize {
    assert!(!text.contains("\"type\":\"error\""), "{text}");
    let now = micros();
    let made = text
        .match_indices(MARK)
        .filter_map(|(at, _)| text.get(at + 1..at + 17)?.parse::<u64>().ok());
    if !seen.counting.load(Relaxed) {
        return made.count();
    }
    let mut counts = seen.counts.lock().expect("nobody panicked");
    let mut events = 0;
    for made in made {
        let slot = (now.saturating_sub(made) / 1000) as usize;
        counts.millis[slot.min(SLOTS - 1)] += 1;
        events += 1;
    }
    counts.events += events as u64;
    counts.frames += 1;
    counts.bytes += text.len() as u64;
    events
}

/// CPU that this process has used.
fn cpu_seconds() -> f64 {
    super::cpu_seconds(std::process::id())
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody listens");
}
