//! The live stream of a session: replay from a sequence, then follow.
//!
//! The log is the only queue. A watcher holds its place in it and one page of bounded size, so one
//! that reads slowly costs little and misses nothing. Provisional text comes beside it and may be skipped.

use super::{
    error::{ApiError, Code},
    event::{delta, entry, kind, weight},
    event_types::SessionEvent,
    relay::{Batch, Relay, SessionEventBatch, Turn},
    vocab::SessionEventKind,
};
use crate::{
    event::{Entry, Event, Fact, TextDelta},
    log::{
        EventLog,
        protocol::{Follower, News},
    },
    store::{StoreError, replay::Bound},
};
use entity::ids::{SessionId, StageRunId};
use futures::{Stream, stream};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, timeout_at},
};

/// Events of one batch at most.
pub const EVENTS: usize = 256;
/// About how many bytes of one page, and of one batch, at most. One event always fits.
const BYTES: usize = 256 * 1024;
/// The least time between two batches once everything stored is delivered, unless one is full.
const PACE: Duration = Duration::from_millis(20);
/// What each who watches the same adds to it, and the most that it becomes: what many read is sent
/// in larger pieces, because it is the pieces that cost.
const PACE_EACH: Duration = Duration::from_micros(20);
const PACE_MOST: Duration = Duration::from_millis(40);

/// Which events are wanted; none named means all.
#[derive(Debug)]
pub struct Wanted(Option<BTreeSet<SessionEventKind>>);

impl Wanted {
    pub fn new(kinds: Option<Vec<SessionEventKind>>) -> Self {
        Self(kinds.map(|kinds| kinds.into_iter().collect()))
    }

    fn has(&self, kind: SessionEventKind) -> bool {
        self.0.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// What a watcher asks for.
pub struct Order {
    pub session: SessionId,
    pub wanted: Wanted,
    /// Events of one batch at most.
    pub size: usize,
    pub after: i64,
    /// The last sequence that is stored now.
    pub stored: i64,
}

struct Watcher {
    log: EventLog,
    order: Order,
    relay: Arc<Relay>,
    /// The last sequence that was looked at.
    after: i64,
    follower: Follower<watch::Receiver<i64>>,
    /// Closed when the session is deleted.
    alive: watch::Receiver<i64>,
    /// The last turn whose end was read: text of it that was still on its way comes too late.
    ended: Option<Turn>,
    /// Text as it arrives; there once everything stored is delivered, and when it is wanted.
    live: Option<broadcast::Receiver<(StageRunId, TextDelta)>>,
    /// Entries that were read and did not fit into the last batch.
    waiting: VecDeque<Entry>,
    sent: Instant,
    /// Everything that was stored when it came is delivered.
    opened: bool,
}

/// Why nothing comes any more.
enum Ended {
    Deleted,
    Unread(StoreError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Ended::Unread(error)
    }
}

/// Replays the log, then follows it. The stream ends only with an error: the session was deleted, or
/// its log cannot be read.
pub fn follow(
    log: EventLog,
    relay: Arc<Relay>,
    order: Order,
) -> impl Stream<Item = Result<Arc<Batch>, ApiError>> + Send + 'static {
    let alive = log.follow(order.session);
    let follower = Follower::new(|| alive.clone());
    let watcher = Watcher {
        log,
        relay,
        after: order.after,
        order,
        follower,
        alive,
        ended: None,
        live: None,
        waiting: VecDeque::new(),
        sent: Instant::now(),
        opened: false,
    };
    stream::unfold(Some(watcher), |watcher| async move {
        let mut watcher = watcher?;
        match watcher.next().await {
            Ok(batch) => Some((Ok(batch), Some(watcher))),
            Err(ended) => Some((Err(watcher.farewell(ended)), None)),
        }
    })
}

impl Watcher {
    async fn next(&mut self) -> Result<Arc<Batch>, Ended> {
        let mut texts = Vec::new();
        loop {
            let news = self.follower.news(self.after);
            let behind = match news {
                News::Until(last) => last - self.after,
                News::Unknown | News::Nothing => 0,
            };
            let shares = self.opened && self.waiting.is_empty();
            // What others have got already is behind the pace: one that came late to it catches up.
            let late = texts.is_empty() && self.relay.has(self.after);
            let fills = behind >= self.order.size as i64;
            if shares && !late && !fills && (behind > 0 || !texts.is_empty()) {
                texts.extend(self.pause().await);
            }
            let batch = if shares && behind > 0 && texts.is_empty() {
                self.shared().await?
            } else {
                self.own(news, std::mem::take(&mut texts)).await?
            };
            self.ended = batch.as_ref().and_then(|batch| batch.ended).or(self.ended);
            match batch {
                // Nothing of it is wanted: it was looked at.
                Some(batch) if batch.content.events.is_empty() && self.opened => {}
                // The first batch that is caught up is sent even when it is empty: it says so.
                Some(batch) if !batch.content.events.is_empty() || batch.content.caught_up => {
                    self.opened |= batch.content.caught_up;
                    self.sent = Instant::now();
                    return Ok(batch);
                }
                Some(_) => {}
                None => texts = self.wait().await?,
            }
        }
    }

    /// What the one who watches is told at the end. The rows of a session go after its watchers heard
    /// of it, and what is read of them meanwhile has gaps.
    fn farewell(&self, ended: Ended) -> ApiError {
        match ended {
            Ended::Unread(error) if self.alive.has_changed().is_ok() => error.into(),
            Ended::Unread(_) | Ended::Deleted => {
                ApiError::new(Code::NotFound, "this session was deleted")
            }
        }
    }

    /// The next batch as all who stand here get it; `None` where nothing is there.
    async fn shared(&mut self) -> Result<Option<Arc<Batch>>, StoreError> {
        let (order, after) = (&self.order, self.after);
        let read = async || {
            let meeting = self.relay.meeting(after).map(|place| (place - after).unsigned_abs());
            let rows = meeting.map_or(order.size as u64, |rows| rows.min(order.size as u64));
            let mut entries = self.page(rows).await?;
            Ok::<_, StoreError>(cut(order, after, Vec::new(), &mut entries))
        };
        let batch = self.relay.after(after, read).await?;
        self.after = batch.as_ref().map_or(after, |batch| batch.last);
        Ok(batch)
    }

    /// The next batch for this watcher alone; `None` where nothing is there.
    async fn own(
        &mut self,
        news: News,
        texts: Vec<SessionEvent>,
    ) -> Result<Option<Arc<Batch>>, StoreError> {
        let after = self.after;
        if self.waiting.is_empty() && !(self.opened && news == News::Nothing) {
            self.waiting = self.page(EVENTS as u64).await?;
        }
        let nothing = self.waiting.is_empty() && texts.is_empty();
        let mut batch = cut(&self.order, after, texts, &mut self.waiting);
        self.after = batch.last;
        batch.content.caught_up = self.after >= self.order.stored;
        let says = !self.opened && batch.content.caught_up;
        Ok((!nothing || says).then(|| Arc::new(batch)))
    }

    /// The next entries of the log, at least one if there is one.
    async fn page(&self, rows: u64) -> Result<VecDeque<Entry>, StoreError> {
        let bound = Bound { rows, bytes: BYTES as u64 };
        let (session, after) = (self.order.session, self.after);
        let entries = self.log.watched_page(session, after, bound).await?.entries;
        if entries.is_empty() && after < self.order.stored {
            let reason = "the log ends before its session does".to_owned();
            return Err(StoreError::DamagedLog { session, seq: after + 1, reason });
        }
        Ok(entries.into())
    }

    /// Waits for something to send. Answers provisional text.
    async fn wait(&mut self) -> Result<Vec<SessionEvent>, Ended> {
        if self.live.is_none() && self.order.wanted.has(SessionEventKind::TextDelta) {
            self.live = Some(self.log.live(self.order.session));
        }
        tokio::select! {
            changed = self.follower.changed() => {
                changed.map_err(|_| Ended::Deleted)?;
                Ok(Vec::new())
            }
            text = text_of(&mut self.live, self.ended) => Ok(text.into_iter().collect()),
        }
    }

    /// Waits until the pace allows the next batch. Answers provisional text.
    async fn pause(&mut self) -> Vec<SessionEvent> {
        let watchers = u32::try_from(self.relay.watchers()).unwrap_or(u32::MAX);
        let due =
            self.sent + PACE.saturating_add(PACE_EACH.saturating_mul(watchers)).min(PACE_MOST);
        let mut texts = Vec::new();
        while texts.len() < self.order.size {
            match timeout_at(due, text_of(&mut self.live, self.ended)).await {
                Ok(text) => texts.extend(text),
                Err(_) => break,
            }
        }
        texts
    }
}

/// Takes off what fits into a batch. Text that was streamed before a final message comes before it.
fn cut(
    order: &Order,
    after: i64,
    texts: Vec<SessionEvent>,
    entries: &mut VecDeque<Entry>,
) -> Batch {
    let (mut events, mut last, mut bytes, mut ended) = (texts, after, 0, None);
    while let Some(next) = entries.front() {
        let heavy = weight(&next.event);
        let full = events.len() >= order.size || bytes + heavy > BYTES;
        if !events.is_empty() && full {
            break;
        }
        last = next.seq;
        if let (Some(run), Event::Fact(Fact::TurnEnded { turn, .. })) =
            (next.stage_run, &next.event)
        {
            ended = Some((run, *turn));
        }
        let wanted = order.wanted.has(kind(&next.event));
        if let Some(next) = entries.pop_front().filter(|_| wanted) {
            bytes += heavy;
            events.push(entry(order.session, next));
        }
    }
    let mut batch = Batch::new(SessionEventBatch { events, caught_up: true }, last, bytes);
    batch.ended = ended;
    batch
}

/// The next piece of text; `None` where the reader lagged and pieces were skipped, and for one that
/// comes after the end of its turn.
async fn text_of(
    live: &mut Option<broadcast::Receiver<(StageRunId, TextDelta)>>,
    ended: Option<Turn>,
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
