//! Datasets: from uploads at rest to the folder that agents see.
//!
//! Uploads are never mounted where an agent can reach them and never decoded by the server: the
//! trusted runners read them in sandboxes of their own. The layout is made so that rows can be
//! sealed before anything is written.

mod calendar;
mod collect;
mod create;
mod delete;
mod description;
mod extract;
mod goes;
mod import;
mod imports;
mod intake;
mod preview;
mod runner;
mod samples;
mod upload;
mod writers;

use crate::{
    log::EventLog,
    objects::{ObjectKey, ObjectStore},
    sandbox::{self, SandboxProvider, SandboxSettings},
    store::Store,
};
use entity::ids::{ExperimentId, SessionId, UploadId};
use imports::Imports;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::sync::Semaphore;
use writers::Writers;

pub use calendar::Calendar;
pub use create::{CreateError, NewExperiment, Source};
pub use delete::{DeleteError, Swept};
pub use description::{Column, Description, Finding, Severity, Table, TopValue};
pub use goes::received;
pub use import::Progress;
pub use preview::{Preview, PreviewColumn};
pub use runner::RunnerError;
pub use samples::{Sample, Task, list as list_samples};
pub use upload::{ReceiveError, UploadError};

/// Runners that may work at once; they are short and memory is finite.
const RUNNERS: usize = 2;

/// What makes experiments and their folders. Cheap to clone.
#[derive(Clone)]
pub struct Datasets {
    store: Store,
    log: EventLog,
    objects: Arc<dyn ObjectStore>,
    sandboxes: Arc<dyn SandboxProvider>,
    limits: Limits,
    turns: Arc<Semaphore>,
    /// Previews wait for each other only: no page of a file holds up an upload.
    previews: Arc<Semaphore>,
    /// One lock per experiment whose folder is being written.
    extracting: Arc<Mutex<HashMap<ExperimentId, Arc<tokio::sync::Mutex<()>>>>>,
    imports: Imports,
    writers: Writers,
    /// Sets the folders of this server's runners apart, where several use the same volumes.
    corner: Option<String>,
    /// Held by who removes the files and rows of what is deleted.
    deleting: Arc<tokio::sync::Mutex<()>>,
}

/// What uploads and runners may take, and how long sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one upload.
    pub upload_bytes: u64,
    /// The most that one runner may take.
    pub runner: sandbox::Limits,
    /// Wall-clock seconds of one runner.
    pub runner_seconds: u64,
    /// Days that a session may rest before it is deleted; `None` keeps all.
    pub retention_days: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        let SandboxSettings { limits: runner, runner_seconds, .. } = SandboxSettings::default();
        Self { upload_bytes: 4 << 30, runner, runner_seconds, retention_days: None }
    }
}

impl Datasets {
    pub fn new(
        store: Store,
        log: EventLog,
        objects: Arc<dyn ObjectStore>,
        sandboxes: Arc<dyn SandboxProvider>,
        limits: Limits,
    ) -> Self {
        Self {
            store,
            log,
            objects,
            sandboxes,
            limits,
            turns: Arc::new(Semaphore::new(RUNNERS)),
            previews: Arc::new(Semaphore::new(1)),
            extracting: Arc::default(),
            imports: Imports::default(),
            writers: Writers::default(),
            corner: None,
            deleting: Arc::default(),
        }
    }

    /// Where uploads rest, and the files of stages where others reach it too.
    pub fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    /// The same on volumes that other servers use too: `corner` names the folders of this one's runners.
    pub fn in_corner(self, corner: Option<String>) -> Self {
        Self { corner, ..self }
    }

    /// A volume for runners: what it is for, and a name of its own.
    fn corner(&self, kind: &str, name: Option<uuid::Uuid>) -> crate::sandbox::VolumeName {
        let mut path = kind.to_owned();
        for part in self.corner.clone().into_iter().chain(name.map(|name| name.to_string())) {
            path.push('/');
            path.push_str(&part);
        }
        crate::sandbox::VolumeName::parse(&path).expect("plain names and UUIDs are plain segments")
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }
}

/// Where an upload rests.
fn object_key(id: UploadId) -> ObjectKey {
    ObjectKey::parse(&format!("uploads/{id}")).expect("a UUID is a plain segment")
}

/// Below which the files of a session stand in a bucket.
pub fn session_folder(session: SessionId) -> ObjectKey {
    ObjectKey::parse(&format!("sessions/{session}")).expect("a UUID is a plain segment")
}
