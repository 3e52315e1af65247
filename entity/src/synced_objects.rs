//! `synced_objects`: the files of sessions as they stand in a bucket. A plain table and no projection:
//! it says what the bucket holds, whatever the log says should be there.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "synced_objects")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: SessionId,
    /// Relative to the session folder: `eda/report.md`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub path: String,
    /// Bytes.
    pub size: i64,
    /// Lower-case hex, of what was sent.
    pub sha256: String,
    pub synced_at: DateTimeUtc,
    /// How far a file is that is on its way, as the object store says it.
    #[sea_orm(column_type = "Text", nullable)]
    pub checkpoint: Option<String>,
    /// The digest of that file, lower-case hex.
    pub checkpoint_of: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
