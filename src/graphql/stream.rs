//! The live stream of a session: replay from a sequence, then follow.
//!
//! The log is the only queue. A watcher holds its place in it and nothing else, so one that reads
//! slowly costs nothing and misses nothing. Provisional text comes beside it and may be skipped.

use super::{
    error::ApiError,
    event::{delta, entry, kind, weight},
    event_types::SessionEvent,
    vocab::SessionEventKind,
};
use crate::{
    event::{Entry, Event, Fact, TextDelta},
    log::EventLog,
    store::StoreError,
};
use entity::ids::{SessionId, StageRunId};
use futures::{Stream, stream};
use std::{collections::HashSet, time::Duration};
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, timeout_at},
};

/// Events of one batch at most.
const EVENTS: usize = 256;
/// About how many bytes of one batch at most.
const BYTES: usize = 256 * 1024;
/// The least time between two batches once everything stored is delivered.
const PACE: Duration = Duration::from_millis(20);

/// Some events, in order.
pub struct Batch {
    pub events: Vec<SessionEvent>,
    pub caught_up: bool,
}

/// Which events are wanted; none named means all.
pub struct Wanted(Option<HashSet<SessionEventKind>>);

impl Wanted {
    pub fn new(kinds: Option<Vec<SessionEventKind>>) -> Self {
        Self(kinds.map(|kinds| kinds.into_iter().collect()))
    }

    fn has(&self, kind: SessionEventKind) -> bool {
        self.0.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

struct Watcher {
    log: EventLog,
    session: SessionId,
    wanted: Wanted,
    /// The last sequence that was looked at.
    after: i64,
    /// The last sequence that was stored when the watcher came.
    stored: i64,
    durable: watch::Receiver<i64>,
    /// The last turn whose end was read: text of it that was still on its way comes too late.
    ended: Option<(StageRunId, u32)>,
    /// Text as it arrives; there once everything stored is delivered, and when it is wanted.
    live: Option<broadcast::Receiver<(StageRunId, TextDelta)>>,
    /// Entries that were read and did not fit into the last batch, the next one last.
    waiting: Vec<Entry>,
    /// The last read reached the end of the log.
    at_end: bool,
    sent: Instant,
    opened: bool,
}

/// Replays the log after `after`, then follows it.
///
/// `stored` is the last sequence stored now. The stream ends only with an error.
pub fn follow(
    log: EventLog,
    session: SessionId,
    wanted: Wanted,
    after: i64,
    stored: i64,
) -> impl Stream<Item = Result<Batch, ApiError>> + Send + 'static {
    // Follow first, then read: what is appended in between wakes the watcher.
    let durable = log.follow(session);
    let watcher = Watcher {
        log,
        session,
        wanted,
        after,
        stored,
        durable,
        ended: None,
        live: None,
        waiting: Vec::new(),
        at_end: false,
        sent: Instant::now(),
        opened: false,
    };
    stream::unfold(Some(watcher), |watcher| async move {
        let mut watcher = watcher?;
        match watcher.next().await {
            Ok(batch) => Some((Ok(batch), Some(watcher))),
            Err(error) => Some((Err(error.into()), None)),
        }
    })
}

impl Watcher {
    async fn next(&mut self) -> Result<Batch, StoreError> {
        let mut texts = Vec::new();
        loop {
            // Seen before the read, so that an append during it wakes the next wait.
            self.durable.mark_unchanged();
            let mut events = self.read().await?;
            let caught_up = self.after >= self.stored;
            // The first batch that is caught up is sent even when it is empty: it says so.
            if !events.is_empty() || !texts.is_empty() || (caught_up && !self.opened) {
                self.opened |= caught_up;
                self.sent = Instant::now();
                // Text that was streamed before a final message must not come after it.
                texts.append(&mut events);
                return Ok(Batch { events: texts, caught_up });
            }
            if self.at_end {
                texts = self.wait().await;
            }
        }
    }

    /// The next events of the log that are wanted and fit into a batch.
    async fn read(&mut self) -> Result<Vec<SessionEvent>, StoreError> {
        if self.waiting.is_empty() {
            self.waiting = self.log.since(self.session, self.after, EVENTS as u64).await?;
            self.at_end = self.waiting.len() < EVENTS;
            self.waiting.reverse();
        }
        let (mut events, mut bytes) = (Vec::new(), 0);
        while let Some(next) = self.waiting.pop() {
            let heavy = weight(&next.event);
            if !events.is_empty() && bytes + heavy > BYTES {
                self.waiting.push(next);
                break;
            }
            self.after = next.seq;
            if let (Some(run), Event::Fact(Fact::TurnEnded { turn, .. })) =
                (next.stage_run, &next.event)
            {
                self.ended = Some((run, *turn));
            }
            if self.wanted.has(kind(&next.event)) {
                bytes += heavy;
                events.push(entry(self.session, next));
            }
        }
        Ok(events)
    }

    /// Waits for something to send, and then until the pace allows it. Answers provisional text.
    async fn wait(&mut self) -> Vec<SessionEvent> {
        if self.live.is_none() && self.wanted.has(SessionEventKind::TextDelta) {
            self.live = Some(self.log.live(self.session));
        }
        let mut texts = Vec::new();
        tokio::select! {
            changed = self.durable.changed() => {
                if changed.is_err() {
                    // The log went with the server, whose sockets are closed by another hand.
                    std::future::pending::<()>().await;
                }
            }
            text = text_of(&mut self.live, self.ended) => texts.extend(text),
        }
        let due = self.sent + PACE;
        while texts.len() < EVENTS {
            match timeout_at(due, text_of(&mut self.live, self.ended)).await {
                Ok(text) => texts.extend(text),
                Err(_) => break,
            }
        }
        texts
    }
}

/// The next piece of text; `None` where the reader lagged and pieces were skipped, and for one that
/// comes after the end of its turn.
async fn text_of(
    live: &mut Option<broadcast::Receiver<(StageRunId, TextDelta)>>,
    ended: Option<(StageRunId, u32)>,
) -> Option<SessionEvent> {
    let Some(receiver) = live else { return std::future::pending().await };
    match receiver.recv().await {
        Ok((run, text)) if ended.is_some_and(|(of, turn)| of == run && text.turn <= turn) => None,
        Ok((stage_run, text)) => Some(delta(stage_run, text)),
        Err(broadcast::error::RecvError::Lagged(_)) => None,
        Err(broadcast::error::RecvError::Closed) => {
            *live = None;
            None
        }
    }
}
