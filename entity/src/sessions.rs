//! `sessions`: one pass through the pipeline; a projection of its log.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub experiment_id: ExperimentId,
    pub state: SessionStateName,
    /// True while a follow-up is at work; the state stays what it is.
    pub answering: bool,
    /// The sequence of the last event that is projected.
    pub last_seq: i64,
    /// Raised by every takeover; an append that carries an older one is refused.
    pub owner_epoch: i64,
    /// The server whose actor writes it; null where only one server can, or none does.
    pub owner_id: Option<ServerId>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
