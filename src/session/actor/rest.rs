//! How an actor comes to rest: what it keeps, when it goes to sleep, and what a panic leaves behind.

use super::SessionActor;
use crate::session::fold;
use actix::{ActorContext, AsyncContext, Context};
use std::time::Duration;

impl SessionActor {
    /// Keeps the state of a session that came to rest, so that opening it costs what is new.
    pub(super) fn keep(&mut self) {
        if self.session.work().is_some() || self.kept == self.seq {
            return;
        }
        self.kept = self.seq;
        let (store, session) = (self.parts.store.clone(), self.session.clone());
        let (id, seq) = (self.id, self.seq);
        self.runtime.spawn(async move { fold::keep(&store, id, &session, seq).await });
    }

    /// Looks after a while whether nobody asks any more, and goes to sleep then.
    pub(super) fn rest_after(&self, wait: Duration, ctx: &mut Context<Self>) {
        ctx.run_later(wait, |actor, ctx| {
            let quiet = actor.parts.actors.quiet;
            let left = quiet.saturating_sub(actor.asked.elapsed());
            let works = actor.run.is_some() || actor.session.work().is_some();
            if works || !left.is_zero() || !actor.directory.put_away(actor.id, actor.epoch) {
                let wait = if left.is_zero() { quiet } else { left };
                return actor.rest_after(wait, ctx);
            }
            actor.keep();
            ctx.stop();
        });
    }
}

impl Drop for SessionActor {
    fn drop(&mut self) {
        self.directory.census().awake.less();
        // A panic in a handler unwinds through here; everybody else's actor goes on.
        if std::thread::panicking() {
            self.directory.fell(self.id, self.pulse.doing());
        }
        self.pulse.end();
    }
}

/// What a test makes an actor do wrong.
#[cfg(test)]
#[derive(actix::Message)]
#[rtype(result = "()")]
pub(in crate::session) enum Stumble {
    Panic,
    /// Holds the thread for so long.
    Stall(Duration),
}

#[cfg(test)]
impl actix::Handler<Stumble> for SessionActor {
    type Result = ();

    fn handle(&mut self, stumble: Stumble, _: &mut Self::Context) {
        self.pulse.begin(crate::session::pulse::Doing::Deciding("stumble"));
        match stumble {
            Stumble::Panic => panic!("as the test wants it"),
            Stumble::Stall(wait) => std::thread::sleep(wait),
        }
        self.back();
    }
}
