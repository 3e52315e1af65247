//! What executions take: their ends go from the tools straight to the session, past the loop, and
//! are counted on the way.

use crate::{
    event::{Ending, EndingKind, Fact, TextDelta},
    tool::{Facts, Stopped},
};
use async_trait::async_trait;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::time::Instant;

/// Wall-clock time of the executions that ended since the loop took the run up, and those that have
/// not ended.
#[derive(Clone, Default)]
pub(super) struct Executed {
    /// Milliseconds.
    taken: Arc<AtomicU64>,
    /// When each began, by its call; `None` while it waits for a place.
    open: Arc<Mutex<HashMap<String, Option<Instant>>>>,
}

impl Executed {
    pub(super) fn seconds(&self) -> f64 {
        self.taken.load(Ordering::Relaxed) as f64 / 1000.0
    }

    /// The end of an execution whose tool was dropped before it could say so; `None` when the call
    /// has none that is open.
    pub(super) fn cut_off(&self, call_id: &str) -> Option<Fact> {
        let begun = *self.lock().get(call_id)?;
        let worked = begun.map_or(0, |begun| begun.elapsed().as_millis() as u64);
        let ending = Ending::unmeasured(EndingKind::Terminated, worked);
        Some(Fact::ExecutionEnded { call_id: call_id.to_owned(), ending })
    }

    fn note(&self, fact: &Fact) {
        if let Fact::ExecutionStarted { call_id, .. } | Fact::ExecutionPlaced { call_id, .. } = fact
        {
            self.lock().insert(call_id.clone(), Some(Instant::now()));
        } else if let Fact::ExecutionWaiting { call_id, .. } = fact {
            self.lock().insert(call_id.clone(), None);
        } else if let Fact::ExecutionEnded { call_id, ending } = fact {
            self.lock().remove(call_id);
            self.taken.fetch_add(ending.duration_ms, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Option<Instant>>> {
        // A map of times is whole after any panic.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Facts on their way to the session.
pub(super) struct Counted {
    pub inner: Arc<dyn Facts>,
    pub executed: Executed,
}

#[async_trait]
impl Facts for Counted {
    async fn record(&self, facts: Vec<Fact>) -> Result<(), Stopped> {
        facts.iter().for_each(|fact| self.executed.note(fact));
        self.inner.record(facts).await
    }

    async fn settle(&self) -> Result<(), Stopped> {
        self.inner.settle().await
    }

    fn provisional(&self, delta: TextDelta) {
        self.inner.provisional(delta);
    }
}
