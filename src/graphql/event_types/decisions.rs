//! What the session's state machine decided: how its runs go, and what the user said and answered.

use crate::graphql::{
    budgets::Budgets,
    scalars::Long,
    vocab::{Effort, SessionState, Stage, StageRunState},
};
use async_graphql::ID;

events! {
    /// The session was made.
    SessionCreatedEvent {
        /// Its experiment.
        experiment_id: ID,
    }
    /// The session's state changed.
    StateChangeEvent {
        /// The new state.
        state: SessionState,
    }
    /// A stage run began.
    StageRunStartedEvent {
        /// The stage.
        stage: Stage,
        /// The stage to continue to without being asked.
        through: Stage,
        /// The model provider.
        provider: String,
        /// The model.
        model: String,
        /// How hard the model thinks; its own default when null.
        effort: Option<Effort>,
        /// The seed of everything random.
        seed: Long,
        /// The most that it may take.
        budgets: Budgets,
        /// The user is asked before each later stage.
        approval: bool,
    }
    /// A stage run that had failed or was cancelled goes on from its last finished tool call.
    StageRunResumedEvent {
        /// The stage.
        stage: Stage,
        /// The model provider.
        provider: String,
        /// The model.
        model: String,
        /// The most that it may take.
        budgets: Budgets,
    }
    /// The agent begins to answer a message while the session rests; no result changes.
    FollowUpStartedEvent {
        /// The model provider.
        provider: String,
        /// The model.
        model: String,
    }
    /// The agent has answered a message, or stopped.
    FollowUpEndedEvent {
        /// How it ended.
        state: StageRunState,
        /// What ended it, when it failed.
        error: Option<String>,
    }
    /// The limits of the run at work, or of the one that can be resumed, were changed.
    BudgetsSetEvent {
        /// What holds now.
        budgets: Budgets,
    }
    /// Approval mode waits for the user's word before a stage.
    ApprovalAskedEvent {
        /// The stage that would begin.
        stage: Stage,
        /// The stage to continue to.
        through: Stage,
    }
    /// The user gave their word on a stage.
    ApprovalAnsweredEvent {
        /// The stage.
        stage: Stage,
        /// It may begin.
        approved: bool,
    }
    /// All files of a finished stage stand in the bucket of the object store.
    S3SyncCompleteEvent {
        /// The stage.
        stage: Stage,
        /// Files of the stage that stand there.
        files_synced: Long,
        /// Those of them that had to be sent now: the others stood there as they are.
        uploaded: Long,
        /// Where: `s3://bucket/prefix/sessions/{session}/{stage}`.
        s3_prefix: String,
    }
    /// A stage run ended.
    StageRunEndedEvent {
        /// The stage.
        stage: Stage,
        /// How it ended.
        state: StageRunState,
        /// What it came to, when it ended well.
        summary: Option<String>,
        /// What ended it, when it failed.
        error: Option<String>,
    }
    /// The user said something.
    UserMessageEvent {
        /// The message.
        message_id: ID,
        /// What was said.
        text: String,
        /// It stopped what ran first.
        interrupt: bool,
    }
    /// The user answered a question of the agent's.
    QuestionAnsweredEvent {
        /// The tool call that asked.
        call_id: String,
        /// The answer.
        answer: String,
    }
}
