//! Facts -> the model's messages. The log is the source; this is a fold over it.

use super::context::{self, Condensation, Measured, Room, Said};
use crate::{
    event::{Budgets, Entry, Event, Fact, SessionEvent},
    llm::{Block, Message, ToolResult},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::time::Duration;

/// A tool call that the model made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub id: String,
    pub tool: String,
    pub input: Value,
}

/// A question that was asked and has no result yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub call_id: String,
    pub default: Option<String>,
    /// When the default is taken, and how long that was from the question.
    wait: Option<(DateTime<Utc>, TimeDelta)>,
    pub answer: Option<String>,
}

impl Asked {
    /// How long to wait for the answer from now on; `None` when the question says nothing of it.
    /// A clock that was set back makes nobody wait longer than was said.
    pub(super) fn left(&self, now: DateTime<Utc>) -> Option<Duration> {
        let (deadline, whole) = self.wait?;
        Some((deadline - now).min(whole).to_std().unwrap_or_default())
    }
}

/// The conversation of one run.
pub(super) struct Transcript {
    said: Vec<Said>,
    condensation: Condensation,
    /// What the provider counted last.
    measured: Option<(u32, u64)>,
    /// Words that came while tools ran; a model wants the results first.
    waiting: Vec<String>,
    /// Calls of the last turn that have no result, in the model's order.
    open: Vec<Call>,
    /// All calls of the last turn, in the model's order.
    order: Vec<String>,
    asked: Option<Asked>,
    turns: u32,
    /// The attempt of a turn that began and did not end.
    attempts: u32,
}

impl Transcript {
    pub(super) fn new(opening: String) -> Self {
        Self {
            said: vec![Said { turn: 0, message: Message::User { text: opening } }],
            condensation: Condensation::default(),
            measured: None,
            waiting: Vec::new(),
            open: Vec::new(),
            order: Vec::new(),
            asked: None,
            turns: 0,
            attempts: 0,
        }
    }

    /// Takes in what the log holds of this run.
    pub(super) fn replay(&mut self, history: &[Entry]) {
        for entry in history {
            match &entry.event {
                Event::Fact(fact) => self.apply(fact, entry.at),
                Event::Session(event) => match event {
                    SessionEvent::UserMessage { text, .. } => self.user(text.clone()),
                    SessionEvent::QuestionAnswered { call_id, answer } => {
                        self.answered(call_id, answer.clone());
                    }
                    SessionEvent::StageRunResumed { budgets, .. } => self.resumed(budgets),
                    SessionEvent::SessionCreated { .. }
                    | SessionEvent::StateChange { .. }
                    | SessionEvent::StageRunStarted { .. }
                    | SessionEvent::StageRunEnded { .. }
                    | SessionEvent::FollowUpStarted { .. }
                    | SessionEvent::FollowUpEnded { .. }
                    | SessionEvent::BudgetsSet { .. }
                    | SessionEvent::ApprovalAsked { .. }
                    | SessionEvent::ApprovalAnswered { .. }
                    | SessionEvent::S3SyncComplete { .. } => {}
                },
            }
        }
    }

    /// Takes in one fact; those that no model sees change nothing.
    pub(super) fn apply(&mut self, fact: &Fact, at: DateTime<Utc>) {
        match fact {
            Fact::TurnStarted { attempt, again, .. } => {
                // What comes from here on is seen at the next turn; another attempt of the same
                // request has seen nothing more.
                if !again {
                    self.flush();
                }
                self.attempts = *attempt;
            }
            Fact::TurnEnded { turn, blocks, usage, .. } => {
                let blocks: Vec<Block> =
                    blocks.iter().filter_map(|b| serde_json::from_value(b.clone()).ok()).collect();
                self.open = blocks.iter().filter_map(call).collect();
                self.order = self.open.iter().map(|call| call.id.clone()).collect();
                self.turns = *turn;
                self.attempts = 0;
                self.push(Message::Assistant { blocks });
                let counted = usage.read() + usage.output;
                self.measured = (counted > 0 && !usage.estimated).then_some((*turn, counted));
            }
            Fact::ToolEnd { call_id, output, is_error, .. } => {
                self.result(call_id, output, *is_error);
            }
            Fact::Notice { text, for_people: false } => self.user(text.clone()),
            Fact::BudgetWarning { budget, used, limit } => self.user(format!(
                "{} of the {}'s limit of {} are used. Bring the work to a good end within what is \
                 left: what must exist first, then what is nice to have.",
                budget.words(*used),
                budget.scope(),
                budget.words(*limit),
            )),
            Fact::ContextCondensed { results_through, summary_through } => {
                let (results_through, summary_through) = (*results_through, *summary_through);
                self.condensation = Condensation { results_through, summary_through };
                // The count was of the longer text.
                self.measured = None;
            }
            Fact::QuestionAsked { call_id, default, timeout_s, .. } => {
                let whole = timeout_s.and_then(|s| TimeDelta::try_seconds(s as i64));
                self.asked = Some(Asked {
                    call_id: call_id.clone(),
                    default: default.clone(),
                    wait: whole.and_then(|whole| Some((at.checked_add_signed(whole)?, whole))),
                    answer: None,
                });
            }
            Fact::Notice { for_people: true, .. }
            | Fact::AgentMessage { .. }
            | Fact::ToolStart { .. }
            | Fact::ExecutionStarted { .. }
            | Fact::ExecutionWaiting { .. }
            | Fact::ExecutionPlaced { .. }
            | Fact::ExecutionEnded { .. }
            | Fact::CodeOutput { .. }
            | Fact::FileCreated { .. }
            | Fact::FileChanged { .. }
            | Fact::FilesRefused { .. }
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

    /// Words to the model, after the results that it waits for.
    pub(super) fn user(&mut self, text: String) {
        self.waiting.push(text);
    }

    /// The user's answer to the question that waits; any other is too late.
    pub(super) fn answered(&mut self, call_id: &str, answer: String) {
        if let Some(asked) = self.asked.as_mut().filter(|asked| asked.call_id == call_id) {
            asked.answer = Some(answer);
        }
    }

    fn resumed(&mut self, budgets: &Budgets) {
        self.attempts = 0;
        if self.turns > 0 {
            let Budgets { turns, execution_seconds, memory_mib, .. } = budgets;
            self.user(format!(
                "The stage was stopped and now goes on from here; its files are as you left them. \
                 Limits now: {turns} turns in all, one execution at most {execution_seconds} s and \
                 {memory_mib} MiB."
            ));
        }
    }

    fn result(&mut self, call_id: &str, output: &str, is_error: bool) {
        if !self.open.iter().any(|call| call.id == call_id) {
            return;
        }
        self.open.retain(|call| call.id != call_id);
        let asked = self.asked.take_if(|asked| asked.call_id == call_id);
        if let Some(answer) = asked.and_then(|asked| asked.answer)
            && !output.contains(&answer)
        {
            // It came in the moment in which the default was taken.
            self.user(late(&answer));
        }
        let output = output.to_owned();
        let result = ToolResult { call_id: call_id.to_owned(), output, is_error };
        match self.said.last_mut().map(|said| &mut said.message) {
            Some(Message::ToolResults { results }) => {
                let place = |id: &str| self.order.iter().position(|known| known == id);
                let at = results.partition_point(|other| place(&other.call_id) < place(call_id));
                results.insert(at, result);
            }
            Some(_) | None => self.push(Message::ToolResults { results: vec![result] }),
        }
    }

    /// Calls that have no result yet.
    pub(super) fn open(&self) -> &[Call] {
        &self.open
    }

    /// The question of a call, when it was asked already.
    pub(super) fn asked(&self, call_id: &str) -> Option<&Asked> {
        self.asked.as_ref().filter(|asked| asked.call_id == call_id)
    }

    /// Turns that have ended.
    pub(super) fn turns(&self) -> u32 {
        self.turns
    }

    /// The attempt that comes next for the turn that has not ended.
    pub(super) fn next_attempt(&self) -> u32 {
        self.attempts + 1
    }

    /// Tokens that the next request takes, about.
    pub(super) fn need(&mut self) -> u64 {
        self.flush();
        context::need(&self.said, self.condensation)
    }

    /// What to condense further before the next request, if anything.
    pub(super) fn fit(&mut self, window: u64, answer: u64) -> Option<Condensation> {
        self.flush();
        let measured = self.measured.map(|(turn, tokens)| Measured { turn, tokens });
        context::fit(&self.said, self.condensation, measured, Room { window, answer })
    }

    /// The messages of the next request.
    pub(super) fn messages(&mut self) -> Vec<Message> {
        self.flush();
        context::shown(&self.said, self.condensation)
    }

    fn push(&mut self, message: Message) {
        self.said.push(Said { turn: self.turns, message });
    }

    fn flush(&mut self) {
        for text in std::mem::take(&mut self.waiting) {
            self.push(Message::User { text });
        }
    }
}

/// An answer that came when the default was taken already.
pub(super) fn late(answer: &str) -> String {
    format!("The user answered your question after all: {answer}")
}

fn call(block: &Block) -> Option<Call> {
    match block {
        Block::ToolUse { id, name, input } => {
            Some(Call { id: id.clone(), tool: name.clone(), input: input.clone() })
        }
        Block::Text { .. } | Block::Opaque { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ended(call_id: &str) -> Fact {
        let (call_id, output) = (call_id.to_owned(), format!("of {call_id}"));
        Fact::ToolEnd { call_id, tool: "t".into(), output, is_error: false, duration_ms: 0 }
    }

    /// The results that the model reads when a turn's calls `a`, `b`, `c` end in this order.
    #[track_caller]
    fn check(order: [&str; 3]) {
        let mut transcript = Transcript::new("go".into());
        let call = |id: &str| {
            let call = Block::ToolUse { id: id.into(), name: "t".into(), input: json!({}) };
            serde_json::to_value(call).unwrap()
        };
        let turn = Fact::TurnEnded {
            turn: 1,
            attempt: 1,
            blocks: ["a", "b", "c"].map(call).to_vec(),
            stop_reason: "tool_use".into(),
            usage: Default::default(),
        };
        for fact in [turn].into_iter().chain(order.map(ended)) {
            transcript.apply(&fact, DateTime::UNIX_EPOCH);
        }
        assert_eq!(transcript.open(), []);
        let last = transcript.messages().pop();
        let Some(Message::ToolResults { results }) = last else { panic!("{last:?}") };
        let read: Vec<_> = results.iter().map(|result| result.output.as_str()).collect();
        assert_eq!(read, ["of a", "of b", "of c"], "{order:?}");
    }

    #[test]
    fn results_stand_in_the_order_of_the_calls() {
        check(["a", "b", "c"]);
        check(["c", "b", "a"]);
        check(["b", "c", "a"]);
    }

    #[test]
    fn a_clock_that_jumps_makes_nobody_wait_longer() {
        let asked_at = DateTime::UNIX_EPOCH + TimeDelta::days(9);
        let mut transcript = Transcript::new("go".into());
        let question = Fact::QuestionAsked {
            call_id: "q".into(),
            question: "?".into(),
            options: Vec::new(),
            default: None,
            timeout_s: Some(600),
        };
        transcript.apply(&question, asked_at);
        let left = |now| transcript.asked("q").unwrap().left(now).unwrap().as_secs();
        assert_eq!(left(asked_at), 600);
        assert_eq!(left(asked_at + TimeDelta::seconds(90)), 510);
        assert_eq!(left(asked_at - TimeDelta::days(1)), 600);
        assert_eq!(left(asked_at + TimeDelta::days(1)), 0);
    }
}
