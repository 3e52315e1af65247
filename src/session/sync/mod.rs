//! Files of finished stages go to the object store, where it is one that others reach too.
//!
//! One task per server takes one session after the other and makes the bucket what the session's rows say.
//! It never fails a run: while the store is away it says so and tries again. Whatever breaks off, here or on a server
//! that is gone, is found in the same rows by the next look.

mod file;
mod queue;
mod reconcile;
mod send;

use super::Directory;
use crate::store;
use entity::ids::SessionId;
use futures::FutureExt;
use queue::{Ended, Whose};
use reconcile::Trouble;
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio::time::{Instant, timeout};

pub use queue::{SyncStanding, Syncing};

/// The waits while the store or the database is away; a session's own begin alike.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(30);
/// How often what was left unsent is looked for, and an idle server asks the store whether it is there.
const LOOK: Duration = Duration::from_secs(60);
/// Looks between two that go through all that was ever sent.
const THOROUGH: u64 = 10;

/// Starts the task, where there is a store to send to.
pub(super) fn start(directory: &Directory) {
    if directory.parts().datasets.objects().remote().is_none() {
        return;
    }
    directory.syncing().begin();
    tokio::spawn(work(directory.clone()));
}

async fn work(directory: Directory) {
    let syncing = directory.syncing();
    let mut wait = FIRST_WAIT;
    let (mut looks, mut next_look) = (0, Instant::now());
    while !directory.is_closed() {
        if Instant::now() >= next_look {
            next_look = Instant::now() + LOOK;
            if look(&directory, looks).await {
                looks += 1;
            } else {
                next_look = Instant::now() + LAST_WAIT;
            }
        }
        let patience = next_look.saturating_duration_since(Instant::now());
        let Ok(session) = timeout(patience, syncing.next()).await else {
            idle(&directory).await;
            continue;
        };
        match one(&directory, session).await {
            Ok(()) => wait = FIRST_WAIT,
            Err(Away) => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LAST_WAIT);
            }
        }
    }
}

/// Something that all sessions need is away.
struct Away;

/// Sends the files of one session.
async fn one(directory: &Directory, session: SessionId) -> Result<(), Away> {
    let syncing = directory.syncing();
    // Whatever it stumbles over, the others' files are sent.
    let done = AssertUnwindSafe(reconcile::session(directory, session)).catch_unwind().await;
    let trouble = match done {
        Ok(Ok(asked)) => {
            syncing.answers(Whose::Database);
            if asked {
                syncing.answers(Whose::Store);
            }
            syncing.ended(session, Ended::Done);
            return Ok(());
        }
        Ok(Err(trouble)) => trouble,
        Err(_) => {
            tracing::error!(session.id = %session, "sending a session's files panicked");
            Trouble::Session("something went wrong on the server".into())
        }
    };
    let away = match trouble {
        Trouble::Store(problem) => Some((Whose::Store, problem)),
        Trouble::Database(problem) => Some((Whose::Database, problem)),
        Trouble::Object(why) => match is_away(directory).await {
            Some(problem) => Some((Whose::Store, problem)),
            None => {
                syncing.ended(session, Ended::Failed(why));
                None
            }
        },
        Trouble::Session(why) => {
            syncing.ended(session, Ended::Failed(why));
            None
        }
        Trouble::Taken => {
            syncing.ended(session, Ended::Taken);
            None
        }
    };
    let Some((whose, problem)) = away else { return Ok(()) };
    syncing.says(whose, problem);
    syncing.ended(session, Ended::Again);
    Err(Away)
}

/// What is wrong with the store as a whole.
async fn is_away(directory: &Directory) -> Option<String> {
    let remote = directory.parts().datasets.objects().remote()?;
    let away = remote.check().await.err().map(|error| error.to_string());
    if away.is_none() {
        directory.syncing().answers(Whose::Store);
    }
    away
}

/// Looks for what was left unsent, here or by servers that are gone. False when the database did not answer.
async fn look(directory: &Directory, looks: u64) -> bool {
    let Some(remote) = directory.parts().datasets.objects().remote() else { return true };
    let (syncing, store) = (directory.syncing(), &directory.parts().store);
    match store::synced::untold(store).await {
        Ok(sessions) => syncing.found(sessions),
        Err(error) => {
            tracing::warn!(%error, "unsent files could not be looked for");
            syncing.says(Whose::Database, "the database does not answer".into());
            return false;
        }
    }
    if looks.is_multiple_of(THOROUGH) {
        match store::synced::astray(store, &remote.place().uri("")).await {
            Ok(sessions) => syncing.found(sessions),
            // It looks at all that was ever sent: on a slow database with much of it the next one may come through.
            Err(error) => tracing::warn!(%error, "files that are astray could not be looked for"),
        }
    }
    syncing.answers(Whose::Database);
    true
}

/// What an idle server does: it notices when the store goes away, and when it is back.
async fn idle(directory: &Directory) {
    if let Some(problem) = is_away(directory).await {
        directory.syncing().says(Whose::Store, problem);
    }
}
