//! Sessions: the pure state machine, the actor that owns each, and the directory that finds them.
//!
//! `Command -> decide -> append -> apply -> react`. Only this module appends to the log.

mod actor;
mod directory;
mod facts;
mod providers;
mod run;
pub mod state;

use crate::{dataset::Datasets, log::EventLog, sandbox::SandboxProvider, store::Store};
use std::sync::Arc;

pub use directory::{CommandError, Directory, SessionSnapshot, StageRequest};
pub use providers::{ProviderInfo, Providers};
pub use state::{Allows, Refusal};

/// What sessions are made with.
pub struct Parts {
    pub store: Store,
    pub log: EventLog,
    pub sandboxes: Arc<dyn SandboxProvider>,
    pub datasets: Datasets,
    pub providers: Providers,
    /// Cores that one execution may use.
    pub cpus: u32,
    /// Memory of one execution when nothing else is asked for, in MiB.
    pub memory_mib: u64,
}
