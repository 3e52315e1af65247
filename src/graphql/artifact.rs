//! Artifacts: files that a stage reported.

use super::{
    connection::connection,
    context::api,
    error::ApiError,
    file::url,
    ids::Global,
    scalars::{Long, Time},
    vocab::{ArtifactType, Stage},
};
use async_graphql::{Context, ID, Object};
use entity::artifacts;

connection!(
    /// A page of artifacts.
    ArtifactConnection, ArtifactEdge, Artifact of artifacts::Model, by id, total_count: Long
);

/// A file that a stage left.
#[derive(Clone)]
pub struct Artifact {
    row: artifacts::Model,
}

impl Artifact {
    pub fn new(row: artifacts::Model) -> Self {
        Self { row }
    }
}

/// A file that a stage left.
#[Object]
impl Artifact {
    /// The id: opaque, and unique among all types.
    pub async fn id(&self) -> ID {
        Global::Artifact(self.row.id).id()
    }

    /// The stage that left it.
    async fn stage(&self) -> Stage {
        self.row.stage.into()
    }

    /// What it is.
    #[graphql(name = "type")]
    async fn kind(&self) -> ArtifactType {
        self.row.artifact_type.into()
    }

    /// The last part of the path.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Relative to the session's folder.
    async fn path(&self) -> &str {
        &self.row.path
    }

    /// Bytes, when it was last reported.
    async fn size(&self) -> Long {
        self.row.size.into()
    }

    /// SHA-256 of the bytes, lower-case hex, when it was last reported.
    async fn sha256(&self) -> &str {
        &self.row.sha256
    }

    /// Its address below this server.
    async fn url(&self) -> String {
        url(self.row.session_id, &self.row.path)
    }

    /// Where it stands in the bucket of the object store: `s3://bucket/key`; null until it does.
    async fn s3_path(&self) -> Option<&str> {
        self.row.s3_path.as_deref()
    }

    /// An address in the object store that gives it to whoever has the address, for five minutes; null where it is not
    /// there. Large files are best fetched so.
    async fn download_url(&self, context: &Context<'_>) -> Result<Option<String>, ApiError> {
        if self.row.s3_path.is_none() || self.row.superseded {
            return Ok(None);
        }
        let datasets = &api(context).datasets;
        Ok(datasets.presign(self.row.session_id, &self.row.path, &self.row.name).await?)
    }

    /// The stage run that left it.
    async fn stage_run_id(&self) -> ID {
        Global::StageRun(self.row.stage_run_id).id()
    }

    /// True when the stage was run again later, which moved the file away.
    async fn superseded(&self) -> bool {
        self.row.superseded
    }

    /// When it was first reported.
    async fn created_at(&self) -> Time {
        Time(self.row.created_at)
    }

    /// When it was last reported.
    async fn updated_at(&self) -> Time {
        Time(self.row.updated_at)
    }
}
