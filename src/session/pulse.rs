//! What an actor is at, so that one that does not come back from it can be named. It is never ended
//! for that: it may be in the middle of an append.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What an actor is at, if it is at anything.
#[derive(Default)]
pub(super) struct Pulse(Mutex<Option<Beat>>);

struct Beat {
    doing: Doing,
    since: Instant,
    /// It was reported as stuck.
    told: bool,
}

/// What an actor can be at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// Finds out what follows from a command.
    Deciding(&'static str),
    /// Waits until what follows from a command is durable.
    Writing { command: &'static str, events: usize },
    /// Starts the agent on what the log holds of its run.
    TakingUp,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doing::Deciding(command) => write!(f, "deciding on `{command}`"),
            Doing::Writing { command, events } => {
                write!(f, "writing {events} events of `{command}`")
            }
            Doing::TakingUp => f.write_str("taking its run up"),
        }
    }
}

impl Pulse {
    pub(super) fn begin(&self, doing: Doing) {
        *self.lock() = Some(Beat { doing, since: Instant::now(), told: false });
    }

    /// Back from it. Answers how long it took when it had been reported.
    pub(super) fn end(&self) -> Option<Duration> {
        let beat = self.lock().take()?;
        beat.told.then(|| beat.since.elapsed())
    }

    pub(super) fn doing(&self) -> Option<Doing> {
        self.lock().as_ref().map(|beat| beat.doing)
    }

    /// What it has been at for longer than this; said once.
    pub(super) fn overdue(&self, within: Duration) -> Option<(Doing, Duration)> {
        let mut beat = self.lock();
        let beat = beat.as_mut().filter(|beat| !beat.told && beat.since.elapsed() >= within)?;
        beat.told = true;
        Some((beat.doing, beat.since.elapsed()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Beat>> {
        // A panic while it was held leaves the last beat, which is what is asked for.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
