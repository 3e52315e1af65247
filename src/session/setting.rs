//! Makes ready what a run needs: folders, environment, dataset, sandbox, provider and brief.

use super::{Parts, folders, run::Assignment, state::Work};
use crate::{
    agent::{Model, Task},
    dataset::CreateError,
    event::{Entry, Fact},
    llm::{Brief, LlmProvider},
    sandbox::{
        Access, Limits, Mount, Sandbox, SandboxSpec, Volume, VolumeName, VolumePath, Warmth,
    },
    stage,
    store::{self, StoreError, outlast},
    tool::{Facts, NOTES, ToolContext},
};
use chrono::Utc;
use entity::{
    experiments,
    ids::{ExperimentId, SessionId},
    vocab::{Role, Stage},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What was said before a follow-up that it is told of, newest last.
const REMEMBERED: u64 = 20;

/// What preparing a run needs to know.
pub(super) struct Setting<'a> {
    pub parts: &'a Parts,
    pub session: SessionId,
    pub experiment: ExperimentId,
    pub assignment: Assignment,
    pub work: &'a Work,
    pub facts: &'a Arc<dyn Facts>,
    pub cancel: &'a CancellationToken,
}

/// Everything a run needs.
pub(super) struct Ready {
    pub task: Task,
    pub cx: ToolContext,
    pub brief: Brief,
    pub provider: Arc<dyn LlmProvider>,
    pub model: Model,
}

/// The volumes of a run, and where they stand inside its sandbox.
struct Places {
    own: VolumeName,
    data: VolumeName,
    volume: Arc<dyn Volume>,
}

impl Places {
    fn session_dir(&self) -> String {
        format!("/data/{}", self.own)
    }

    fn dataset_dir(&self) -> String {
        format!("/data/{}", self.data)
    }
}

impl Setting<'_> {
    /// Makes everything ready.
    ///
    /// *Errors*: one sentence for people.
    pub(super) async fn prepare(&self, history: &[Entry]) -> Result<Ready, String> {
        // First what needs nothing: a provider that is gone is known at once.
        let driver = &self.work.driver;
        let providers = &self.parts.providers;
        let provider = providers.get(Some(&driver.provider)).map_err(|e| e.to_string())?;
        let model = match providers.model(&driver.provider, &driver.model) {
            Some(info) => Model {
                context_tokens: Some(info.context_tokens),
                max_output_tokens: Some(info.max_output_tokens),
                price: info.price_on(Utc::now().date_naive()).copied(),
            },
            None => Model::default(),
        };

        let places = self.places().await?;
        let datasets = &self.parts.datasets;
        let described = outlast(|| datasets.extract(self.experiment), CreateError::trouble);
        let described = described.await.map_err(|e| e.to_string())?;
        let folder = self.folder();
        let known = folders::known_files(places.volume.as_ref(), &folder, history);
        let known = known.await.map_err(|e| e.to_string())?;
        let limits =
            Limits { memory_mib: self.work.budgets.memory_mib, ..self.parts.sandbox.limits };
        let sandbox = self.sandbox(&places, limits).await?;
        let brief = self.brief(&places, described).await?;
        let task = match self.assignment {
            Assignment::Stage(_) => Task::Stage,
            Assignment::FollowUp(_) => Task::FollowUp { opening: self.recap(&brief).await? },
        };
        let cx = ToolContext {
            stage: brief.stage,
            folder,
            sandbox,
            volume: places.volume.clone(),
            session_dir: places.session_dir(),
            env: environment(&brief),
            facts: Arc::clone(self.facts),
            cancel: self.cancel.clone(),
            known: tokio::sync::Mutex::new(known),
            limits,
        };
        Ok(Ready { task, cx, brief, provider, model })
    }

    /// The stage that the run is, or is about.
    fn stage(&self) -> Stage {
        match self.assignment {
            Assignment::Stage(stage) => stage,
            Assignment::FollowUp(about) => about.unwrap_or(Stage::Eda),
        }
    }

    /// The folder that the run may write to.
    fn folder(&self) -> VolumePath {
        let name = match self.assignment {
            Assignment::Stage(stage) => stage.as_str(),
            Assignment::FollowUp(_) => NOTES,
        };
        VolumePath::parse(name).expect("a folder of ours is a path")
    }

    async fn places(&self) -> Result<Places, String> {
        let name = |kind: &str, id: String| {
            VolumeName::parse(&format!("{kind}/{id}")).map_err(|error| error.to_string())
        };
        let own = name("sessions", self.session.to_string())?;
        let data = name("datasets", self.experiment.to_string())?;
        let sandboxes = &self.parts.sandboxes;
        sandboxes.prepare(self.progress()).await.map_err(|e| e.to_string())?;
        let volume = sandboxes.volume(&own).await.map_err(|e| e.to_string())?;
        let made = match self.assignment {
            Assignment::Stage(stage) => folders::clear(volume.as_ref(), stage, self.work.run).await,
            Assignment::FollowUp(_) => folders::notes(volume.as_ref()).await,
        };
        made.map_err(|e| e.to_string())?;
        Ok(Places { own, data, volume })
    }

    async fn sandbox(&self, places: &Places, limits: Limits) -> Result<Arc<dyn Sandbox>, String> {
        let Places { own, data, .. } = places;
        let session_dir = places.session_dir();
        let (access, notes) = match self.assignment {
            Assignment::Stage(_) => (Access::ReadWrite, None),
            // A follow-up changes no result: it sees everything and writes to its own folder only.
            Assignment::FollowUp(_) => {
                let volume =
                    VolumeName::parse(&format!("{own}/{NOTES}")).map_err(|e| e.to_string())?;
                let at = format!("{session_dir}/{NOTES}");
                (Access::ReadOnly, Some(Mount { volume, at, access: Access::ReadWrite }))
            }
        };
        let mut mounts = vec![
            Mount { volume: own.clone(), at: session_dir, access },
            Mount { volume: data.clone(), at: places.dataset_dir(), access: Access::ReadOnly },
        ];
        mounts.extend(notes);
        let spec =
            SandboxSpec { mounts, limits, gpu: self.parts.sandbox.gpu, warmth: Warmth::Warm };
        let started = self.parts.sandboxes.start(spec).await;
        started.map_err(|e| e.to_string())
    }

    async fn brief(&self, places: &Places, dataset: Value) -> Result<Brief, String> {
        let stage = self.stage();
        let experiment = self.row().await?;
        let began = self.began().await?;
        let db = self.parts.store.read();
        let said = self.read(|| store::messages::said_before(db, self.session, began)).await?;
        let volume = places.volume.as_ref();
        let earlier = match self.assignment {
            Assignment::Stage(stage) => stage::earlier(volume, stage).await,
            // What it is about is done, and so is what came before.
            Assignment::FollowUp(about) => {
                let done: Vec<_> =
                    Stage::ALL.iter().copied().filter(|s| Some(*s) <= about).collect();
                stage::left(volume, &done).await
            }
        };
        let budgets = self.work.budgets;
        let session_dir = places.session_dir();
        Ok(Brief {
            stage,
            dataset_dir: places.dataset_dir(),
            stage_dir: format!("{session_dir}/{}", self.folder()),
            session_dir,
            dataset,
            target: experiment.target_column,
            instructions: wishes(experiment.instructions, &said),
            earlier: earlier.map_err(|e| e.to_string())?,
            seed: self.work.seed,
            turns_left: budgets.turns,
            execution_timeout_s: budgets.execution_seconds,
            memory_mib: budgets.memory_mib,
            cpus: self.parts.sandbox.limits.cpus,
        })
    }

    /// The sequence at which the run began: what was said later reaches it as messages.
    async fn began(&self) -> Result<i64, String> {
        let db = self.parts.store.read();
        let first = || store::events::first_of_run(db, self.session, self.work.run);
        Ok(self.read(first).await?.unwrap_or(i64::MAX))
    }

    async fn row(&self) -> Result<experiments::Model, String> {
        let db = self.parts.store.read();
        let found = self.read(|| store::experiments::find(db, self.experiment)).await?;
        found.ok_or_else(|| "the experiment was deleted".into())
    }

    /// Reads from the database. One that is away is waited for, as it is everywhere in a run.
    async fn read<T, F>(&self, mut what: impl FnMut() -> F) -> Result<T, String>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let found = outlast(|| self.parts.store.timely(what()), StoreError::trouble).await;
        found.map_err(|error| {
            tracing::error!(%error, "what a run needs could not be read");
            "the database did not answer; retry".to_owned()
        })
    }

    /// What the session came to and what was said, for a follow-up.
    async fn recap(&self, brief: &Brief) -> Result<String, String> {
        let began = self.began().await?;
        let db = self.parts.store.read();
        let said = || store::messages::conversation(db, self.session, began, REMEMBERED);
        let said = self.read(said).await?;
        let said: Vec<_> = said
            .into_iter()
            .map(|row| match row.role {
                Role::User => (stage::Speaker::User, row.content),
                Role::Assistant | Role::Tool | Role::System => (stage::Speaker::Agent, row.content),
            })
            .collect();
        Ok(stage::follow_up_opening(brief, &said))
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
            let notice = Fact::Notice { text, for_people: true };
            tokio::spawn(async move { facts.record(vec![notice]).await });
        })
    }
}

fn environment(brief: &Brief) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("TRAINABLE_DATASET_DIR".to_owned(), brief.dataset_dir.clone()),
        ("TRAINABLE_SESSION_DIR".to_owned(), brief.session_dir.clone()),
        ("TRAINABLE_STAGE_DIR".to_owned(), brief.stage_dir.clone()),
        ("TRAINABLE_SEED".to_owned(), brief.seed.to_string()),
    ])
}

/// The experiment's instructions, and what the user said since, before this run.
fn wishes(instructions: String, said: &[String]) -> String {
    std::iter::once(instructions.as_str())
        .chain(said.iter().map(String::as_str))
        .filter(|text| !text.trim().is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}
