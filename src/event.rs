//! The closed vocabulary of facts.
//!
//! An [`Event`] is the log's payload, the projections' input and the source of the agent's
//! transcript. It is storage, never the public contract: `graphql/event.rs` maps it to the API.
//! Adding a variant makes every exhaustive match fail to compile until each is served.

use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, MessageId, StageRunId},
    vocab::{ArtifactType, SessionStateName, Stage, StageRunState},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version that [`Event`] is written in.
pub const VERSION: i32 = 1;

/// One event of a session's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3 … without gaps in a session.
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// The stage run it belongs to, when it belongs to one.
    pub stage_run: Option<StageRunId>,
    pub event: Event,
}

/// An event that has no sequence yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub stage_run: Option<StageRunId>,
    pub event: Event,
}

/// Everything that can have happened in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// What the state machine decided.
    Session(SessionEvent),
    /// What the agent, its tools and the server's own checks observed.
    Fact(Fact),
}

/// Decisions of the state machine. Only `session::state` makes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SessionEvent {
    /// Always the first event.
    SessionCreated {
        experiment_id: ExperimentId,
    },
    StateChange {
        state: SessionStateName,
    },
    StageRunStarted {
        stage: Stage,
        /// The stage to continue to without being asked.
        through: Stage,
        provider: String,
        model: String,
        seed: u64,
        budgets: Budgets,
    },
    StageRunEnded {
        stage: Stage,
        outcome: Outcome,
    },
    UserMessage {
        id: MessageId,
        text: String,
    },
    QuestionAnswered {
        call_id: String,
        answer: String,
    },
}

/// Observations. A fact from a stage run that is not running is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    /// A model call is about to be made.
    TurnStarted {
        turn: u32,
        attempt: u32,
    },
    /// A model call ended; tools run only after this is durable.
    TurnEnded {
        turn: u32,
        attempt: u32,
        /// The provider's blocks as the agent's transcript reads them; opaque to everyone else.
        blocks: Vec<Value>,
        stop_reason: String,
        usage: TokenUsage,
    },
    AgentMessage {
        id: MessageId,
        turn: u32,
        text: String,
    },
    /// The loop itself speaks to the model: what is missing, which budget is near.
    Notice {
        text: String,
    },
    ToolStart {
        call_id: String,
        tool: String,
        input: Value,
    },
    ToolEnd {
        call_id: String,
        tool: String,
        /// As the model was shown it.
        output: String,
        is_error: bool,
        duration_ms: u64,
    },
    ExecutionStarted {
        call_id: String,
        /// The saved script, relative to the session folder.
        script: String,
        /// Wall-clock seconds.
        timeout_s: u64,
        memory_mib: u64,
    },
    ExecutionEnded {
        call_id: String,
        ending: Ending,
    },
    CodeOutput {
        call_id: String,
        stream: OutputStream,
        text: String,
    },
    FileCreated {
        call_id: Option<String>,
        file: File,
    },
    FileChanged {
        call_id: Option<String>,
        file: File,
    },
    MetricsBatch {
        call_id: String,
        items: Vec<MetricPoint>,
    },
    ChartConfig {
        call_id: String,
        charts: Vec<Chart>,
    },
    LogRecord {
        call_id: String,
        record: Record,
    },
    PlanUpdated {
        steps: Vec<PlanStep>,
    },
    QuestionAsked {
        call_id: String,
        question: String,
        options: Vec<String>,
    },
    UsageRecorded {
        turn: u32,
        usage: TokenUsage,
        /// USD; `None` when the price of the model is unknown.
        cost_usd: Option<f64>,
    },
    BudgetExceeded {
        budget: String,
        limit: f64,
    },
    AgentError {
        message: String,
        retryable: bool,
    },
    /// The server described the dataset for this run.
    DatasetDescribed {
        description: Value,
    },
    ReportReady {
        stage: Stage,
        path: String,
        content: String,
    },
    FilesReady {
        stage: Stage,
        files: Vec<File>,
    },
    ValidationResult {
        stage: Stage,
        passed: Vec<String>,
        warnings: Vec<String>,
        errors: Vec<String>,
    },
    /// What Prep made, read from its metadata.
    DatasetProcessed {
        meta: ProcessedDataset,
    },
}

/// How a stage run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The exit check passed.
    Done {
        summary: String,
    },
    Failed {
        message: String,
    },
    Cancelled,
}

impl Outcome {
    pub const fn state(&self) -> StageRunState {
        match self {
            Outcome::Done { .. } => StageRunState::Done,
            Outcome::Failed { .. } => StageRunState::Failed,
            Outcome::Cancelled => StageRunState::Cancelled,
        }
    }
}

/// The most that a stage run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    pub turns: u32,
    /// Wall-clock seconds.
    pub stage_seconds: u64,
    /// Wall-clock seconds of one execution.
    pub execution_seconds: u64,
    /// Memory of one execution, in MiB.
    pub memory_mib: u64,
}

impl Default for Budgets {
    fn default() -> Self {
        Self { turns: 30, stage_seconds: 3600, execution_seconds: 600, memory_mib: 4096 }
    }
}

/// Tokens of one turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write: u64,
}

/// How an execution ended, with what it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    pub how: EndingKind,
    /// The exit code, or the number of the signal.
    pub code: Option<i32>,
    pub duration_ms: u64,
    pub cpu_seconds: f64,
    /// Bytes; `None` where the machine cannot tell.
    pub peak_memory: Option<u64>,
    /// Bytes of output beyond the cap.
    pub dropped_output: u64,
}

/// The ways an execution ends, told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    Exited,
    Signalled,
    TimedOut,
    OutOfMemory,
    DiskFull,
    /// The user or a budget stopped it.
    Terminated,
    /// The server went away while it ran; its outcome is unknown.
    Interrupted,
}

/// Which of a program's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    Stdout,
    Stderr,
}

/// A file that a stage left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Relative to the session folder: `eda/figures/age.png`.
    pub path: String,
    pub name: String,
    pub stage: Stage,
    #[serde(rename = "artifact_type")]
    pub kind: ArtifactType,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// One metric point. Points are stored once, in `metrics`; see `store::event`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    pub step: i64,
    pub name: String,
    #[serde(with = "extended_float")]
    pub value: f64,
    pub run: Option<String>,
}

/// One chart of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    pub title: String,
    pub metrics: Vec<String>,
    /// `line`, `bar` …: a hint; unknown ones are drawn as lines.
    #[serde(rename = "chart_type")]
    pub kind: String,
}

/// Something logged that is no number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub kind: RecordKind,
    pub name: String,
    pub step: Option<i64>,
    pub run: Option<String>,
    pub data: Value,
}

/// The kinds of records that the SDK logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    Image,
    Table,
    ConfusionMatrix,
    Roc,
    Pr,
    Histogram,
    Text,
}

/// One step of the agent's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    pub title: String,
    pub status: PlanStatus,
}

/// How a step of the plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    Pending,
    InProgress,
    Done,
}

/// What Prep made, as claimed by its metadata and checked against the files' presence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessedDataset {
    pub columns: Value,
    pub feature_columns: Vec<String>,
    pub target_column: String,
    pub train_rows: i64,
    pub val_rows: i64,
    pub test_rows: i64,
    pub quality_stats: Value,
}

/// Text of a turn as it arrives: live only, provisional, never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDelta {
    pub turn: u32,
    pub attempt: u32,
    /// Characters of this attempt before this text.
    pub offset: u64,
    pub text: String,
}

/// Floats as JSON, with NaN and the infinities as texts, so that they survive a replay.
mod extended_float {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            to.serialize_f64(*value)
        } else if value.is_nan() {
            to.serialize_str("NaN")
        } else if *value > 0.0 {
            to.serialize_str("Infinity")
        } else {
            to.serialize_str("-Infinity")
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(f64),
            Text(String),
        }
        match Either::deserialize(from)? {
            Either::Number(value) => Ok(value),
            Either::Text(text) => match text.as_str() {
                "NaN" => Ok(f64::NAN),
                "Infinity" => Ok(f64::INFINITY),
                "-Infinity" => Ok(f64::NEG_INFINITY),
                other => Err(D::Error::custom(format!("`{other}` is no number"))),
            },
        }
    }
}
