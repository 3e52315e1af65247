//! `experiments`: one dataset with the user's instructions.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "experiments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExperimentId,
    /// The principal that owns it.
    pub owner: String,
    pub name: String,
    pub description: String,
    /// Where the uploads rest: `upload:{id}` URIs, separated by spaces.
    #[sea_orm(column_type = "Text")]
    pub dataset_ref: String,
    #[sea_orm(column_type = "Text")]
    pub instructions: String,
    /// The column to predict, when the user named it.
    pub target_column: Option<String>,
    /// The file or table to train on, when several were given.
    pub main_table: Option<String>,
    /// What the describe runner found, as `dataset::Description`.
    #[sea_orm(column_type = "JsonBinary")]
    pub dataset: Json,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
