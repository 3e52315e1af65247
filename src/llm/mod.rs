//! The port to a language model, and its providers.
//!
//! A provider turns one [`Request`] into a stream of [`Delta`]s that ends with exactly one
//! [`Delta::Done`]. It never runs a tool, never retries and knows no session, event or database.

use async_trait::async_trait;
use entity::vocab::Stage;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Upper bound of the answer, in tokens.
    pub max_tokens: u32,
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

/// Zero or more texts, then exactly one `Done`; nothing follows an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// The next piece of text, provisional until `Done`.
    Text(String),
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
    /// The answer reached `max_tokens`.
    MaxTokens,
    /// The model refuses to go on.
    Refusal,
}

/// Tokens of one turn. All zero for a provider without a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
}

/// Why a turn could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// The provider cannot work as configured; trying again will not help.
    #[error("{0}")]
    Unusable(String),
    /// The provider failed this time; another attempt is safe, because a turn has no effects.
    #[error("{0}")]
    Transient(String),
}

/// A language model behind a wire, or something that plays its part.
#[async_trait]
pub trait LlmProvider: Send + Sync {
    /// The name that settings and events use.
    fn name(&self) -> &str;

    /// The model used when none is asked for.
    fn default_model(&self) -> &str;

    /// Starts one turn. Dropping the stream stops it.
    async fn stream(
        &self,
        request: Request,
    ) -> Result<BoxStream<'static, Result<Delta, LlmError>>, LlmError>;
}
