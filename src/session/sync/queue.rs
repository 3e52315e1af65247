//! Whose turn it is to have its files sent, who rests, and what people are told meanwhile.

use super::FIRST_WAIT;
use chrono::{DateTime, Utc};
use entity::ids::SessionId;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// The longest rest of a session whose files cannot be sent: a word of its actor ends it.
const LONGEST_REST: Duration = Duration::from_secs(30 * 60);
/// How long another server is left alone with a session.
const TAKEN: Duration = Duration::from_secs(5);

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
pub(super) enum Whose {
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
    /// From now on there is a store to send to.
    pub(super) fn begin(&self) {
        self.state().on = true;
    }

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
    pub(in crate::session) fn add(&self, session: SessionId) {
        let mut state = self.state();
        if state.on {
            state.waiting.insert(session);
            self.more.notify_one();
        }
    }

    /// Sessions that have something unsent; those that failed a moment ago have their time.
    pub(super) fn found(&self, sessions: BTreeSet<SessionId>) {
        let mut state = self.state();
        let known = |session: &SessionId| {
            state.put_off.contains_key(session) || state.at_work == Some(*session)
        };
        let new: Vec<SessionId> = sessions.into_iter().filter(|id| !known(id)).collect();
        state.waiting.extend(new);
    }

    /// The next session that is to be tried; it is at work until it [`Self::ended`].
    pub(super) async fn next(&self) -> SessionId {
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
    pub(super) fn ended(&self, session: SessionId, how: Ended) {
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

    pub(super) fn answers(&self, who: Whose) {
        let mut state = self.state();
        if state.problem.as_ref().is_some_and(|problem| problem.of == who) {
            state.problem = None;
            tracing::info!(?who, "it answers again");
        }
    }

    pub(super) fn says(&self, of: Whose, sentence: String) {
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
pub(super) enum Ended {
    Done,
    /// It was not to blame.
    Again,
    Taken,
    Failed(String),
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
