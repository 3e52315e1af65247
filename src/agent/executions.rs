//! What executions take: their ends go from the tools straight to the session, past the loop, and
//! are counted on the way.

use crate::{
    event::{Fact, TextDelta},
    tool::{Facts, Stopped},
};
use async_trait::async_trait;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Wall-clock time of the executions that ended since the loop took the run up.
#[derive(Clone, Default)]
pub(super) struct Executed {
    /// Milliseconds.
    taken: Arc<AtomicU64>,
}

impl Executed {
    pub(super) fn seconds(&self) -> f64 {
        self.taken.load(Ordering::Relaxed) as f64 / 1000.0
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
        for fact in &facts {
            if let Fact::ExecutionEnded { ending, .. } = fact {
                self.executed.taken.fetch_add(ending.duration_ms, Ordering::Relaxed);
            }
        }
        self.inner.record(facts).await
    }

    async fn settle(&self) -> Result<(), Stopped> {
        self.inner.settle().await
    }

    fn provisional(&self, delta: TextDelta) {
        self.inner.provisional(delta);
    }
}
