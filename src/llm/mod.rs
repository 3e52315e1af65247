//! The port to a language model, and its providers.
//!
//! A provider turns one [`Request`] into a stream of [`Delta`]s that ends with exactly one
//! [`Delta::Done`]. It never runs a tool and knows no session, event or database. Adapters never
//! wait or retry: that is what the wrapping providers are for, one each.

pub mod anthropic;
pub mod catalog;
pub mod concurrency;
pub mod deltas;
mod folders;
mod http;
pub mod layers;
pub mod openai;
pub mod price;
pub mod rate;
pub mod recording;
mod refusal;
pub mod replay;
pub mod retry;
#[cfg(test)]
mod scripted;
mod secret;
mod sse;
#[cfg(test)]
pub(crate) mod testing;
pub mod timeouts;

pub use secret::Secret;

use async_trait::async_trait;
use entity::vocab::{Effort, Stage};
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// What a provider is asked for: one turn.
#[derive(Clone, Debug)]
pub struct Request {
    /// The provider's name for the model.
    pub model: String,
    pub system: String,
    /// Alternating user and assistant messages; the first is the user's.
    pub messages: Vec<Message>,
    pub tools: Vec<ToolSpec>,
    /// The facts of the stage as data. Model providers get them rendered into `messages`; the
    /// autopilot reads them here.
    pub brief: Brief,
    /// The number of the turn in its stage run, from 1.
    pub turn: u32,
    /// Upper bound of the answer, in tokens.
    pub max_tokens: u32,
    /// How hard the model thinks; the model's own default when absent.
    pub effort: Option<Effort>,
}

/// The facts of a stage run that a policy needs, as data rather than prose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    pub stage: Stage,
    /// Absolute path inside the sandbox, read-only.
    pub dataset_dir: String,
    /// Absolute path inside the sandbox, read-write: the session's folder.
    pub session_dir: String,
    /// Absolute path inside the sandbox: `{session_dir}/{stage}`.
    pub stage_dir: String,
    /// What the describe runner found: `dataset.json` as written beside the tables.
    pub dataset: Value,
    /// The column to predict, when the user named it.
    pub target: Option<String>,
    /// The user's words: data, never orders that lift a rule.
    pub instructions: String,
    pub seed: u64,
    /// Turns that this stage run may still take.
    pub turns_left: u32,
    /// Wall-clock seconds that one execution may take.
    pub execution_timeout_s: u64,
    /// Memory of one execution, in MiB.
    pub memory_mib: u64,
    /// Cores that one execution may use.
    pub cpus: u32,
    /// What the stages before left, in their order.
    #[serde(default)]
    pub earlier: Vec<Earlier>,
}

/// What a stage left for those after it: claims of whoever wrote them, of a capped size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    pub stage: Stage,
    /// Its `report.md`; empty when there is none.
    pub report: String,
    /// Its metadata or findings.
    pub metadata: Option<Value>,
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// The person, or the loop speaking for the system.
    User { text: String },
    /// What the model said.
    Assistant { blocks: Vec<Block> },
    /// Answers to the tool calls of the assistant message before, in the order of the calls.
    ToolResults { results: Vec<ToolResult> },
}

/// One piece of what a model said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Words for the user.
    Text { text: String },
    /// A call that the loop must answer.
    ToolUse { id: String, name: String, input: Value },
    /// A provider's own block (thinking and its signature), returned to it unchanged.
    Opaque { value: Value },
}

/// The answer to one tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    pub call_id: String,
    pub output: String,
    pub is_error: bool,
}

/// What a model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    /// JSON Schema of the input.
    pub input_schema: Value,
}

/// Zero or more pieces, then exactly one `Done`; nothing follows it or an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// The next piece of text, provisional until `Done`.
    Text(String),
    /// A sign of life that shows nothing: a piece of a thought or of a call, a ping.
    Working,
    /// What this attempt has consumed by now, as soon as the provider says so: it is billed even when
    /// the attempt breaks. The completion's usage takes its place.
    Spent(Usage),
    /// Something that people should know of how the turn came about, in one sentence.
    Note(String),
    /// Said by a wrapper: this attempt broke, what came of it is void, and another begins after
    /// the wait.
    Again { error: LlmError, wait: Duration },
    /// The whole turn.
    Done(Completion),
}

/// A finished turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    pub blocks: Vec<Block>,
    pub stop: StopReason,
    pub usage: Usage,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It has nothing more to say.
    EndTurn,
    /// It waits for tool results.
    ToolUse,
    /// The answer reached `max_tokens`. A call that was cut off is not among the blocks.
    MaxTokens,
    /// The provider paused a long turn; sending the blocks back lets it go on.
    PauseTurn,
    /// The model refuses to go on.
    Refusal,
    /// The answer reached the end of the model's window.
    ContextOverflow,
}

impl StopReason {
    /// The name that the log and the API use.
    pub const fn as_str(self) -> &'static str {
        match self {
            StopReason::EndTurn => "end_turn",
            StopReason::ToolUse => "tool_use",
            StopReason::MaxTokens => "max_tokens",
            StopReason::PauseTurn => "pause_turn",
            StopReason::Refusal => "refusal",
            StopReason::ContextOverflow => "context_overflow",
        }
    }
}

/// Tokens of one turn, each counted once. All zero for a provider without a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Read at full price: neither from the cache nor into it.
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    /// The provider did not say; counted from the texts.
    #[serde(default)]
    pub estimated: bool,
}

impl Usage {
    /// Nothing was consumed.
    pub const fn is_zero(&self) -> bool {
        let read = self.input_tokens + self.cache_read_tokens + self.cache_write_tokens;
        read + self.output_tokens == 0
    }
}

/// Why a turn could not be had. The message is one sentence for people and never holds a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LlmError {
    pub kind: ErrorKind,
    pub message: String,
    /// How long the provider asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl LlmError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }
}

/// The kinds of failures, as far as somebody acts on them differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The key is missing, wrong, or may not use this model.
    Access,
    /// There is no such model.
    UnknownModel,
    /// The account has no credit left.
    Quota,
    /// The request is longer than the model's window.
    ContextOverflow,
    /// The provider does not take the request as it is.
    BadRequest,
    /// The provider cannot work as it is configured.
    Unusable,
    /// Too many requests or tokens at once.
    RateLimited,
    /// The provider has too much to do.
    Overloaded,
    /// No connection, or an error of the provider's own.
    Unreachable,
    /// Nothing came for too long.
    TimedOut,
    /// The answer broke off, or made no sense.
    Broken,
}

impl ErrorKind {
    /// Whether another attempt of the same request may succeed. It is always safe: a turn has no
    /// effects.
    pub const fn is_passing(self) -> bool {
        match self {
            ErrorKind::RateLimited
            | ErrorKind::Overloaded
            | ErrorKind::Unreachable
            | ErrorKind::TimedOut
            | ErrorKind::Broken => true,
            ErrorKind::Access
            | ErrorKind::UnknownModel
            | ErrorKind::Quota
            | ErrorKind::ContextOverflow
            | ErrorKind::BadRequest
            | ErrorKind::Unusable => false,
        }
    }
}

/// A turn as it arrives.
pub type Deltas = BoxStream<'static, Result<Delta, LlmError>>;

/// A language model behind a wire, or something that plays its part.
#[async_trait]
pub trait LlmProvider: Send + Sync {
    /// The name that settings and events use.
    fn name(&self) -> &str;

    /// The model used when none is asked for.
    fn default_model(&self) -> &str;

    /// Whether it can answer what a person says. One that cannot gets no follow-up runs.
    fn converses(&self) -> bool {
        true
    }

    /// The models that it offers, by their ids, best first; asked of the provider where it can be.
    ///
    /// *Errors*: as for a turn; the caller shows the default model instead.
    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(vec![self.default_model().to_owned()])
    }

    /// The answer that a recording holds for a question of its own; `None` for a live model, whose
    /// questions go to a person.
    async fn recorded_answer(&self, _model: &str, _stage: Stage, _call_id: &str) -> Option<String> {
        None
    }

    /// Starts one turn. Dropping the stream stops it.
    async fn stream(&self, request: Request) -> Result<Deltas, LlmError>;
}
