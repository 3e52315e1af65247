//! Places for executions: no execution starts before it has one.
//!
//! A place is a share of the machine's memory and one of a fixed number of executions at once. The
//! share is less than the execution's memory limit, on purpose: most programs take a tenth of their
//! limit, and reserving whole limits would leave a machine of 24 GiB with five executions. What
//! protects the server from many that grow at once is the group above them all, whose hard limit is
//! the same total: then the kernel ends an execution, and never the server.
//!
//! Sandboxes take turns, and the executions of one sandbox go in the order in which they came, so a
//! session with many parallel calls holds nobody up for longer than one execution of its own. Who
//! is next waits until it fits and nobody overtakes it, so large ones do not starve. Nothing here
//! knows what an execution is.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use uuid::Uuid;

/// An execution reserves at least this much of its limit, in MiB: a Python with pandas and
/// scikit-learn imported and a small table in it.
const LEAST_MIB: u64 = 512;
/// An execution reserves its limit divided by this, where that is more.
const OVERCOMMIT: u64 = 4;

/// Who takes turns: the id of a sandbox.
pub(super) type Key = Uuid;

/// What all executions may take together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// MiB.
    pub memory_mib: u64,
    pub at_once: NonZeroUsize,
}

/// How many executions run and wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub running: usize,
    pub waiting: usize,
}

/// The places of one machine.
#[derive(Clone)]
pub(super) struct Admission {
    places: Arc<Places>,
}

impl Admission {
    pub(super) fn new(budget: Budget) -> Self {
        Self { places: Arc::new(Places { budget, state: Mutex::default() }) }
    }

    /// Asks for a place for an execution with this memory limit; it waits from here on.
    pub(super) fn enter(&self, key: Key, limit_mib: u64) -> Entry {
        let share = share(limit_mib).min(self.places.budget.memory_mib);
        let mut state = self.places.state();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        let (told, standing) = watch::channel(Standing::Waiting { ahead: state.waiting() });
        let waiter = Waiter { ticket, share, told };
        match state.lanes.iter_mut().find(|lane| lane.key == key) {
            Some(lane) => lane.waiters.push_back(waiter),
            None => state.lanes.push_back(Lane { key, waiters: VecDeque::from([waiter]) }),
        }
        state.settle(self.places.budget);
        drop(state);
        Entry { places: self.places.clone(), key, ticket, share, standing, stage: Stage::New }
    }

    pub(super) fn counts(&self) -> Counts {
        let state = self.places.state();
        Counts { running: state.running, waiting: state.waiting() }
    }
}

/// What of its memory limit an execution reserves, in MiB.
fn share(limit_mib: u64) -> u64 {
    limit_mib.min(LEAST_MIB.max(limit_mib / OVERCOMMIT))
}

/// An execution that asked for a place. Dropping it leaves the queue, or gives the place back.
#[must_use = "dropping it leaves the queue"]
pub(super) struct Entry {
    places: Arc<Places>,
    key: Key,
    ticket: u64,
    share: u64,
    standing: watch::Receiver<Standing>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has asked where it stands.
    New,
    Asked,
    /// The place was handed on as a permit.
    Served,
}

/// Where an execution stands.
#[derive(Debug)]
pub(super) enum Turn {
    /// So many others would get a place before it if nobody else came. It can grow: a sandbox that
    /// comes later takes its turn before the second execution of an earlier one.
    Waiting { ahead: usize },
    /// It may start, and holds its place until the permit is dropped.
    Entered(Permit),
}

impl Entry {
    /// The next news: at first and then whenever it changes, the last being that it may start.
    ///
    /// *Shape*: zero or more `Waiting`, one `Entered`, then `None`. Nothing is lost when the future
    /// is dropped.
    pub(super) async fn next(&mut self) -> Option<Turn> {
        match self.stage {
            Stage::New => {}
            // The sender lives in the queue, or has said its last word; that is no change to miss.
            Stage::Asked => drop(self.standing.changed().await),
            Stage::Served => return None,
        }
        self.stage = Stage::Asked;
        let standing = *self.standing.borrow_and_update();
        Some(match standing {
            Standing::Waiting { ahead } => Turn::Waiting { ahead },
            Standing::Entered => {
                self.stage = Stage::Served;
                Turn::Entered(Permit { places: self.places.clone(), share: self.share })
            }
        })
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.stage == Stage::Served {
            return;
        }
        let mut state = self.places.state();
        if !state.leave(self.key, self.ticket) {
            state.give_back(self.share);
        }
        state.settle(self.places.budget);
    }
}

/// A place; dropping it gives it back.
#[must_use = "dropping it gives the place back"]
pub(super) struct Permit {
    places: Arc<Places>,
    share: u64,
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").field("share", &self.share).finish_non_exhaustive()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.places.state();
        state.give_back(self.share);
        state.settle(self.places.budget);
    }
}

struct Places {
    budget: Budget,
    state: Mutex<State>,
}

impl Places {
    fn state(&self) -> MutexGuard<'_, State> {
        // Each change below is whole before anything could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct State {
    next_ticket: u64,
    running: usize,
    /// MiB that those that run have reserved.
    reserved: u64,
    /// Whose turn it is comes first. No lane is empty.
    lanes: VecDeque<Lane>,
}

/// The executions of one sandbox that wait, in the order in which they came.
struct Lane {
    key: Key,
    waiters: VecDeque<Waiter>,
}

struct Waiter {
    ticket: u64,
    share: u64,
    told: watch::Sender<Standing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Waiting { ahead: usize },
    Entered,
}

impl State {
    fn waiting(&self) -> usize {
        self.lanes.iter().map(|lane| lane.waiters.len()).sum()
    }

    /// Takes out who waits; false when it does not wait any more.
    fn leave(&mut self, key: Key, ticket: u64) -> bool {
        let Some(at) = self.lanes.iter().position(|lane| lane.key == key) else { return false };
        let waiters = &mut self.lanes[at].waiters;
        let before = waiters.len();
        waiters.retain(|waiter| waiter.ticket != ticket);
        let found = waiters.len() < before;
        if waiters.is_empty() {
            self.lanes.remove(at);
        }
        found
    }

    fn give_back(&mut self, share: u64) {
        self.running -= 1;
        self.reserved -= share;
    }

    /// Lets in whoever fits, in turn, and tells the others where they stand.
    fn settle(&mut self, budget: Budget) {
        while let Some(lane) = self.lanes.front()
            && let Some(next) = lane.waiters.front()
            && self.running < budget.at_once.get()
            // No share is more than the whole, so what is alone always fits.
            && self.reserved.saturating_add(next.share) <= budget.memory_mib
        {
            let Some(mut lane) = self.lanes.pop_front() else { return };
            let Some(waiter) = lane.waiters.pop_front() else { return };
            self.running += 1;
            self.reserved += waiter.share;
            waiter.told.send_replace(Standing::Entered);
            if !lane.waiters.is_empty() {
                self.lanes.push_back(lane);
            }
        }
        let rounds = self.lanes.iter().map(|lane| lane.waiters.len()).max().unwrap_or(0);
        let in_turn = (0..rounds)
            .flat_map(|round| self.lanes.iter().filter_map(move |l| l.waiters.get(round)));
        for (ahead, waiter) in in_turn.enumerate() {
            let standing = Standing::Waiting { ahead };
            waiter.told.send_if_modified(|told| std::mem::replace(told, standing) != standing);
        }
    }
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;
