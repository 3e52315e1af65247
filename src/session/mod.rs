//! Sessions: the pure state machine, the actor that owns each, and the directory that finds them.
//!
//! `Command -> decide -> append -> apply -> react`. Only this module appends to the log.

mod actor;
mod directory;
mod facts;
mod folders;
mod providers;
mod run;
mod setting;
pub mod state;
mod transcripts;

use crate::{
    dataset::Datasets,
    event::Budgets,
    log::EventLog,
    sandbox::{SandboxProvider, SandboxSettings},
    store::Store,
};
use std::sync::Arc;

pub use directory::{CommandError, Directory, SessionSnapshot, StageRequest};
pub use providers::{DriverRequest, NoProvider, OfferedModel, ProviderInfo, Providers};
pub use state::{Allows, Refusal};
pub use transcripts::{ImportError, StoredRecordings, TranscriptInfo, Transcripts};

/// What sessions are made with.
pub struct Parts {
    pub store: Store,
    pub log: EventLog,
    pub sandboxes: Arc<dyn SandboxProvider>,
    pub datasets: Datasets,
    pub providers: Providers,
    pub transcripts: Transcripts,
    /// What executions may take.
    pub sandbox: SandboxSettings,
    /// What a run may take when nothing else is asked for.
    pub budgets: Budgets,
}
