//! Facts -> the model's messages. The log is the source; this is a fold over it.

use crate::{
    event::{Entry, Event, Fact, SessionEvent},
    llm::{Block, Message, ToolResult},
};
use serde_json::Value;

/// A tool call that the model made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub id: String,
    pub tool: String,
    pub input: Value,
}

/// The conversation of one stage run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Transcript {
    messages: Vec<Message>,
    /// Words that came while tools ran; a model wants the results first.
    waiting: Vec<String>,
    /// Calls of the last turn that have no result, in the model's order.
    open: Vec<Call>,
    turns: u32,
    /// The attempt of a turn that began and did not end.
    attempts: u32,
}

impl Transcript {
    pub(super) fn new(opening: String) -> Self {
        Self {
            messages: vec![Message::User { text: opening }],
            waiting: Vec::new(),
            open: Vec::new(),
            turns: 0,
            attempts: 0,
        }
    }

    /// Takes in what the log holds of this stage run.
    pub(super) fn replay(&mut self, history: &[Entry]) {
        for entry in history {
            match &entry.event {
                Event::Fact(fact) => self.apply(fact),
                Event::Session(event) => match event {
                    SessionEvent::UserMessage { text, .. } => self.user(text.clone()),
                    SessionEvent::QuestionAnswered { answer, .. } => self.user(answer.clone()),
                    SessionEvent::SessionCreated { .. }
                    | SessionEvent::StateChange { .. }
                    | SessionEvent::StageRunStarted { .. }
                    | SessionEvent::StageRunEnded { .. } => {}
                },
            }
        }
    }

    /// Takes in one fact; those that no model sees change nothing.
    pub(super) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::TurnStarted { attempt, .. } => {
                // What comes from here on is seen at the next turn.
                self.flush();
                self.attempts = *attempt;
            }
            Fact::TurnEnded { turn, blocks, .. } => {
                let blocks: Vec<Block> =
                    blocks.iter().filter_map(|b| serde_json::from_value(b.clone()).ok()).collect();
                self.open = blocks.iter().filter_map(call).collect();
                self.messages.push(Message::Assistant { blocks });
                self.turns = *turn;
                self.attempts = 0;
            }
            Fact::ToolEnd { call_id, output, is_error, .. } => {
                if !self.open.iter().any(|call| call.id == *call_id) {
                    return;
                }
                self.open.retain(|call| call.id != *call_id);
                let result = ToolResult {
                    call_id: call_id.clone(),
                    output: output.clone(),
                    is_error: *is_error,
                };
                match self.messages.last_mut() {
                    Some(Message::ToolResults { results }) => results.push(result),
                    Some(_) | None => {
                        self.messages.push(Message::ToolResults { results: vec![result] })
                    }
                }
            }
            Fact::Notice { text } => self.user(text.clone()),
            Fact::AgentMessage { .. }
            | Fact::ToolStart { .. }
            | Fact::ExecutionStarted { .. }
            | Fact::ExecutionEnded { .. }
            | Fact::CodeOutput { .. }
            | Fact::FileCreated { .. }
            | Fact::FileChanged { .. }
            | Fact::MetricsBatch { .. }
            | Fact::ChartConfig { .. }
            | Fact::LogRecord { .. }
            | Fact::PlanUpdated { .. }
            | Fact::QuestionAsked { .. }
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

    /// Calls that have no result yet.
    pub(super) fn open(&self) -> &[Call] {
        &self.open
    }

    /// Turns that have ended.
    pub(super) fn turns(&self) -> u32 {
        self.turns
    }

    /// The attempt that comes next for the turn that has not ended.
    pub(super) fn next_attempt(&self) -> u32 {
        self.attempts + 1
    }

    /// The messages of the next request.
    pub(super) fn messages(&mut self) -> Vec<Message> {
        self.flush();
        self.messages.clone()
    }

    fn flush(&mut self) {
        for text in self.waiting.drain(..) {
            self.messages.push(Message::User { text });
        }
    }
}

fn call(block: &Block) -> Option<Call> {
    match block {
        Block::ToolUse { id, name, input } => {
            Some(Call { id: id.clone(), tool: name.clone(), input: input.clone() })
        }
        Block::Text { .. } | Block::Opaque { .. } => None,
    }
}
