//! `processed_dataset_meta`: what Prep made, extracted after it.

#[allow(unused_imports)]
use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "processed_dataset_meta")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(unique)]
    pub session_id: SessionId,
    pub experiment_id: ExperimentId,
    #[sea_orm(column_type = "JsonBinary")]
    pub columns: Json,
    /// JSON list of names.
    #[sea_orm(column_type = "Text")]
    pub feature_columns: String,
    pub target_column: String,
    pub total_rows: i64,
    pub train_rows: i64,
    pub val_rows: i64,
    pub test_rows: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub quality_stats: Json,
    pub s3_synced: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
