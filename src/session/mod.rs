//! Sessions: the pure state machine, the actor that owns each, and the directory that finds them.
//!
//! `Command -> decide -> append -> apply -> react`. Only this module appends to the log.

mod actor;
mod directory;
mod facts;
mod providers;
mod run;
pub mod state;

use crate::{log::EventLog, sandbox::SandboxProvider, store::Store};
use async_trait::async_trait;
use entity::ids::ExperimentId;
use serde_json::Value;
use std::sync::Arc;

pub use directory::{CommandError, Directory, SessionSnapshot, StageRequest};
pub use providers::{ProviderInfo, Providers};
pub use state::{Allows, Refusal};

/// What sessions are made with.
pub struct Parts {
    pub store: Store,
    pub log: EventLog,
    pub sandboxes: Arc<dyn SandboxProvider>,
    pub datasets: Arc<dyn DatasetSource>,
    pub providers: Providers,
    /// Cores that one execution may use.
    pub cpus: u32,
}

/// Writes the dataset folder that agents see.
#[async_trait]
pub trait DatasetSource: Send + Sync {
    /// Makes the volume `datasets/{experiment}` ready and returns its description; cheap when it is.
    ///
    /// *Errors*: one sentence for people.
    async fn extract(&self, experiment: ExperimentId) -> Result<Value, String>;
}
