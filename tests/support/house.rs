//! A server without an edge: the real database, log, datasets and sessions on one data directory.

use super::{database, sandboxes};
use bytes::Bytes;
use entity::{
    ids::{ExperimentId, SessionId},
    principal::Principal,
    vocab::Stage,
};
use futures::StreamExt;
use std::{path::Path, sync::Arc};
use trainable::{
    dataset::{self, Datasets, NewExperiment, Source},
    event::Budgets,
    log::EventLog,
    objects::{ObjectStore, filesystem::FilesystemObjects},
    sandbox::{Capacity, SandboxProvider, SandboxSettings},
    session::{
        ActorSettings, Directory, DriverRequest, Parts, Providers, StageRequest, StoredRecordings,
        Transcripts,
    },
    store::Store,
};

/// A server without an edge.
pub struct House {
    pub store: Store,
    pub datasets: Datasets,
    pub directory: Directory,
    pub sandboxes: Arc<dyn SandboxProvider>,
}

impl House {
    /// With the real sandboxes.
    pub async fn open(data: &Path, providers: Providers) -> Self {
        Self::on(data, providers, sandboxes(data).await).await
    }

    /// On sandboxes of the test's own.
    pub async fn on(
        data: &Path,
        providers: Providers,
        sandboxes: Arc<dyn SandboxProvider>,
    ) -> Self {
        let objects = FilesystemObjects::open(&data.join("objects"));
        let objects = Arc::new(objects.expect("the object store opens"));
        Self::with(data, providers, sandboxes, objects).await
    }

    /// On sandboxes and an object store of the test's own.
    pub async fn with(
        data: &Path,
        providers: Providers,
        sandboxes: Arc<dyn SandboxProvider>,
        objects: Arc<dyn ObjectStore>,
    ) -> Self {
        let store = database::open(&data.join("trainable.db")).await;
        // Whoever had this folder before is gone, as by the lock of a data directory.
        let seat = database::seat(data);
        trainable::store::servers::enrol(&store, seat).await.expect("a lease");
        let log = EventLog::start(store.clone());
        let limits = dataset::Limits::default();
        let datasets =
            Datasets::new(store.clone(), log.clone(), objects.clone(), sandboxes.clone(), limits);
        let recordings = StoredRecordings::new(objects);
        let transcripts =
            Transcripts::new(store.clone(), log.clone(), datasets.clone(), recordings);
        let directory = Directory::new(Parts {
            store: store.clone(),
            log,
            sandboxes: sandboxes.clone(),
            datasets: datasets.clone(),
            providers,
            transcripts,
            sandbox: SandboxSettings::on(Capacity { cores: 2, memory_mib: 8192 }),
            budgets: Budgets { memory_mib: 1024, ..Budgets::default() },
            actors: ActorSettings::default(),
        });
        Self { store, datasets, directory, sandboxes }
    }

    /// An experiment with a small table.
    pub async fn experiment(&self) -> ExperimentId {
        let mut text = String::from("a,b,y\n");
        for n in 0..60 {
            text.push_str(&format!("{n},{},{}\n", n % 7, n % 2));
        }
        let new = NewExperiment { target: Some("y".into()), ..NewExperiment::default() };
        self.experiment_of("t.csv", text, new).await
    }

    /// An experiment of one file; `new` says everything but its source.
    pub async fn experiment_of(
        &self,
        name: &str,
        text: String,
        new: NewExperiment,
    ) -> ExperimentId {
        let principal = Principal::Local;
        let upload = self.datasets.open_upload(&principal, name, None).await.expect("an upload");
        let body = futures::stream::iter([Ok(Bytes::from(text))]).boxed();
        self.datasets.receive(&principal, upload.id, body).await.expect("the bytes arrive");
        let new = NewExperiment { source: Source::Uploads(vec![upload.id]), ..new };
        self.datasets.create_experiment(&principal, new).await.expect("an experiment").id
    }

    /// A session of an experiment of its own.
    pub async fn session(&self) -> SessionId {
        let experiment = self.experiment().await;
        self.session_of(experiment, DriverRequest::default()).await
    }

    pub async fn session_of(&self, experiment: ExperimentId, driver: DriverRequest) -> SessionId {
        let id = SessionId::new();
        let made = self.directory.create(&Principal::Local, id, experiment, driver).await;
        made.expect("a session");
        id
    }

    pub async fn start(&self, session: SessionId) {
        self.directory.start_stage(session, self.eda()).await.expect("EDA starts");
    }

    pub fn eda(&self) -> StageRequest {
        StageRequest::new(Stage::Eda, self.directory.default_budgets())
    }

    pub fn log(&self) -> &EventLog {
        self.directory.log()
    }
}

/// Runs a test inside an actix system on a pool of threads, as the binary does.
pub fn in_system(work: impl Future<Output = ()> + 'static) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut runtime = Some(runtime);
    actix::System::with_tokio_rt(move || runtime.take().expect("once")).block_on(work);
}
