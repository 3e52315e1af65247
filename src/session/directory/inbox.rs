//! Commands for sessions that another server owns, and commands that others ask of this one.
//!
//! A command is put down in the database; the owner of the session takes it, does it once and puts the answer
//! beside it. Hints make it quick; a look every second makes it certain.

use super::{CommandError, Directory};
use crate::{
    session::state::{Command, Refusal},
    store::{self, StoreError, hints::Hint, inbox},
};
use entity::ids::{AskedId, ServerId, SessionId};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, timeout},
};

/// The time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// What came of a command on its owner's server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Done,
    NotFound,
    Refused(Refusal),
    Damaged(String),
    Busy,
    Unavailable(String),
}

impl Answer {
    fn of(result: Result<(), CommandError>) -> Self {
        match result {
            Ok(()) => Answer::Done,
            Err(CommandError::NotFound) => Answer::NotFound,
            Err(CommandError::Refused(refusal)) => Answer::Refused(refusal),
            Err(CommandError::Damaged(words)) => Answer::Damaged(words),
            Err(CommandError::Busy) => Answer::Busy,
            Err(
                error @ (CommandError::NoExperiment
                | CommandError::NoProvider(_)
                | CommandError::Elsewhere
                | CommandError::Unavailable(_)),
            ) => Answer::Unavailable(error.to_string()),
        }
    }

    fn result(self) -> Result<(), CommandError> {
        Err(match self {
            Answer::Done => return Ok(()),
            Answer::NotFound => CommandError::NotFound,
            Answer::Refused(refusal) => CommandError::Refused(refusal),
            Answer::Damaged(words) => CommandError::Damaged(words),
            Answer::Busy => CommandError::Busy,
            Answer::Unavailable(words) => CommandError::Unavailable(words),
        })
    }
}

impl Directory {
    /// Asks the server that owns a session. `None` when nothing was done, because that server is no more.
    pub(super) async fn ask_owner(
        &self,
        session: SessionId,
        command: &Command,
    ) -> Result<Option<()>, CommandError> {
        let store = &self.parts().store;
        let (Some(me), Some(hints)) = (store.server(), store.hints()) else {
            return Err(CommandError::Elsewhere);
        };
        let text = serde_json::to_string(command).map_err(|error| {
            tracing::error!(%error, "a command is no JSON");
            CommandError::Elsewhere
        })?;
        let id = AskedId::new();
        let mut heard = hints.hear();
        let within = self.parts().actors.answer_within;
        inbox::ask(store.write(), id, session, text, me, within).await?;
        hints.say(Hint::Asked(session));
        // Not before the database's own: once it is over here, nobody begins with it there.
        let deadline = Instant::now() + within;
        loop {
            answered(&mut heard, id, LOOK).await;
            match self.look_for(session, id).await {
                Ok(Found::Answer(answer)) => return answer.result().map(Some),
                Ok(Found::Withdrawn) => return Ok(None),
                Ok(Found::Waits) => {}
                // The database is away: what was asked may still be done.
                Err(error) => tracing::warn!(%error, "an answer is looked for again"),
            }
            if Instant::now() >= deadline {
                return Err(self.gave_up(id).await);
            }
        }
    }

    async fn look_for(&self, session: SessionId, id: AskedId) -> Result<Found, StoreError> {
        let store = &self.parts().store;
        let db = store.write();
        let Some(row) = inbox::find(db, id).await? else {
            let words = "the request was lost; look before you ask again".to_owned();
            return Ok(Found::Answer(Answer::Unavailable(words)));
        };
        if let Some(answer) = row.answer {
            inbox::remove(db, id).await?;
            let unread = |_| Answer::Unavailable("its answer cannot be read".into());
            return Ok(Found::Answer(serde_json::from_str(&answer).unwrap_or_else(unread)));
        }
        if row.taken_by.is_some() {
            if inbox::is_at_it(db, id).await? {
                return Ok(Found::Waits);
            }
            inbox::remove(db, id).await?;
            let words = "the server that runs this session went away; look whether it did what was asked before you ask again";
            return Ok(Found::Answer(Answer::Unavailable(words.into())));
        }
        let gone = !store::sessions::is_elsewhere(store, session).await?;
        match gone && inbox::withdraw(db, id).await? {
            true => Ok(Found::Withdrawn),
            false => Ok(Found::Waits),
        }
    }

    /// Waits no longer for an answer; what is to be said.
    async fn gave_up(&self, id: AskedId) -> CommandError {
        let within = self.parts().actors.answer_within.as_secs_f64().ceil();
        let withdrawn = inbox::withdraw(self.parts().store.write(), id).await;
        CommandError::Unavailable(match withdrawn {
            Ok(true) => format!(
                "the server that runs this session did not take the request within {within} s; nothing was done, try again"
            ),
            Ok(false) | Err(_) => format!(
                "no answer within {within} s from the server that runs this session; it may still do what was asked, so look before you ask again"
            ),
        })
    }

    /// Does what other servers ask, for as long as the directory is there.
    pub(super) fn serve_others(&self) {
        let store = &self.parts().store;
        let (Some(me), Some(hints)) = (store.server(), store.hints()) else { return };
        let mut heard = hints.hear();
        let served = Arc::downgrade(&self.0);
        self.0.runtime.spawn(async move {
            loop {
                asked(&mut heard, LOOK).await;
                let Some(inner) = served.upgrade() else { return };
                let directory = Directory(inner);
                if directory.open().is_err() {
                    return;
                }
                if let Err(error) = directory.take_asked(me).await {
                    tracing::debug!(%error, "what others ask is looked for again");
                }
            }
        });
    }

    async fn take_asked(&self, me: ServerId) -> Result<(), StoreError> {
        let db = self.parts().store.write();
        for row in inbox::waiting(db, me).await? {
            if !inbox::take(db, row.id, me).await? {
                continue;
            }
            let directory = self.clone();
            self.0.runtime.spawn(async move { directory.do_asked(row).await });
        }
        Ok(())
    }

    async fn do_asked(&self, row: entity::session_commands::Model) {
        let db = self.parts().store.write();
        let result = match serde_json::from_str::<Command>(&row.command) {
            Ok(command) => self.command_here(row.session_id, command).await,
            Err(error) => {
                tracing::warn!(%error, "a command of another version cannot be read");
                Err(CommandError::Unavailable("the server that runs this session has another version; try again when all are updated".into()))
            }
        };
        let said = match result {
            // It went to another server meanwhile, which finds the command.
            Err(CommandError::Elsewhere) => inbox::give_back(db, row.id).await.map(drop),
            result => {
                // An answer is texts and names.
                let text = serde_json::to_string(&Answer::of(result)).unwrap_or_default();
                inbox::answer(db, row.id, &text).await
            }
        };
        if let Err(error) = said {
            tracing::warn!(%error, "an answer was not put down");
        }
        if let Some(hints) = self.parts().store.hints() {
            hints.say(Hint::Answered(row.id));
        }
    }
}

/// How a question stands.
enum Found {
    Answer(Answer),
    Waits,
    /// Nobody took it, and nobody will.
    Withdrawn,
}

/// Waits for word of an answer, or for some time.
async fn answered(heard: &mut Receiver<Hint>, id: AskedId, wait: Duration) {
    until(heard, wait, |hint| hint == Hint::Answered(id)).await;
}

/// Waits for word of a question, or for some time.
async fn asked(heard: &mut Receiver<Hint>, wait: Duration) {
    until(heard, wait, |hint| matches!(hint, Hint::Asked(_))).await;
}

async fn until(heard: &mut Receiver<Hint>, wait: Duration, good: impl Fn(Hint) -> bool) {
    let word = async {
        loop {
            match heard.recv().await {
                Ok(hint) if good(hint) => return,
                Ok(Hint::Missed) | Err(RecvError::Lagged(_)) => return,
                Ok(_) => {}
                // Nobody will say anything; there is only time.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    // Either way it is looked at next.
    let _ = timeout(wait, word).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::vocab::Stage;

    #[test]
    fn answers_come_back_as_they_were() {
        for answer in [
            Answer::Done,
            Answer::Refused(Refusal::NotReady { stage: Stage::Prep, needs: Stage::Eda }),
            Answer::Refused(Refusal::UsedUp("turns".into())),
            Answer::Unavailable("later".into()),
        ] {
            let text = serde_json::to_string(&answer).expect("JSON");
            assert_eq!(serde_json::from_str::<Answer>(&text).expect("an answer"), answer);
        }
    }
}
