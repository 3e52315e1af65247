//! Batches that watchers of one session share.
//!
//! Watchers that ask the same and stand at the same place get the very same batch: it is read once and
//! rendered once, and a watcher costs little more than the bytes that it is sent. The log stays the
//! only queue: whoever is too slow for what is kept here reads the log by itself.

use super::event_types::SessionEvent;
use crate::store::StoreError;
use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, SimpleObject, Value,
    parser::types::Field, registry::Registry,
};
use bytes::Bytes;
use entity::ids::{SessionId, StageRunId};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use tokio::sync::OnceCell;

/// Batches that one relay keeps at most for those who are not there yet.
const KEPT: usize = 512;
/// About how many bytes they have together.
const KEPT_BYTES: usize = 1024 * 1024;

/// Some events of a session, in order.
#[derive(SimpleObject)]
pub struct SessionEventBatch {
    /// The events; the provisional text among them has no sequence.
    pub events: Vec<SessionEvent>,
    /// True once everything that was stored when the subscription started has been delivered.
    pub caught_up: bool,
}

/// A turn of a stage run.
pub type Turn = (StageRunId, u32);

/// A batch, and what of the log it covers.
pub struct Batch {
    pub content: SessionEventBatch,
    /// The last sequence that was looked at for it.
    pub last: i64,
    /// The last turn that ends in it.
    pub ended: Option<Turn>,
    /// About how many bytes it has.
    pub weight: usize,
    /// How many watchers took it.
    taken: AtomicUsize,
    json: OnceLock<Bytes>,
}

impl Batch {
    pub fn new(content: SessionEventBatch, last: i64, weight: usize) -> Self {
        let (taken, json) = (AtomicUsize::new(0), OnceLock::new());
        Self { content, last, ended: None, weight, taken, json }
    }
}

/// All relays that somebody watches through.
#[derive(Default)]
pub struct Relays(Mutex<HashMap<Key, Weak<Relay>>>);

/// What watchers that share have in common: the session, and everything that shapes an answer.
pub type Key = (SessionId, String);

impl Relays {
    pub fn join(&self, key: Key) -> Arc<Relay> {
        let mut relays = lock(&self.0);
        relays.retain(|_, relay| relay.strong_count() > 0);
        if let Some(relay) = relays.get(&key).and_then(Weak::upgrade) {
            return relay;
        }
        let relay = Arc::<Relay>::default();
        relays.insert(key, Arc::downgrade(&relay));
        relay
    }
}

/// What watchers of one session that ask the same have between them.
#[derive(Default)]
pub struct Relay(Mutex<Kept>);

/// The newest batches.
#[derive(Default)]
struct Kept {
    /// By the sequence after which each begins.
    cuts: BTreeMap<i64, Held>,
    /// Where batches begin, and end as far as they were read; and how many do.
    places: BTreeMap<i64, usize>,
    /// About how many bytes they have together.
    weight: usize,
}

struct Held {
    cut: Arc<Cut>,
    /// Its end and its weight, once it was read.
    read: Option<(i64, usize)>,
}

/// A batch that is there or is being read by one of those who want it.
type Cut = OnceCell<Arc<Batch>>;

impl Relay {
    /// The batch that begins after a sequence; whoever comes first reads it. `None` where nothing
    /// was there to be read.
    pub async fn after(
        self: &Arc<Self>,
        after: i64,
        read: impl AsyncFnOnce() -> Result<Batch, StoreError>,
    ) -> Result<Option<Arc<Batch>>, StoreError> {
        let cut = lock(&self.0).cut(after);
        let read = async || match read().await {
            Ok(batch) if batch.last > after => {
                lock(&self.0).count(after, &batch);
                Ok(Arc::new(batch))
            }
            Ok(_) => Err(None),
            Err(error) => Err(Some(error)),
        };
        match cut.get_or_try_init(read).await {
            Ok(batch) => {
                if batch.taken.fetch_add(1, Relaxed) + 1 >= self.watchers() {
                    lock(&self.0).remove(after);
                }
                Ok(Some(Arc::clone(batch)))
            }
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }

    /// Somebody has read the batch after a sequence already.
    pub fn has(&self, after: i64) -> bool {
        lock(&self.0).cuts.get(&after).is_some_and(|held| held.cut.initialized())
    }

    /// The next place after a sequence at which others begin or end. A batch that ends there brings
    /// a watcher that came later, or fell behind, to the others, with whom it shares from then on.
    pub fn meeting(&self, after: i64) -> Option<i64> {
        lock(&self.0).places.range(after + 1..).next().map(|(place, _)| *place)
    }

    /// How many watch.
    pub fn watchers(self: &Arc<Self>) -> usize {
        // The registry's own reference is weak.
        Arc::strong_count(self)
    }
}

impl Kept {
    fn cut(&mut self, after: i64) -> Arc<Cut> {
        if let Some(held) = self.cuts.get(&after) {
            return Arc::clone(&held.cut);
        }
        // Who is furthest behind reads by itself.
        while self.cuts.len() >= KEPT || self.weight > KEPT_BYTES {
            let Some(first) = self.cuts.keys().next().copied() else { break };
            self.remove(first);
        }
        let cut = Arc::<Cut>::default();
        self.cuts.insert(after, Held { cut: Arc::clone(&cut), read: None });
        self.stand(after);
        cut
    }

    /// Takes in what was read, if its place is still kept.
    fn count(&mut self, after: i64, batch: &Batch) {
        if let Some(held) = self.cuts.get_mut(&after)
            && held.read.replace((batch.last, batch.weight)).is_none()
        {
            self.weight += batch.weight;
            self.stand(batch.last);
        }
    }

    fn remove(&mut self, after: i64) {
        let Some(held) = self.cuts.remove(&after) else { return };
        self.leave(after);
        if let Some((last, weight)) = held.read {
            self.leave(last);
            self.weight -= weight;
        }
    }

    fn stand(&mut self, place: i64) {
        *self.places.entry(place).or_default() += 1;
    }

    fn leave(&mut self, place: i64) {
        if let Entry::Occupied(mut count) = self.places.entry(place) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both maps are whole after any panic.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A batch as the value of a field: JSON, rendered for the first who asks. `Answer` writes it as it is.
pub struct Shown(pub Arc<Batch>);

impl OutputType for Shown {
    fn type_name() -> Cow<'static, str> {
        <SessionEventBatch as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        SessionEventBatch::create_type_info(registry)
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let batch = &self.0;
        if let Some(json) = batch.json.get() {
            return Ok(Value::Binary(json.clone()));
        }
        let value = OutputType::resolve(&batch.content, context, field).await?;
        let failed = !context.query_env.errors.lock().is_ok_and(|errors| errors.is_empty());
        match serde_json::to_vec(&value) {
            Ok(json) if !failed => {
                Ok(Value::Binary(batch.json.get_or_init(|| Bytes::from(json)).clone()))
            }
            Ok(_) | Err(_) => Ok(value),
        }
    }
}
