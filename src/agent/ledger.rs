//! What a run has taken of its budgets, and what follows from it.

use super::executions::Executed;
use crate::event::{Budget, Budgets, Entry, Event, Fact, SessionEvent, Spent};
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
        let mut turn_at = None;
        for entry in history {
            match &entry.event {
                Event::Fact(fact) => {
                    ledger.apply(fact);
                    if let Fact::TurnStarted { elapsed_s, .. } = fact {
                        ledger.earlier = *elapsed_s;
                        turn_at = Some(entry.at);
                    } else if let Some(turn_at) = turn_at
                        && !matches!(fact, Fact::ToolEnd { .. })
                    {
                        // A call's end may be written long after: when a server came back.
                        let since = (entry.at - turn_at).num_milliseconds().max(0) as f64 / 1000.0;
                        ledger.earlier = ledger.run.seconds + since;
                    }
                }
                // Rest, and the wait for an answer, are no work.
                Event::Session(
                    SessionEvent::QuestionAnswered { .. } | SessionEvent::StageRunResumed { .. },
                ) => turn_at = None,
                Event::Session(_) => {}
            }
        }
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

    /// The first budget that is used up, with its limit.
    pub(super) fn exhausted(&self) -> Option<(Budget, f64)> {
        let budgets = self.budgets();
        Budget::ALL.into_iter().find_map(|budget| {
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
            let new = !self.warned.iter().any(|(b, l)| *b == budget && *l >= limit);
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
