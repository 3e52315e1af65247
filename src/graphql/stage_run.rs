//! Stage runs, and how the stages of a session stand.

use super::{
    ids::Global,
    scalars::{Long, Time},
    vocab::{Stage, StageRunState, StageStatusState},
};
use async_graphql::{ID, Object, SimpleObject};
use entity::{stage_runs, vocab};

/// One execution of a stage.
#[derive(Clone)]
pub struct StageRun {
    row: stage_runs::Model,
}

impl StageRun {
    pub fn new(row: stage_runs::Model) -> Self {
        Self { row }
    }
}

/// One execution of a stage.
#[Object]
impl StageRun {
    /// The id: opaque, and unique among all types.
    pub async fn id(&self) -> ID {
        Global::StageRun(self.row.id).id()
    }

    /// The stage.
    async fn stage(&self) -> Stage {
        self.row.stage.into()
    }

    /// How it stands.
    async fn state(&self) -> StageRunState {
        self.row.state.into()
    }

    /// The stage to continue to without being asked.
    async fn through(&self) -> Stage {
        self.row.through.into()
    }

    /// The model provider.
    async fn provider(&self) -> &str {
        &self.row.provider
    }

    /// The model.
    async fn model(&self) -> &str {
        &self.row.model
    }

    /// The seed of everything random.
    async fn seed(&self) -> Long {
        self.row.seed.into()
    }

    /// What ended it, in one sentence, when it failed.
    async fn error(&self) -> Option<&str> {
        self.row.error.as_deref()
    }

    /// True when the stage, or one before it, was run again later.
    async fn superseded(&self) -> bool {
        self.row.superseded
    }

    /// When it began.
    async fn started_at(&self) -> Time {
        Time(self.row.started_at)
    }

    /// When it ended; null while it is at work.
    async fn ended_at(&self) -> Option<Time> {
        self.row.ended_at.map(Time)
    }
}

/// How one stage of a session stands.
#[derive(SimpleObject)]
pub struct StageStatus {
    /// The stage.
    stage: Stage,
    /// How it stands.
    state: StageStatusState,
    /// The run that counts: the last one that was not superseded.
    current: Option<StageRun>,
    /// All its runs, oldest first.
    runs: Vec<StageRun>,
}

/// The stages of a session in the order of the pipeline, from its runs, oldest first.
pub fn statuses(runs: &[stage_runs::Model]) -> Vec<StageStatus> {
    let status = |stage: vocab::Stage| {
        let runs: Vec<_> = runs.iter().filter(|run| run.stage == stage).cloned().collect();
        let current = runs.iter().rev().find(|run| !run.superseded).cloned();
        let state = match current.as_ref().map(|run| run.state) {
            None => StageStatusState::Pending,
            Some(vocab::StageRunState::Running) => StageStatusState::Running,
            Some(vocab::StageRunState::Done) => StageStatusState::Done,
            Some(vocab::StageRunState::Failed) => StageStatusState::Failed,
            Some(vocab::StageRunState::Cancelled) => StageStatusState::Cancelled,
        };
        StageStatus {
            stage: stage.into(),
            state,
            current: current.map(StageRun::new),
            runs: runs.into_iter().map(StageRun::new).collect(),
        }
    };
    vocab::Stage::ALL.iter().copied().map(status).collect()
}
