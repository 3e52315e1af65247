//! `idempotency`: the first result of every keyed mutation.

#[allow(unused_imports)]
use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub operation: String,
    /// SHA-256 of the input, lower-case hex.
    pub input_digest: String,
    /// The id that the first call returned; null while it is at work.
    pub result: Option<String>,
    /// The server on which the first call was made; null where only one server can be.
    pub server_id: Option<ServerId>,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
