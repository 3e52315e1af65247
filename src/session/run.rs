//! One stage run from its start to its conclusion: folders, environment, dataset, sandbox, agent.

use super::{
    Parts,
    actor::{Do, SessionActor},
    facts::SessionFacts,
    state::{Command, Running},
};
use crate::{
    agent::{self, AgentRun},
    event::{Entry, Fact, Outcome},
    llm::Brief,
    sandbox::{
        Access, Limits, Mount, Sandbox, SandboxError, SandboxSpec, Volume, VolumeName, VolumePath,
    },
    store,
    tool::{Facts, KnownFiles, Stopped, ToolContext},
};
use actix::Addr;
use bytes::Bytes;
use chrono::Utc;
use entity::{
    ids::{ExperimentId, SessionId, StageRunId},
    vocab::Stage,
};
use futures::StreamExt;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

/// Output that one execution may hand on, in bytes; more is counted and dropped.
const OUTPUT_BYTES: u64 = 4 * 1024 * 1024;
/// Says which stage run a stage's folder belongs to.
const MARKER: &str = ".stage_run";

/// What a stage run is started with.
pub(super) struct Order {
    pub parts: Arc<Parts>,
    pub session: SessionId,
    pub experiment: ExperimentId,
    pub running: Running,
    /// What the log holds of this stage run, when it is taken up again.
    pub history: Vec<Entry>,
    pub cancel: CancellationToken,
    pub steering: mpsc::UnboundedReceiver<String>,
}

/// Runs a stage and tells its session how it ended. A panic fails this run alone.
pub(super) async fn to_the_end(order: Order, actor: Addr<SessionActor>) {
    let stage_run = order.running.stage_run;
    let session = order.session;
    let cancel = order.cancel.clone();
    let work = tokio::spawn(drive(order, actor.clone()));
    let outcome = match work.await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(Stopped)) => return,
        Err(error) => {
            tracing::error!(session.id = %session, %error, "a stage run panicked");
            Outcome::Failed { message: "the server made an error in this stage; retry it".into() }
        }
    };
    if cancel.is_cancelled() {
        return;
    }
    let at = Utc::now();
    let conclude = Command::Conclude { stage_run, outcome, next: StageRunId::new(), at };
    if let Ok(Err(error)) = actor.send(Do(conclude)).await {
        tracing::warn!(session.id = %session, %error, "a stage run's end was not taken");
    }
}

async fn drive(order: Order, actor: Addr<SessionActor>) -> Result<Outcome, Stopped> {
    let Order { parts, session, experiment, running, history, cancel, steering } = order;
    let deadline = Instant::now() + Duration::from_secs(running.budgets.stage_seconds);
    let facts: Arc<dyn Facts> = Arc::new(SessionFacts::start(
        session,
        running.stage_run,
        parts.log.clone(),
        actor,
        cancel.clone(),
    ));
    let stage = Setting { parts: &parts, session, experiment, running: &running, facts: &facts };
    let ready = tokio::select! {
        () = cancel.cancelled() => return Err(Stopped),
        ready = stage.prepare(&history) => ready,
    };
    let Ready { cx, brief, sandbox, described } = match ready {
        Ok(ready) => ready.with(cancel.clone()),
        Err(message) => {
            facts
                .record(vec![Fact::AgentError { message: message.clone(), retryable: true }])
                .await?;
            facts.settle().await?;
            return Ok(Outcome::Failed { message });
        }
    };
    if history.is_empty() {
        facts.record(vec![Fact::DatasetDescribed { description: described }]).await?;
    }
    let Some(provider) = parts.providers.get(Some(&running.provider)) else {
        let message = format!("the provider `{}` is not configured", running.provider);
        return Ok(Outcome::Failed { message });
    };
    let run = AgentRun {
        provider,
        model: running.model.clone(),
        brief,
        budgets: running.budgets,
        deadline,
        cx,
        steering,
        history,
    };
    let result = tokio::select! {
        () = cancel.cancelled() => Err(Stopped),
        result = agent::run(run) => result,
    };
    sandbox.terminate().await;
    // Whatever ended the loop: its last facts come before the end of the run.
    if result.is_ok() {
        facts.settle().await?;
    }
    result
}

/// What preparing a stage needs to know.
struct Setting<'a> {
    parts: &'a Parts,
    session: SessionId,
    experiment: ExperimentId,
    running: &'a Running,
    facts: &'a Arc<dyn Facts>,
}

struct Prepared {
    cx: ToolContext,
    brief: Brief,
    described: serde_json::Value,
}

struct Ready {
    cx: ToolContext,
    brief: Brief,
    sandbox: Arc<dyn Sandbox>,
    described: serde_json::Value,
}

impl Prepared {
    fn with(mut self, cancel: CancellationToken) -> Ready {
        self.cx.cancel = cancel;
        let sandbox = Arc::clone(&self.cx.sandbox);
        Ready { cx: self.cx, brief: self.brief, sandbox, described: self.described }
    }
}

impl Setting<'_> {
    /// Makes everything ready that a stage needs.
    ///
    /// *Errors*: one sentence for people.
    async fn prepare(&self, history: &[Entry]) -> Result<Prepared, String> {
        let name = |kind: &str, id: String| {
            VolumeName::parse(&format!("{kind}/{id}")).map_err(|error| error.to_string())
        };
        let own = name("sessions", self.session.to_string())?;
        let data = name("datasets", self.experiment.to_string())?;
        self.parts.sandboxes.prepare(self.progress()).await.map_err(|e| e.to_string())?;
        let volume = self.parts.sandboxes.volume(&own).await.map_err(|e| e.to_string())?;
        let stage = self.running.stage;
        clear(volume.as_ref(), stage, self.running.stage_run).await.map_err(|e| e.to_string())?;
        let described =
            self.parts.datasets.extract(self.experiment).await.map_err(|e| e.to_string())?;
        let known =
            known_files(volume.as_ref(), stage, history).await.map_err(|e| e.to_string())?;

        let budgets = self.running.budgets;
        let limits = Limits {
            memory_mib: budgets.memory_mib,
            cpus: self.parts.cpus,
            output_bytes: OUTPUT_BYTES,
            ..Limits::default()
        };
        let session_dir = format!("/data/{own}");
        let dataset_dir = format!("/data/{data}");
        let mounts = vec![
            Mount { volume: own, at: session_dir.clone(), access: Access::ReadWrite },
            Mount { volume: data, at: dataset_dir.clone(), access: Access::ReadOnly },
        ];
        let sandbox = self
            .parts
            .sandboxes
            .start(SandboxSpec { mounts, limits })
            .await
            .map_err(|e| e.to_string())?;
        let stage_dir = format!("{session_dir}/{stage}");
        let experiment = store::experiments::find(self.parts.store.read(), self.experiment)
            .await
            .map_err(|error| {
                tracing::error!(%error, "an experiment could not be read");
                "the database did not answer; retry".to_owned()
            })?
            .ok_or("the experiment was deleted")?;
        let said = store::messages::said_before(
            self.parts.store.read(),
            self.session,
            self.running.stage_run,
        )
        .await
        .map_err(|error| {
            tracing::error!(%error, "messages could not be read");
            "the database did not answer; retry".to_owned()
        })?;
        let brief = Brief {
            stage,
            dataset_dir: dataset_dir.clone(),
            session_dir: session_dir.clone(),
            stage_dir: stage_dir.clone(),
            dataset: described.clone(),
            target: experiment.target_column,
            instructions: wishes(experiment.instructions, &said),
            seed: self.running.seed,
            turns_left: budgets.turns,
            execution_timeout_s: budgets.execution_seconds,
            memory_mib: budgets.memory_mib,
            cpus: self.parts.cpus,
            earlier: Vec::new(),
        };
        let env = BTreeMap::from([
            ("TRAINABLE_DATASET_DIR".to_owned(), dataset_dir),
            ("TRAINABLE_SESSION_DIR".to_owned(), session_dir.clone()),
            ("TRAINABLE_STAGE_DIR".to_owned(), stage_dir),
            ("TRAINABLE_SEED".to_owned(), self.running.seed.to_string()),
        ]);
        let cx = ToolContext {
            stage,
            sandbox,
            volume,
            session_dir,
            env,
            facts: Arc::clone(self.facts),
            cancel: CancellationToken::new(),
            known: tokio::sync::Mutex::new(known),
            execution_seconds: budgets.execution_seconds,
            memory_mib: budgets.memory_mib,
        };
        Ok(Prepared { cx, brief, described })
    }

    /// Progress of the environment's set-up as notices of the run, at most one a second.
    fn progress(&self) -> crate::sandbox::Progress {
        let facts = Arc::clone(self.facts);
        let last = Mutex::new(None::<Instant>);
        Arc::new(move |text: String| {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|at| at.elapsed() < Duration::from_secs(1)) {
                return;
            }
            *last = Some(Instant::now());
            let facts = Arc::clone(&facts);
            tokio::spawn(async move { facts.record(vec![Fact::Notice { text }]).await });
        })
    }
}

/// The experiment's instructions, and what the user said since, before this run.
fn wishes(instructions: String, said: &[String]) -> String {
    std::iter::once(instructions.as_str())
        .chain(said.iter().map(String::as_str))
        .filter(|text| !text.trim().is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Moves the folders of this stage and of later ones to `superseded/{stage_run}`, unless they
/// belong to this run. Safe to repeat: a crash in between is mended by the next call.
async fn clear(volume: &dyn Volume, stage: Stage, run: StageRunId) -> Result<(), SandboxError> {
    let path = |text: String| VolumePath::parse(&text).expect("a stage's own paths are valid");
    for later in Stage::ALL.iter().copied().filter(|s| *s >= stage) {
        let marker = path(format!("{later}/{MARKER}"));
        let owner = match volume.stat(&marker).await? {
            Some(_) => {
                let bytes = volume.read(&marker, 0..64).await?;
                String::from_utf8_lossy(&bytes).parse::<StageRunId>().ok()
            }
            None => None,
        };
        if owner == Some(run) {
            continue;
        }
        if !volume.list(Some(&path(later.to_string()))).await?.files.is_empty() {
            let away = owner.map_or_else(|| format!("unknown-{run}"), |owner| owner.to_string());
            volume
                .rename(&path(later.to_string()), &path(format!("superseded/{away}/{later}")))
                .await?;
        }
    }
    let marker = path(format!("{stage}/{MARKER}"));
    // An agent may have put anything in its place.
    volume.delete(&marker).await?;
    let body = futures::stream::iter([Ok(Bytes::from(run.to_string()))]).boxed();
    volume.put(&marker, body).await?;
    Ok(())
}

/// The files that the log has reported of this run already.
async fn known_files(
    volume: &dyn Volume,
    stage: Stage,
    history: &[Entry],
) -> Result<KnownFiles, SandboxError> {
    let mut known = KnownFiles::default();
    let reported: BTreeMap<&str, &str> = history
        .iter()
        .filter_map(|entry| match &entry.event {
            crate::event::Event::Fact(
                Fact::FileCreated { file, .. } | Fact::FileChanged { file, .. },
            ) => Some((file.path.as_str(), file.sha256.as_str())),
            crate::event::Event::Fact(_) | crate::event::Event::Session(_) => None,
        })
        .collect();
    if reported.is_empty() {
        return Ok(known);
    }
    let folder = VolumePath::parse(stage.as_str()).expect("a stage's name is a path");
    for stat in volume.list(Some(&folder)).await?.files {
        if let Some(sha256) = reported.get(stat.path.as_str())
            && volume.digest(&stat.path).await? == **sha256
        {
            known.remember(stat.path, stat.size, stat.modified, (*sha256).to_owned());
        }
    }
    Ok(known)
}
