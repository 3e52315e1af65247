//! Where a session's actor is found, and how many may wait there.
//!
//! An actor is put away only when nobody holds its place, and whoever is about to send it something
//! holds it: so no message is ever lost on an actor that goes to sleep.

use super::{CommandError, Directory, away};
use crate::session::{
    actor::{Do, Look, SessionActor},
    fold,
    pulse::Pulse,
    state::{Command, Session},
};
use crate::store;
use actix::{Addr, Handler, Message, dev::ToEnvelope};
use entity::ids::SessionId;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Requests of people that may wait for one session. Fewer than what its mailbox holds: actix queues
/// one message of every address beyond that, and a request that finds its own address full is never
/// woken again.
pub(super) const SEATS: usize = 32;

/// One session's place, whether its actor is awake or not.
pub(super) struct Place {
    pub(super) actor: Mutex<Option<Addr<SessionActor>>>,
    pub(super) pulse: Arc<Pulse>,
    seats: Arc<Semaphore>,
}

pub(super) type Slot = Arc<Place>;

impl Default for Place {
    fn default() -> Self {
        Self {
            actor: Mutex::default(),
            pulse: Arc::default(),
            seats: Arc::new(Semaphore::new(SEATS)),
        }
    }
}

/// A seat before a session's actor. As long as it is held the actor is not put away.
struct Seat {
    place: Slot,
    _taken: OwnedSemaphorePermit,
}

impl Directory {
    /// The state of a session. One that rests and is not awake is read, not woken.
    pub(super) async fn look(&self, session: SessionId) -> Result<Session, CommandError> {
        if let Some(place) = self.known(session) {
            let actor = place.actor.lock().await.clone().filter(Addr::connected);
            if let Some(actor) = actor {
                let seat = self.seat(place)?;
                return self.ask(&seat, &actor, Look).await;
            }
        }
        let parts = self.parts();
        let fold = fold::read(&parts.store, &parts.log, session).await?;
        let fold = fold.ok_or(CommandError::NotFound)?;
        let at_work = fold.session.work().is_some();
        if at_work && !store::sessions::is_elsewhere(&parts.store, session).await? {
            // Something is at work and nobody sees to it.
            let seat = self.seat(self.slot(session))?;
            let actor = self.actor(session).await?;
            return self.ask(&seat, &actor, Look).await;
        }
        if fold.is_worth_keeping() {
            fold::keep(&parts.store, session, &fold.session, fold.seq).await;
        }
        Ok(fold.session)
    }

    /// Gives a session a command, wherever its actor is.
    pub(in crate::session) async fn command(
        &self,
        session: SessionId,
        command: Command,
    ) -> Result<(), CommandError> {
        loop {
            match self.command_here(session, command.clone()).await {
                Err(CommandError::Elsewhere) => {}
                here => return here,
            }
            // An owner that went away leaves the session to this server, or to a third one.
            if let Some(()) = self.ask_owner(session, &command).await? {
                return Ok(());
            }
        }
    }

    /// Gives a session a command, when its actor is here or may be.
    pub(super) async fn command_here(
        &self,
        session: SessionId,
        command: Command,
    ) -> Result<(), CommandError> {
        let seat = self.seat(self.slot(session))?;
        let actor = match self.actor(session).await {
            Ok(actor) => actor,
            Err(error) => {
                drop(seat);
                self.tidy(session);
                return Err(error);
            }
        };
        self.ask(&seat, &actor, Do(command)).await?.map(drop)
    }

    fn seat(&self, place: Slot) -> Result<Seat, CommandError> {
        match Arc::clone(&place.seats).try_acquire_owned() {
            Ok(taken) => Ok(Seat { place, _taken: taken }),
            Err(_) => {
                self.census().turned_away.more();
                Err(CommandError::Busy)
            }
        }
    }

    /// Sends a message and waits for its answer, but not for ever.
    async fn ask<M>(
        &self,
        seat: &Seat,
        actor: &Addr<SessionActor>,
        message: M,
    ) -> Result<M::Result, CommandError>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        SessionActor: Handler<M>,
        <SessionActor as actix::Actor>::Context: ToEnvelope<SessionActor, M>,
    {
        let within = self.parts().actors.answer_within;
        match timeout(within, actor.send(message)).await {
            Ok(answer) => answer.map_err(away),
            Err(_) => Err(silent(&seat.place.pulse, within)),
        }
    }

    /// Lets the actor of a quiet session go. False while somebody is about to ask it something.
    pub(in crate::session) fn put_away(&self, session: SessionId, epoch: i64) -> bool {
        let gone = self.forget(session, |_| true);
        if gone {
            self.census().put_away.more();
            self.leave_one(session, epoch);
        }
        gone
    }

    /// Forgets the place of a session that could not be opened.
    pub(super) fn tidy(&self, session: SessionId) {
        self.forget(session, |place| place.actor.try_lock().is_ok_and(|actor| actor.is_none()));
    }

    /// Forgets a session's place if it may, and unless somebody holds it.
    fn forget(&self, session: SessionId, may: impl FnOnce(&Place) -> bool) -> bool {
        let mut slots = self.lock();
        // Places are handed out under this lock, so nobody can come by one meanwhile.
        let free = |place: &Slot| Arc::strong_count(place) == 1 && may(place);
        let gone = slots.get(&session).is_none_or(free);
        if gone {
            slots.remove(&session);
        }
        gone
    }

    fn known(&self, session: SessionId) -> Option<Slot> {
        self.lock().get(&session).cloned()
    }
}

fn silent(pulse: &Pulse, within: Duration) -> CommandError {
    let doing = pulse.doing().map_or_else(
        || "others are before it".to_owned(),
        |doing| format!("the session is {doing}"),
    );
    CommandError::Unavailable(format!(
        "no answer within {} s, {doing}; it may still do what was asked, so look before you ask again",
        within.as_secs_f64().ceil()
    ))
}
