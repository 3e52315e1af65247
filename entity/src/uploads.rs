//! `uploads`: files received, resting in the object store.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "uploads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UploadId,
    pub owner: String,
    /// The name that the user gave, for people only; never a path.
    pub file_name: String,
    pub state: UploadState,
    /// Bytes; known once stored.
    pub size: Option<i64>,
    /// Lower-case hex; known once stored.
    pub sha256: Option<String>,
    pub experiment_id: Option<ExperimentId>,
    pub created_at: DateTimeUtc,
    pub stored_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
