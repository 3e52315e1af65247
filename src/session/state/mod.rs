//! The session's state machine: pure. No clock, no randomness, no I/O; ids and times arrive inside
//! commands.
//!
//! ```text
//! created -> eda_running -> eda_done -> prep_running -> prep_done -> train_running -> train_done
//! any *_running -> failed | cancelled    failed -> cancelled    any that rests -> *_running
//! ```
//!
//! A follow-up answers a message while the session rests; it leaves the state as it is.

mod apply;
mod command;
mod decide;
mod work;

use crate::event::{Budgets, Draft, Driver, Event, SessionEvent, Spent, StageDriver};
use entity::{
    ids::{ExperimentId, StageRunId},
    vocab::{SessionStateName, Stage},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use command::{
    Command, FOLLOW_UP_TURNS, MAX_MESSAGE, MAX_UNSEEN, Refusal, StartFollowUp, StartStage, title,
};
pub use work::{OpenCall, OpenQuestion, Work};

/// A session, folded from its log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    experiment: Option<ExperimentId>,
    /// Who drives its runs when nothing else is asked for.
    driver: Option<Driver>,
    /// The last stage of the pipeline whose outputs stand.
    done: Option<Stage>,
    /// The runs whose outputs those are.
    stand: BTreeMap<Stage, StageRunId>,
    state: SessionState,
    follow_up: Option<FollowUp>,
    /// Who drove the last stage run, and its limits as they are now.
    last: Option<(Driver, Budgets)>,
    /// What the runs that are over have taken.
    spent: Spent,
    /// The runs all of whose files stand in a bucket, and where.
    synced: BTreeMap<Stage, (StageRunId, String)>,
}

/// What a session is doing; each variant carries only its own data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum SessionState {
    #[default]
    Created,
    Running(Box<Running>),
    Done {
        stage: Stage,
        /// The finished run whose next stage waits for the user's word.
        awaits: Option<Box<Running>>,
    },
    Failed {
        /// What can be resumed.
        run: Box<Running>,
    },
    Cancelled {
        /// What can be resumed.
        run: Box<Running>,
    },
}

/// A stage run at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Running {
    pub stage: Stage,
    pub through: Stage,
    /// Asks before each later stage.
    pub approval: bool,
    /// Who drives later stages, where it is somebody else.
    pub later: Vec<StageDriver>,
    pub work: Work,
}

/// A follow-up at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FollowUp {
    /// The last stage that is done.
    pub about: Option<Stage>,
    pub work: Work,
}

/// What a session would accept now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allows {
    pub start: Vec<Stage>,
    pub retry: Option<Stage>,
    pub resume: Option<Stage>,
    pub approve: Option<Stage>,
    pub cancel: bool,
    pub message: bool,
    pub interrupt: bool,
    pub answer: bool,
    pub set_budgets: bool,
}

impl Session {
    pub fn experiment(&self) -> Option<ExperimentId> {
        self.experiment
    }

    /// Who drives its runs when nothing else is asked for.
    pub fn driver(&self) -> Option<&Driver> {
        self.driver.as_ref()
    }

    /// The last stage whose outputs stand.
    pub fn done(&self) -> Option<Stage> {
        self.done
    }

    /// The stage run at work, if one is.
    pub fn running(&self) -> Option<&Running> {
        match &self.state {
            SessionState::Running(running) => Some(running),
            SessionState::Created
            | SessionState::Done { .. }
            | SessionState::Failed { .. }
            | SessionState::Cancelled { .. } => None,
        }
    }

    /// The follow-up at work, if one is.
    pub fn follow_up(&self) -> Option<&FollowUp> {
        self.follow_up.as_ref()
    }

    /// Whatever is at work: a stage run or a follow-up.
    pub fn work(&self) -> Option<&Work> {
        let running = self.running().map(|running| &running.work);
        running.or(self.follow_up.as_ref().map(|follow_up| &follow_up.work))
    }

    /// The run that failed or was cancelled and can go on.
    pub fn resumable(&self) -> Option<&Running> {
        match &self.state {
            SessionState::Failed { run } | SessionState::Cancelled { run } => Some(run),
            SessionState::Created | SessionState::Running(_) | SessionState::Done { .. } => None,
        }
    }

    /// Who drove the last stage run, and its limits as they are now.
    pub fn last(&self) -> Option<&(Driver, Budgets)> {
        self.last.as_ref()
    }

    /// The limits of what is at work, or of the last stage run.
    pub fn budgets(&self) -> Option<Budgets> {
        let last = self.last.as_ref().map(|(_, budgets)| *budgets);
        self.work().map(|work| work.budgets).or(last)
    }

    /// What all runs have taken.
    pub fn spent(&self) -> Spent {
        self.work().map_or(self.spent, |work| work.before.plus(&work.spent))
    }

    /// The flat name that the database and the API show.
    pub fn name(&self) -> SessionStateName {
        match &self.state {
            SessionState::Created => SessionStateName::Created,
            SessionState::Running(running) => running_name(running.stage),
            SessionState::Done { stage, .. } => done_name(*stage),
            SessionState::Failed { .. } => SessionStateName::Failed,
            SessionState::Cancelled { .. } => SessionStateName::Cancelled,
        }
    }

    pub fn allows(&self) -> Allows {
        if self.experiment.is_none() {
            return Allows::default();
        }
        let work = self.work();
        let start = match work {
            Some(_) => Vec::new(),
            None => Stage::ALL.iter().copied().filter(|s| self.ready(*s).is_ok()).collect(),
        };
        let rests = work.is_none();
        Allows {
            start,
            retry: self.retry_stage().filter(|_| rests),
            resume: self.retry_stage().filter(|_| rests),
            approve: self.awaited().map(|(_, stage)| stage).filter(|_| rests),
            cancel: work.is_some() || matches!(self.state, SessionState::Failed { .. }),
            message: work.is_none_or(|w| w.unseen < MAX_UNSEEN),
            interrupt: work.is_some(),
            answer: work.is_some_and(|w| w.question.is_some()),
            set_budgets: self.budgets().is_some(),
        }
    }

    /// The stage that a retry would run.
    pub fn retry_stage(&self) -> Option<Stage> {
        self.resumable().map(|run| run.stage)
    }

    /// The finished run whose next stage waits for the user's word, and that stage.
    fn awaited(&self) -> Option<(&Running, Stage)> {
        match &self.state {
            SessionState::Done { awaits: Some(run), .. } => Some((run, run.stage.next()?)),
            SessionState::Created
            | SessionState::Running(_)
            | SessionState::Done { .. }
            | SessionState::Failed { .. }
            | SessionState::Cancelled { .. } => None,
        }
    }

    fn ready(&self, stage: Stage) -> Result<(), Refusal> {
        match stage.previous() {
            Some(needs) if self.done < Some(needs) => Err(Refusal::NotReady { stage, needs }),
            Some(_) | None => Ok(()),
        }
    }
}

fn decision(stage_run: Option<StageRunId>, event: SessionEvent) -> Draft {
    Draft { stage_run, event: Event::Session(event) }
}

const fn running_name(stage: Stage) -> SessionStateName {
    match stage {
        Stage::Eda => SessionStateName::EdaRunning,
        Stage::Prep => SessionStateName::PrepRunning,
        Stage::Train => SessionStateName::TrainRunning,
    }
}

const fn done_name(stage: Stage) -> SessionStateName {
    match stage {
        Stage::Eda => SessionStateName::EdaDone,
        Stage::Prep => SessionStateName::PrepDone,
        Stage::Train => SessionStateName::TrainDone,
    }
}

#[cfg(test)]
mod tests;
