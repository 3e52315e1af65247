//! What this server is and has: version, isolation, limits and samples.

use super::{
    context::{EnvironmentState, api},
    scalars::Long,
    vocab::TaskType,
};
use crate::dataset;
use async_graphql::{Context, ID, Object, SimpleObject};

/// What this server is.
#[derive(SimpleObject)]
pub struct ServerInfo {
    /// Its version.
    version: String,
    /// How it isolates what models write.
    sandbox: SandboxInfo,
    /// Bytes of one uploaded file.
    max_upload_bytes: Long,
    /// The Python environment of the sandboxes.
    environment: EnvironmentInfo,
}

/// How a server isolates what models write.
#[derive(SimpleObject)]
pub struct SandboxInfo {
    /// The backend.
    name: String,
    /// `A`, `B` or `C`; null when it refuses to run anything.
    tier: Option<String>,
    /// What the tier rests on.
    summary: String,
    /// What is missing, each in one sentence with the fix.
    missing: Vec<String>,
}

/// The Python environment of the sandboxes.
#[derive(SimpleObject)]
pub struct EnvironmentInfo {
    /// It can be used.
    ready: bool,
    /// The last line of progress while it is being made.
    progress: Option<String>,
    /// Why it cannot be made.
    error: Option<String>,
}

/// A real dataset that comes with the server.
#[derive(SimpleObject)]
pub struct Sample {
    /// Its id; give it as `sampleId` of a dataset's source.
    id: ID,
    /// Its name.
    title: String,
    /// What it is.
    description: String,
    /// How many rows it has.
    rows: Long,
    /// How many columns it has.
    columns: i32,
    /// The column to predict.
    target: String,
    /// What is to be predicted.
    task: TaskType,
    /// Where it comes from.
    source: String,
    /// What may be done with it.
    licence: String,
    /// What to ask of it.
    instructions: String,
}

#[derive(Default)]
pub struct ServerQuery;

#[Object]
impl ServerQuery {
    /// The datasets that come with the server.
    async fn samples(&self) -> Vec<Sample> {
        dataset::list_samples()
            .iter()
            .map(|sample| Sample {
                id: ID(sample.id.clone()),
                title: sample.title.clone(),
                description: sample.description.clone(),
                rows: sample.rows.into(),
                columns: i32::try_from(sample.columns).unwrap_or(i32::MAX),
                target: sample.target.clone(),
                task: sample.task.into(),
                source: sample.source.clone(),
                licence: sample.licence.clone(),
                instructions: sample.instructions.clone(),
            })
            .collect()
    }

    /// What this server is.
    async fn server(&self, context: &Context<'_>) -> ServerInfo {
        let api = api(context);
        let standing = api.sandboxes.standing();
        let (ready, progress, error) = match api.environment.borrow().clone() {
            EnvironmentState::Preparing { progress } => (false, Some(progress), None),
            EnvironmentState::Ready => (true, None, None),
            EnvironmentState::Failed { error } => (false, None, Some(error)),
        };
        ServerInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sandbox: SandboxInfo {
                name: api.sandboxes.name().to_owned(),
                tier: standing.tier.map(String::from),
                summary: standing.summary,
                missing: standing.missing,
            },
            max_upload_bytes: api.datasets.limits().upload_bytes.into(),
            environment: EnvironmentInfo { ready, progress, error },
        }
    }
}
