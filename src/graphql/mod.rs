//! The GraphQL API: schema, and per noun its object, queries and mutations.
//!
//! Resolvers parse, make one call and return. They hold no business rule, and nothing of how
//! things are stored leaks through them.

mod artifact;
mod bucket;
mod budgets;
mod coercion;
mod connection;
mod context;
mod dataset;
mod documents;
mod error;
mod event;
mod event_types;
mod experiment;
mod experiment_mutations;
mod file;
mod idempotency;
mod ids;
mod limits;
mod loaders;
mod message;
mod metric;
mod node;
mod outcome;
mod provider;
mod ready;
mod relay;
mod request;
mod run_mutations;
mod scalars;
mod server;
mod session;
mod session_mutations;
mod stage_run;
mod stream;
mod subscription;
mod tokens;
mod transcript;
mod upload;
mod vocab;

use crate::{dataset::Datasets, sandbox::SandboxProvider, session::Directory, store::Store};
use async_graphql::{MergedObject, SDLExportOptions, Schema};
use std::sync::Arc;
use tokio::sync::watch;

use context::Api;

pub use context::{Caller, EnvironmentState};
pub use documents::{BadManifest, Documents, Trusted};
pub use error::{ApiError, Code};
pub use limits::Limits;
pub use request::{Answer, Parameters, Prepared, prepare};

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    experiment::ExperimentQuery,
    session::SessionQuery,
    server::ServerQuery,
    provider::ProviderQuery,
    upload::UploadQuery,
    bucket::BucketQuery,
);

/// Everything that can be asked of the server.
#[derive(MergedObject, Default)]
pub struct Mutation(
    upload::UploadMutation,
    experiment_mutations::ExperimentMutation,
    session_mutations::SessionMutation,
    run_mutations::RunMutation,
    transcript::TranscriptMutation,
);

pub use subscription::Subscription;

/// The schema that the server executes.
pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// What the schema is made with.
pub struct Parts {
    pub store: Store,
    pub directory: Directory,
    pub datasets: Datasets,
    pub sandboxes: Arc<dyn SandboxProvider>,
    /// Whether the Python environment of the sandboxes is ready.
    pub environment: watch::Receiver<EnvironmentState>,
    pub limits: Limits,
    /// Answer what the schema is.
    pub introspection: bool,
}

/// Makes the schema over the parts of the server.
pub fn schema(parts: Parts) -> ApiSchema {
    let limits = parts.limits;
    let api = Api {
        log: parts.directory.log().clone(),
        store: parts.store,
        directory: parts.directory,
        datasets: parts.datasets,
        sandboxes: parts.sandboxes,
        environment: parts.environment,
        relays: Arc::default(),
    };
    let mut builder = Schema::build(Query::default(), Mutation::default(), Subscription)
        .extension(coercion::Boundaries(limits))
        .data(api);
    if !parts.introspection {
        // Suggestions would tell what introspection does not.
        builder = builder.disable_introspection().disable_suggestions();
    }
    builder.finish()
}

/// The schema as text, sorted, the same on every machine.
pub fn schema_sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident();
    Schema::build(Query::default(), Mutation::default(), Subscription)
        .finish()
        .sdl_with_options(options)
}
