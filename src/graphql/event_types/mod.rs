//! The events of a session as the API shows them. What a provider keeps for itself, such as the
//! signature of a thought, is not among them.

use super::scalars::{Long, Time};
use async_graphql::{ID, Interface};

/// Defines types of events, each with the three fields that all have.
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $name:ident { $( $(#[$fdoc:meta])* $field:ident: $ty:ty ),* $(,)? }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, async_graphql::SimpleObject)]
            pub struct $name {
                /// Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only.
                pub seq: Option<$crate::graphql::scalars::Long>,
                /// When it happened. Null on what is live only.
                pub at: Option<$crate::graphql::scalars::Time>,
                /// The stage run that it belongs to, when it belongs to one.
                pub stage_run_id: Option<async_graphql::ID>,
                $( $(#[$fdoc])* pub $field: $ty, )*
            }
        )+
    };
}

mod decisions;
mod facts;

pub use decisions::*;
pub use facts::*;

/// Something that happened in a session. `seq` and `at` are null on what is live only.
#[derive(Clone, Interface)]
#[graphql(
    field(
        name = "seq",
        ty = "&Option<Long>",
        desc = "Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only."
    ),
    field(
        name = "at",
        ty = "&Option<Time>",
        desc = "When it happened. Null on what is live only."
    ),
    field(
        name = "stage_run_id",
        ty = "&Option<ID>",
        desc = "The stage run that it belongs to, when it belongs to one."
    )
)]
#[allow(clippy::large_enum_variant, reason = "short-lived, and most are small")]
#[allow(clippy::enum_variant_names, reason = "the variants are the API's type names")]
pub enum SessionEvent {
    SessionCreatedEvent(SessionCreatedEvent),
    StateChangeEvent(StateChangeEvent),
    StageRunStartedEvent(StageRunStartedEvent),
    StageRunResumedEvent(StageRunResumedEvent),
    FollowUpStartedEvent(FollowUpStartedEvent),
    FollowUpEndedEvent(FollowUpEndedEvent),
    BudgetsSetEvent(BudgetsSetEvent),
    ApprovalAskedEvent(ApprovalAskedEvent),
    ApprovalAnsweredEvent(ApprovalAnsweredEvent),
    S3SyncCompleteEvent(S3SyncCompleteEvent),
    StageRunEndedEvent(StageRunEndedEvent),
    UserMessageEvent(UserMessageEvent),
    QuestionAnsweredEvent(QuestionAnsweredEvent),
    TurnStartedEvent(TurnStartedEvent),
    TurnEndedEvent(TurnEndedEvent),
    AgentMessageEvent(AgentMessageEvent),
    NoticeEvent(NoticeEvent),
    ToolStartEvent(ToolStartEvent),
    ToolEndEvent(ToolEndEvent),
    ExecutionStartedEvent(ExecutionStartedEvent),
    ExecutionWaitingEvent(ExecutionWaitingEvent),
    ExecutionPlacedEvent(ExecutionPlacedEvent),
    ExecutionEndedEvent(ExecutionEndedEvent),
    CodeOutputEvent(CodeOutputEvent),
    FileCreatedEvent(FileCreatedEvent),
    FileChangedEvent(FileChangedEvent),
    FilesRefusedEvent(FilesRefusedEvent),
    MetricsBatchEvent(MetricsBatchEvent),
    ChartConfigEvent(ChartConfigEvent),
    LogRecordEvent(LogRecordEvent),
    PlanUpdatedEvent(PlanUpdatedEvent),
    QuestionAskedEvent(QuestionAskedEvent),
    UsageRecordedEvent(UsageRecordedEvent),
    BudgetWarningEvent(BudgetWarningEvent),
    ContextCondensedEvent(ContextCondensedEvent),
    BudgetExceededEvent(BudgetExceededEvent),
    AgentErrorEvent(AgentErrorEvent),
    DatasetDescribedEvent(DatasetDescribedEvent),
    ReportReadyEvent(ReportReadyEvent),
    FilesReadyEvent(FilesReadyEvent),
    ValidationResultEvent(ValidationResultEvent),
    DatasetProcessedEvent(DatasetProcessedEvent),
    TextDeltaEvent(TextDeltaEvent),
}

events! {
    /// Text of a turn as it arrives: provisional, live only. A higher `attempt` of the same turn
    /// discards the lower one's text; the final `AgentMessageEvent` takes its place.
    TextDeltaEvent {
        /// The number of the turn in its stage run.
        turn: i32,
        /// The attempt that it belongs to.
        attempt: i32,
        /// Characters of this attempt before this text.
        offset: Long,
        /// The piece.
        text: String,
    }
}
