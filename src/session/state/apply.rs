//! Takes in what happened.

use super::{FollowUp, Running, Session, SessionState, StartFollowUp, Work};
use crate::event::{Entry, Event, Outcome, SessionEvent};
use chrono::{DateTime, Utc};
use entity::vocab::{SessionStateName, Stage};

impl Session {
    /// Takes in one entry of the log.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Session(event) => self.apply_decision(entry, event),
            Event::Fact(fact) => {
                if let Some(work) = self.work_mut() {
                    work.apply(entry.at, fact);
                }
            }
        }
    }

    fn work_mut(&mut self) -> Option<&mut Work> {
        if let Some(follow_up) = &mut self.follow_up {
            return Some(&mut follow_up.work);
        }
        match &mut self.state {
            SessionState::Running(running) => Some(&mut running.work),
            SessionState::Created
            | SessionState::Done { .. }
            | SessionState::Failed { .. }
            | SessionState::Cancelled { .. } => None,
        }
    }

    /// The limits' holder: what is at work, or what can be resumed.
    fn limited_mut(&mut self) -> Option<&mut Work> {
        if let Some(follow_up) = &mut self.follow_up {
            return Some(&mut follow_up.work);
        }
        match &mut self.state {
            SessionState::Running(running) => Some(&mut running.work),
            SessionState::Failed { run } | SessionState::Cancelled { run } => Some(&mut run.work),
            SessionState::Created | SessionState::Done { .. } => None,
        }
    }

    fn apply_decision(&mut self, entry: &Entry, event: &SessionEvent) {
        match event {
            SessionEvent::SessionCreated { experiment_id, driver } => {
                self.experiment = Some(*experiment_id);
                self.driver = driver.clone();
            }
            SessionEvent::StageRunStarted {
                stage,
                through,
                driver,
                seed,
                budgets,
                approval,
                later,
            } => {
                let Some(run) = entry.stage_run else { return };
                // What stood from this stage on is superseded.
                self.done = self.done.min(stage.previous());
                self.stand.retain(|stands, _| stands < stage);
                self.synced.retain(|synced, _| synced < stage);
                let mut work = Work::new(run, driver.clone(), *seed, *budgets);
                work.before = self.spent;
                self.last = Some((driver.clone(), *budgets));
                self.state = SessionState::Running(Box::new(Running {
                    stage: *stage,
                    through: *through,
                    approval: *approval,
                    later: later.clone(),
                    work,
                }));
            }
            SessionEvent::StageRunResumed { driver, budgets, .. } => {
                let Some(mut run) = self.resumable().cloned() else { return };
                run.work.driver = driver.clone();
                run.work.budgets = *budgets;
                run.work.before = self.spent.minus(&run.work.spent);
                self.last = Some((driver.clone(), *budgets));
                self.state = SessionState::Running(Box::new(run));
            }
            SessionEvent::StageRunEnded { stage, outcome } => {
                self.stage_ended(entry.at, *stage, outcome)
            }
            SessionEvent::FollowUpStarted { about, driver, seed, budgets } => {
                let Some(run) = entry.stage_run else { return };
                let start =
                    StartFollowUp { run, driver: driver.clone(), seed: *seed, budgets: *budgets };
                let mut work = start.work();
                work.before = self.spent;
                self.follow_up = Some(FollowUp { about: *about, work });
            }
            SessionEvent::FollowUpEnded { .. } => {
                if let Some(mut follow_up) = self.follow_up.take() {
                    follow_up.work.rest(entry.at);
                    self.spent = follow_up.work.before.plus(&follow_up.work.spent);
                }
            }
            SessionEvent::BudgetsSet { budgets } => {
                if let Some(work) = self.limited_mut() {
                    work.budgets = *budgets;
                }
                if let Some((_, last)) = &mut self.last {
                    *last = *budgets;
                }
            }
            // Read off the state: a finished run that was to go on and did not.
            SessionEvent::ApprovalAsked { .. } => {}
            SessionEvent::ApprovalAnswered { .. } => {
                if let SessionState::Done { awaits, .. } = &mut self.state {
                    *awaits = None;
                }
            }
            SessionEvent::S3SyncComplete { stage, s3_prefix, missing, .. } => {
                // What is missing may be found and sent, and is told then.
                let run = entry.stage_run.filter(|_| missing.is_empty());
                self.synced.extend(run.map(|run| (*stage, (run, s3_prefix.clone()))));
            }
            SessionEvent::StateChange { state } => self.cancelled(*state),
            SessionEvent::UserMessage { .. } => {
                if let Some(work) = self.work_mut() {
                    work.unseen += 1;
                }
            }
            SessionEvent::QuestionAnswered { .. } => {
                if let Some(work) = self.work_mut() {
                    work.answer(entry.at);
                }
            }
        }
    }

    fn stage_ended(&mut self, at: DateTime<Utc>, stage: Stage, outcome: &Outcome) {
        let SessionState::Running(running) = std::mem::take(&mut self.state) else { return };
        let mut run = running;
        run.work.rest(at);
        self.spent = run.work.before.plus(&run.work.spent);
        self.state = match outcome {
            Outcome::Done { .. } => {
                self.done = Some(stage);
                self.stand.insert(stage, run.work.run);
                let goes_on = run.approval && stage < run.through;
                SessionState::Done { stage, awaits: goes_on.then_some(run) }
            }
            Outcome::Failed { .. } => SessionState::Failed { run },
            Outcome::Cancelled => SessionState::Cancelled { run },
        };
    }

    /// The one change of state that no stage run's start or end brings.
    fn cancelled(&mut self, state: SessionStateName) {
        if state == SessionStateName::Cancelled
            && let SessionState::Failed { run } = &self.state
        {
            self.state = SessionState::Cancelled { run: run.clone() };
        }
    }
}
