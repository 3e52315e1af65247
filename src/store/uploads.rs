//! `uploads`.

use super::StoreError;
use crate::objects::Stored;
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, UploadId},
    principal::Principal,
    uploads::{self, Column},
    vocab::UploadState,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, sea_query::Expr,
};

/// Makes an upload that waits for its bytes.
pub async fn open(
    db: &impl ConnectionTrait,
    principal: &Principal,
    file_name: &str,
    at: DateTime<Utc>,
) -> Result<uploads::Model, StoreError> {
    let row = uploads::Model {
        id: UploadId::new(),
        owner: principal.owner().to_owned(),
        file_name: file_name.to_owned(),
        state: UploadState::Open,
        size: None,
        sha256: None,
        experiment_id: None,
        created_at: at,
        stored_at: None,
    };
    insert(db, row.clone()).await?;
    Ok(row)
}

/// Writes an upload as it is: for files that the server brings itself.
pub async fn insert(db: &impl ConnectionTrait, row: uploads::Model) -> Result<(), StoreError> {
    uploads::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// One upload of an owner.
pub async fn find(
    db: &impl ConnectionTrait,
    principal: &Principal,
    id: UploadId,
) -> Result<Option<uploads::Model>, StoreError> {
    Ok(uploads::Entity::find_by_id(id)
        .filter(Column::Owner.eq(principal.owner()))
        .one(db)
        .await?)
}

/// Records that the bytes are stored; false when they were already.
pub async fn store(
    db: &impl ConnectionTrait,
    id: UploadId,
    stored: &Stored,
    at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = uploads::Entity::update_many()
        .col_expr(Column::State, Expr::value(UploadState::Stored))
        .col_expr(Column::Size, Expr::value(stored.size as i64))
        .col_expr(Column::Sha256, Expr::value(stored.sha256.as_str()))
        .col_expr(Column::StoredAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(UploadState::Open))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The files of experiments, in the order in which they were announced.
pub async fn of_experiments(
    db: &impl ConnectionTrait,
    experiments: &[ExperimentId],
) -> Result<Vec<uploads::Model>, StoreError> {
    Ok(uploads::Entity::find()
        .filter(Column::ExperimentId.is_in(experiments.iter().copied()))
        .order_by_asc(Column::Id)
        .all(db)
        .await?)
}
