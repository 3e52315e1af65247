//! The event log: append (commit, then wake), since, follow.
//!
//! Many sessions' appends share one commit, because fsync, not CPU, is the limit. No watcher is
//! woken before the commit is durable. Only `session` appends.

mod company;
pub mod protocol;
mod writer;

use crate::{
    event::{Draft, Entry, TextDelta},
    store::{
        Store, StoreError, Trouble,
        hints::Hint,
        replay::{self, Bound, LogPage},
    },
};
use chrono::{DateTime, Utc};
use entity::ids::{ExperimentId, SessionId, StageRunId};
use protocol::{Closed, Wake};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Appends that may wait; more makes the callers wait.
const QUEUE: usize = 1024;
/// Bytes of a page, as stored, when its reader says nothing else.
const PAGE_BYTES: u64 = 1 << 20;
/// How long a watcher waits for a database that is away, and between two attempts.
const WATCHED: Duration = Duration::from_secs(180);
const AGAIN: Duration = Duration::from_millis(300);
/// Text deltas that a slow watcher may lag behind before it skips some.
const LIVE: usize = 256;

/// The log of all sessions. Cheap to clone.
#[derive(Clone)]
pub struct EventLog {
    store: Store,
    queue: mpsc::Sender<Append>,
    watchers: Arc<Watchers>,
}

/// One append: all of it becomes durable, or none.
#[derive(Debug)]
struct Append {
    session: SessionId,
    epoch: i64,
    /// The sequence after which the events come.
    after: i64,
    at: DateTime<Utc>,
    drafts: Vec<Draft>,
    reply: oneshot::Sender<Result<Vec<Entry>, AppendError>>,
}

/// Why nothing was appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended or took the session over; rebuild from the log.
    #[error("the session moved on under its writer")]
    Conflict,
    /// The commit's outcome is unknown; rebuild from the log.
    #[error("the commit's outcome is unknown: {0}")]
    Unknown(String),
    /// The database refused this append; nothing of it was written.
    #[error("the append was refused: {0}")]
    Refused(String),
    /// A trouble outlasted the writer's patience; rebuild from the log once it has passed.
    #[error("{0}")]
    Troubled(Trouble),
    /// The log is closed: the server stops.
    #[error("the log is closed")]
    Closed,
}

struct Watchers {
    sessions: Mutex<HashMap<SessionId, Channels>>,
    changes: broadcast::Sender<Change>,
    /// Tells watchers on other servers.
    store: Store,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// An experiment, or a session of it.
    Of(ExperimentId),
    /// Nobody knows: word of it may have been missed.
    Unknown,
}

struct Channels {
    durable: watch::Sender<i64>,
    live: broadcast::Sender<(StageRunId, TextDelta)>,
}

impl EventLog {
    /// Starts the writer. It ends when the last handle is dropped.
    pub fn start(store: Store) -> Self {
        let (queue, appends) = mpsc::channel(QUEUE);
        let watchers = Arc::new(Watchers {
            sessions: Mutex::default(),
            changes: broadcast::channel(LIVE).0,
            store: store.clone(),
        });
        tokio::spawn(writer::write(store.clone(), appends, Arc::clone(&watchers)));
        company::attend(&store, &watchers);
        Self { store, queue, watchers }
    }

    /// Appends events after sequence `after`, and answers when they are durable.
    ///
    /// *Errors*: after [`AppendError::Conflict`] and [`AppendError::Unknown`] the caller's state is
    /// stale and must be rebuilt from the log.
    pub async fn append(
        &self,
        session: SessionId,
        epoch: i64,
        after: i64,
        at: DateTime<Utc>,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Entry>, AppendError> {
        let (reply, answer) = oneshot::channel();
        let append = Append { session, epoch, after, at, drafts, reply };
        self.queue.send(append).await.map_err(|_| AppendError::Closed)?;
        answer.await.map_err(|_| AppendError::Unknown("the writer went away".into()))?
    }

    /// Entries after a sequence, oldest first: at most `rows` and about 1 MiB, but at least one.
    /// Only an empty answer means that the end is reached.
    pub async fn since(
        &self,
        session: SessionId,
        after: i64,
        rows: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        let bound = Bound { rows, bytes: PAGE_BYTES };
        Ok(self.page(session, after, bound).await?.entries)
    }

    /// The same within bounds of the caller's own.
    pub async fn page(
        &self,
        session: SessionId,
        after: i64,
        bound: Bound,
    ) -> Result<LogPage, StoreError> {
        self.store.timely(replay::since(self.store.read(), session, after, bound)).await
    }

    /// The same for whoever watches: a trouble that may pass is waited out, for minutes if need be.
    pub async fn watched_page(
        &self,
        session: SessionId,
        after: i64,
        bound: Bound,
    ) -> Result<LogPage, StoreError> {
        let begun = Instant::now();
        loop {
            match self.page(session, after, bound).await {
                Err(error) if error.trouble().is_some() && begun.elapsed() < WATCHED => {
                    tracing::debug!(session.id = %session, %error, "a watcher waits");
                    tokio::time::sleep(AGAIN).await;
                }
                page => return page,
            }
        }
    }

    /// Wakes whenever events of a session became durable. The value is a hint: the last sequence,
    /// or 0 when nothing was appended since the first watcher came. It is closed when the session
    /// is deleted. Follow first, then read.
    pub fn follow(&self, session: SessionId) -> watch::Receiver<i64> {
        self.watchers.with(session, |channels| channels.durable.subscribe())
    }

    /// Ends what follows a session that was deleted: its watchers hear of no more.
    pub fn forget(&self, session: SessionId) {
        self.watchers.lock().remove(&session);
        self.watchers.say(Hint::Forgotten(session));
    }

    /// Text as it arrives. A reader that lags skips pieces; the final message is in the log.
    pub fn live(&self, session: SessionId) -> broadcast::Receiver<(StageRunId, TextDelta)> {
        self.watchers.with(session, |channels| channels.live.subscribe())
    }

    /// Hands provisional text to whoever watches now.
    pub fn provisional(&self, session: SessionId, stage_run: StageRunId, delta: TextDelta) {
        let sessions = self.watchers.lock();
        if let Some(channels) = sessions.get(&session) {
            // Nobody listening is fine: the text is provisional.
            let _ = channels.live.send((stage_run, delta));
        }
    }

    /// Hints that an experiment, or a session of it, changed.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.watchers.changes.subscribe()
    }

    /// Says that an experiment changed. Called after the commit.
    pub fn announce(&self, experiment: ExperimentId) {
        let _ = self.watchers.changes.send(Change::Of(experiment));
        self.watchers.say(Hint::Changed(experiment));
    }
}

impl Watchers {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Channels>> {
        // A map of channels is whole after any panic.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, session: SessionId, take: impl FnOnce(&Channels) -> T) -> T {
        let mut sessions = self.lock();
        sessions.retain(|id, c| {
            *id == session || c.durable.receiver_count() > 0 || c.live.receiver_count() > 0
        });
        let channels = sessions.entry(session).or_insert_with(|| Channels {
            durable: watch::channel(0).0,
            live: broadcast::channel(LIVE).0,
        });
        take(channels)
    }

    /// Says that a session's log has come to a sequence. What was said never goes back: word of
    /// an earlier event may come by a longer way.
    fn wake(&self, session: SessionId, last: i64) {
        if let Some(channels) = self.lock().get(&session) {
            channels.durable.send_if_modified(|said| {
                let more = last > *said;
                *said = last.max(*said);
                more
            });
        }
    }

    /// Tells the other servers, if there are any.
    fn say(&self, hint: Hint) {
        if let Some(hints) = self.store.hints() {
            hints.say(hint);
        }
    }
}

impl Wake for watch::Receiver<i64> {
    fn mark(&mut self) -> i64 {
        *self.borrow_and_update()
    }

    async fn changed(&mut self) -> Result<(), Closed> {
        watch::Receiver::changed(self).await.map_err(|_| Closed)
    }
}
