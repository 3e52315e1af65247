//! Whether this server may own sessions, where several may use one database.
//!
//! It may as long as it has a lease, by the database's clock. A lease that cannot be renewed ends: before that,
//! what runs here is let go of, since another server may take it up. Whatever is still on its way then is refused
//! by the epoch of the session. A server that was alone keeps what runs: nobody is there to take it.

use super::{CommandError, Directory, place::Slot};
use crate::{
    session::actor::{SessionActor, Suspend},
    store::{
        self, StoreError,
        servers::{self, LEASE, Renewed},
        sessions::Whose,
    },
};
use actix::Addr;
use entity::ids::{ServerId, SessionId};
use futures::{StreamExt, stream};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
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
/// Sessions that are taken up at once: one that has to wait holds up few others.
const AT_ONCE: usize = 4;

/// The standing of this server among others.
pub(super) struct Tenure {
    /// Whether sessions may be taken. Always where there are no others.
    held: watch::Sender<bool>,
    /// What runs under the present lease ends with it.
    runs: Mutex<CancellationToken>,
    /// What others have is not taken up before: after all leases ended at once, each may renew its own first.
    patient_until: Mutex<Option<Instant>>,
}

impl Tenure {
    pub(super) fn new(alone: bool) -> Self {
        Self {
            held: watch::channel(alone).0,
            runs: Mutex::default(),
            patient_until: Mutex::default(),
        }
    }

    /// Ends with the present lease.
    pub(super) fn token(&self) -> CancellationToken {
        whole(&self.runs).child_token()
    }

    /// Whose sessions may be taken up without being asked for.
    pub(super) fn whose(&self) -> Whose {
        let until = *whole(&self.patient_until);
        match until.is_some_and(|until| Instant::now() < until) {
            true => Whose::Own,
            false => Whose::All,
        }
    }
}

/// A token and a time are whole after any panic.
fn whole<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Keeps the lease, and takes up what others left, for as long as the directory is there. Each in a task of its
    /// own: nothing that waits for a session holds up the lease.
    pub(super) fn keep_lease(&self) {
        let Some(me) = self.parts().store.server() else { return };
        let kept = Arc::downgrade(&self.0);
        let kept = move || {
            let directory = Directory(kept.upgrade()?);
            directory.open().ok().map(|()| directory)
        };
        let there = kept.clone();
        self.0.runtime.spawn(async move {
            let mut ticks = ticks();
            let mut lease = Lease::default();
            loop {
                ticks.tick().await;
                let Some(directory) = kept() else { return };
                lease.turn(&directory, me).await;
            }
        });
        self.0.runtime.spawn(async move {
            let mut ticks = ticks();
            let mut care = Care::default();
            loop {
                ticks.tick().await;
                let Some(directory) = there() else { return };
                care.turn(&directory).await;
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
        let ended = std::mem::take(&mut *whole(&self.0.tenure.runs));
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

    /// The sessions whose actors are awake here. One that is just being taken is not among them.
    fn awake(&self) -> Vec<(SessionId, Addr<SessionActor>)> {
        let slots = self.lock();
        let awake = slots.iter().filter_map(|(id, slot)| {
            let actor = slot.actor.try_lock().ok()?.clone()?;
            actor.connected().then_some((*id, actor))
        });
        awake.collect()
    }

    /// Lets go of sessions that another server took.
    fn let_go_of_lost(&self, lost: Vec<(SessionId, Addr<SessionActor>)>) {
        for (id, actor) in lost {
            tracing::warn!(session.id = %id, "another server took a session over");
            let directory = self.clone();
            self.0.runtime.spawn(async move {
                let slot = directory.slot(id);
                slot.actor.lock().await.take_if(|held| *held == actor);
                drop(slot);
                // An actor that is gone has let go already.
                let _ = actor.send(Suspend).await;
                directory.tidy(id);
            });
        }
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = interval(RENEW);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// What is known of the lease between two renewals.
#[derive(Default)]
struct Lease {
    /// Until when it is certain, by a clock that never jumps.
    until: Option<Instant>,
    /// Others lived when it was last renewed.
    others: bool,
    /// It was renewed before.
    begun: bool,
}

/// What the database said with a renewal.
struct Word {
    renewed: Renewed,
    lost: Vec<SessionId>,
    /// Servers whose leases just ended may come back for what is theirs.
    may_return: bool,
}

impl Lease {
    async fn turn(&mut self, directory: &Directory, me: ServerId) {
        // A server that slept knows by the clock that its lease has ended before it says a word.
        self.check(directory);
        let asked = Instant::now();
        let left = self.until.map_or(LEASE, |until| until.saturating_duration_since(asked));
        let wait = left.clamp(RENEW / 2, LEASE / 2);
        let awake = directory.awake();
        match timeout(wait, self.ask(directory, me, &awake)).await {
            Ok(Ok(word)) => {
                self.until = Some(asked + LEASE - MARGIN);
                self.renewed(directory, word, awake);
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the lease was not renewed");
                self.check(directory);
            }
            Err(_) => {
                tracing::warn!("the lease was not renewed in time");
                directory.parts().store.doubt();
                self.check(directory);
            }
        }
    }

    /// Renews, and then looks for what was taken: what is taken later was taken from a lease that had ended since.
    async fn ask(
        &self,
        directory: &Directory,
        me: ServerId,
        awake: &[(SessionId, Addr<SessionActor>)],
    ) -> Result<Word, StoreError> {
        let store = &directory.parts().store;
        let renewed = servers::renew(store, me).await?;
        let here: Vec<SessionId> = awake.iter().map(|(id, _)| *id).collect();
        let lost = match here.is_empty() {
            true => Vec::new(),
            false => store::sessions::lost(store, &here).await?,
        };
        let may_return = !self.begun && servers::may_return(store, me).await?;
        Ok(Word { renewed, lost, may_return })
    }

    /// Lets go of all in time before the lease ends.
    fn check(&mut self, directory: &Directory) {
        if self.others && self.until.is_some_and(|until| Instant::now() + RENEW / 2 >= until) {
            tracing::warn!("the lease ends; what runs here is let go of");
            self.until = None;
            directory.stand_down();
        }
    }

    fn renewed(
        &mut self,
        directory: &Directory,
        word: Word,
        mut awake: Vec<(SessionId, Addr<SessionActor>)>,
    ) {
        let Word { renewed: Renewed { held, others }, lost, may_return } = word;
        let tenure = &directory.0.tenure;
        awake.retain(|(id, _)| lost.contains(id));
        directory.let_go_of_lost(awake);
        self.others = others;
        if !held || !*tenure.held.borrow() {
            let patient = self.begun || may_return;
            *whole(&tenure.patient_until) = patient.then(|| Instant::now() + LEASE);
        }
        self.begun = true;
        tenure.held.send_replace(true);
    }
}

/// What is done from time to time while there is a lease.
#[derive(Default)]
struct Care {
    settled: Option<Instant>,
    /// Sessions that are at work in their rows alone: nobody can take them up.
    given_up: HashSet<SessionId>,
}

impl Care {
    async fn turn(&mut self, directory: &Directory) {
        if !*directory.0.tenure.held.borrow() {
            return;
        }
        directory.take_up_orphans(&mut self.given_up).await;
        if self.settled.is_none_or(|settled| settled.elapsed() >= SETTLE) {
            self.settled = Some(Instant::now());
            directory.settle().await;
        }
    }
}

impl Directory {
    /// Takes up what runs on no server.
    async fn take_up_orphans(&self, given_up: &mut HashSet<SessionId>) {
        let whose = self.0.tenure.whose();
        let orphans = match store::sessions::orphans(&self.parts().store, whose).await {
            Ok(orphans) => orphans,
            Err(error) => {
                tracing::warn!(%error, "sessions without a server are looked for again");
                return;
            }
        };
        let wanted =
            |id: &SessionId| !given_up.contains(id) && !self.has_fallen(*id) && !self.is_here(*id);
        let wanted: Vec<SessionId> = orphans.into_iter().filter(wanted).collect();
        let taken = stream::iter(wanted).map(|id| {
            let directory = self.clone();
            async move { (!directory.take_up(id).await).then_some(id) }
        });
        let taken: Vec<Option<SessionId>> = taken.buffer_unordered(AT_ONCE).collect().await;
        given_up.extend(taken.into_iter().flatten());
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
        let store = &self.parts().store;
        let settled = async {
            store::idempotency::settle_unfinished(store).await?;
            store::inbox::forget_old(store.write()).await
        };
        if let Err(error) = settled.await {
            tracing::warn!(%error, "what servers that are gone left is put in order later");
        }
    }
}
