//! One session, a thousand subscribers: how soon and how many events they get, beside graphql-yoga with graphql-ws on
//! Node in the same run. The same event, the same sockets, the same load generator, each server in its natural shape:
//! ours in batches, the peer one event a frame; and ours with one event a frame too.
//!
//!     cargo bench --bench fan_out
//!
//! The load generator shares the machine with the server that it loads, so its own CPU is printed.

#[path = "../../tests/support/allocator.rs"]
mod allocator;

#[path = "../../tests/support/mod.rs"]
mod support;

#[path = "../../tests/support/server.rs"]
mod server;

mod load;
mod ours;

use ours::Ours;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

const SOCKETS: u64 = 1000;
/// The rate of the first bar, in events per second of the session.
const RATE: u64 = 100;
/// Milliseconds at p99 that are still good.
const BAR: u64 = 100;
/// Seconds of each measurement, and before it.
const MEASURE: u64 = 4;
const WARM: u64 = 2;
/// Rates that are tried between the last good one and the first bad one.
const BISECTIONS: u32 = 3;

const BATCHES: &str = "subscription($id: ID!, $after: Long, $size: Int) { sessionEvents(sessionId: $id, after: $after, \
    batchSize: $size) { events { ... on CodeOutputEvent { seq at callId stream text } } } }";
const SINGLES: &str =
    "subscription { sessionEvents(sessionId: \"s\") { seq at callId stream text } }";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only wants to know that it builds and starts.
    if args.iter().any(|arg| arg == "--test") {
        return;
    }
    raise_descriptors();
    if args.first().is_some_and(|arg| arg == "load") {
        return load::run(&args[1..]);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let mut runtime = Some(runtime.expect("a runtime"));
    let system = actix::System::with_tokio_rt(move || runtime.take().expect("once"));
    system.block_on(async {
        let ours = Ours::start().await;
        let feed = ours.feed.clone();
        let compared = tokio::task::spawn_blocking(move || compare(&feed));
        compared.await.expect("it is measured");
    });
}

fn compare(feed: &ours::Feed) {
    println!(
        "one session, {SOCKETS} subscribers; deliveries per second, milliseconds from an event to its subscriber"
    );
    println!(
        "{:>44} {:>9} {:>9} {:>6} {:>6} {:>8} {:>8}",
        "", "events/s", "frames/s", "p50", "p99", "server", "load"
    );
    let batches = |size: u64| {
        let variables = json!({"id": feed.session, "after": feed.last(), "size": size});
        json!({"query": BATCHES, "variables": variables})
    };
    let process = std::process::id();
    let ours = |name, size| Target {
        name,
        url: feed.url.clone(),
        process,
        payload: Box::new(move || batches(size)),
        set: Box::new(|rate| feed.set(rate)),
    };
    let mut natural = ours("ours", 256);
    natural.measure(RATE);
    let best = natural.saturate(400);
    let alone = ours("ours, one event a frame", 1).saturate(10);
    let Some(peer) = Peer::start() else {
        println!("no peer: run `npm ci` in benches/fan_out/peer, with Node 20 or newer");
        return;
    };
    let theirs = Target {
        name: "graphql-yoga",
        url: peer.url.clone(),
        process: peer.child.id(),
        payload: Box::new(|| json!({"query": SINGLES})),
        set: Box::new(|rate| peer.set(rate)),
    }
    .saturate(10);
    println!("ours / graphql-yoga {:.1}", best / theirs);
    println!("ours with one event a frame / graphql-yoga {:.1}", alone / theirs);
}

/// A server at work.
struct Target<'a> {
    name: &'a str,
    url: String,
    process: u32,
    /// What a socket subscribes with.
    payload: Box<dyn Fn() -> Value + 'a>,
    /// Sets the events per second.
    set: Box<dyn Fn(u64) + 'a>,
}

impl Target<'_> {
    /// The most events delivered in a second with a good p99: doubles the rate until it is bad, and looks between.
    fn saturate(&mut self, from: u64) -> f64 {
        let (mut good, mut bad, mut best) = (0, None, 0.0_f64);
        let mut rate = from;
        let mut left = BISECTIONS;
        loop {
            match self.measure(rate) {
                Some(delivered) => {
                    best = best.max(delivered);
                    good = rate;
                }
                None => bad = Some(rate),
            }
            rate = match bad {
                None => good * 2,
                Some(_) if left == 0 || rate <= 1 => break,
                Some(bad) => {
                    left -= 1;
                    (good + bad) / 2
                }
            };
        }
        println!("{:>44} {best:>9.0}", format!("{}: most with p99 under {BAR} ms", self.name));
        best
    }

    /// Delivers at a rate. Answers the deliveries per second when they were all made, and in time.
    fn measure(&mut self, rate: u64) -> Option<f64> {
        let own = std::env::current_exe().expect("this program");
        let mut load = Command::new(own)
            .args([
                "load",
                &self.url,
                &SOCKETS.to_string(),
                &WARM.to_string(),
                &MEASURE.to_string(),
            ])
            .arg((self.payload)().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the load generator starts");
        let mut said = BufReader::new(load.stdout.take().expect("a pipe")).lines();
        let mut line = || said.next().expect("it speaks").expect("it speaks");
        // Slowly, until everybody has an event.
        (self.set)(5);
        assert_eq!(line(), "ready");
        (self.set)(rate);
        writeln!(load.stdin.take().expect("a pipe"), "go").expect("it listens");
        std::thread::sleep(Duration::from_secs(WARM));
        let before = cpu_seconds(self.process);
        std::thread::sleep(Duration::from_secs(MEASURE));
        let cpu = (cpu_seconds(self.process) - before) / MEASURE as f64;
        let figures: Value = serde_json::from_str(&line()).expect("JSON");
        (self.set)(0);
        load.wait().expect("it ends");
        let number = |name: &str| figures[name].as_f64().unwrap_or(f64::INFINITY);
        let events = number("events_per_second");
        let offered = (rate * SOCKETS) as f64;
        let good = number("p99") < BAR as f64 && events > 0.95 * offered && figures["closed"] == 0;
        println!(
            "{:>44} {events:>9.0} {:>9.0} {:>6.0} {:>6.0} {:>7.0}% {:>7.0}%{}",
            format!("{}, {rate}/s offered", self.name),
            number("frames_per_second"),
            number("p50"),
            number("p99"),
            cpu * 100.0,
            number("cpu") * 100.0,
            if good { "" } else { "  too slow" },
        );
        good.then_some(events)
    }
}

/// As many descriptors as this user may have: one per socket, here and in the programs that are started.
fn raise_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("a soft limit can be raised");
}

/// CPU that a process has used, in seconds.
fn cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit_once(") ").map_or(Vec::new(), |(_, rest)| rest.split(' ').collect());
    let ticks = |n: usize| fields.get(n).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    // Linux shows hundredths to programs, whatever the kernel counts in.
    (ticks(11) + ticks(12)) / 100.0
}

/// The peer's process.
struct Peer {
    child: Child,
    stdin: Mutex<ChildStdin>,
    url: String,
}

impl Peer {
    fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/fan_out/peer");
        let mut child = Command::new("node")
            .arg("server.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let stdin = Mutex::new(child.stdin.take()?);
        let mut port = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut port).ok()?;
        let port: u16 = port.trim().parse().ok()?;
        Some(Self { child, stdin, url: format!("ws://127.0.0.1:{port}/graphql/ws") })
    }

    fn set(&self, rate: u64) {
        let mut stdin = self.stdin.lock().expect("nobody panicked");
        writeln!(stdin, "{rate}").expect("the peer listens");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
