//! Files of finished stages go to the object store, where it is one that others reach too.
//!
//! One task per server takes one session after the other and makes the bucket what the session's rows say.
//! It never fails a run: while the store is away it says so and tries again. Whatever breaks off, here or on a server
//! that is gone, is found in the same rows by the next look.

mod reconcile;
mod send;

use super::Directory;
use crate::store;
use chrono::{DateTime, Utc};
use entity::ids::SessionId;
use futures::FutureExt;
use reconcile::Trouble;
use std::{
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

/// The waits while the store or the database is away.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(30);
/// The longest rest of a session whose files cannot be sent: a word of its actor ends it.
const LONGEST_REST: Duration = Duration::from_secs(30 * 60);
/// How long another server is left alone with a session.
const TAKEN: Duration = Duration::from_secs(5);
/// How often what was left unsent is looked for, and an idle server asks the store whether it is there.
const LOOK: Duration = Duration::from_secs(60);
/// Looks between two that go through all that was ever sent.
const THOROUGH: u64 = 10;
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
    at_work: Option<SessionId>,
    /// Sessions that had trouble of their own.
    put_off: BTreeMap<SessionId, PutOff>,
    /// The one that was taken last: those after it come first, so that none is in the others' way.
    last: Option<SessionId>,
    problem: Option<Problem>,
}

/// When a session is tried again, and why only then.
#[derive(Debug, PartialEq, Eq)]
struct PutOff {
    until: Instant,
    /// In one sentence; `None` when another server is at it.
    why: Option<String>,
    /// How often it failed in a row.
    failed: u32,
}

#[derive(Debug)]
struct Problem {
    of: Whose,
    sentence: String,
    since: DateTime<Utc>,
}

/// Who does not do what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Store,
    Database,
}

/// How the object store answers, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncStanding {
    /// What is wrong, in one sentence, and since when.
    pub problem: Option<(String, DateTime<Utc>)>,
    /// Sessions whose files are not all there yet.
    pub waiting: usize,
}

impl State {
    /// Begins with the next session that may be tried. Where there is none, the answer is when there will be.
    fn begin(&mut self, now: Instant) -> Result<SessionId, Option<Instant>> {
        let ready = self.put_off.iter().filter(|(_, put_off)| put_off.until <= now);
        let ready: BTreeSet<SessionId> =
            ready.map(|(session, _)| *session).chain(self.waiting.iter().copied()).collect();
        let after = ready.iter().find(|session| Some(**session) > self.last);
        let Some(next) = after.or(ready.first()).copied() else {
            return Err(self.put_off.values().map(|put_off| put_off.until).min());
        };
        // Whatever changes while this one is compared is compared once more.
        self.waiting.remove(&next);
        self.at_work = Some(next);
        self.last = Some(next);
        Ok(next)
    }

    fn put_off(&mut self, session: SessionId, rest: Option<Duration>, why: Option<String>) {
        let before = self.put_off.remove(&session);
        let failed = before.as_ref().map_or(0, |before| before.failed);
        let growing = FIRST_WAIT.saturating_mul(1 << failed.min(16)).min(LONGEST_REST);
        let until = Instant::now() + rest.unwrap_or(growing);
        let failed = if why.is_some() { failed + 1 } else { failed };
        let why = why.or(before.and_then(|before| before.why));
        self.put_off.insert(session, PutOff { until, why, failed });
    }
}

impl Syncing {
    /// How the store answers.
    pub fn standing(&self) -> SyncStanding {
        let state = self.state();
        let unsent = state.waiting.iter().chain(&state.at_work).chain(state.put_off.keys());
        let problem = state.problem.as_ref();
        SyncStanding {
            problem: problem.map(|problem| (problem.sentence.clone(), problem.since)),
            waiting: unsent.collect::<BTreeSet<_>>().len(),
        }
    }

    /// Why the files of a session are not in the store yet, while something is wrong.
    pub fn warning(&self, session: SessionId) -> Option<String> {
        let state = self.state();
        let own = state.put_off.get(&session).and_then(|put_off| put_off.why.as_deref());
        let waits = state.waiting.contains(&session) || state.at_work == Some(session);
        let common = state.problem.as_ref().filter(|_| waits);
        let why = own.or(common.map(|problem| problem.sentence.as_str()))?;
        Some(format!("the files of finished stages are not all in the object store yet: {why}"))
    }

    /// A session changed: its files are compared with the bucket soon.
    pub(super) fn add(&self, session: SessionId) {
        let mut state = self.state();
        if state.on {
            state.waiting.insert(session);
            self.more.notify_one();
        }
    }

    /// Sessions that have something unsent; those that failed a moment ago have their time.
    fn found(&self, sessions: BTreeSet<SessionId>) {
        let mut state = self.state();
        let known = |session: &SessionId| {
            state.put_off.contains_key(session) || state.at_work == Some(*session)
        };
        let new: Vec<SessionId> = sessions.into_iter().filter(|id| !known(id)).collect();
        state.waiting.extend(new);
    }

    /// The next session that is to be tried; it is at work until it [`Self::ended`].
    async fn next(&self) -> SessionId {
        loop {
            let more = self.more.notified();
            let begun = self.state().begin(Instant::now());
            match begun {
                Ok(session) => return session,
                Err(None) => more.await,
                Err(Some(due)) => tokio::select! {
                    () = more => {}
                    () = sleep_until(due) => {}
                },
            }
        }
    }

    /// Nothing is at work any more.
    fn ended(&self, session: SessionId, how: Ended) {
        let mut state = self.state();
        state.at_work = None;
        match how {
            Ended::Done => drop(state.put_off.remove(&session)),
            Ended::Again => drop(state.waiting.insert(session)),
            Ended::Taken => state.put_off(session, Some(TAKEN), None),
            Ended::Failed(why) => {
                tracing::warn!(session.id = %session, why, "a session's files are sent later");
                state.put_off(session, None, Some(why));
            }
        }
    }

    fn answers(&self, who: Whose) {
        let mut state = self.state();
        if state.problem.as_ref().is_some_and(|problem| problem.of == who) {
            state.problem = None;
            tracing::info!(?who, "it answers again");
        }
    }

    fn says(&self, of: Whose, sentence: String) {
        let mut state = self.state();
        let since = match &state.problem {
            Some(problem) => problem.since,
            None => {
                tracing::warn!(problem = sentence, "files of stages are not sent for now");
                Utc::now()
            }
        };
        state.problem = Some(Problem { of, sentence, since });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Sets of ids are whole after any panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of one session.
enum Ended {
    Done,
    /// It was not to blame.
    Again,
    Taken,
    Failed(String),
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

/// Looks for what was left unsent, here or by servers that are gone, and clears what uploads left unfinished. False
/// when the database did not answer.
async fn look(directory: &Directory, looks: u64) -> bool {
    let Some(remote) = directory.parts().datasets.objects().remote() else { return true };
    let (syncing, store) = (directory.syncing(), &directory.parts().store);
    let found = async {
        let mut found = store::synced::untold(store).await?;
        if looks.is_multiple_of(THOROUGH) {
            found.append(&mut store::synced::astray(store, &remote.place().uri("")).await?);
        }
        Ok::<_, store::StoreError>(found)
    };
    match found.await {
        Ok(sessions) => syncing.found(sessions),
        Err(error) => {
            tracing::warn!(%error, "unsent files could not be looked for");
            syncing.says(Whose::Database, "the database does not answer".into());
            return false;
        }
    }
    syncing.answers(Whose::Database);
    if looks % SWEEP == 1 {
        match remote.sweep(ABANDONED).await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "aborted uploads that nobody had finished"),
            // Some stores list no unfinished uploads; theirs to clear.
            Err(error) => tracing::debug!(%error, "unfinished uploads were not looked for"),
        }
    }
    true
}

/// What an idle server does: it notices when the store goes away, and when it is back.
async fn idle(directory: &Directory) {
    if let Some(problem) = is_away(directory).await {
        directory.syncing().says(Whose::Store, problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on() -> Syncing {
        let syncing = Syncing::default();
        syncing.state().on = true;
        syncing
    }

    /// Ids in their order.
    fn three() -> [SessionId; 3] {
        [1, 2, 3].map(|n| SessionId(uuid::Uuid::from_u128(n)))
    }

    #[tokio::test]
    async fn a_session_that_changes_meanwhile_waits_again() {
        let syncing = Syncing::default();
        let session = SessionId::new();
        syncing.add(session);
        assert_eq!(syncing.standing().waiting, 0, "nothing is sent where there is no store");
        syncing.state().on = true;
        syncing.add(session);
        assert_eq!(syncing.next().await, session);
        assert_eq!(syncing.standing().waiting, 1, "it is at work");
        syncing.add(session);
        syncing.ended(session, Ended::Done);
        assert_eq!(syncing.next().await, session);
        syncing.ended(session, Ended::Done);
        assert_eq!(syncing.standing(), SyncStanding::default());
    }

    #[tokio::test(start_paused = true)]
    async fn none_is_in_the_way_of_the_others() {
        let (syncing, [a, b, c]) = (on(), three());
        [a, b, c].into_iter().for_each(|session| syncing.add(session));
        assert_eq!(syncing.next().await, a);
        syncing.ended(a, Ended::Again);
        assert_eq!(syncing.next().await, b, "the one after the one that failed");
        syncing.ended(b, Ended::Failed("its file is gone".into()));
        assert_eq!(syncing.next().await, c);
        syncing.ended(c, Ended::Done);
        assert_eq!(syncing.next().await, a);
        syncing.ended(a, Ended::Done);
        // Each rest is longer than the one before, and what is found meanwhile does not end it.
        for rest in [1, 2, 4, 8] {
            let since = Instant::now();
            syncing.found([b].into());
            assert_eq!(syncing.next().await, b);
            assert_eq!(since.elapsed().as_secs(), rest);
            syncing.ended(b, Ended::Failed("its file is gone".into()));
        }
        // A word of its actor does.
        let since = Instant::now();
        syncing.add(b);
        assert_eq!(syncing.next().await, b);
        assert_eq!(since.elapsed(), Duration::ZERO);
        syncing.ended(b, Ended::Done);
        assert_eq!(syncing.standing().waiting, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn warnings_stay_until_it_is_done() {
        let (syncing, [a, b, _]) = (on(), three());
        let said = |session| {
            let warning: Option<String> = syncing.warning(session);
            warning.map(|text| text.rsplit(": ").next().unwrap_or_default().to_owned())
        };
        syncing.says(Whose::Store, "it is gone".into());
        assert_eq!(said(a), None, "nothing of it waits");
        syncing.add(a);
        syncing.add(b);
        assert_eq!(said(a).as_deref(), Some("it is gone"));
        assert_eq!(syncing.next().await, a);
        assert_eq!(said(a).as_deref(), Some("it is gone"), "at work");
        syncing.ended(a, Ended::Failed("a file is gone".into()));
        assert_eq!(syncing.next().await, b);
        syncing.answers(Whose::Database);
        assert_eq!(said(b).as_deref(), Some("it is gone"), "it was not the database that did not");
        syncing.answers(Whose::Store);
        assert_eq!(said(b), None);
        syncing.ended(b, Ended::Done);
        assert_eq!(said(a).as_deref(), Some("a file is gone"), "while it is put off");
        assert_eq!(syncing.standing(), SyncStanding { problem: None, waiting: 1 });
        assert_eq!(syncing.next().await, a);
        assert_eq!(said(a).as_deref(), Some("a file is gone"), "while it is tried again");
        syncing.ended(a, Ended::Taken);
        assert_eq!(said(a).as_deref(), Some("a file is gone"));
        assert_eq!(syncing.next().await, a);
        syncing.ended(a, Ended::Done);
        assert_eq!(said(a), None);
        assert_eq!(syncing.standing(), SyncStanding::default());
    }
}
