//! `artifacts`: files that a stage left, a projection of the log.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "artifacts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ArtifactId,
    pub session_id: SessionId,
    pub stage_run_id: StageRunId,
    pub stage: Stage,
    #[sea_orm(column_name = "type", enum_name = "Type")]
    pub artifact_type: ArtifactType,
    pub name: String,
    /// Relative to the session folder: `eda/report.md`.
    #[sea_orm(column_type = "Text")]
    pub path: String,
    pub s3_path: Option<String>,
    /// Bytes.
    pub size: i64,
    /// Lower-case hex.
    pub sha256: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub metadata: Json,
    /// True when the stage was run again and the file moved to `superseded/`.
    pub superseded: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
