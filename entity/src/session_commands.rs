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
    /// By the database's clock, as `until`.
    pub created_at: DateTimeUtc,
    /// The server that waits for the answer.
    pub asked_by: ServerId,
    /// How long it does. After that nobody begins with it.
    pub until: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
