//! What resolvers reach: the parts of the server, and who asks.

use super::{loaders::Loaders, relay::Relays};
use crate::{
    dataset::Datasets, log::EventLog, sandbox::SandboxProvider, session::Directory, store::Store,
};
use async_graphql::{Context, Request};
use entity::principal::Principal;
use std::sync::Arc;
use tokio::sync::watch;

/// The parts of the server, the same for every request. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub store: Store,
    pub log: EventLog,
    pub directory: Directory,
    pub datasets: Datasets,
    pub sandboxes: Arc<dyn SandboxProvider>,
    /// Whether the Python environment of the sandboxes is ready.
    pub environment: watch::Receiver<EnvironmentState>,
    /// What subscribers to sessions share.
    pub relays: Arc<Relays>,
}

/// How far the Python environment of the sandboxes is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvironmentState {
    /// It is being made; the last line of progress.
    Preparing {
        progress: String,
    },
    Ready,
    /// It cannot be made; one sentence that says why.
    Failed {
        error: String,
    },
}

/// Who asks, and the id that ties the answer to the log.
#[derive(Clone, Debug)]
pub struct Caller {
    pub principal: Principal,
    pub trace: String,
}

impl Caller {
    pub fn new(principal: Principal, trace: String) -> Self {
        Self { principal, trace }
    }

    /// Puts the caller into a request. The loaders are made when the first resolver asks for
    /// them, and live as long as the request.
    pub(super) fn attach(&self, request: &mut Request) {
        request.data.insert(self.clone());
        request.data.insert(Loaders::default());
    }
}

/// The parts of the server. The schema is never executed without them.
pub fn api<'a>(context: &Context<'a>) -> &'a Api {
    context.data_unchecked::<Api>()
}

/// Who asks.
pub fn principal<'a>(context: &Context<'a>) -> &'a Principal {
    &context.data_unchecked::<Caller>().principal
}
