//! `processed_dataset_meta`: the projection's writes.

use crate::event::ProcessedDataset;
use entity::{ids::SessionId, processed_dataset_meta as table, sessions};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};
use uuid::Uuid;

pub(super) async fn upsert(
    db: &impl ConnectionTrait,
    session: SessionId,
    meta: &ProcessedDataset,
) -> Result<(), DbErr> {
    let Some(owner) = sessions::Entity::find_by_id(session).one(db).await? else {
        return Ok(());
    };
    let row = table::ActiveModel {
        id: Set(Uuid::now_v7()),
        session_id: Set(session),
        experiment_id: Set(owner.experiment_id),
        columns: Set(meta.columns.clone()),
        feature_columns: Set(serde_json::Value::from(meta.feature_columns.clone()).to_string()),
        target_column: Set(meta.target_column.clone()),
        total_rows: Set(meta.train_rows + meta.val_rows + meta.test_rows),
        train_rows: Set(meta.train_rows),
        val_rows: Set(meta.val_rows),
        test_rows: Set(meta.test_rows),
        quality_stats: Set(meta.quality_stats.clone()),
        s3_synced: Set(false),
    };
    let again = OnConflict::column(table::Column::SessionId)
        .update_columns([
            table::Column::Columns,
            table::Column::FeatureColumns,
            table::Column::TargetColumn,
            table::Column::TotalRows,
            table::Column::TrainRows,
            table::Column::ValRows,
            table::Column::TestRows,
            table::Column::QualityStats,
            table::Column::S3Synced,
        ])
        .to_owned();
    table::Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
    Ok(())
}

/// The files that it is about stand in the bucket.
pub(super) async fn set_synced(db: &impl ConnectionTrait, session: SessionId) -> Result<(), DbErr> {
    table::Entity::update_many()
        .col_expr(table::Column::S3Synced, true.into())
        .filter(table::Column::SessionId.eq(session))
        .exec(db)
        .await?;
    Ok(())
}

/// What Prep made in a session.
pub async fn of_session(
    db: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Option<table::Model>, super::StoreError> {
    Ok(table::Entity::find().filter(table::Column::SessionId.eq(session)).one(db).await?)
}
