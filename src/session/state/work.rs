//! A run at work: what a stage run and a follow-up share.

use super::decision;
use crate::event::{
    Budgets, Draft, Driver, Ending, EndingKind, Event, Fact, SERVER_WENT_AWAY, SessionEvent, Spent,
};
use chrono::{DateTime, Utc};
use entity::ids::StageRunId;
use serde::{Deserialize, Serialize};

/// A run at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    pub run: StageRunId,
    pub driver: Driver,
    pub seed: u64,
    pub budgets: Budgets,
    /// The limits that it began with, and told its model of.
    pub begun_with: Budgets,
    /// The question that waits for an answer.
    pub question: Option<OpenQuestion>,
    /// The call whose question was answered and which has not ended yet.
    pub answered: Option<String>,
    /// Messages that the agent has not seen.
    pub unseen: usize,
    /// Tool calls that have started and not ended.
    pub open: Vec<OpenCall>,
    /// What the session had taken before this run.
    pub before: Spent,
    /// What this run has taken.
    pub spent: Spent,
    /// When its last turn began.
    turn_at: Option<DateTime<Utc>>,
}

/// A question as it was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenQuestion {
    /// The tool call that asks.
    pub call_id: String,
    pub question: String,
    pub options: Vec<String>,
    /// What is taken for the answer at the deadline.
    pub default: Option<String>,
    pub deadline: Option<DateTime<Utc>>,
    pub asked: DateTime<Utc>,
}

/// A tool call in flight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenCall {
    pub call_id: String,
    pub tool: String,
    pub since: DateTime<Utc>,
    pub execution: Execution,
}

/// How far the execution of a call in flight is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Execution {
    /// None has begun, or it has ended.
    None,
    /// It waits for a place.
    Waiting,
    Since(DateTime<Utc>),
}

impl Work {
    pub(super) fn new(run: StageRunId, driver: Driver, seed: u64, budgets: Budgets) -> Self {
        Self {
            run,
            driver,
            seed,
            budgets,
            begun_with: budgets,
            question: None,
            answered: None,
            unseen: 0,
            open: Vec::new(),
            before: Spent::default(),
            spent: Spent::default(),
            turn_at: None,
        }
    }

    /// Takes in a fact of this run.
    pub(super) fn apply(&mut self, at: DateTime<Utc>, fact: &Fact) {
        self.spent.apply(fact);
        match fact {
            Fact::TurnStarted { again, .. } => {
                // Another attempt of the same request hears nothing new.
                if !again {
                    self.unseen = 0;
                }
                self.turn_at = Some(at);
            }
            Fact::ToolStart { call_id, tool, .. } => self.open.push(OpenCall {
                call_id: call_id.clone(),
                tool: tool.clone(),
                since: at,
                execution: Execution::None,
            }),
            Fact::ToolEnd { call_id, .. } => {
                self.open.retain(|call| call.call_id != *call_id);
                if self.asks(call_id) {
                    self.waited(at);
                    self.question = None;
                    self.answered = None;
                }
            }
            Fact::ExecutionStarted { call_id, .. } | Fact::ExecutionPlaced { call_id, .. } => {
                self.set_execution(call_id, Execution::Since(at));
            }
            Fact::ExecutionWaiting { call_id, .. } => {
                self.set_execution(call_id, Execution::Waiting);
            }
            Fact::ExecutionEnded { call_id, .. } => self.set_execution(call_id, Execution::None),
            Fact::QuestionAsked { call_id, question, options, default, timeout_s } => {
                let wait = timeout_s.and_then(|s| chrono::Duration::try_seconds(s as i64));
                self.question = Some(OpenQuestion {
                    call_id: call_id.clone(),
                    question: question.clone(),
                    options: options.clone(),
                    default: default.clone(),
                    deadline: wait.and_then(|wait| at.checked_add_signed(wait)),
                    asked: at,
                });
            }
            Fact::TurnEnded { .. }
            | Fact::AgentMessage { .. }
            | Fact::Notice { .. }
            | Fact::CodeOutput { .. }
            | Fact::FileCreated { .. }
            | Fact::FileChanged { .. }
            | Fact::FilesRefused { .. }
            | Fact::MetricsBatch { .. }
            | Fact::ChartConfig { .. }
            | Fact::LogRecord { .. }
            | Fact::PlanUpdated { .. }
            | Fact::UsageRecorded { .. }
            | Fact::BudgetWarning { .. }
            | Fact::BudgetExceeded { .. }
            | Fact::ContextCondensed { .. }
            | Fact::AgentError { .. }
            | Fact::DatasetDescribed { .. }
            | Fact::ReportReady { .. }
            | Fact::FilesReady { .. }
            | Fact::ValidationResult { .. }
            | Fact::DatasetProcessed { .. } => {}
        }
    }

    /// The user answered the question that waits.
    pub(super) fn answer(&mut self, at: DateTime<Utc>) {
        self.waited(at);
        self.answered = self.question.take().map(|question| question.call_id);
    }

    /// A question waited until now: its wait is no work.
    fn waited(&mut self, at: DateTime<Utc>) {
        if let (Some(question), Some(begun)) = (&self.question, self.turn_at) {
            self.turn_at = Some(begun + (at - question.asked));
        }
    }

    /// Takes in that the run came to rest: time goes on counting until then, but for the wait for an
    /// answer.
    pub(super) fn rest(&mut self, at: DateTime<Utc>) {
        if let Some(begun) = self.turn_at.take() {
            let until = self.question.as_ref().map_or(at, |question| question.asked);
            self.spent.seconds += (until - begun).num_milliseconds().max(0) as f64 / 1000.0;
        }
        self.question = None;
        self.answered = None;
        self.open.clear();
    }

    /// True when this call is the one whose question waits, or was answered just now.
    fn asks(&self, call_id: &str) -> bool {
        self.question.as_ref().is_some_and(|question| question.call_id == call_id)
            || self.answered.as_deref() == Some(call_id)
    }

    fn set_execution(&mut self, call_id: &str, execution: Execution) {
        for call in self.open.iter_mut().filter(|call| call.call_id == call_id) {
            call.execution = execution;
        }
    }

    pub(super) fn decision(&self, event: SessionEvent) -> Draft {
        decision(Some(self.run), event)
    }

    fn fact(&self, fact: Fact) -> Draft {
        Draft { stage_run: Some(self.run), event: Event::Fact(fact) }
    }

    /// Ends whatever is in flight, so that no call stays open behind a run that is over.
    pub(super) fn stopped(&self, at: DateTime<Utc>) -> Vec<Draft> {
        let calls = self.open.iter();
        let said = "stopped before it ended";
        calls.flat_map(|call| self.end(call, EndingKind::Terminated, said, at)).collect()
    }

    /// Ends what the server's going away interrupted. A question goes on waiting: nothing of it was
    /// lost.
    pub(super) fn interrupted(&self, at: DateTime<Utc>) -> Vec<Draft> {
        let calls = self.open.iter().filter(|call| !self.asks(&call.call_id));
        let end = |call| self.end(call, EndingKind::Interrupted, SERVER_WENT_AWAY, at);
        calls.flat_map(end).collect()
    }

    fn end(&self, call: &OpenCall, how: EndingKind, said: &str, at: DateTime<Utc>) -> Vec<Draft> {
        // How long an interrupted call worked before the server went away, nobody knows.
        let since = |begun: DateTime<Utc>| match how {
            EndingKind::Interrupted | EndingKind::NotStarted => 0,
            EndingKind::Exited
            | EndingKind::Signalled
            | EndingKind::TimedOut
            | EndingKind::OutOfMemory
            | EndingKind::MachineOutOfMemory
            | EndingKind::DiskFull
            | EndingKind::Terminated => (at - begun).num_milliseconds().max(0) as u64,
        };
        let duration_ms = since(call.since);
        let executed_ms = match call.execution {
            Execution::None => None,
            Execution::Waiting => Some(0),
            Execution::Since(begun) => Some(since(begun)),
        };
        let call_id = call.call_id.clone();
        let mut drafts = Vec::new();
        if let Some(executed_ms) = executed_ms {
            let ending = Ending::unmeasured(how, executed_ms);
            drafts.push(self.fact(Fact::ExecutionEnded { call_id: call_id.clone(), ending }));
        }
        drafts.push(self.fact(Fact::ToolEnd {
            call_id,
            tool: call.tool.clone(),
            output: said.to_owned(),
            is_error: true,
            duration_ms,
        }));
        drafts
    }
}
