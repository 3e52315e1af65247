//! The enums of the API. Those of the database are mirrored, so that storage is no public contract.

use crate::{dataset, event, sandbox};
use async_graphql::Enum;

macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident = $remote:literal { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[graphql(remote = $remote)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
    };
}

mirror!(
    /// A step of the pipeline, in its order.
    Stage = "entity::vocab::Stage" {
        /// Understand the data before touching it.
        Eda,
        /// Split, clean and transform.
        Prep,
        /// Train, tune, choose and report.
        Train,
    }
);

mirror!(
    /// How a session stands.
    SessionState = "entity::vocab::SessionStateName" {
        /// No stage has run.
        Created,
        /// EDA is at work.
        EdaRunning,
        /// EDA is finished.
        EdaDone,
        /// Prep is at work.
        PrepRunning,
        /// Prep is finished.
        PrepDone,
        /// Train is at work.
        TrainRunning,
        /// The whole pipeline is finished.
        TrainDone,
        /// A stage run ended in an error; it can be run again.
        Failed,
        /// The user stopped the session; a stage can be run again.
        Cancelled,
    }
);

mirror!(
    /// How a stage run stands.
    StageRunState = "entity::vocab::StageRunState" {
        /// At work.
        Running,
        /// Ended well; its exit check passed.
        Done,
        /// Ended in an error.
        Failed,
        /// Stopped by the user.
        Cancelled,
    }
);

/// How a stage of a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum StageStatusState {
    /// It has not run, or what it made was superseded.
    Pending,
    /// At work.
    Running,
    /// Ended well.
    Done,
    /// Ended in an error.
    Failed,
    /// Stopped by the user.
    Cancelled,
}

mirror!(
    /// What an artifact is.
    ArtifactType = "entity::vocab::ArtifactType" {
        /// A stage's report.
        Report,
        /// A figure.
        Chart,
        /// A table.
        Dataset,
        /// A fitted model or pipeline.
        Model,
        /// A script that was run.
        Script,
        /// A machine-readable description.
        Metadata,
        /// Anything else.
        File,
    }
);

mirror!(
    /// Who said a message.
    MessageRole = "entity::vocab::Role" {
        /// The person.
        User,
        /// The agent.
        Assistant,
        /// What a tool answered.
        Tool,
        /// The system itself: errors and notices.
        System,
    }
);

mirror!(
    /// What a metric's number is: JSON knows only finite ones.
    MetricKind = "entity::vocab::MetricKind" {
        /// An ordinary number.
        Finite,
        /// Not a number.
        Nan,
        /// Above every number.
        Infinity,
        /// Below every number.
        NegativeInfinity,
    }
);

mirror!(
    /// How an upload stands.
    UploadState = "entity::vocab::UploadState" {
        /// The address was handed out; the bytes are not whole yet.
        Open,
        /// The bytes are stored and their digest is known.
        Stored,
    }
);

mirror!(
    /// Which of a program's two outputs.
    OutputStream = "event::OutputStream" {
        /// The ordinary output.
        Stdout,
        /// The output for errors and warnings.
        Stderr,
    }
);

mirror!(
    /// How a step of the agent's plan stands.
    PlanStatus = "event::PlanStatus" {
        /// Not begun.
        Pending,
        /// At work.
        InProgress,
        /// Finished.
        Done,
    }
);

mirror!(
    /// How well programs are isolated, the best first.
    SandboxTier = "sandbox::Tier" {
        /// Namespaces, a system-call filter, and control groups for memory, processes and CPU.
        A,
        /// Namespaces, a system-call filter, and limits of single processes.
        B,
    }
);

mirror!(
    /// The ways an execution ends.
    ExecutionEndingKind = "event::EndingKind" {
        /// It exited by itself.
        Exited,
        /// A signal ended it.
        Signalled,
        /// It passed its wall-clock limit.
        TimedOut,
        /// It passed the memory of one execution.
        OutOfMemory,
        /// It had less than that, but all executions together had used up the machine's memory.
        MachineOutOfMemory,
        /// It passed its limit of bytes or files on disk.
        DiskFull,
        /// The user or a budget stopped it.
        Terminated,
        /// The sandbox could not be started.
        NotStarted,
        /// The server or the sandbox went away while it ran; its outcome is unknown.
        Interrupted,
    }
);

mirror!(
    /// The kinds of records that programs log beside metrics.
    RecordKind = "event::RecordKind" {
        /// A picture.
        Image,
        /// A table.
        Table,
        /// A confusion matrix.
        ConfusionMatrix,
        /// A receiver operating characteristic.
        Roc,
        /// A precision-recall curve.
        Pr,
        /// A histogram.
        Histogram,
        /// A text.
        Text,
    }
);

mirror!(
    /// What is to be predicted.
    TaskType = "dataset::Task" {
        /// One of two classes.
        Binary,
        /// One of several classes.
        Multiclass,
        /// A number.
        Regression,
    }
);

mirror!(
    /// How hard a model thinks before it answers, from least to most.
    Effort = "entity::vocab::Effort" {
        /// Not at all, where the model lets one choose.
        None,
        /// A little: fast and cheap.
        Low,
        /// Somewhat.
        Medium,
        /// Much: for hard problems.
        High,
        /// As much as the model can.
        Max,
    }
);

/// What kind of mistake a `UserError` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// A value that cannot be.
    InvalidInput,
    /// What the input names is not there.
    NotFound,
    /// It contradicts what is there, or is being done by another request.
    Conflict,
    /// The session does not take this in its state; `Session.allows` says what it takes.
    NotAllowed,
    /// The idempotency key stands for another input.
    IdempotencyMismatch,
    /// An upload is not there, not whole or used already.
    UploadIncomplete,
    /// The file or table is refused; `detail` names the finding, such as `EMPTY_FILE`.
    BadData,
    /// Something of the server's is away; try again later.
    Unavailable,
}

/// The kinds of session events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
pub enum SessionEventKind {
    /// `SessionCreatedEvent`.
    SessionCreated,
    /// `StateChangeEvent`.
    StateChange,
    /// `StageRunStartedEvent`.
    StageRunStarted,
    /// `StageRunEndedEvent`.
    StageRunEnded,
    /// `UserMessageEvent`.
    UserMessage,
    /// `QuestionAnsweredEvent`.
    QuestionAnswered,
    /// `StageRunResumedEvent`.
    StageRunResumed,
    /// `FollowUpStartedEvent`.
    FollowUpStarted,
    /// `FollowUpEndedEvent`.
    FollowUpEnded,
    /// `BudgetsSetEvent`.
    BudgetsSet,
    /// `ApprovalAskedEvent`.
    ApprovalAsked,
    /// `ApprovalAnsweredEvent`.
    ApprovalAnswered,
    /// `S3SyncCompleteEvent`.
    S3SyncComplete,
    /// `TurnStartedEvent`.
    TurnStarted,
    /// `TurnEndedEvent`.
    TurnEnded,
    /// `AgentMessageEvent`.
    AgentMessage,
    /// `NoticeEvent`.
    Notice,
    /// `ToolStartEvent`.
    ToolStart,
    /// `ToolEndEvent`.
    ToolEnd,
    /// `ExecutionStartedEvent`.
    ExecutionStarted,
    /// `ExecutionWaitingEvent`.
    ExecutionWaiting,
    /// `ExecutionPlacedEvent`.
    ExecutionPlaced,
    /// `ExecutionEndedEvent`.
    ExecutionEnded,
    /// `CodeOutputEvent`.
    CodeOutput,
    /// `FileCreatedEvent`.
    FileCreated,
    /// `FileChangedEvent`.
    FileChanged,
    /// `FilesRefusedEvent`.
    FilesRefused,
    /// `MetricsBatchEvent`.
    MetricsBatch,
    /// `ChartConfigEvent`.
    ChartConfig,
    /// `LogRecordEvent`.
    LogRecord,
    /// `PlanUpdatedEvent`.
    PlanUpdated,
    /// `QuestionAskedEvent`.
    QuestionAsked,
    /// `UsageRecordedEvent`.
    UsageRecorded,
    /// `BudgetWarningEvent`.
    BudgetWarning,
    /// `BudgetExceededEvent`.
    BudgetExceeded,
    /// `ContextCondensedEvent`.
    ContextCondensed,
    /// `AgentErrorEvent`.
    AgentError,
    /// `DatasetDescribedEvent`.
    DatasetDescribed,
    /// `ReportReadyEvent`.
    ReportReady,
    /// `FilesReadyEvent`.
    FilesReady,
    /// `ValidationResultEvent`.
    ValidationResult,
    /// `DatasetProcessedEvent`.
    DatasetProcessed,
    /// `TextDeltaEvent`.
    TextDelta,
}
