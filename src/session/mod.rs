//! Sessions: the pure state machine, the actor that owns each, and the directory that finds them.
//!
//! `Command -> decide -> append -> apply -> react`. Only this module appends to the log.

mod actor;
mod census;
mod directory;
mod facts;
mod fold;
mod folders;
mod providers;
mod pulse;
mod run;
mod setting;
pub mod state;
mod sync;
mod transcripts;

use crate::{
    dataset::Datasets,
    event::Budgets,
    log::EventLog,
    sandbox::{SandboxProvider, SandboxSettings},
    store::Store,
};
use std::{sync::Arc, time::Duration};

pub use census::SessionCounts;
pub use directory::{CommandError, Directory, SessionSnapshot, StageRequest};
pub use providers::{DriverRequest, NoProvider, OfferedModel, ProviderInfo, Providers};
pub use state::{Allows, Refusal};
pub use sync::{SyncStanding, Syncing};
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
    pub actors: ActorSettings,
}

/// How actors are held to their discipline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorSettings {
    /// After so long without a request, an actor at rest is put away; the next request rebuilds it.
    pub quiet: Duration,
    /// An actor that does not come back from one message for so long is reported, and who asked it
    /// is told.
    pub answer_within: Duration,
}

impl Default for ActorSettings {
    fn default() -> Self {
        Self { quiet: Duration::from_secs(600), answer_within: Duration::from_secs(30) }
    }
}
