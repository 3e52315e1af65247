//! The directory: from a session's id to its actor, and what every session goes through when the
//! server starts and stops.

mod deletion;
mod inbox;
mod lifecycle;
mod place;
mod supervision;
mod tenure;

use super::{
    Parts,
    actor::{Do, Rebuilt, SessionActor},
    census::Census,
    providers::{DriverRequest, NoProvider},
    state::{
        Allows, Command, FOLLOW_UP_TURNS, OpenQuestion, Refusal, Session, StartFollowUp, StartStage,
    },
    sync::{self, Syncing},
};
use crate::{
    event::{Budgets, Chart, Driver, Entry, Event, Fact, PlanStep, Spent, StageDriver},
    log::EventLog,
    sandbox::SandboxSettings,
    store::{self, StoreError},
};
use actix::{Addr, Arbiter, ArbiterHandle};
use chrono::Utc;
use entity::{
    ids::{ExperimentId, MessageId, SessionId, StageRunId},
    principal::Principal,
    vocab::{SessionStateName, Stage},
};
use place::Slot;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, atomic::AtomicBool},
};
use store::events::Latest;
use tenure::Tenure;
use tokio::runtime;

/// The seed when none is asked for.
const SEED: u64 = 42;

/// From ids to sessions. Cheap to clone.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    parts: Arc<Parts>,
    arbiter: ArbiterHandle,
    runtime: runtime::Handle,
    /// One slot per session, so that starting one never holds up another.
    slots: Mutex<HashMap<SessionId, Slot>>,
    /// Sessions that are about to be rebuilt.
    reviving: Mutex<HashSet<SessionId>>,
    /// How often the actors of sessions panicked since they last stood.
    fallen: Mutex<HashMap<SessionId, u32>>,
    census: Census,
    tenure: Tenure,
    syncing: Syncing,
    /// Everything was let go of: nothing is taken up again.
    closed: AtomicBool,
}

/// What a stage is asked to start with; what is absent takes its default.
#[derive(Clone, Debug, PartialEq)]
pub struct StageRequest {
    /// The run that it becomes.
    pub id: StageRunId,
    pub stage: Stage,
    /// The stage to continue to without being asked; `stage` itself by default.
    pub through: Option<Stage>,
    pub driver: DriverRequest,
    /// Who drives later stages, where it is somebody else.
    pub later: Vec<(Stage, DriverRequest)>,
    /// Ask before each later stage.
    pub approval: bool,
    pub seed: Option<u64>,
    pub budgets: Budgets,
}

impl StageRequest {
    /// One stage, with everything else by default.
    pub fn new(stage: Stage, budgets: Budgets) -> Self {
        Self {
            id: StageRunId::new(),
            stage,
            through: None,
            driver: DriverRequest::default(),
            later: Vec::new(),
            approval: false,
            seed: None,
            budgets,
        }
    }
}

/// What a session shows of itself beside its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionSnapshot {
    pub state: SessionStateName,
    pub allows: Allows,
    pub driver: Option<Driver>,
    /// A follow-up is at work.
    pub answering: bool,
    /// A message at rest is answered, not only kept.
    pub converses: bool,
    pub question: Option<OpenQuestion>,
    pub budgets: Option<Budgets>,
    pub spent: Spent,
    pub plan: Vec<PlanStep>,
    pub charts: Vec<Chart>,
}

/// Why a command did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("there is no such session")]
    NotFound,
    #[error("there is no such experiment")]
    NoExperiment,
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{0}")]
    NoProvider(#[from] NoProvider),
    /// The session's log is not whole; nothing can be done with it but deleting it.
    #[error("{0}")]
    Damaged(String),
    #[error("too many requests wait for this session already; try again in a moment")]
    Busy,
    /// Another server has the session. It is asked; nobody above sees this.
    #[error("another server runs this session; try again")]
    Elsewhere,
    /// Something of ours is away; the same command may succeed later.
    #[error("{0}")]
    Unavailable(String),
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database did not answer");
        match (error.damage(), error.trouble()) {
            (Some(words), _) => CommandError::Damaged(words),
            (None, Some(trouble)) => CommandError::Unavailable(trouble.to_string()),
            (None, None) => {
                CommandError::Unavailable("the database did not answer; try again".into())
            }
        }
    }
}

impl Directory {
    /// Makes the directory, with a thread of its own for the actors. Must be called inside an
    /// actix system and a tokio runtime; agent loops run on that runtime.
    pub fn new(parts: Parts) -> Self {
        let directory = Self(Arc::new(Inner {
            tenure: Tenure::new(parts.store.server().is_none()),
            parts: Arc::new(parts),
            arbiter: Arbiter::new().handle(),
            runtime: runtime::Handle::current(),
            slots: Mutex::default(),
            reviving: Mutex::default(),
            fallen: Mutex::default(),
            census: Census::default(),
            syncing: Syncing::default(),
            closed: AtomicBool::new(false),
        }));
        directory.watch();
        directory.keep_lease();
        directory.serve_others();
        sync::start(&directory);
        directory
    }

    pub fn log(&self) -> &EventLog {
        &self.0.parts.log
    }

    /// Which sessions' files are still to be sent to the object store, and how it answers.
    pub fn syncing(&self) -> &Syncing {
        &self.0.syncing
    }

    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// What executions may take.
    pub fn sandbox_settings(&self) -> SandboxSettings {
        self.0.parts.sandbox
    }

    /// What a stage run may take when nothing else is asked for.
    pub fn default_budgets(&self) -> Budgets {
        self.0.parts.budgets
    }

    /// Makes a session of an experiment, under an id that nothing has; `driver` drives its runs when nothing else is asked for.
    pub async fn create(
        &self,
        principal: &Principal,
        id: SessionId,
        experiment: ExperimentId,
        driver: DriverRequest,
    ) -> Result<(), CommandError> {
        let found = store::experiments::find(self.0.parts.store.read(), experiment).await?;
        if found.is_none_or(|row| row.owner != principal.owner()) {
            return Err(CommandError::NoExperiment);
        }
        let driver = match driver.is_empty() {
            true => None,
            false => Some(self.0.parts.providers.driver(&driver, None)?),
        };
        let slot = self.slot(id);
        let actor = {
            let mut held = slot.actor.lock().await;
            self.open()?;
            let tenure = self.may_own().await?;
            let rebuilt =
                Rebuilt { session: Session::default(), seq: 0, kept: 0, epoch: 0, tenure };
            held.insert(self.start(id, &slot, rebuilt)).clone()
        };
        ask(&actor, Command::Create { experiment, driver }).await?;
        Ok(store::sessions::adopt(&self.0.parts.store, id).await?)
    }

    /// Starts a stage.
    pub async fn start_stage(
        &self,
        session: SessionId,
        request: StageRequest,
    ) -> Result<StageRunId, CommandError> {
        let state = self.look(session).await?;
        let providers = &self.0.parts.providers;
        let driver = providers.driver(&request.driver, state.driver())?;
        let mut later = Vec::new();
        for (stage, asked) in request.later {
            later.push(StageDriver { stage, driver: providers.driver(&asked, Some(&driver))? });
        }
        let stage_run = request.id;
        let start = StartStage {
            stage_run,
            stage: request.stage,
            through: request.through.unwrap_or(request.stage),
            driver,
            seed: request.seed.unwrap_or(SEED),
            budgets: request.budgets,
            approval: request.approval,
            later,
        };
        self.command(session, Command::StartStage(start)).await?;
        Ok(stage_run)
    }

    /// Runs the failed or cancelled stage again from its beginning, as a new stage run with what the
    /// old one was started with.
    pub async fn retry(
        &self,
        session: SessionId,
        stage_run: StageRunId,
        through: Option<Stage>,
    ) -> Result<StageRunId, CommandError> {
        let state = self.look(session).await?;
        let run = state.resumable().ok_or(Refusal::NothingToRetry)?;
        let start = StartStage {
            stage_run,
            stage: run.stage,
            through: through.unwrap_or(run.through).max(run.stage),
            driver: run.work.driver.clone(),
            seed: run.work.seed,
            budgets: run.work.budgets,
            approval: run.approval,
            later: run.later.clone(),
        };
        self.command(session, Command::StartStage(start)).await?;
        Ok(stage_run)
    }

    /// Lets the failed or cancelled stage go on from its last finished tool call. What is absent
    /// stays as it was.
    pub async fn resume_stage(
        &self,
        session: SessionId,
        driver: DriverRequest,
        budgets: Option<Budgets>,
    ) -> Result<StageRunId, CommandError> {
        let state = self.look(session).await?;
        let run = state.resumable().ok_or(Refusal::NothingToResume)?;
        let driver = self.0.parts.providers.driver(&driver, Some(&run.work.driver))?;
        let resume = Command::ResumeStage { driver: Some(driver), budgets };
        let stage_run = run.work.run;
        self.command(session, resume).await?;
        Ok(stage_run)
    }

    /// Says something to the agent: it steers a run at work; at rest it is answered in a follow-up
    /// when the session's provider converses, and is kept for the next run otherwise.
    pub async fn post_message(
        &self,
        session: SessionId,
        id: MessageId,
        text: String,
        interrupt: bool,
    ) -> Result<(), CommandError> {
        let state = self.look(session).await?;
        let follow_up = match state.work() {
            Some(_) => None,
            None => self.follow_up(&state),
        };
        let post = Command::PostMessage { id, text, interrupt, follow_up };
        self.command(session, post).await
    }

    /// The run that would answer a message at rest: driven by who drove last, when they converse.
    fn follow_up(&self, state: &Session) -> Option<StartFollowUp> {
        let (driver, budgets) = match state.last() {
            Some((driver, budgets)) => (Some(driver.clone()), *budgets),
            None => (state.driver().cloned(), self.default_budgets()),
        };
        let providers = &self.0.parts.providers;
        // Who cannot drive any more answers nothing; the message is kept all the same.
        let driver = providers.driver(&DriverRequest::default(), driver.as_ref()).ok()?;
        let converses = providers.get(Some(&driver.provider)).is_ok_and(|p| p.converses());
        let run = StageRunId::new();
        let budgets = Budgets { turns: budgets.turns.min(FOLLOW_UP_TURNS), ..budgets };
        converses.then_some(StartFollowUp { run, driver, seed: SEED, budgets })
    }

    /// Changes the limits of the run at work, or of the one that can be resumed.
    pub async fn set_budgets(
        &self,
        session: SessionId,
        budgets: Budgets,
    ) -> Result<(), CommandError> {
        self.command(session, Command::SetBudgets { budgets }).await
    }

    /// Gives the user's word on the stage that approval mode asked about.
    pub async fn approve(&self, session: SessionId, approved: bool) -> Result<(), CommandError> {
        let stage_run = StageRunId::new();
        self.command(session, Command::AnswerApproval { approved, stage_run }).await
    }

    /// Answers the question that waits.
    pub async fn answer(
        &self,
        session: SessionId,
        call_id: String,
        answer: String,
    ) -> Result<(), CommandError> {
        self.command(session, Command::AnswerQuestion { call_id, answer }).await
    }

    /// Stops what runs, within a second.
    pub async fn cancel(&self, session: SessionId) -> Result<(), CommandError> {
        self.command(session, Command::Cancel { at: Utc::now() }).await
    }

    /// What a session shows of itself beside its rows.
    pub async fn snapshot(&self, session: SessionId) -> Result<SessionSnapshot, CommandError> {
        let state = self.look(session).await?;
        let db = self.0.parts.store.read();
        let plan = match store::events::latest(db, session, Latest::Plan).await? {
            Some(Event::Fact(Fact::PlanUpdated { steps })) => steps,
            Some(_) | None => Vec::new(),
        };
        let charts = match store::events::latest(db, session, Latest::Charts).await? {
            Some(Event::Fact(Fact::ChartConfig { charts, .. })) => charts,
            Some(_) | None => Vec::new(),
        };
        Ok(SessionSnapshot {
            state: state.name(),
            allows: state.allows(),
            driver: state.driver().cloned(),
            answering: state.follow_up().is_some(),
            converses: self.follow_up(&state).is_some(),
            question: state.work().and_then(|work| work.question.clone()),
            budgets: state.budgets(),
            spent: state.spent(),
            plan,
            charts,
        })
    }
}

async fn ask(actor: &Addr<SessionActor>, command: Command) -> Result<Vec<Entry>, CommandError> {
    actor.send(Do(command)).await.map_err(away)?
}

fn away(_: actix::MailboxError) -> CommandError {
    CommandError::Unavailable("the session is being rebuilt; try again".into())
}

#[cfg(test)]
mod tests;
