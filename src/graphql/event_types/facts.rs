//! What the agent, its tools and the server's own checks observed.

use crate::graphql::{
    dataset::DatasetDescription,
    scalars::{Json, Long, Time},
    session::{Chart, PlanStep},
    vocab::{ArtifactType, ExecutionEndingKind, MetricKind, OutputStream, RecordKind, Stage},
};
use async_graphql::{ID, SimpleObject};

events! {
    /// The model is about to be called.
    TurnStartedEvent {
        /// The number of the turn in its stage run.
        turn: i32,
        /// Above 1 when an earlier attempt broke off; its text is to be discarded.
        attempt: i32,
    }
    /// The model has answered; the tools that it asked for run next.
    TurnEndedEvent {
        /// The number of the turn in its stage run.
        turn: i32,
        /// The attempt that came through.
        attempt: i32,
        /// Why the model stopped.
        stop_reason: String,
    }
    /// The agent said something; takes the place of the provisional text of its turn.
    AgentMessageEvent {
        /// The message.
        message_id: ID,
        /// The number of the turn in its stage run.
        turn: i32,
        /// Markdown.
        text: String,
    }
    /// The system itself says something: to the agent about what is missing, or to people about
    /// progress.
    NoticeEvent {
        /// What it said.
        text: String,
        /// Progress that no model sees.
        for_people: bool,
    }
    /// A tool call began.
    ToolStartEvent {
        /// The call.
        call_id: String,
        /// The tool.
        tool: String,
        /// What the model gave it.
        input: Json,
    }
    /// A tool call ended.
    ToolEndEvent {
        /// The call.
        call_id: String,
        /// The tool.
        tool: String,
        /// What the model was shown.
        output: String,
        /// The call failed.
        is_error: bool,
        /// Milliseconds.
        duration_ms: Long,
    }
    /// A program started in the sandbox.
    ExecutionStartedEvent {
        /// The call that runs it.
        call_id: String,
        /// The saved script, relative to the session's folder.
        script: String,
        /// Wall-clock seconds that it may take.
        timeout_seconds: Long,
        /// MiB that it may take.
        memory_mib: Long,
    }
    /// A program waits for a place in which to run: others take all the memory or all the places.
    ExecutionWaitingEvent {
        /// The call that runs it.
        call_id: String,
        /// How many that wait too come before it.
        ahead: i32,
    }
    /// A program that waited has its place and begins.
    ExecutionPlacedEvent {
        /// The call that runs it.
        call_id: String,
        /// Milliseconds that it waited; they count for no limit of executions.
        waited_ms: Long,
    }
    /// A program in the sandbox ended.
    ExecutionEndedEvent {
        /// The call that ran it.
        call_id: String,
        /// How it ended, in words: the end of a sentence that begins with the program.
        said: String,
        /// How it ended.
        how: ExecutionEndingKind,
        /// Its exit code, or the number of the signal.
        code: Option<i32>,
        /// Milliseconds.
        duration_ms: Long,
        /// Seconds of all its processes together.
        cpu_seconds: f64,
        /// Bytes; null where the machine cannot tell.
        peak_memory: Option<Long>,
        /// Bytes of output beyond the cap, which were dropped.
        dropped_output: Long,
        /// USD that the rented sandbox has cost since its execution before; null where nobody is paid.
        cost_usd: Option<f64>,
    }
    /// A program printed something.
    CodeOutputEvent {
        /// The call that runs it.
        call_id: String,
        /// Where it printed.
        stream: OutputStream,
        /// What it printed; a piece, not always a line.
        text: String,
    }
    /// A stage left a new file.
    FileCreatedEvent {
        /// The call that left it; null when it was found later.
        call_id: Option<String>,
        /// The file.
        file: EventFile,
    }
    /// A stage changed a file.
    FileChangedEvent {
        /// The call that changed it; null when it was found later.
        call_id: Option<String>,
        /// The file.
        file: EventFile,
    }
    /// A program left entries that are not kept: links, devices, odd names, files that are too large.
    FilesRefusedEvent {
        /// The call that left them.
        call_id: String,
        /// The entries, each told once.
        files: Vec<RefusedEntry>,
        /// How many there are beside these.
        more: Long,
    }
    /// A program logged metric points.
    MetricsBatchEvent {
        /// The call that runs it.
        call_id: String,
        /// The points, in the order in which they were logged.
        items: Vec<MetricPoint>,
    }
    /// A program laid the dashboard out.
    ChartConfigEvent {
        /// The call that runs it.
        call_id: String,
        /// The charts, in order; they take the place of those before.
        charts: Vec<Chart>,
    }
    /// A program logged something that is no number.
    LogRecordEvent {
        /// The call that runs it.
        call_id: String,
        /// What it is.
        kind: RecordKind,
        /// Its name.
        name: String,
        /// The step that it belongs to.
        step: Option<Long>,
        /// The tag of the run that it belongs to.
        run: Option<String>,
        /// Its content; its shape follows from the kind.
        data: Json,
    }
    /// The agent changed its plan.
    PlanUpdatedEvent {
        /// The whole plan.
        steps: Vec<PlanStep>,
    }
    /// The agent asks the user, and waits.
    QuestionAskedEvent {
        /// The tool call that asks; give it with the answer.
        call_id: String,
        /// The question.
        question: String,
        /// Answers to choose from; any text may be given beside them.
        options: Vec<String>,
        /// What is taken for the answer when none comes in time.
        default: Option<String>,
        /// When the default is taken.
        deadline: Option<Time>,
    }
    /// What a turn consumed.
    UsageRecordedEvent {
        /// The number of the turn in its stage run.
        turn: i32,
        /// Tokens read.
        input_tokens: Long,
        /// Tokens written.
        output_tokens: Long,
        /// Tokens read from the provider's cache.
        cache_read_tokens: Long,
        /// Tokens written to the provider's cache.
        cache_write_tokens: Long,
        /// USD; null when the price of the model is unknown.
        cost_usd: Option<f64>,
        /// The provider did not count the tokens; they were estimated from the texts.
        estimated: bool,
        /// Of an attempt that broke: it was billed, and is no turn.
        broken: bool,
    }
    /// Four fifths of a budget are used.
    BudgetWarningEvent {
        /// Which one.
        budget: String,
        /// How much of it is used.
        used: f64,
        /// What it is.
        limit: f64,
    }
    /// Older parts of the conversation are shown to the model in short from here on; the log keeps
    /// everything.
    ContextCondensedEvent {
        /// Results of tools up to this turn are shown by their heads.
        turns: i32,
        /// Turns up to this one are shown as a summary.
        summarised_turns: i32,
    }
    /// A budget is used up.
    BudgetExceededEvent {
        /// Which one.
        budget: String,
        /// What it was.
        limit: f64,
    }
    /// Something went wrong for the agent.
    AgentErrorEvent {
        /// One sentence.
        message: String,
        /// Trying again may help.
        retryable: bool,
    }
    /// The server described the dataset for this run.
    DatasetDescribedEvent {
        /// What it found.
        dataset: DatasetDescription,
    }
    /// A stage's report is ready.
    ReportReadyEvent {
        /// The stage.
        stage: Stage,
        /// Relative to the session's folder.
        path: String,
        /// Markdown.
        content: String,
    }
    /// The files of a stage are complete.
    FilesReadyEvent {
        /// The stage.
        stage: Stage,
        /// All of them.
        files: Vec<EventFile>,
    }
    /// The server checked what a stage left.
    ValidationResultEvent {
        /// The stage.
        stage: Stage,
        /// What holds.
        passed: Vec<String>,
        /// What deserves a look.
        warnings: Vec<String>,
        /// What does not hold.
        errors: Vec<String>,
    }
    /// Prep made the data ready.
    DatasetProcessedEvent {
        /// The columns to learn from.
        feature_columns: Vec<String>,
        /// The column to predict.
        target_column: String,
        /// Rows to learn from.
        train_rows: Long,
        /// Rows to choose by.
        val_rows: Long,
        /// Rows to judge by, once.
        test_rows: Long,
    }
}

/// A file that a stage left, as it was then.
#[derive(Clone, SimpleObject)]
pub struct EventFile {
    /// Relative to the session's folder.
    pub path: String,
    /// The last part of the path.
    pub name: String,
    /// The stage that left it.
    pub stage: Stage,
    /// What it is.
    #[graphql(name = "type")]
    pub kind: ArtifactType,
    /// Bytes.
    pub size: Long,
    /// Its address below this server.
    pub url: String,
}

/// An entry of a stage's folder that is not kept as a file.
#[derive(Clone, SimpleObject)]
pub struct RefusedEntry {
    /// Relative to the session's folder; what no path may hold is escaped.
    pub path: String,
    /// Why, such as `is a symbolic link`.
    pub reason: String,
}

/// One point of a metric series.
#[derive(Clone, SimpleObject)]
pub struct MetricPoint {
    /// The step that the program gave it.
    pub step: Long,
    /// The name of the series.
    pub name: String,
    /// Null unless `kind` is `FINITE`.
    pub value: Option<f64>,
    /// What the number is.
    pub kind: MetricKind,
    /// The tag of the run, such as a trial of a search.
    pub run: Option<String>,
}
