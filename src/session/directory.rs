//! The directory: from a session's id to its actor, and what every session goes through when the
//! server starts and stops.

use super::{
    Parts,
    actor::{Do, Look, Rebuilt, Resume, SessionActor, Suspend},
    state::{Allows, Command, Refusal, Session, StartStage},
};
use crate::{
    event::{Budgets, Chart, Entry, Event, Fact, PlanStep, SessionEvent},
    llm::LlmProvider,
    log::EventLog,
    store::{self, StoreError},
};
use actix::{Actor, Addr, Arbiter, ArbiterHandle};
use chrono::Utc;
use entity::{
    ids::{ExperimentId, MessageId, SessionId, StageRunId},
    principal::Principal,
    vocab::{SessionStateName, Stage},
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{runtime, sync::Mutex as AsyncMutex};

/// Entries of a log that are read at once.
const PAGE: u64 = 512;
/// The waits before a session whose actor had to stop is rebuilt.
const FIRST_REVIVAL: Duration = Duration::from_secs(1);
const LAST_REVIVAL: Duration = Duration::from_secs(8);
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
}

type Slot = Arc<AsyncMutex<Option<Addr<SessionActor>>>>;

/// What a stage is asked to start with; what is absent takes its default.
#[derive(Clone, Debug, PartialEq)]
pub struct StageRequest {
    pub stage: Stage,
    /// The stage to continue to without being asked; `stage` itself by default.
    pub through: Option<Stage>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub seed: Option<u64>,
    pub budgets: Budgets,
}

/// What a session shows of itself beside its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionSnapshot {
    pub state: SessionStateName,
    pub allows: Allows,
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
    #[error("there is no provider `{name}`; choose one of {known}")]
    UnknownProvider { name: String, known: String },
    /// Something of ours is away; the same command may succeed later.
    #[error("{0}")]
    Unavailable(String),
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database did not answer");
        CommandError::Unavailable("the database did not answer; try again".into())
    }
}

impl Directory {
    /// Makes the directory, with a thread of its own for the actors. Must be called inside an
    /// actix system and a tokio runtime; agent loops run on that runtime.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts: Arc::new(parts),
            arbiter: Arbiter::new().handle(),
            runtime: runtime::Handle::current(),
            slots: Mutex::default(),
            reviving: Mutex::default(),
        }))
    }

    pub fn log(&self) -> &EventLog {
        &self.0.parts.log
    }

    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// What a stage run may take when nothing else is asked for.
    pub fn default_budgets(&self) -> Budgets {
        Budgets { memory_mib: self.0.parts.memory_mib, ..Budgets::default() }
    }

    /// Makes a session of an experiment.
    pub async fn create(
        &self,
        principal: &Principal,
        experiment: ExperimentId,
    ) -> Result<SessionId, CommandError> {
        let found = store::experiments::find(self.0.parts.store.read(), experiment).await?;
        if found.is_none_or(|row| row.owner != principal.owner()) {
            return Err(CommandError::NoExperiment);
        }
        let id = SessionId::new();
        let slot = self.slot(id);
        let actor = {
            let mut held = slot.lock().await;
            let rebuilt = Rebuilt { session: Session::default(), seq: 0, epoch: 0 };
            held.insert(self.start(id, rebuilt)).clone()
        };
        ask(&actor, Command::Create { experiment }).await?;
        Ok(id)
    }

    /// The provider of a name, or the default one.
    pub fn provider(&self, name: Option<&str>) -> Result<Arc<dyn LlmProvider>, CommandError> {
        let providers = &self.0.parts.providers;
        providers.get(name).ok_or_else(|| {
            let known: Vec<_> =
                providers.list().into_iter().map(|p| format!("`{}`", p.name)).collect();
            let name = name.unwrap_or_default().to_owned();
            CommandError::UnknownProvider { name, known: known.join(", ") }
        })
    }

    /// Starts a stage.
    pub async fn start_stage(
        &self,
        session: SessionId,
        request: StageRequest,
    ) -> Result<StageRunId, CommandError> {
        let provider = self.provider(request.provider.as_deref())?;
        let stage_run = StageRunId::new();
        let start = StartStage {
            stage_run,
            stage: request.stage,
            through: request.through.unwrap_or(request.stage),
            provider: provider.name().to_owned(),
            model: request.model.unwrap_or_else(|| provider.default_model().to_owned()),
            seed: request.seed.unwrap_or(SEED),
            budgets: request.budgets,
        };
        self.command(session, Command::StartStage(start)).await?;
        Ok(stage_run)
    }

    /// Runs the failed or cancelled stage again, with what it was started with.
    pub async fn retry(
        &self,
        session: SessionId,
        through: Option<Stage>,
    ) -> Result<StageRunId, CommandError> {
        let state = self.look(session).await?;
        let stage = state.retry_stage().ok_or(Refusal::NothingToRetry)?;
        let runs = store::stage_runs::of_session(self.0.parts.store.read(), session).await?;
        let last = runs.iter().rev().find(|run| run.stage == stage);
        let through = through.or(last.map(|run| run.through)).unwrap_or(stage).max(stage);
        let started =
            store::events::last_of_kind(self.0.parts.store.read(), session, "stage_run_started")
                .await?;
        let budgets = match started {
            Some(Event::Session(SessionEvent::StageRunStarted { budgets, .. })) => Some(budgets),
            Some(_) | None => None,
        };
        let request = StageRequest {
            stage,
            through: Some(through),
            provider: last.map(|run| run.provider.clone()),
            model: last.map(|run| run.model.clone()),
            seed: last.map(|run| run.seed as u64),
            budgets: budgets.unwrap_or_else(|| self.default_budgets()),
        };
        self.start_stage(session, request).await
    }

    /// Says something to the agent, or leaves it for the next run.
    pub async fn post_message(
        &self,
        session: SessionId,
        text: String,
    ) -> Result<MessageId, CommandError> {
        let id = MessageId::new();
        self.command(session, Command::PostMessage { id, text }).await?;
        Ok(id)
    }

    /// Answers the question that waits.
    pub async fn answer(
        &self,
        session: SessionId,
        call_id: String,
        answer: String,
    ) -> Result<(), CommandError> {
        self.command(session, Command::AnswerQuestion { call_id, answer }).await.map(drop)
    }

    /// Stops what runs, within a second.
    pub async fn cancel(&self, session: SessionId) -> Result<(), CommandError> {
        self.command(session, Command::Cancel { at: Utc::now() }).await.map(drop)
    }

    /// What a session shows of itself beside its rows.
    pub async fn snapshot(&self, session: SessionId) -> Result<SessionSnapshot, CommandError> {
        let state = self.look(session).await?;
        let db = self.0.parts.store.read();
        let plan = match store::events::last_of_kind(db, session, "plan_updated").await? {
            Some(Event::Fact(Fact::PlanUpdated { steps })) => steps,
            Some(_) | None => Vec::new(),
        };
        let charts = match store::events::last_of_kind(db, session, "chart_config").await? {
            Some(Event::Fact(Fact::ChartConfig { charts, .. })) => charts,
            Some(_) | None => Vec::new(),
        };
        Ok(SessionSnapshot { state: state.name(), allows: state.allows(), plan, charts })
    }

    /// Takes up every session that was at work when the last server went away. Answers how many.
    pub async fn recover(&self) -> Result<usize, CommandError> {
        let rows = store::sessions::running(self.0.parts.store.read()).await?;
        for row in &rows {
            match self.actor(row.id).await {
                Ok(_) => tracing::info!(session.id = %row.id, "took up a running session"),
                Err(error) => {
                    tracing::error!(session.id = %row.id, %error, "could not take up a session")
                }
            }
        }
        Ok(rows.len())
    }

    /// Lets go of everything that runs, so that the next server takes it up.
    pub async fn suspend(&self) {
        let slots: Vec<Slot> = self.lock().drain().map(|(_, slot)| slot).collect();
        for slot in slots {
            if let Some(actor) = slot.lock().await.take() {
                // An actor that is gone has let go already.
                let _ = actor.send(Suspend).await;
            }
        }
    }

    /// Rebuilds a session whose actor had to stop, as soon as that works: a full disk may stay full
    /// for an hour, and what ran must go on after it.
    pub(super) fn revive_later(&self, session: SessionId) {
        if !self.reviving().insert(session) {
            return;
        }
        let directory = self.clone();
        self.0.runtime.spawn(async move {
            let mut wait = FIRST_REVIVAL;
            loop {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LAST_REVIVAL);
                // Out of the set first: if the revived actor stops at once, it asks again.
                directory.reviving().remove(&session);
                match directory.actor(session).await {
                    Ok(_) | Err(CommandError::NotFound) => return,
                    Err(error) => tracing::warn!(session.id = %session, %error, "not revived yet"),
                }
                if !directory.reviving().insert(session) {
                    return;
                }
            }
        });
    }

    fn reviving(&self) -> std::sync::MutexGuard<'_, HashSet<SessionId>> {
        // A set of ids is whole after any panic.
        self.0.reviving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, session: SessionId) -> Result<Session, CommandError> {
        self.actor(session).await?.send(Look).await.map_err(away)
    }

    async fn command(
        &self,
        session: SessionId,
        command: Command,
    ) -> Result<Vec<Entry>, CommandError> {
        ask(&self.actor(session).await?, command).await
    }

    /// The actor of a session, rebuilt from the log when it is not there.
    async fn actor(&self, id: SessionId) -> Result<Addr<SessionActor>, CommandError> {
        let slot = self.slot(id);
        if let Some(actor) = slot.lock().await.as_ref().filter(|actor| actor.connected()) {
            return Ok(actor.clone());
        }
        // In a task of its own: a request that is dropped half way must not leave a session that
        // runs without an agent.
        let directory = self.clone();
        let rebuilding = self.0.runtime.spawn(async move { directory.rebuilt(id).await });
        rebuilding.await.map_err(|error| {
            tracing::error!(session.id = %id, %error, "rebuilding a session panicked");
            CommandError::Unavailable("the session could not be rebuilt; try again".into())
        })?
    }

    /// Rebuilds a session and takes up what runs. The actor is found by others only when all of it
    /// has worked.
    async fn rebuilt(&self, id: SessionId) -> Result<Addr<SessionActor>, CommandError> {
        let slot = self.slot(id);
        let mut held = slot.lock().await;
        if let Some(actor) = held.as_ref().filter(|actor| actor.connected()) {
            return Ok(actor.clone());
        }
        *held = None;
        let (rebuilt, began) = match self.rebuild(id).await {
            Ok(found) => found,
            Err(error) => {
                self.lock().remove(&id);
                return Err(error);
            }
        };
        let running = rebuilt.session.running().is_some();
        let actor = self.start(id, rebuilt);
        if running && let Err(error) = self.resume(id, &actor, began).await {
            // Half made: let go of it, so that the next one begins anew.
            let _ = actor.send(Suspend).await;
            return Err(error);
        }
        Ok(held.insert(actor).clone())
    }

    async fn resume(
        &self,
        id: SessionId,
        actor: &Addr<SessionActor>,
        began: i64,
    ) -> Result<(), CommandError> {
        ask(actor, Command::Recover { at: Utc::now() }).await?;
        let history = self.of_run(id, began).await?;
        actor.send(Resume(history)).await.map_err(away)
    }

    /// Takes the session over and folds its log. Also answers where its running stage run began.
    async fn rebuild(&self, id: SessionId) -> Result<(Rebuilt, i64), CommandError> {
        let parts = &self.0.parts;
        let epoch =
            store::sessions::take_over(parts.store.write(), id).await.map_err(StoreError::from)?;
        let epoch = epoch.ok_or(CommandError::NotFound)?;
        let (mut session, mut seq, mut began) = (Session::default(), 0, 0);
        loop {
            let page = parts.log.since(id, seq, PAGE).await?;
            let Some(last) = page.last() else { break };
            seq = last.seq;
            for entry in &page {
                let before = session.running().map(|run| run.stage_run);
                session.apply(entry);
                if session.running().map(|run| run.stage_run) != before {
                    began = entry.seq;
                }
            }
        }
        Ok((Rebuilt { session, seq, epoch }, began))
    }

    /// What the log holds of the running stage run, without its bulk.
    async fn of_run(&self, id: SessionId, began: i64) -> Result<Vec<Entry>, CommandError> {
        let (mut history, mut seq) = (Vec::new(), began);
        loop {
            let page = self.0.parts.log.since(id, seq, PAGE).await?;
            let Some(last) = page.last() else { break };
            seq = last.seq;
            history.extend(page.into_iter().filter(|entry| !is_bulk(&entry.event)));
        }
        Ok(history)
    }

    fn start(&self, id: SessionId, rebuilt: Rebuilt) -> Addr<SessionActor> {
        let actor = SessionActor::new(
            id,
            Arc::clone(&self.0.parts),
            self.clone(),
            self.0.runtime.clone(),
            rebuilt,
        );
        SessionActor::start_in_arbiter(&self.0.arbiter, move |_| actor)
    }

    fn slot(&self, id: SessionId) -> Slot {
        Arc::clone(self.lock().entry(id).or_default())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Slot>> {
        // A map of slots is whole after any panic.
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What no transcript needs.
fn is_bulk(event: &Event) -> bool {
    matches!(
        event,
        Event::Fact(
            Fact::CodeOutput { .. }
                | Fact::MetricsBatch { .. }
                | Fact::LogRecord { .. }
                | Fact::ReportReady { .. }
                | Fact::FilesReady { .. }
        )
    )
}

async fn ask(actor: &Addr<SessionActor>, command: Command) -> Result<Vec<Entry>, CommandError> {
    actor.send(Do(command)).await.map_err(away)?
}

fn away(_: actix::MailboxError) -> CommandError {
    CommandError::Unavailable("the session is being rebuilt; try again".into())
}
