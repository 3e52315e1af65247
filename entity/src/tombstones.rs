//! `tombstones`: what is deleted for everybody, and whose files and rows are still to be removed.

use crate::vocab::Mortal;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tombstones")]
pub struct Model {
    /// The id of the session or experiment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: Mortal,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
