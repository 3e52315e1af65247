//! The closed vocabulary of facts.
//!
//! An [`Event`] is the log's payload, the projections' input and the source of the agent's
//! transcript. It is storage, never the public contract: `graphql/event.rs` maps it to the API.
//! Adding a variant makes every exhaustive match fail to compile until each is served.

mod budget;
mod parts;

use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, MessageId, StageRunId},
    vocab::{Effort, SessionStateName, Stage, StageRunState},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use budget::{Budget, Budgets, Spent};
pub use parts::{
    Chart, Ending, EndingKind, File, MetricPoint, OutputStream, PlanStatus, PlanStep,
    ProcessedDataset, Record, RecordKind, RefusedFile, TextDelta, amount, is_crash, signal,
};

/// The version that [`Event`] is written in.
pub const VERSION: i32 = 1;

/// What a call is answered with that was at work when the server went away.
pub const SERVER_WENT_AWAY: &str = "interrupted: the server went away while this ran";

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
        /// Who drives its runs when nothing else is asked for; the server's default when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        driver: Option<Driver>,
    },
    StateChange {
        state: SessionStateName,
    },
    StageRunStarted {
        stage: Stage,
        /// The stage to continue to without being asked.
        through: Stage,
        #[serde(flatten)]
        driver: Driver,
        seed: u64,
        budgets: Budgets,
        /// Asks the user before each later stage.
        #[serde(default)]
        approval: bool,
        /// Who drives later stages, where it is somebody else.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        later: Vec<StageDriver>,
    },
    /// A run that had failed or was cancelled goes on from its last finished tool call.
    StageRunResumed {
        stage: Stage,
        #[serde(flatten)]
        driver: Driver,
        budgets: Budgets,
    },
    StageRunEnded {
        stage: Stage,
        outcome: Outcome,
    },
    /// The agent answers a message while the session rests; no result changes.
    FollowUpStarted {
        /// The stage whose outputs it is about: the last one that is done.
        about: Option<Stage>,
        #[serde(flatten)]
        driver: Driver,
        seed: u64,
        budgets: Budgets,
    },
    FollowUpEnded {
        outcome: Outcome,
    },
    /// The limits of the run at work, or of the one that can be resumed, were changed.
    BudgetsSet {
        budgets: Budgets,
    },
    /// Approval mode waits for the user's word before a stage.
    ApprovalAsked {
        stage: Stage,
        through: Stage,
    },
    ApprovalAnswered {
        stage: Stage,
        approved: bool,
    },
    UserMessage {
        id: MessageId,
        text: String,
        /// Stops what runs first.
        #[serde(default)]
        interrupt: bool,
    },
    QuestionAnswered {
        call_id: String,
        answer: String,
    },
    /// The files of a finished stage run stand in the bucket, all but those that are missing.
    S3SyncComplete {
        stage: Stage,
        /// Files of the run that stand there.
        files_synced: u64,
        /// Those of them that had to be sent now: the others stood there as they are.
        uploaded: u64,
        /// `s3://bucket/prefix/sessions/{id}/{stage}`, without a slash at its end.
        s3_prefix: String,
        /// Paths of the run's files that could not be sent, relative to the session folder.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<String>,
    },
}

/// Who drives a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    pub provider: String,
    pub model: String,
    /// How hard it thinks; its own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
}

/// Who drives one stage of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageDriver {
    pub stage: Stage,
    #[serde(flatten)]
    pub driver: Driver,
}

/// Observations. A fact from a stage run that is not running is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    /// A model call is about to be made.
    TurnStarted {
        turn: u32,
        attempt: u32,
        /// Seconds that the run had worked before; waiting for an answer does not count.
        #[serde(default)]
        elapsed_s: f64,
        /// The same request as the attempt before: nothing that was said since is in it.
        #[serde(default)]
        again: bool,
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
    /// The loop itself speaks: to the model about what is missing, or to people about progress.
    Notice {
        text: String,
        /// Progress that no model sees.
        #[serde(default)]
        for_people: bool,
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
    /// It waits for a place, behind so many others that wait too. Its time does not run.
    ExecutionWaiting {
        call_id: String,
        ahead: u32,
    },
    /// Its wait is over and it begins.
    ExecutionPlaced {
        call_id: String,
        waited_ms: u64,
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
    /// Entries that a program left and that are not kept. Each is told once.
    FilesRefused {
        call_id: String,
        files: Vec<RefusedFile>,
        /// How many there are beside these.
        more: u64,
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
        /// What is taken for the answer when none comes in time.
        #[serde(default)]
        default: Option<String>,
        /// Seconds that it waits, from this event's time.
        #[serde(default)]
        timeout_s: Option<u64>,
    },
    UsageRecorded {
        turn: u32,
        usage: TokenUsage,
        /// USD; `None` when the price of the model is unknown.
        cost_usd: Option<f64>,
        /// Of an attempt that broke: it was billed, and is no turn.
        #[serde(default)]
        broken: bool,
    },
    /// Four fifths of a budget are taken. Said to the model and to people, once per limit.
    BudgetWarning {
        budget: Budget,
        used: f64,
        limit: f64,
    },
    BudgetExceeded {
        budget: Budget,
        limit: f64,
    },
    /// The transcript came near the model's window. The log keeps everything; from here on the model
    /// is shown less of the past.
    ContextCondensed {
        /// Results of tools up to this turn are shown by their heads.
        results_through: u32,
        /// Turns up to this one are shown as a summary.
        summary_through: u32,
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

/// Tokens of one turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    /// The provider did not say; counted from the texts.
    #[serde(default)]
    pub estimated: bool,
}

impl TokenUsage {
    /// Tokens read, cached or not.
    pub const fn read(&self) -> u64 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write)
    }

    /// Adds another turn's. What a provider claims is taken as it is, so no sum may overflow.
    pub fn add(&mut self, other: &TokenUsage) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
        self.estimated |= other.estimated;
    }
}
