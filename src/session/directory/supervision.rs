//! What is done about actors that panic and actors that do not come back.
//!
//! A session whose actor panicked is rebuilt from its log, and what ran in it fails: the same again
//! could panic again. It can be retried. An actor that is stuck is reported and left alone.

use super::Directory;
use crate::{
    event::Outcome,
    session::{
        CommandError,
        actor::{Do, SessionActor},
        census::{Census, SessionCounts},
        pulse::Doing,
        state::Command,
    },
};
use actix::Addr;
use chrono::Utc;
use entity::ids::{SessionId, StageRunId};
use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

/// Panics in a row after which a session is only rebuilt when somebody asks for it.
const REVIVALS: u32 = 3;

impl Directory {
    /// What is counted about sessions.
    pub fn counts(&self) -> SessionCounts {
        self.census().read()
    }

    pub(in crate::session) fn census(&self) -> &Census {
        &self.0.census
    }

    /// An actor panicked.
    pub(in crate::session) fn fell(&self, session: SessionId, doing: Option<Doing>) {
        self.census().panics.more();
        let times = {
            let mut fallen = self.fallen();
            let times = fallen.entry(session).or_default();
            *times += 1;
            *times
        };
        let doing = doing.map_or_else(|| "nothing".to_owned(), |doing| doing.to_string());
        tracing::error!(session.id = %session, doing, times, "a session's actor panicked");
        if times <= REVIVALS {
            self.revive_later(session);
        }
    }

    pub(super) fn has_fallen(&self, session: SessionId) -> bool {
        self.fallen().contains_key(&session)
    }

    pub(super) fn stands(&self, session: SessionId) {
        self.fallen().remove(&session);
    }

    /// Ends the run that was at work when the actor panicked.
    pub(super) async fn fail(
        &self,
        actor: &Addr<SessionActor>,
        run: StageRunId,
    ) -> Result<(), CommandError> {
        let message = "the server made an error in this session; retry or resume it".to_owned();
        let outcome = Outcome::Failed { message };
        let (next, answers, at) = (StageRunId::new(), false, Utc::now());
        let conclude = Command::Conclude { stage_run: run, outcome, next, answers, at };
        actor.send(Do(conclude)).await.map_err(super::away)?.map(drop)
    }

    /// Reports actors that do not come back, for as long as the directory is there.
    pub(super) fn watch(&self) {
        let within = self.parts().actors.answer_within;
        let every = (within / 4).clamp(Duration::from_millis(20), Duration::from_secs(5));
        let watched = Arc::downgrade(&self.0);
        self.0.runtime.spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(inner) = watched.upgrade() else { return };
                Directory(inner).report(within);
            }
        });
    }

    fn report(&self, within: Duration) {
        let stuck: Vec<_> = {
            let slots = self.lock();
            let overdue = |(id, place): (&SessionId, &super::Slot)| {
                place.pulse.overdue(within).map(|(doing, since)| (*id, doing, since))
            };
            slots.iter().filter_map(overdue).collect()
        };
        for (id, doing, since) in stuck {
            self.census().stalls.more();
            tracing::error!(
                session.id = %id, %doing, duration_ms = since.as_millis() as u64,
                "a session does not answer"
            );
        }
    }

    fn fallen(&self) -> MutexGuard<'_, HashMap<SessionId, u32>> {
        // A map of numbers is whole after any panic.
        self.0.fallen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
