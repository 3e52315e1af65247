//! The session's state machine: pure. No clock, no randomness, no I/O; ids and times arrive inside
//! commands.
//!
//! ```text
//! created -> eda_running -> eda_done -> prep_running -> prep_done -> train_running -> train_done
//! any *_running -> failed | cancelled    failed -> cancelled    any that rests -> *_running
//! ```

use crate::event::{Budgets, Draft, Ending, EndingKind, Entry, Event, Fact, Outcome, SessionEvent};
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, MessageId, StageRunId},
    vocab::{SessionStateName, Stage},
};

/// The longest message a user may post, in bytes.
pub const MAX_MESSAGE: usize = 32 * 1024;
/// Messages that may wait for the agent's next turn.
pub const MAX_UNSEEN: usize = 64;

/// A session, folded from its log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    experiment: Option<ExperimentId>,
    /// The last stage of the pipeline whose outputs stand.
    done: Option<Stage>,
    state: SessionState,
}

/// What a session is doing; each variant carries only its own data.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SessionState {
    #[default]
    Created,
    Running(Running),
    Done {
        stage: Stage,
    },
    Failed {
        stage: Stage,
    },
    Cancelled {
        stage: Stage,
    },
}

/// A stage run at work.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    pub stage_run: StageRunId,
    pub stage: Stage,
    pub through: Stage,
    pub provider: String,
    pub model: String,
    pub seed: u64,
    pub budgets: Budgets,
    /// The question that waits for an answer, by its tool call.
    pub question: Option<String>,
    /// Messages that the agent has not seen.
    pub unseen: usize,
    /// Tool calls that have started and not ended.
    pub open: Vec<OpenCall>,
}

/// A tool call in flight.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenCall {
    pub call_id: String,
    pub tool: String,
    pub since: DateTime<Utc>,
    /// True between `ExecutionStarted` and `ExecutionEnded`.
    pub executing: bool,
}

/// A request to a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Makes the session.
    Create {
        experiment: ExperimentId,
    },
    StartStage(StartStage),
    PostMessage {
        id: MessageId,
        text: String,
    },
    AnswerQuestion {
        call_id: String,
        answer: String,
    },
    Cancel {
        at: DateTime<Utc>,
    },
    /// Facts from the agent loop.
    Observe {
        stage_run: StageRunId,
        facts: Vec<Fact>,
    },
    /// The agent loop ended. `next` is the id of the run that follows, if one follows.
    Conclude {
        stage_run: StageRunId,
        outcome: Outcome,
        next: StageRunId,
        at: DateTime<Utc>,
    },
    /// The server came back: what was in flight has an unknown outcome.
    Recover {
        at: DateTime<Utc>,
    },
}

/// What a stage is started with.
#[derive(Clone, Debug, PartialEq)]
pub struct StartStage {
    pub stage_run: StageRunId,
    pub stage: Stage,
    pub through: Stage,
    pub provider: String,
    pub model: String,
    pub seed: u64,
    pub budgets: Budgets,
}

/// Why a command was refused. The text is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the session exists already")]
    Exists,
    #[error("there is no such session")]
    Missing,
    #[error("{stage} is at work; cancel it or wait until it ends", stage = title(*.0))]
    Busy(Stage),
    #[error("{stage} needs {needs} to be done first", stage = title(*.stage), needs = title(*.needs))]
    NotReady { stage: Stage, needs: Stage },
    #[error("cannot run from {from} through {through}, which comes before it", from = title(*.from), through = title(*.through))]
    Backwards { from: Stage, through: Stage },
    #[error("nothing is running that could be cancelled")]
    NothingToCancel,
    #[error("no stage has failed or was cancelled, so there is nothing to retry")]
    NothingToRetry,
    #[error("this question is not open; it was answered or its stage ended")]
    NoQuestion,
    #[error("the message is empty")]
    EmptyMessage,
    #[error("the message is longer than {} KiB; attach long texts as a file", MAX_MESSAGE / 1024)]
    LongMessage,
    #[error("{MAX_UNSEEN} messages wait for the agent already; let it read them first")]
    TooManyMessages,
    /// A fact or an ending of a stage run that is not at work.
    #[error("the stage run is over")]
    Stale,
}

/// The stage's name for people.
pub const fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Eda => "EDA",
        Stage::Prep => "Prep",
        Stage::Train => "Train",
    }
}

/// What a session would accept now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allows {
    pub start: Vec<Stage>,
    pub retry: Option<Stage>,
    pub cancel: bool,
    pub message: bool,
    pub answer: bool,
}

impl Session {
    pub fn experiment(&self) -> Option<ExperimentId> {
        self.experiment
    }

    /// The stage run at work, if one is.
    pub fn running(&self) -> Option<&Running> {
        match &self.state {
            SessionState::Running(running) => Some(running),
            SessionState::Created
            | SessionState::Done { .. }
            | SessionState::Failed { .. }
            | SessionState::Cancelled { .. } => None,
        }
    }

    /// The flat name that the database and the API show.
    pub fn name(&self) -> SessionStateName {
        match &self.state {
            SessionState::Created => SessionStateName::Created,
            SessionState::Running(running) => running_name(running.stage),
            SessionState::Done { stage } => done_name(*stage),
            SessionState::Failed { .. } => SessionStateName::Failed,
            SessionState::Cancelled { .. } => SessionStateName::Cancelled,
        }
    }

    pub fn allows(&self) -> Allows {
        if self.experiment.is_none() {
            return Allows::default();
        }
        let running = self.running();
        let start = match running {
            Some(_) => Vec::new(),
            None => Stage::ALL.iter().copied().filter(|s| self.ready(*s).is_ok()).collect(),
        };
        Allows {
            start,
            retry: self.retry_stage(),
            cancel: running.is_some() || matches!(self.state, SessionState::Failed { .. }),
            message: running.is_none_or(|r| r.unseen < MAX_UNSEEN),
            answer: running.is_some_and(|r| r.question.is_some()),
        }
    }

    /// The stage that a retry would run.
    pub fn retry_stage(&self) -> Option<Stage> {
        match self.state {
            SessionState::Failed { stage } | SessionState::Cancelled { stage } => Some(stage),
            SessionState::Created | SessionState::Running(_) | SessionState::Done { .. } => None,
        }
    }

    fn ready(&self, stage: Stage) -> Result<(), Refusal> {
        match stage.previous() {
            Some(needs) if self.done < Some(needs) => Err(Refusal::NotReady { stage, needs }),
            Some(_) | None => Ok(()),
        }
    }

    /// What follows from a command, without any of it having happened yet.
    pub fn decide(&self, command: Command) -> Result<Vec<Draft>, Refusal> {
        match (command, self.experiment) {
            (Command::Create { experiment }, None) => {
                Ok(vec![session(None, SessionEvent::SessionCreated { experiment_id: experiment })])
            }
            (Command::Create { .. }, Some(_)) => Err(Refusal::Exists),
            (_, None) => Err(Refusal::Missing),
            (Command::StartStage(start), Some(_)) => self.start(start),
            (Command::PostMessage { id, text }, Some(_)) => self.post(id, text),
            (Command::AnswerQuestion { call_id, answer }, Some(_)) => self.answer(call_id, answer),
            (Command::Cancel { at }, Some(_)) => self.cancel(at),
            (Command::Observe { stage_run, facts }, Some(_)) => self.observe(stage_run, facts),
            (Command::Conclude { stage_run, outcome, next, at }, Some(_)) => {
                self.conclude(stage_run, outcome, next, at)
            }
            (Command::Recover { at }, Some(_)) => Ok(match self.running() {
                Some(running) => close(running, EndingKind::Interrupted, at),
                None => Vec::new(),
            }),
        }
    }

    fn start(&self, start: StartStage) -> Result<Vec<Draft>, Refusal> {
        if let Some(running) = self.running() {
            return Err(Refusal::Busy(running.stage));
        }
        if start.through < start.stage {
            return Err(Refusal::Backwards { from: start.stage, through: start.through });
        }
        self.ready(start.stage)?;
        Ok(started(start))
    }

    fn post(&self, id: MessageId, text: String) -> Result<Vec<Draft>, Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::EmptyMessage);
        }
        if text.len() > MAX_MESSAGE {
            return Err(Refusal::LongMessage);
        }
        if self.running().is_some_and(|r| r.unseen >= MAX_UNSEEN) {
            return Err(Refusal::TooManyMessages);
        }
        let stage_run = self.running().map(|r| r.stage_run);
        Ok(vec![session(stage_run, SessionEvent::UserMessage { id, text })])
    }

    fn answer(&self, call_id: String, answer: String) -> Result<Vec<Draft>, Refusal> {
        match self.running() {
            Some(running) if running.question.as_ref() == Some(&call_id) => {
                if answer.len() > MAX_MESSAGE {
                    return Err(Refusal::LongMessage);
                }
                let event = SessionEvent::QuestionAnswered { call_id, answer };
                Ok(vec![session(Some(running.stage_run), event)])
            }
            Some(_) | None => Err(Refusal::NoQuestion),
        }
    }

    fn cancel(&self, at: DateTime<Utc>) -> Result<Vec<Draft>, Refusal> {
        match &self.state {
            SessionState::Running(running) => {
                let mut drafts = close(running, EndingKind::Terminated, at);
                drafts.extend(ended(running, Outcome::Cancelled, SessionStateName::Cancelled));
                Ok(drafts)
            }
            SessionState::Failed { .. } => {
                let state = SessionStateName::Cancelled;
                Ok(vec![session(None, SessionEvent::StateChange { state })])
            }
            SessionState::Created | SessionState::Done { .. } | SessionState::Cancelled { .. } => {
                Err(Refusal::NothingToCancel)
            }
        }
    }

    fn observe(&self, stage_run: StageRunId, facts: Vec<Fact>) -> Result<Vec<Draft>, Refusal> {
        self.current(stage_run)?;
        let draft = |fact| Draft { stage_run: Some(stage_run), event: Event::Fact(fact) };
        Ok(facts.into_iter().map(draft).collect())
    }

    fn conclude(
        &self,
        stage_run: StageRunId,
        outcome: Outcome,
        next: StageRunId,
        at: DateTime<Utc>,
    ) -> Result<Vec<Draft>, Refusal> {
        let running = self.current(stage_run)?;
        let state = match &outcome {
            Outcome::Done { .. } => done_name(running.stage),
            Outcome::Failed { .. } => SessionStateName::Failed,
            Outcome::Cancelled => SessionStateName::Cancelled,
        };
        let goes_on = matches!(outcome, Outcome::Done { .. }) && running.stage < running.through;
        let mut drafts = close(running, EndingKind::Terminated, at);
        drafts.extend(ended(running, outcome, state));
        if let (true, Some(stage)) = (goes_on, running.stage.next()) {
            drafts.extend(started(StartStage {
                stage_run: next,
                stage,
                through: running.through,
                provider: running.provider.clone(),
                model: running.model.clone(),
                seed: running.seed,
                budgets: running.budgets,
            }));
        }
        Ok(drafts)
    }

    fn current(&self, stage_run: StageRunId) -> Result<&Running, Refusal> {
        match self.running() {
            Some(running) if running.stage_run == stage_run => Ok(running),
            Some(_) | None => Err(Refusal::Stale),
        }
    }

    /// Takes in what happened.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Session(event) => self.apply_decision(entry, event),
            Event::Fact(fact) => {
                if let SessionState::Running(running) = &mut self.state {
                    running.apply(entry.at, fact);
                }
            }
        }
    }

    fn apply_decision(&mut self, entry: &Entry, event: &SessionEvent) {
        match event {
            SessionEvent::SessionCreated { experiment_id } => {
                self.experiment = Some(*experiment_id)
            }
            SessionEvent::StageRunStarted { stage, through, provider, model, seed, budgets } => {
                let Some(stage_run) = entry.stage_run else { return };
                // What stood from this stage on is superseded.
                self.done = self.done.min(stage.previous());
                self.state = SessionState::Running(Running {
                    stage_run,
                    stage: *stage,
                    through: *through,
                    provider: provider.clone(),
                    model: model.clone(),
                    seed: *seed,
                    budgets: *budgets,
                    question: None,
                    unseen: 0,
                    open: Vec::new(),
                });
            }
            SessionEvent::StageRunEnded { stage, outcome } => {
                self.state = match outcome {
                    Outcome::Done { .. } => {
                        self.done = Some(*stage);
                        SessionState::Done { stage: *stage }
                    }
                    Outcome::Failed { .. } => SessionState::Failed { stage: *stage },
                    Outcome::Cancelled => SessionState::Cancelled { stage: *stage },
                };
            }
            SessionEvent::StateChange { state } => {
                // The one change that no stage run's start or end brings.
                if let (SessionStateName::Cancelled, SessionState::Failed { stage }) =
                    (state, &self.state)
                {
                    self.state = SessionState::Cancelled { stage: *stage };
                }
            }
            SessionEvent::UserMessage { .. } => {
                if let SessionState::Running(running) = &mut self.state {
                    running.unseen += 1;
                }
            }
            SessionEvent::QuestionAnswered { .. } => {
                if let SessionState::Running(running) = &mut self.state {
                    running.question = None;
                }
            }
        }
    }
}

impl Running {
    fn apply(&mut self, at: DateTime<Utc>, fact: &Fact) {
        match fact {
            Fact::TurnStarted { .. } => self.unseen = 0,
            Fact::ToolStart { call_id, tool, .. } => self.open.push(OpenCall {
                call_id: call_id.clone(),
                tool: tool.clone(),
                since: at,
                executing: false,
            }),
            Fact::ToolEnd { call_id, .. } => {
                self.open.retain(|call| call.call_id != *call_id);
                if self.question.as_ref() == Some(call_id) {
                    self.question = None;
                }
            }
            Fact::ExecutionStarted { call_id, .. } => self.set_executing(call_id, true),
            Fact::ExecutionEnded { call_id, .. } => self.set_executing(call_id, false),
            Fact::QuestionAsked { call_id, .. } => self.question = Some(call_id.clone()),
            Fact::TurnEnded { .. }
            | Fact::AgentMessage { .. }
            | Fact::Notice { .. }
            | Fact::CodeOutput { .. }
            | Fact::FileCreated { .. }
            | Fact::FileChanged { .. }
            | Fact::MetricsBatch { .. }
            | Fact::ChartConfig { .. }
            | Fact::LogRecord { .. }
            | Fact::PlanUpdated { .. }
            | Fact::UsageRecorded { .. }
            | Fact::BudgetExceeded { .. }
            | Fact::AgentError { .. }
            | Fact::DatasetDescribed { .. }
            | Fact::ReportReady { .. }
            | Fact::FilesReady { .. }
            | Fact::ValidationResult { .. }
            | Fact::DatasetProcessed { .. } => {}
        }
    }

    fn set_executing(&mut self, call_id: &str, executing: bool) {
        for call in self.open.iter_mut().filter(|call| call.call_id == call_id) {
            call.executing = executing;
        }
    }
}

fn session(stage_run: Option<StageRunId>, event: SessionEvent) -> Draft {
    Draft { stage_run, event: Event::Session(event) }
}

fn started(start: StartStage) -> Vec<Draft> {
    let StartStage { stage_run, stage, through, provider, model, seed, budgets } = start;
    let state = running_name(stage);
    vec![
        session(
            Some(stage_run),
            SessionEvent::StageRunStarted { stage, through, provider, model, seed, budgets },
        ),
        session(Some(stage_run), SessionEvent::StateChange { state }),
    ]
}

fn ended(running: &Running, outcome: Outcome, state: SessionStateName) -> Vec<Draft> {
    let stage = running.stage;
    let run = Some(running.stage_run);
    vec![
        session(run, SessionEvent::StageRunEnded { stage, outcome }),
        session(run, SessionEvent::StateChange { state }),
    ]
}

/// Ends whatever is in flight, so that no call stays open behind a run that is over.
fn close(running: &Running, how: EndingKind, at: DateTime<Utc>) -> Vec<Draft> {
    let run = Some(running.stage_run);
    let said = match how {
        EndingKind::Interrupted => "interrupted: the server went away while this ran",
        EndingKind::Exited
        | EndingKind::Signalled
        | EndingKind::TimedOut
        | EndingKind::OutOfMemory
        | EndingKind::DiskFull
        | EndingKind::Terminated => "stopped before it ended",
    };
    let mut drafts = Vec::new();
    for call in &running.open {
        let duration_ms = (at - call.since).num_milliseconds().max(0) as u64;
        let call_id = call.call_id.clone();
        if call.executing {
            let ending = Ending {
                how,
                code: None,
                duration_ms,
                cpu_seconds: 0.0,
                peak_memory: None,
                dropped_output: 0,
            };
            let fact = Fact::ExecutionEnded { call_id: call_id.clone(), ending };
            drafts.push(Draft { stage_run: run, event: Event::Fact(fact) });
        }
        let fact = Fact::ToolEnd {
            call_id,
            tool: call.tool.clone(),
            output: said.to_owned(),
            is_error: true,
            duration_ms,
        };
        drafts.push(Draft { stage_run: run, event: Event::Fact(fact) });
    }
    drafts
}

const fn running_name(stage: Stage) -> SessionStateName {
    match stage {
        Stage::Eda => SessionStateName::EdaRunning,
        Stage::Prep => SessionStateName::PrepRunning,
        Stage::Train => SessionStateName::TrainRunning,
    }
}

const fn done_name(stage: Stage) -> SessionStateName {
    match stage {
        Stage::Eda => SessionStateName::EdaDone,
        Stage::Prep => SessionStateName::PrepDone,
        Stage::Train => SessionStateName::TrainDone,
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
