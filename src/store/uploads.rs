//! `uploads`.

use super::StoreError;
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, UploadId},
    uploads::{self, Model},
    vocab::UploadState,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, sea_query::Expr,
};

/// Writes a new upload's row.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Result<(), StoreError> {
    uploads::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// One upload.
pub async fn find(db: &impl ConnectionTrait, id: UploadId) -> Result<Option<Model>, StoreError> {
    Ok(uploads::Entity::find_by_id(id).one(db).await?)
}

/// The uploads of an experiment, in the order they were sent.
pub async fn of_experiment(
    db: &impl ConnectionTrait,
    experiment: ExperimentId,
) -> Result<Vec<Model>, StoreError> {
    Ok(uploads::Entity::find()
        .filter(uploads::Column::ExperimentId.eq(experiment))
        .order_by_asc(uploads::Column::Id)
        .all(db)
        .await?)
}

/// Marks an open upload as stored. False when it was stored already.
pub async fn set_stored(db: &impl ConnectionTrait, row: &Model) -> Result<bool, StoreError> {
    let done = uploads::Entity::update_many()
        .col_expr(uploads::Column::State, Expr::value(row.state))
        .col_expr(uploads::Column::Size, Expr::value(row.size))
        .col_expr(uploads::Column::Sha256, Expr::value(row.sha256.clone()))
        .col_expr(uploads::Column::StoredAt, Expr::value(row.stored_at))
        .filter(uploads::Column::Id.eq(row.id))
        .filter(uploads::Column::State.eq(UploadState::Open))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The uploads of several experiments, in the order they were sent.
pub async fn of_experiments(
    db: &impl ConnectionTrait,
    experiments: &[ExperimentId],
) -> Result<Vec<Model>, StoreError> {
    Ok(uploads::Entity::find()
        .filter(uploads::Column::ExperimentId.is_in(experiments.iter().copied()))
        .order_by_asc(uploads::Column::Id)
        .all(db)
        .await?)
}

/// Uploads announced before a time that belong to no experiment.
pub async fn unused(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<Vec<Model>, StoreError> {
    Ok(uploads::Entity::find()
        .filter(uploads::Column::ExperimentId.is_null())
        .filter(uploads::Column::CreatedAt.lt(before))
        .all(db)
        .await?)
}

/// Deletes an upload that belongs to no experiment. False when it belongs to one by now.
pub async fn delete_unused(db: &impl ConnectionTrait, id: UploadId) -> Result<bool, StoreError> {
    let done = uploads::Entity::delete_many()
        .filter(uploads::Column::Id.eq(id))
        .filter(uploads::Column::ExperimentId.is_null())
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}
