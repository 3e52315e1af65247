//! The event log: append (commit, then wake), since, follow.
//!
//! Many sessions' appends share one commit, because fsync, not CPU, is the limit. No watcher is
//! woken before the commit is durable. Only `session` appends.

pub mod protocol;

use crate::{
    event::{Draft, Entry, TextDelta},
    store::{Store, StoreError, events, projection, sessions},
};
use chrono::{DateTime, Utc};
use entity::ids::{ExperimentId, SessionId, StageRunId};
use protocol::{Closed, Wake};
use sea_orm::{DatabaseTransaction, DbErr, TransactionTrait};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Appends of one commit at most, so that one commit stays short.
const BATCH: usize = 256;
/// Appends that may wait; more makes the callers wait.
const QUEUE: usize = 1024;
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
#[derive(Debug, thiserror::Error)]
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
    /// The log is closed: the server stops.
    #[error("the log is closed")]
    Closed,
}

struct Watchers {
    sessions: Mutex<HashMap<SessionId, Channels>>,
    changes: broadcast::Sender<ExperimentId>,
}

struct Channels {
    durable: watch::Sender<i64>,
    live: broadcast::Sender<(StageRunId, TextDelta)>,
}

impl EventLog {
    /// Starts the writer. It ends when the last handle is dropped.
    pub fn start(store: Store) -> Self {
        let (queue, appends) = mpsc::channel(QUEUE);
        let watchers =
            Arc::new(Watchers { sessions: Mutex::default(), changes: broadcast::channel(LIVE).0 });
        tokio::spawn(write(store.clone(), appends, Arc::clone(&watchers)));
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

    /// Entries after a sequence, oldest first, at most `limit`.
    pub async fn since(
        &self,
        session: SessionId,
        after: i64,
        limit: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        events::since(self.store.read(), session, after, limit).await
    }

    /// Wakes whenever events of a session became durable. The value is a hint: the last sequence,
    /// or 0 when nothing was appended since the first watcher came. Follow first, then read.
    pub fn follow(&self, session: SessionId) -> watch::Receiver<i64> {
        self.watchers.with(session, |channels| channels.durable.subscribe())
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
    pub fn changes(&self) -> broadcast::Receiver<ExperimentId> {
        self.watchers.changes.subscribe()
    }

    /// Says that an experiment changed. Called after the commit.
    pub fn announce(&self, experiment: ExperimentId) {
        let _ = self.watchers.changes.send(experiment);
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

    fn wake(&self, session: SessionId, last: i64) {
        if let Some(channels) = self.lock().get(&session) {
            channels.durable.send_replace(last);
        }
    }
}

/// The one writer: takes what waits, commits it together, answers, wakes. A lone append never waits
/// for company; what arrives during a commit shares the next one.
async fn write(store: Store, mut appends: mpsc::Receiver<Append>, watchers: Arc<Watchers>) {
    let mut batch = Vec::with_capacity(BATCH);
    while appends.recv_many(&mut batch, BATCH).await > 0 {
        commit(&store, &mut batch, &watchers).await;
    }
}

async fn commit(store: &Store, batch: &mut Vec<Append>, watchers: &Watchers) {
    let wake = |written: &Vec<Written>| {
        for (append, result) in batch.iter().zip(written) {
            if let Some(last) = result.as_ref().ok().and_then(|entries| entries.last()) {
                watchers.wake(append.session, last.seq);
            }
        }
    };
    match protocol::append(written(store, batch), wake).await {
        Ok(written) => {
            for (append, result) in batch.drain(..).zip(written) {
                // A caller that went away has no use for the answer; the events stand.
                let _ = append.reply.send(result);
            }
        }
        Err(error) => {
            tracing::error!(appends = batch.len(), %error, "commit of the log failed");
            for append in batch.drain(..) {
                let _ = append.reply.send(Err(AppendError::Unknown(error.to_string())));
            }
        }
    }
}

/// What came of one append of a commit.
type Written = Result<Vec<Entry>, AppendError>;

/// Writes appends in one transaction and commits it.
async fn written(store: &Store, batch: &[Append]) -> Result<Vec<Written>, DbErr> {
    let transaction = store.begin().await?;
    let mut written = Vec::with_capacity(batch.len());
    for append in batch {
        written.push(one(&transaction, append).await);
    }
    transaction.commit().await?;
    Ok(written)
}

impl Wake for watch::Receiver<i64> {
    fn mark(&mut self) -> i64 {
        *self.borrow_and_update()
    }

    async fn changed(&mut self) -> Result<(), Closed> {
        watch::Receiver::changed(self).await.map_err(|_| Closed)
    }
}

/// One append under a savepoint of its own, so that a bad one never fails another's.
async fn one(
    transaction: &DatabaseTransaction,
    append: &Append,
) -> Result<Vec<Entry>, AppendError> {
    let entries: Vec<Entry> = append
        .drafts
        .iter()
        .zip(append.after + 1..)
        .map(|(draft, seq)| Entry {
            seq,
            at: append.at,
            stage_run: draft.stage_run,
            event: draft.event.clone(),
        })
        .collect();
    let savepoint = transaction.begin().await.map_err(refused)?;
    let result = async {
        projection::append(&savepoint, append.session, &entries).await?;
        let last = append.after + entries.len() as i64;
        sessions::advance(&savepoint, append.session, append.epoch, append.after, last).await
    }
    .await;
    match result {
        Ok(true) => savepoint.commit().await.map(|()| entries).map_err(refused),
        Ok(false) => {
            savepoint.rollback().await.map_err(refused)?;
            Err(AppendError::Conflict)
        }
        Err(error) => {
            savepoint.rollback().await.map_err(refused)?;
            Err(refused(error))
        }
    }
}

fn refused(error: DbErr) -> AppendError {
    AppendError::Refused(error.to_string())
}
