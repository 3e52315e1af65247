//! `experiments`.

use super::{Store, StoreError};
use entity::{
    experiments::{self, Model},
    ids::{ExperimentId, UploadId},
    sessions, uploads,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::Expr,
};

/// One experiment.
pub async fn find(
    db: &impl ConnectionTrait,
    id: ExperimentId,
) -> Result<Option<Model>, StoreError> {
    Ok(experiments::Entity::find_by_id(id).one(db).await?)
}

/// Writes a new experiment and claims its uploads, in one transaction. False when one of them
/// belongs to another experiment; then nothing is written.
pub async fn insert(store: &Store, row: &Model, uploads: &[UploadId]) -> Result<bool, StoreError> {
    let transaction = store.begin().await?;
    experiments::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(&transaction)
        .await?;
    let claimed = uploads::Entity::update_many()
        .col_expr(uploads::Column::ExperimentId, Expr::value(row.id))
        .filter(uploads::Column::Id.is_in(uploads.iter().copied()))
        .filter(uploads::Column::ExperimentId.is_null())
        .exec(&transaction)
        .await?;
    if claimed.rows_affected != uploads.len() as u64 {
        transaction.rollback().await?;
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

/// Gives an experiment another name. False when it is not there.
pub async fn rename(
    db: &impl ConnectionTrait,
    id: ExperimentId,
    name: &str,
) -> Result<bool, StoreError> {
    let done = experiments::Entity::update_many()
        .col_expr(experiments::Column::Name, Expr::value(name))
        .filter(experiments::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Deletes an experiment's rows, its sessions' and its uploads'.
pub async fn delete(store: &Store, id: ExperimentId) -> Result<(), StoreError> {
    let transaction = store.begin().await?;
    uploads::Entity::delete_many()
        .filter(uploads::Column::ExperimentId.eq(id))
        .exec(&transaction)
        .await?;
    // What belongs to a session goes with it, by the schema's own rules.
    sessions::Entity::delete_many()
        .filter(sessions::Column::ExperimentId.eq(id))
        .exec(&transaction)
        .await?;
    experiments::Entity::delete_by_id(id).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(())
}
