//! `session_folds`: a session's state as it was folded from its log up to a sequence. A cache: what
//! is missing here, or was folded by other code, is folded from the log again.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session_folds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: SessionId,
    /// The last event that is in it.
    pub seq: i64,
    /// A digest of the code that folded it.
    pub code: String,
    /// The state as JSON.
    #[sea_orm(column_type = "Text")]
    pub state: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
