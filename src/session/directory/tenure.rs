//! Whether this server may own sessions, where several may use one database.
//!
//! It may as long as it has a lease, by the database's clock. A lease that cannot be renewed ends: before that,
//! what runs here is let go of, since another server may take it up. Whatever is still on its way then is refused
//! by the epoch of the session. A server that was alone keeps what runs: nobody is there to take it.

use super::{CommandError, Directory, place::Slot};
use crate::{
    session::actor::Suspend,
    store::{
        self, StoreError,
        servers::{self, LEASE, Renewed},
    },
};
use entity::ids::{ServerId, SessionId};
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, timeout},
};
use tokio_util::sync::CancellationToken;

/// The time between two renewals.
const RENEW: Duration = Duration::from_secs(2);
/// So long before the end of a lease nothing may run any more.
const MARGIN: Duration = Duration::from_secs(2);
/// How long whoever asks for a session waits for the lease.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time between two looks at what servers that are gone left behind beside sessions.
const SETTLE: Duration = Duration::from_secs(30);

/// The standing of this server among others.
pub(super) struct Tenure {
    /// Whether sessions may be taken. Always where there are no others.
    held: watch::Sender<bool>,
    /// What runs under the present lease ends with it.
    runs: Mutex<CancellationToken>,
}

impl Tenure {
    pub(super) fn new(alone: bool) -> Self {
        Self { held: watch::channel(alone).0, runs: Mutex::default() }
    }

    /// Ends with the present lease.
    pub(super) fn token(&self) -> CancellationToken {
        self.runs().child_token()
    }

    fn runs(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        // A token is whole after any panic.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Directory {
    /// Waits until this server may own sessions. What is answered ends with that.
    pub(super) async fn may_own(&self) -> Result<CancellationToken, CommandError> {
        let mut held = self.0.tenure.held.subscribe();
        let waited = timeout(PATIENCE, held.wait_for(|held| *held)).await;
        // While the word is held, nobody changes it.
        let token = waited.ok().and_then(Result::ok).map(|_held| self.0.tenure.token());
        let silent = || CommandError::Unavailable("the database did not answer; try again".into());
        token.ok_or_else(silent)
    }

    /// Gives up a session whose actor was put away: any server may take it next.
    pub(super) fn leave_one(&self, session: SessionId, epoch: i64) {
        let store = self.parts().store.clone();
        if store.server().is_none() {
            return;
        }
        self.0.runtime.spawn(async move {
            // Without it the others ask this server, which wakes the session.
            if let Err(error) = store::sessions::release(&store, Some((session, epoch))).await {
                tracing::debug!(session.id = %session, %error, "a session stays this server's");
            }
        });
    }

    /// Keeps the lease, and takes up what others left, for as long as the directory is there.
    pub(super) fn keep_lease(&self) {
        let Some(me) = self.parts().store.server() else { return };
        let kept = std::sync::Arc::downgrade(&self.0);
        self.0.runtime.spawn(async move {
            let mut ticks = tokio::time::interval(RENEW);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut lease = Lease::default();
            loop {
                ticks.tick().await;
                let Some(inner) = kept.upgrade() else { return };
                let directory = Directory(inner);
                if directory.open().is_err() {
                    return;
                }
                lease.turn(&directory, me).await;
            }
        });
    }

    /// Gives up the lease and all sessions, so that others need not wait for its end.
    pub(super) async fn leave(&self) {
        let store = &self.parts().store;
        let Some(me) = store.server() else { return };
        let left = async {
            store::sessions::release(store, None).await?;
            servers::leave(store, me).await
        };
        if let Err(error) = left.await {
            tracing::warn!(%error, "the lease was not given up; it ends by itself");
        }
    }

    /// Lets go of everything that runs here, but stays open for what comes.
    fn stand_down(&self) {
        self.0.tenure.held.send_replace(false);
        let ended = std::mem::take(&mut *self.0.tenure.runs());
        // Programs end at once, also those of actors that wait for the database.
        ended.cancel();
        let slots: Vec<Slot> = self.lock().drain().map(|(_, slot)| slot).collect();
        for slot in slots {
            self.dismiss(slot);
        }
    }

    /// Ends an actor without waiting for it.
    fn dismiss(&self, slot: Slot) {
        self.0.runtime.spawn(async move {
            if let Some(actor) = slot.actor.lock().await.take() {
                // An actor that is gone has let go already.
                let _ = actor.send(Suspend).await;
            }
        });
    }

    /// Lets go of sessions that another server took while this one had no lease.
    async fn let_go_of_lost(&self) -> Result<(), StoreError> {
        let here: Vec<SessionId> = self.lock().keys().copied().collect();
        for id in store::sessions::lost(&self.parts().store, &here).await? {
            tracing::warn!(session.id = %id, "another server took a session over");
            let slot = self.lock().remove(&id);
            slot.into_iter().for_each(|slot| self.dismiss(slot));
        }
        Ok(())
    }
}

/// What is known of the lease between two renewals.
#[derive(Default)]
struct Lease {
    /// Until when it is certain, by a clock that never jumps.
    until: Option<Instant>,
    /// Others lived when it was last renewed.
    others: bool,
    /// What others left is not looked for before: after all leases ended at once, each may renew its own first.
    patient_until: Option<Instant>,
    settled: Option<Instant>,
    /// Sessions that are at work in their rows alone: nobody can take them up.
    given_up: HashSet<SessionId>,
}

impl Lease {
    async fn turn(&mut self, directory: &Directory, me: ServerId) {
        // A server that slept knows by the clock that its lease has ended before it says a word.
        self.check(directory);
        let asked = Instant::now();
        let store = &directory.parts().store;
        let left = self.until.map_or(LEASE, |until| until.saturating_duration_since(asked));
        let wait = left.clamp(RENEW / 2, LEASE / 2);
        match timeout(wait, servers::renew(store, me)).await {
            Ok(Ok(renewed)) => {
                self.until = Some(asked + LEASE - MARGIN);
                self.renewed(directory, renewed).await;
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the lease was not renewed");
                self.check(directory);
            }
            Err(_) => {
                tracing::warn!("the lease was not renewed in time");
                self.check(directory);
            }
        }
    }

    /// Lets go of all in time before the lease ends.
    fn check(&mut self, directory: &Directory) {
        if self.others && self.until.is_some_and(|until| Instant::now() + RENEW / 2 >= until) {
            tracing::warn!("the lease ends; what runs here is let go of");
            self.until = None;
            directory.stand_down();
        }
    }

    async fn renewed(&mut self, directory: &Directory, Renewed { held, others }: Renewed) {
        let first = !*directory.0.tenure.held.borrow();
        self.others = others;
        if !held {
            if let Err(error) = directory.let_go_of_lost().await {
                tracing::warn!(%error, "sessions that were taken over are looked for again");
                return;
            }
            self.patient_until = (!first).then(|| Instant::now() + LEASE);
        }
        directory.0.tenure.held.send_replace(true);
        let now = Instant::now();
        if self.patient_until.is_some_and(|until| now < until) {
            return;
        }
        directory.take_up_orphans(&mut self.given_up).await;
        if self.settled.is_none_or(|settled| now - settled >= SETTLE) {
            self.settled = Some(now);
            directory.settle().await;
        }
    }
}

impl Directory {
    /// Takes up what runs on no server.
    async fn take_up_orphans(&self, given_up: &mut HashSet<SessionId>) {
        let orphans = match store::sessions::orphans(&self.parts().store).await {
            Ok(orphans) => orphans,
            Err(error) => {
                tracing::warn!(%error, "sessions without a server are looked for again");
                return;
            }
        };
        for id in orphans {
            if given_up.contains(&id) || self.has_fallen(id) || self.is_here(id) {
                continue;
            }
            if !self.take_up(id).await {
                given_up.insert(id);
            }
        }
    }

    /// Whether a session's actor is here, or on its way.
    fn is_here(&self, id: SessionId) -> bool {
        let slot = self.lock().get(&id).cloned();
        let awake = slot.is_some_and(|slot| {
            // Whoever holds it is about to wake it.
            slot.actor.try_lock().map_or(true, |a| a.as_ref().is_some_and(|a| a.connected()))
        });
        awake || self.reviving().contains(&id)
    }

    /// Puts in order what calls and questions of servers that are gone left behind.
    async fn settle(&self) {
        let db = self.parts().store.write();
        let settled = async {
            store::idempotency::settle_unfinished(db).await?;
            store::inbox::forget_old(db).await
        };
        if let Err(error) = settled.await {
            tracing::warn!(%error, "what servers that are gone left is put in order later");
        }
    }
}
