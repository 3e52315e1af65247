//! What a run has taken of its budgets, and what follows from it.

use super::executions::Executed;
use crate::event::{Budget, Budgets, EndingKind, Entry, Event, Fact, SessionEvent, Spent};
use chrono::{DateTime, Utc};
use std::time::Duration;
use tokio::{sync::watch, time::Instant};

/// The share of a budget at which the model and the user are told.
const WARN_AT: f64 = 0.8;

/// The books of one run.
pub(super) struct Ledger {
    /// What may be taken; changes while the run is at work.
    budgets: watch::Receiver<Budgets>,
    /// What the session had taken before.
    before: Spent,
    run: Spent,
    /// What executions took since this loop took the run up.
    executed: Executed,
    /// Seconds of work before this loop took the run up.
    earlier: f64,
    begun: Instant,
    /// Time since then that a question waited for its answer.
    waited: Duration,
    /// Budgets whose warning was given, with the limit that it was about.
    warned: Vec<(Budget, f64)>,
}

impl Ledger {
    pub(super) fn new(
        budgets: watch::Receiver<Budgets>,
        before: Spent,
        history: &[Entry],
        executed: Executed,
    ) -> Self {
        let mut ledger = Self {
            budgets,
            before,
            run: Spent::default(),
            executed,
            earlier: 0.0,
            begun: Instant::now(),
            waited: Duration::ZERO,
            warned: Vec::new(),
        };
        let mut clock = PastClock::default();
        for entry in history {
            clock.take(entry);
            if let Event::Fact(fact) = &entry.event {
                ledger.apply(fact);
            }
        }
        ledger.earlier = clock.seconds;
        ledger
    }

    /// Takes in one fact of the run.
    pub(super) fn apply(&mut self, fact: &Fact) {
        self.run.apply(fact);
        if let Fact::BudgetWarning { budget, limit, .. } = fact {
            self.warned.push((*budget, *limit));
        }
    }

    pub(super) fn budgets(&self) -> Budgets {
        *self.budgets.borrow()
    }

    /// Seconds of work so far.
    pub(super) fn elapsed(&self) -> f64 {
        self.earlier + self.begun.elapsed().saturating_sub(self.waited).as_secs_f64()
    }

    /// A question waited this long: it does not count as work.
    pub(super) fn waited(&mut self, wait: Duration) {
        self.waited += wait;
    }

    fn taken(&self, budget: Budget) -> f64 {
        let sandbox_seconds = self.run.sandbox_seconds + self.executed.seconds();
        let run = Spent { seconds: self.elapsed(), sandbox_seconds, ..self.run };
        budget.taken(&run, &self.before)
    }

    /// What is left of a budget; `None` without a limit.
    pub(super) fn left(&self, budget: Budget) -> Option<f64> {
        budget.limit(&self.budgets()).map(|limit| (limit - self.taken(budget)).max(0.0))
    }

    /// The first of these budgets that is used up, with its limit.
    pub(super) fn exhausted(&self, which: &[Budget]) -> Option<(Budget, f64)> {
        let budgets = self.budgets();
        which.iter().copied().find_map(|budget| {
            let limit = budget.limit(&budgets)?;
            (self.taken(budget) >= limit).then_some((budget, limit))
        })
    }

    /// Warnings that are due.
    pub(super) fn warnings(&self) -> Vec<Fact> {
        let budgets = self.budgets();
        let due = |budget: Budget| {
            let limit = budget.limit(&budgets)?;
            let used = self.taken(budget);
            let new = !self.warned.contains(&(budget, limit));
            (new && used >= WARN_AT * limit && used < limit).then_some(Fact::BudgetWarning {
                budget,
                used,
                limit,
            })
        };
        Budget::ALL.into_iter().filter_map(due).collect()
    }

    /// Answers when the time for the run or the session is used up. Safe to drop at any time.
    pub(super) async fn out_of_time(&mut self) {
        loop {
            let left = [Budget::StageSeconds, Budget::SessionSeconds];
            let left = left.into_iter().filter_map(|budget| self.left(budget));
            let left = left.fold(f64::INFINITY, f64::min);
            // Longer than this is no limit: the clock's own arithmetic ends somewhere.
            let wait = Duration::from_secs_f64(left.min(1e9));
            if wait.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                changed = self.budgets.changed() => {
                    if changed.is_err() {
                        // Nobody can change them any more.
                        tokio::time::sleep(wait).await;
                    }
                }
            }
        }
    }
}

/// Seconds of work that a log tells of.
#[derive(Default)]
struct PastClock {
    seconds: f64,
    /// When the turn began that is counted on, and the seconds before it.
    turn: Option<(DateTime<Utc>, f64)>,
    /// When the question was asked that waits, and its call.
    asked: Option<(String, DateTime<Utc>)>,
}

impl PastClock {
    fn take(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Fact(Fact::TurnStarted { elapsed_s, .. }) => {
                self.seconds = *elapsed_s;
                self.turn = Some((entry.at, *elapsed_s));
            }
            Event::Fact(Fact::QuestionAsked { call_id, .. }) => {
                self.count(entry.at);
                self.asked = Some((call_id.clone(), entry.at));
            }
            Event::Session(SessionEvent::QuestionAnswered { .. }) => self.waited(entry.at),
            Event::Fact(Fact::ToolEnd { call_id, .. })
                if self.asked.as_ref().is_some_and(|(asked, _)| asked == call_id) =>
            {
                self.waited(entry.at);
            }
            // Written when a server came back, perhaps long after.
            Event::Fact(Fact::ToolEnd { .. }) => {}
            Event::Fact(Fact::ExecutionEnded { ending, .. })
                if ending.how == EndingKind::Interrupted => {}
            // Rest is no work.
            Event::Session(SessionEvent::StageRunResumed { .. }) => self.turn = None,
            Event::Fact(_) => self.count(entry.at),
            Event::Session(_) => {}
        }
    }

    fn count(&mut self, at: DateTime<Utc>) {
        if let (Some((begun, before)), None) = (self.turn, &self.asked) {
            self.seconds = before + (at - begun).num_milliseconds().max(0) as f64 / 1000.0;
        }
    }

    /// The wait for an answer is over; it was no work.
    fn waited(&mut self, at: DateTime<Utc>) {
        if let (Some((_, asked)), Some((begun, _))) = (self.asked.take(), &mut self.turn) {
            *begun += at - asked;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Ending;

    /// Facts by the second at which they happened, and the seconds of work that they come to.
    #[track_caller]
    fn check(facts: Vec<(i64, Fact)>, seconds: f64) {
        let mut clock = PastClock::default();
        for (at, fact) in facts {
            let at = DateTime::UNIX_EPOCH + chrono::Duration::seconds(at);
            clock.take(&Entry { seq: 1, at, stage_run: None, event: Event::Fact(fact) });
        }
        assert_eq!(clock.seconds, seconds);
    }

    fn turn(turn: u32, elapsed_s: f64) -> Fact {
        Fact::TurnStarted { turn, attempt: 1, elapsed_s, again: false }
    }

    fn note() -> Fact {
        Fact::Notice { text: "n".into(), for_people: true }
    }

    fn ended(how: EndingKind) -> Fact {
        let ending = Ending::unmeasured(how, 0);
        Fact::ExecutionEnded { call_id: "c".into(), ending }
    }

    fn asked() -> Fact {
        Fact::QuestionAsked {
            call_id: "q".into(),
            question: "?".into(),
            options: Vec::new(),
            default: None,
            timeout_s: None,
        }
    }

    fn tool_end(call_id: &str) -> Fact {
        let (call_id, tool, output) = (call_id.into(), "t".into(), String::new());
        Fact::ToolEnd { call_id, tool, output, is_error: false, duration_ms: 0 }
    }

    #[test]
    fn only_work_is_counted() {
        check(vec![(0, turn(1, 0.0)), (7, note())], 7.0);
        check(vec![(0, turn(1, 0.0)), (5, note()), (60, turn(2, 6.0)), (61, note())], 7.0);
        // The server was away from second 9 on.
        let away = vec![(0, turn(1, 0.0)), (9, note()), (7200, ended(EndingKind::Interrupted))];
        check([away, vec![(7200, tool_end("c"))]].concat(), 9.0);
        check(vec![(0, turn(1, 0.0)), (9, ended(EndingKind::Exited))], 9.0);
        // A question waited from second 3 to second 1003.
        let waits = vec![(0, turn(1, 0.0)), (3, asked()), (1003, tool_end("q")), (1005, note())];
        check(waits, 5.0);
    }
}
