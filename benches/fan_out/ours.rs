//! Our server, in this process: the real edge, schema, log and database. Events are appended to one session's log every
//! 10 ms, as an agent's output is, at the rate that is set.

use super::{
    load::{MARK, micros},
    server::Server,
};
use chrono::Utc;
use entity::ids::SessionId;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use trainable::{
    event::{Draft, Event, Fact, OutputStream},
    log::EventLog,
};

const TICK: Duration = Duration::from_millis(10);

pub struct Ours {
    pub feed: Feed,
    _server: Server,
}

/// Where to subscribe, and how fast events come.
#[derive(Clone)]
pub struct Feed {
    pub url: String,
    /// The session's id in the API.
    pub session: String,
    rate: Arc<AtomicU64>,
    last: Arc<AtomicI64>,
}

impl Ours {
    pub async fn start() -> Self {
        let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get());
        let server = Server::with(|config| config.workers = workers).await;
        let (id, session) = server.session(0).await;
        let url = server.url("/graphql/ws").replace("http", "ws");
        let feed = Feed { url, session, rate: Arc::default(), last: Arc::new(AtomicI64::new(1)) };
        tokio::spawn(append(server.log.clone(), id, feed.clone()));
        Self { feed, _server: server }
    }
}

impl Feed {
    /// Events per second from now on.
    pub fn set(&self, rate: u64) {
        self.rate.store(rate, Relaxed);
    }

    /// The last sequence that is durable.
    pub fn last(&self) -> i64 {
        self.last.load(Relaxed)
    }
}

async fn append(log: EventLog, id: SessionId, feed: Feed) {
    let (mut after, mut due, mut last) = (1, 0.0, Instant::now());
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        due += feed.rate.load(Relaxed) as f64 * last.elapsed().as_secs_f64();
        last = Instant::now();
        let drafts: Vec<Draft> = (1..=due as i64).map(|n| draft(after + n)).collect();
        due -= drafts.len() as f64;
        if drafts.is_empty() {
            continue;
        }
        let entries = log.append(id, 0, after, Utc::now(), drafts).await.expect("durable");
        after = entries.last().map_or(after, |entry| entry.seq);
        feed.last.store(after, Relaxed);
    }
}

fn draft(n: i64) -> Draft {
    let text = format!(
        "{MARK}{} epoch {n}: loss 0.6931, accuracy 0.5134, validation loss 0.6702\n",
        micros()
    );
    let (call_id, stream) = ("eda-002".into(), OutputStream::Stdout);
    Draft { stage_run: None, event: Event::Fact(Fact::CodeOutput { call_id, stream, text }) }
}
