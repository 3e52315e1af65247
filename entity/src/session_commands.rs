//! `session_commands`: what one server asks another for, until who asked has read the answer.

use crate::ids::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session_commands")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AskedId,
    pub session_id: SessionId,
    /// JSON.
    pub command: String,
    /// The server that does it, or did.
    pub taken_by: Option<ServerId>,
    /// JSON; null until it is done.
    pub answer: Option<String>,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
