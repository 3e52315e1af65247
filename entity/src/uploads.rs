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
    /// Bytes that it is going to have, as it was announced.
    pub length: Option<i64>,
    /// How far it is; of use to the object store alone. None once it is stored.
    pub checkpoint: Option<String>,
    /// The request, or the import, that may say how far it is: the newest one.
    pub holder: Option<Uuid>,
    /// What an import reads, as JSON; none for what a client sends.
    pub source: Option<String>,
    /// Why an import ended before it was stored, in one sentence.
    pub problem: Option<String>,
    /// The server that imports it; null where only one server can be.
    pub server_id: Option<ServerId>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
