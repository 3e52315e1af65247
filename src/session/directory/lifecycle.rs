//! What every session goes through when the server starts and stops: taken up, rebuilt from its log,
//! let go of.

use super::{
    Directory, ask, away,
    place::{Place, Slot},
};
use crate::{
    event::{Entry, Event, Fact},
    session::{
        CommandError, Parts,
        actor::{Rebuilt, Resume, SessionActor, Surroundings, Suspend},
        fold::{self, Fold},
        state::Command,
    },
    store::{self, StoreError, sessions::Taken},
};
use actix::{Actor, Addr};
use chrono::Utc;
use entity::ids::{SessionId, StageRunId};
use futures::future::join_all;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

/// Entries of a log that are read at once.
const PAGE: u64 = 512;
/// The waits before a session whose actor had to stop is rebuilt.
const FIRST_REVIVAL: Duration = Duration::from_secs(1);
const LAST_REVIVAL: Duration = Duration::from_secs(8);

impl Directory {
    /// Takes up every session that was at work when the last server went away. Answers how many.
    pub async fn recover(&self) -> Result<usize, CommandError> {
        self.may_own().await?;
        let whose = self.0.tenure.whose();
        let orphans = store::sessions::orphans(&self.0.parts.store, whose).await?;
        for id in &orphans {
            self.take_up(*id).await;
        }
        Ok(orphans.len())
    }

    /// Takes up a session that is at work nowhere. False when that can never be.
    pub(super) async fn take_up(&self, id: SessionId) -> bool {
        match self.actor(id).await {
            Ok(_) => tracing::info!(session.id = %id, "took up a running session"),
            // Another server was faster.
            Err(CommandError::Elsewhere) => {}
            Err(error) => {
                tracing::error!(session.id = %id, %error, "could not take up a session");
                if let CommandError::Unavailable(_) = error {
                    self.revive_later(id);
                }
                return !matches!(error, CommandError::Damaged(_) | CommandError::NotFound);
            }
        }
        true
    }

    /// Lets go of everything that runs, for good, so that the next server takes it up. Whoever asks
    /// for a session from here on is told to come back.
    pub async fn suspend(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        let slots: Vec<Slot> = self.lock().drain().map(|(_, slot)| slot).collect();
        let suspended = slots.into_iter().map(|slot| async move {
            if let Some(actor) = slot.actor.lock().await.take() {
                // An actor that is gone has let go already.
                let _ = actor.send(Suspend).await;
            }
        });
        join_all(suspended).await;
        self.leave().await;
    }

    /// Whether everything was let go of.
    pub(in crate::session) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    /// Whether actors may be made. To be asked with a slot in hand: its lock is what [`Self::suspend`]
    /// waits for.
    pub(super) fn open(&self) -> Result<(), CommandError> {
        match self.is_closed() {
            false => Ok(()),
            true => {
                Err(CommandError::Unavailable("the server stops; try again in a moment".into()))
            }
        }
    }

    /// Rebuilds a session whose actor had to stop, as soon as that works: a full disk may stay full
    /// for an hour, and what ran must go on after it.
    pub(in crate::session) fn revive_later(&self, session: SessionId) {
        if !self.reviving().insert(session) {
            return;
        }
        let directory = self.clone();
        self.0.runtime.spawn(async move {
            let mut wait = FIRST_REVIVAL;
            loop {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LAST_REVIVAL);
                // Out of the set first: if the revived actor stops at once, it asks again.
                directory.reviving().remove(&session);
                match directory.actor(session).await {
                    Ok(_) => return,
                    Err(
                        CommandError::NotFound | CommandError::Damaged(_) | CommandError::Elsewhere,
                    ) => return,
                    Err(_) if directory.open().is_err() => return,
                    Err(error) => tracing::warn!(session.id = %session, %error, "not revived yet"),
                }
                if !directory.reviving().insert(session) {
                    return;
                }
            }
        });
    }

    pub(super) fn reviving(&self) -> std::sync::MutexGuard<'_, HashSet<SessionId>> {
        // A set of ids is whole after any panic.
        self.0.reviving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The actor of a session, rebuilt from the log when it is not there.
    pub(super) async fn actor(&self, id: SessionId) -> Result<Addr<SessionActor>, CommandError> {
        let slot = self.slot(id);
        if let Some(actor) = slot.actor.lock().await.as_ref().filter(|actor| actor.connected()) {
            return Ok(actor.clone());
        }
        // In a task of its own: a request that is dropped half way must not leave a session that
        // runs without an agent.
        let directory = self.clone();
        let rebuilding = self.0.runtime.spawn(async move { directory.rebuilt(id).await });
        rebuilding.await.map_err(|error| {
            self.census().panics.more();
            tracing::error!(session.id = %id, %error, "rebuilding a session panicked");
            CommandError::Unavailable("the session could not be rebuilt; try again".into())
        })?
    }

    /// Rebuilds a session and takes up what runs. The actor is found by others only when all of it
    /// has worked.
    async fn rebuilt(&self, id: SessionId) -> Result<Addr<SessionActor>, CommandError> {
        let slot = self.slot(id);
        let mut held = slot.actor.lock().await;
        if let Some(actor) = held.as_ref().filter(|actor| actor.connected()) {
            return Ok(actor.clone());
        }
        self.open()?;
        *held = None;
        let rebuilt = self.rebuild(id).await?;
        let run = rebuilt.session.work().map(|work| work.run);
        let actor = self.start(id, &slot, rebuilt);
        let taken_up = match run {
            Some(run) if self.has_fallen(id) => self.fail(&actor, run).await,
            Some(run) => self.resume(id, &actor, run).await,
            None => Ok(()),
        };
        if let Err(error) = taken_up {
            // Half made: let go of it, so that the next one begins anew.
            let _ = actor.send(Suspend).await;
            return Err(error);
        }
        self.stands(id);
        Ok(held.insert(actor).clone())
    }

    async fn resume(
        &self,
        id: SessionId,
        actor: &Addr<SessionActor>,
        run: StageRunId,
    ) -> Result<(), CommandError> {
        ask(actor, Command::Recover { at: Utc::now() }).await?;
        let history = self.history(id, run).await?;
        actor.send(Resume(history)).await.map_err(away)
    }

    /// Takes the session over and folds what is new in its log.
    async fn rebuild(&self, id: SessionId) -> Result<Rebuilt, CommandError> {
        let parts = &self.0.parts;
        // Before the takeover: what runs ends with the lease under which it was taken.
        let tenure = self.may_own().await?;
        let epoch = match store::sessions::take_over(&parts.store, id).await? {
            Taken::Epoch(epoch) => epoch,
            Taken::Elsewhere => return Err(CommandError::Elsewhere),
            Taken::NotThere => return Err(CommandError::NotFound),
        };
        // After the takeover: nobody else appends any more.
        let Fold { session, seq, kept } =
            fold::read(&parts.store, &parts.log, id).await?.ok_or(CommandError::NotFound)?;
        Ok(Rebuilt { session, seq, kept, epoch, tenure })
    }

    /// What the log holds of a run and of what the user said beside it since, without its bulk.
    pub(in crate::session) async fn history(
        &self,
        id: SessionId,
        run: StageRunId,
    ) -> Result<Vec<Entry>, StoreError> {
        let Parts { store, log, .. } = &*self.0.parts;
        let first = store.timely(store::events::first_of_run(store.read(), id, run)).await?;
        let mut seq = first.unwrap_or(0);
        let mut history = Vec::new();
        loop {
            let page = log.since(id, seq, PAGE).await?;
            let Some(last) = page.last() else { break };
            seq = last.seq;
            let of_run = |entry: &Entry| entry.stage_run.is_none_or(|other| other == run);
            let kept = page.into_iter().filter(|entry| of_run(entry) && !is_bulk(&entry.event));
            history.extend(kept);
        }
        Ok(history)
    }

    pub(super) fn start(
        &self,
        id: SessionId,
        place: &Place,
        rebuilt: Rebuilt,
    ) -> Addr<SessionActor> {
        let setting = Surroundings {
            parts: Arc::clone(&self.0.parts),
            directory: self.clone(),
            runtime: self.0.runtime.clone(),
            pulse: Arc::clone(&place.pulse),
        };
        let actor = SessionActor::new(id, setting, rebuilt);
        SessionActor::start_in_arbiter(&self.0.arbiter, move |_| actor)
    }

    pub(super) fn slot(&self, id: SessionId) -> Slot {
        Arc::clone(self.lock().entry(id).or_default())
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Slot>> {
        // A map of slots is whole after any panic.
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What no transcript needs.
fn is_bulk(event: &Event) -> bool {
    matches!(
        event,
        Event::Fact(
            Fact::CodeOutput { .. }
                | Fact::MetricsBatch { .. }
                | Fact::LogRecord { .. }
                | Fact::ReportReady { .. }
                | Fact::FilesReady { .. }
        )
    )
}
