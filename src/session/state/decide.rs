//! What follows from a command, without any of it having happened yet.

use super::{
    Command, FOLLOW_UP_TURNS, MAX_MESSAGE, MAX_UNSEEN, Refusal, Running, Session, SessionState,
    StartFollowUp, StartStage, Work, decision, done_name, running_name,
};
use crate::event::{Budget, Budgets, Draft, Driver, Event, Fact, Outcome, SessionEvent};
use chrono::{DateTime, Utc};
use entity::{
    ids::{MessageId, StageRunId},
    vocab::{SessionStateName, Stage},
};

impl Session {
    /// What follows from a command.
    ///
    /// *Errors*: a refusal, which changes nothing.
    pub fn decide(&self, command: Command) -> Result<Vec<Draft>, Refusal> {
        match (command, self.experiment) {
            (Command::Create { experiment, driver }, None) => {
                let event = SessionEvent::SessionCreated { experiment_id: experiment, driver };
                Ok(vec![decision(None, event)])
            }
            (Command::Create { .. }, Some(_)) => Err(Refusal::Exists),
            (_, None) => Err(Refusal::Missing),
            (Command::StartStage(start), Some(_)) => self.start(start),
            (Command::ResumeStage { driver, budgets }, Some(_)) => self.resume(driver, budgets),
            (Command::PostMessage { id, text, interrupt, follow_up }, Some(_)) => {
                self.post(id, text, interrupt, follow_up)
            }
            (Command::AnswerQuestion { call_id, answer }, Some(_)) => self.answer(call_id, answer),
            (Command::SetBudgets { budgets }, Some(_)) => self.limit(budgets),
            (Command::AnswerApproval { approved, stage_run }, Some(_)) => {
                self.approve(approved, stage_run)
            }
            (Command::Cancel { at }, Some(_)) => self.cancel(at),
            (Command::Observe { stage_run, facts }, Some(_)) => self.observe(stage_run, facts),
            (Command::Conclude { stage_run, outcome, next, answers, at }, Some(_)) => {
                self.conclude(stage_run, outcome, Next { run: next, answers }, at)
            }
            (
                Command::Synced { stage_run, stage, files_synced, uploaded, s3_prefix, missing },
                Some(_),
            ) => {
                self.synced(stage, stage_run, &s3_prefix)?;
                let event = SessionEvent::S3SyncComplete {
                    stage,
                    files_synced,
                    uploaded,
                    s3_prefix,
                    missing,
                };
                Ok(vec![decision(Some(stage_run), event)])
            }
            (Command::Recover { at }, Some(_)) => {
                Ok(self.work().map(|work| work.interrupted(at)).unwrap_or_default())
            }
        }
    }

    /// Nothing is at work.
    fn rests(&self) -> Result<(), Refusal> {
        match (self.running(), &self.follow_up) {
            (Some(running), _) => Err(Refusal::Busy(running.stage)),
            (None, Some(_)) => Err(Refusal::Answering),
            (None, None) => Ok(()),
        }
    }

    fn start(&self, start: StartStage) -> Result<Vec<Draft>, Refusal> {
        self.rests()?;
        if start.through < start.stage {
            return Err(Refusal::Backwards { from: start.stage, through: start.through });
        }
        self.ready(start.stage)?;
        Ok(started(start))
    }

    fn resume(
        &self,
        driver: Option<Driver>,
        budgets: Option<Budgets>,
    ) -> Result<Vec<Draft>, Refusal> {
        self.rests()?;
        let run = self.resumable().ok_or(Refusal::NothingToResume)?;
        let budgets = budgets.unwrap_or(run.work.budgets);
        let before = self.spent.minus(&run.work.spent);
        let used_up = |budget: &Budget| {
            budget.limit(&budgets).filter(|limit| budget.taken(&run.work.spent, &before) >= *limit)
        };
        if let Some((budget, limit)) =
            Budget::ALL.iter().find_map(|budget| Some((budget, used_up(budget)?)))
        {
            return Err(Refusal::UsedUp(budget.words(limit)));
        }
        let resumed = SessionEvent::StageRunResumed {
            stage: run.stage,
            driver: driver.unwrap_or_else(|| run.work.driver.clone()),
            budgets,
        };
        let state = SessionEvent::StateChange { state: running_name(run.stage) };
        Ok(vec![run.work.decision(resumed), run.work.decision(state)])
    }

    fn post(
        &self,
        id: MessageId,
        text: String,
        interrupt: bool,
        follow_up: Option<StartFollowUp>,
    ) -> Result<Vec<Draft>, Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::EmptyMessage);
        }
        if text.len() > MAX_MESSAGE {
            return Err(Refusal::LongMessage);
        }
        let work = self.work();
        if work.is_some_and(|work| work.unseen >= MAX_UNSEEN) {
            return Err(Refusal::TooManyMessages);
        }
        let message = SessionEvent::UserMessage { id, text, interrupt };
        match (work, follow_up) {
            (Some(work), _) => Ok(vec![work.decision(message)]),
            (None, None) => Ok(vec![decision(None, message)]),
            (None, Some(follow_up)) => {
                let run = Some(follow_up.run);
                let started = SessionEvent::FollowUpStarted {
                    about: self.done,
                    driver: follow_up.driver,
                    seed: follow_up.seed,
                    budgets: follow_up.budgets,
                };
                // The run first: the message is what it has to answer.
                Ok(vec![decision(run, started), decision(run, message)])
            }
        }
    }

    fn answer(&self, call_id: String, answer: String) -> Result<Vec<Draft>, Refusal> {
        let asks = |call: Option<&super::OpenQuestion>| call.is_some_and(|q| q.call_id == call_id);
        match self.work() {
            Some(work) if asks(work.question.as_ref()) => {
                if answer.len() > MAX_MESSAGE {
                    return Err(Refusal::LongMessage);
                }
                if answer.trim().is_empty() {
                    return Err(Refusal::EmptyMessage);
                }
                Ok(vec![work.decision(SessionEvent::QuestionAnswered { call_id, answer })])
            }
            Some(_) | None => Err(Refusal::NoQuestion),
        }
    }

    fn limit(&self, budgets: Budgets) -> Result<Vec<Draft>, Refusal> {
        let work = self.work().or(self.resumable().map(|run| &run.work));
        let run = match (work, &self.last) {
            (Some(work), _) => Some(work.run),
            // What follow-ups may take.
            (None, Some(_)) => None,
            (None, None) => return Err(Refusal::NothingToLimit),
        };
        Ok(vec![decision(run, SessionEvent::BudgetsSet { budgets })])
    }

    fn approve(&self, approved: bool, stage_run: StageRunId) -> Result<Vec<Draft>, Refusal> {
        let (run, stage) = self.awaited().ok_or(Refusal::NothingToApprove)?;
        if approved {
            self.rests()?;
        }
        let answered = SessionEvent::ApprovalAnswered { stage, approved };
        let mut drafts = vec![decision(None, answered)];
        if approved {
            drafts.extend(following(run, stage_run).map(started).unwrap_or_default());
        }
        Ok(drafts)
    }

    fn cancel(&self, at: DateTime<Utc>) -> Result<Vec<Draft>, Refusal> {
        if let Some(follow_up) = &self.follow_up {
            let mut drafts = follow_up.work.stopped(at);
            let ended = SessionEvent::FollowUpEnded { outcome: Outcome::Cancelled };
            drafts.push(follow_up.work.decision(ended));
            return Ok(drafts);
        }
        match &self.state {
            SessionState::Running(running) => {
                let mut drafts = running.work.stopped(at);
                drafts.extend(ended(running, Outcome::Cancelled, SessionStateName::Cancelled));
                Ok(drafts)
            }
            SessionState::Failed { .. } => {
                let state = SessionStateName::Cancelled;
                Ok(vec![decision(None, SessionEvent::StateChange { state })])
            }
            SessionState::Created | SessionState::Done { .. } | SessionState::Cancelled { .. } => {
                Err(Refusal::NothingToCancel)
            }
        }
    }

    fn observe(&self, stage_run: StageRunId, facts: Vec<Fact>) -> Result<Vec<Draft>, Refusal> {
        self.at_work(stage_run)?;
        let draft = |fact| Draft { stage_run: Some(stage_run), event: Event::Fact(fact) };
        Ok(facts.into_iter().map(draft).collect())
    }

    fn conclude(
        &self,
        stage_run: StageRunId,
        outcome: Outcome,
        next: Next,
        at: DateTime<Utc>,
    ) -> Result<Vec<Draft>, Refusal> {
        self.at_work(stage_run)?;
        let done = matches!(outcome, Outcome::Done { .. });
        if let Some(follow_up) = &self.follow_up {
            let mut drafts = follow_up.work.stopped(at);
            drafts.push(follow_up.work.decision(SessionEvent::FollowUpEnded { outcome }));
            if done {
                drafts.extend(next.answer(&follow_up.work, follow_up.about));
            }
            return Ok(drafts);
        }
        let Some(running) = self.running() else { return Err(Refusal::Stale) };
        let state = match &outcome {
            Outcome::Done { .. } => done_name(running.stage),
            Outcome::Failed { .. } => SessionStateName::Failed,
            Outcome::Cancelled => SessionStateName::Cancelled,
        };
        let mut drafts = running.work.stopped(at);
        drafts.extend(ended(running, outcome, state));
        if !done {
            return Ok(drafts);
        }
        match following(running, next.run) {
            // The next stage reads what was said.
            Some(following) if !running.approval => drafts.extend(started(following)),
            Some(StartStage { stage, through, .. }) => {
                drafts.push(running.work.decision(SessionEvent::ApprovalAsked { stage, through }));
                drafts.extend(next.answer(&running.work, Some(running.stage)));
            }
            None => drafts.extend(next.answer(&running.work, Some(running.stage))),
        }
        Ok(drafts)
    }

    /// A whole sync is told once for a place, and any only about the run whose outputs stand.
    fn synced(&self, stage: Stage, run: StageRunId, prefix: &str) -> Result<(), Refusal> {
        let stands = self.stand.get(&stage) == Some(&run);
        let told = self.synced.get(&stage).is_some_and(|(told, at)| *told == run && at == prefix);
        match stands && !told {
            true => Ok(()),
            false => Err(Refusal::Stale),
        }
    }

    fn at_work(&self, stage_run: StageRunId) -> Result<(), Refusal> {
        match self.work() {
            Some(work) if work.run == stage_run => Ok(()),
            Some(_) | None => Err(Refusal::Stale),
        }
    }
}

/// What may follow on a run.
struct Next {
    run: StageRunId,
    /// Its driver answers what people say.
    answers: bool,
}

impl Next {
    /// The follow-up that answers what was said in a run's last moments, when somebody can.
    fn answer(&self, work: &Work, about: Option<Stage>) -> Option<Draft> {
        let turns = work.budgets.turns.min(FOLLOW_UP_TURNS);
        let started = SessionEvent::FollowUpStarted {
            about,
            driver: work.driver.clone(),
            seed: work.seed,
            budgets: Budgets { turns, ..work.budgets },
        };
        (self.answers && work.unseen > 0).then(|| decision(Some(self.run), started))
    }
}

/// The stage that comes after a finished run, when it was asked to go on.
fn following(running: &Running, stage_run: StageRunId) -> Option<StartStage> {
    let stage = running.stage.next().filter(|next| *next <= running.through)?;
    let driver = running.later.iter().find(|later| later.stage == stage);
    Some(StartStage {
        stage_run,
        stage,
        through: running.through,
        driver: driver.map_or_else(|| running.work.driver.clone(), |later| later.driver.clone()),
        seed: running.work.seed,
        budgets: running.work.budgets,
        approval: running.approval,
        later: running.later.clone(),
    })
}

fn started(start: StartStage) -> Vec<Draft> {
    let StartStage { stage_run, stage, through, driver, seed, budgets, approval, later } = start;
    let state = running_name(stage);
    let begun =
        SessionEvent::StageRunStarted { stage, through, driver, seed, budgets, approval, later };
    vec![
        decision(Some(stage_run), begun),
        decision(Some(stage_run), SessionEvent::StateChange { state }),
    ]
}

fn ended(running: &Running, outcome: Outcome, state: SessionStateName) -> Vec<Draft> {
    let stage = running.stage;
    vec![
        running.work.decision(SessionEvent::StageRunEnded { stage, outcome }),
        running.work.decision(SessionEvent::StateChange { state }),
    ]
}
