//! What is counted about sessions, for whoever shows it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters and gauges of one directory.
#[derive(Default)]
pub(super) struct Census {
    pub awake: Count,
    pub panics: Count,
    pub stalls: Count,
    pub put_away: Count,
    pub turned_away: Count,
}

/// One number.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn more(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(super) fn less(&self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// The numbers of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// Actors that are in memory now.
    pub awake: u64,
    /// Panics of actors, agent loops and tools since the start. Each failed one session.
    pub panics: u64,
    /// Actors that did not come back from what they were at in time, since the start.
    pub stalls: u64,
    /// Quiet actors that were put away since the start.
    pub put_away: u64,
    /// Commands that were turned away since the start, because too many waited.
    pub turned_away: u64,
}

impl Census {
    pub(super) fn read(&self) -> SessionCounts {
        let now = |count: &Count| count.0.load(Relaxed);
        SessionCounts {
            awake: now(&self.awake),
            panics: now(&self.panics),
            stalls: now(&self.stalls),
            put_away: now(&self.put_away),
            turned_away: now(&self.turned_away),
        }
    }
}
