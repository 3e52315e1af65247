//! What a session can be asked, and why it may refuse.

use super::work::Work;
use crate::event::{Budgets, Driver, Fact, Outcome, StageDriver};
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, MessageId, StageRunId},
    vocab::Stage,
};
use serde::{Deserialize, Serialize};

/// The longest message a user may post, in bytes.
pub const MAX_MESSAGE: usize = 32 * 1024;
/// Messages that may wait for the agent's next turn.
pub const MAX_UNSEEN: usize = 64;
/// Calls of the model that answer one message at rest, at most.
pub const FOLLOW_UP_TURNS: u32 = 12;

/// A request to a session. It may travel from one server to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Makes the session.
    Create {
        experiment: ExperimentId,
        driver: Option<Driver>,
    },
    StartStage(StartStage),
    /// Lets the run that failed or was cancelled go on from its last finished tool call. What is
    /// absent stays as it was.
    ResumeStage {
        driver: Option<Driver>,
        budgets: Option<Budgets>,
    },
    PostMessage {
        id: MessageId,
        text: String,
        /// Stops what runs first.
        interrupt: bool,
        /// The run that answers when the session rests; without one the message is kept.
        follow_up: Option<StartFollowUp>,
    },
    AnswerQuestion {
        call_id: String,
        answer: String,
    },
    SetBudgets {
        budgets: Budgets,
    },
    /// The user's word on the stage that approval mode asked about. `stage_run` is the id of the run
    /// that begins when it is yes.
    AnswerApproval {
        approved: bool,
        stage_run: StageRunId,
    },
    Cancel {
        at: DateTime<Utc>,
    },
    /// Facts from the agent loop.
    Observe {
        stage_run: StageRunId,
        facts: Vec<Fact>,
    },
    /// The agent loop ended. `next` is the id of the run that follows, if one follows.
    Conclude {
        stage_run: StageRunId,
        outcome: Outcome,
        next: StageRunId,
        /// Its driver answers what people say, so a message of the last moment gets a follow-up.
        answers: bool,
        at: DateTime<Utc>,
    },
    /// The files of a finished run stand in the bucket, all but those that could not be sent.
    Synced {
        stage_run: StageRunId,
        stage: Stage,
        files_synced: u64,
        uploaded: u64,
        s3_prefix: String,
        #[serde(default)]
        missing: Vec<String>,
    },
    /// The server came back: what was in flight has an unknown outcome.
    Recover {
        at: DateTime<Utc>,
    },
}

impl Command {
    /// Its name in logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Command::Create { .. } => "create",
            Command::StartStage(_) => "start_stage",
            Command::ResumeStage { .. } => "resume_stage",
            Command::PostMessage { .. } => "post_message",
            Command::AnswerQuestion { .. } => "answer_question",
            Command::SetBudgets { .. } => "set_budgets",
            Command::AnswerApproval { .. } => "answer_approval",
            Command::Cancel { .. } => "cancel",
            Command::Observe { .. } => "observe",
            Command::Conclude { .. } => "conclude",
            Command::Synced { .. } => "synced",
            Command::Recover { .. } => "recover",
        }
    }
}

/// What a stage is started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartStage {
    pub stage_run: StageRunId,
    pub stage: Stage,
    pub through: Stage,
    pub driver: Driver,
    pub seed: u64,
    pub budgets: Budgets,
    /// Ask before each later stage.
    pub approval: bool,
    /// Who drives later stages, where it is somebody else.
    pub later: Vec<StageDriver>,
}

/// What a follow-up is started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartFollowUp {
    pub run: StageRunId,
    pub driver: Driver,
    pub seed: u64,
    pub budgets: Budgets,
}

impl StartFollowUp {
    pub(super) fn work(self) -> Work {
        Work::new(self.run, self.driver, self.seed, self.budgets)
    }
}

/// Why a command was refused. The text is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    #[error("the session exists already")]
    Exists,
    #[error("there is no such session")]
    Missing,
    #[error("{stage} is at work; cancel it or wait until it ends", stage = title(*.0))]
    Busy(Stage),
    #[error("the agent is answering a message; wait until it is done, or stop it")]
    Answering,
    #[error("{stage} needs {needs} to be done first", stage = title(*.stage), needs = title(*.needs))]
    NotReady { stage: Stage, needs: Stage },
    #[error("cannot run from {from} through {through}, which comes before it", from = title(*.from), through = title(*.through))]
    Backwards { from: Stage, through: Stage },
    #[error("nothing is running that could be cancelled")]
    NothingToCancel,
    #[error("no stage has failed or was cancelled, so there is nothing to retry")]
    NothingToRetry,
    #[error("no stage has failed or was cancelled, so there is nothing to resume")]
    NothingToResume,
    #[error("the limit of {0} is used up; raise it with the resumption")]
    UsedUp(String),
    #[error("no stage waits for your word")]
    NothingToApprove,
    #[error("no run is at work or can be resumed, so there are no limits to change")]
    NothingToLimit,
    #[error("this question is not open; it was answered or its stage ended")]
    NoQuestion,
    #[error("the message is empty")]
    EmptyMessage,
    #[error("the message is longer than {} KiB; attach long texts as a file", MAX_MESSAGE / 1024)]
    LongMessage,
    #[error("{MAX_UNSEEN} messages wait for the agent already; let it read them first")]
    TooManyMessages,
    /// A fact or an ending of a run that is not at work.
    #[error("the stage run is over")]
    Stale,
}

/// The stage's name for people.
pub const fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Eda => "EDA",
        Stage::Prep => "Prep",
        Stage::Train => "Train",
    }
}
