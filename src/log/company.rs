//! What other servers on the same database append, for those who watch here.
//!
//! Hints wake at once; a look from time to time finds what no hint came for, since a server may die between
//! its commit and its word.

use super::{Change, Watchers};
use crate::store::{Store, hints::Hint, sessions};
use entity::ids::SessionId;
use std::{
    collections::HashSet,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{sync::broadcast::error::RecvError, time::MissedTickBehavior};

/// The time between two looks.
const LOOK: Duration = Duration::from_secs(5);

/// Begins to hear others, for as long as there is a log. Does nothing where no others can come.
pub(super) fn attend(store: &Store, watchers: &Arc<Watchers>) {
    let Some(hints) = store.hints() else { return };
    let mut heard = hints.hear();
    let watchers = Arc::downgrade(watchers);
    tokio::spawn(async move {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let hint = tokio::select! {
                hint = heard.recv() => match hint {
                    Ok(hint) => hint,
                    Err(RecvError::Lagged(_)) => Hint::Missed,
                    Err(RecvError::Closed) => return,
                },
                _ = looks.tick() => match look(&watchers).await {
                    Some(()) => continue,
                    None => return,
                },
            };
            let Some(watchers) = watchers.upgrade() else { return };
            watchers.heard(hint);
        }
    });
}

/// Wakes whoever is behind. `None` when there is no log any more.
async fn look(watchers: &Weak<Watchers>) -> Option<()> {
    let (store, watched) = {
        let watchers = watchers.upgrade()?;
        (watchers.store.clone(), watchers.watched())
    };
    if watched.is_empty() {
        return Some(());
    }
    let lengths = store.timely(sessions::lengths(store.read(), watched.clone())).await;
    let watchers = watchers.upgrade()?;
    // A database that is away is looked at again.
    let Ok(lengths) = lengths else { return Some(()) };
    let mut gone: HashSet<SessionId> = watched.into_iter().collect();
    for (session, last) in lengths {
        gone.remove(&session);
        watchers.wake(session, last);
    }
    // Word of their deletion was missed.
    watchers.lock().retain(|session, _| !gone.contains(session));
    Some(())
}

impl Watchers {
    fn heard(&self, hint: Hint) {
        match hint {
            Hint::Appended(session, last) => self.wake(session, last),
            Hint::Forgotten(session) => {
                self.lock().remove(&session);
            }
            Hint::Changed(experiment) => {
                let _ = self.changes.send(Change::Of(experiment));
            }
            // Sequences that were heard say nothing any more: only reading tells.
            Hint::Missed => {
                for channels in self.lock().values() {
                    channels.durable.send_replace(0);
                }
                let _ = self.changes.send(Change::Unknown);
            }
            Hint::Asked(_) | Hint::Answered(_) => {}
        }
    }

    fn watched(&self) -> Vec<SessionId> {
        let sessions = self.lock();
        let followed = sessions.iter().filter(|(_, c)| c.durable.receiver_count() > 0);
        followed.map(|(id, _)| *id).collect()
    }
}
