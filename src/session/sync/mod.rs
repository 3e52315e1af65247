//! Files of finished stages go to the object store, where it is one that others reach too.
//!
//! One task per server takes one session after the other and makes the bucket what the session's rows say.
//! It never fails a run: while the store is away it says so and tries again. Whatever breaks off is found
//! by the next start in the same rows.

mod reconcile;

use super::Directory;
use crate::store;
use chrono::{DateTime, Utc};
use entity::ids::SessionId;
use reconcile::Trouble;
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// The waits while the store or the database is away.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(30);
/// How long a session rests whose files could not be read.
const REST: Duration = Duration::from_secs(60);
/// How often an idle server asks the store whether it is there.
const LOOK: Duration = Duration::from_secs(60);
/// How often parts of unfinished uploads are looked for, in looks, and how old they are then.
const SWEEP: u64 = 60;
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Which sessions' files are to be sent, and how the store answers.
#[derive(Default)]
pub struct Syncing {
    state: Mutex<State>,
    more: Notify,
}

#[derive(Default)]
struct State {
    /// There is a store to send to.
    on: bool,
    waiting: BTreeSet<SessionId>,
    problem: Option<(String, DateTime<Utc>)>,
}

/// How the object store answers, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncStanding {
    /// What is wrong, in one sentence, and since when.
    pub problem: Option<(String, DateTime<Utc>)>,
    /// Sessions whose files are not all there yet.
    pub waiting: usize,
}

impl Syncing {
    /// How the store answers.
    pub fn standing(&self) -> SyncStanding {
        let state = self.state();
        SyncStanding { problem: state.problem.clone(), waiting: state.waiting.len() }
    }

    /// Why the files of a session are not in the store yet, while something is wrong.
    pub fn warning(&self, session: SessionId) -> Option<String> {
        let state = self.state();
        let (problem, _) = state.problem.as_ref()?;
        state.waiting.contains(&session).then(|| {
            format!("the files of finished stages are not all in the object store yet: {problem}")
        })
    }

    /// A session changed: its files are compared with the bucket soon.
    pub(super) fn add(&self, session: SessionId) {
        let mut state = self.state();
        if state.on {
            state.waiting.insert(session);
            self.more.notify_one();
        }
    }

    fn first(&self) -> Option<SessionId> {
        self.state().waiting.first().copied()
    }

    /// The next session that waits; it counts as waiting until it is [`Self::done`].
    async fn next(&self) -> SessionId {
        loop {
            let more = self.more.notified();
            if let Some(session) = self.first() {
                return session;
            }
            more.await;
        }
    }

    fn take(&self, session: SessionId) {
        self.state().waiting.remove(&session);
    }

    fn answers(&self) {
        if self.state().problem.take().is_some() {
            tracing::info!("the object store answers again");
        }
    }

    fn says(&self, problem: String) {
        let mut state = self.state();
        match &mut state.problem {
            Some((said, _)) => *said = problem,
            None => {
                tracing::warn!(problem, "files of stages are not sent for now");
                state.problem = Some((problem, Utc::now()));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A set of ids is whole after any panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the task, where there is a store to send to.
pub(super) fn start(directory: &Directory) {
    if directory.parts().datasets.objects().remote().is_none() {
        return;
    }
    directory.syncing().state().on = true;
    tokio::spawn(work(directory.clone()));
}

async fn work(directory: Directory) {
    let syncing = directory.syncing();
    let mut wait = FIRST_WAIT;
    // What an earlier server left.
    loop {
        match store::synced::unfinished(directory.parts().store.read()).await {
            Ok(sessions) => break sessions.into_iter().for_each(|session| syncing.add(session)),
            Err(error) => tracing::warn!(%error, "unsent files could not be looked for"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LAST_WAIT);
    }
    wait = FIRST_WAIT;
    let mut looks = 0;
    while !directory.is_closed() {
        let Ok(session) = timeout(LOOK, syncing.next()).await else {
            look(&directory, looks).await;
            looks += 1;
            continue;
        };
        // Whatever changes while this one is compared is compared once more.
        syncing.take(session);
        let trouble = match reconcile::session(&directory, session).await {
            Ok(()) => {
                syncing.answers();
                wait = FIRST_WAIT;
                continue;
            }
            Err(trouble) => trouble,
        };
        match trouble {
            Trouble::Session(error) => {
                tracing::warn!(session.id = %session, error, "a session's files are sent later");
                let directory = directory.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(REST).await;
                    directory.syncing().add(session);
                });
            }
            Trouble::Everywhere(problem) => {
                syncing.add(session);
                syncing.says(problem);
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LAST_WAIT);
            }
        }
    }
}

/// What an idle server does: it notices when the store goes away, and clears what uploads left unfinished.
async fn look(directory: &Directory, looks: u64) {
    let Some(remote) = directory.parts().datasets.objects().remote() else { return };
    match remote.check().await {
        Ok(()) => directory.syncing().answers(),
        Err(error) => return directory.syncing().says(error.to_string()),
    }
    if !looks.is_multiple_of(SWEEP) {
        return;
    }
    match remote.sweep(ABANDONED).await {
        Ok(0) => {}
        Ok(swept) => tracing::info!(swept, "aborted uploads that nobody had finished"),
        // Some stores list no unfinished uploads; theirs to clear.
        Err(error) => tracing::debug!(%error, "unfinished uploads were not looked for"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_that_changes_meanwhile_waits_again() {
        let syncing = Syncing::default();
        let session = SessionId::new();
        syncing.add(session);
        assert_eq!(syncing.standing().waiting, 0, "nothing is sent where there is no store");
        syncing.state().on = true;
        syncing.add(session);
        assert_eq!(syncing.next().await, session);
        syncing.take(session);
        assert_eq!(syncing.first(), None);
        syncing.add(session);
        assert_eq!(syncing.next().await, session);
    }

    #[test]
    fn warnings_are_of_those_who_wait() {
        let (syncing, session) = (Syncing::default(), SessionId::new());
        syncing.state().on = true;
        syncing.says("it is gone".into());
        assert_eq!(syncing.warning(session), None);
        syncing.add(session);
        assert!(syncing.warning(session).is_some_and(|text| text.ends_with("it is gone")));
        syncing.answers();
        assert_eq!(syncing.warning(session), None);
        assert_eq!(syncing.standing(), SyncStanding { problem: None, waiting: 1 });
    }
}
