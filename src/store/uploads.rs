//! `uploads`.

use super::{Store, StoreError, servers};
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, UploadId},
    uploads::{self, Model},
    vocab::UploadState,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QueryTrait,
    sea_query::{Expr, Func},
};
use uuid::Uuid;

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

/// Makes a request the one that may write an upload, which nobody before it may any more. `length` is that of an
/// upload which was announced without one; the first word counts. False when it is stored, or gone.
pub async fn hold(
    db: &impl ConnectionTrait,
    id: UploadId,
    holder: Uuid,
    length: Option<i64>,
) -> Result<bool, StoreError> {
    let mut update =
        uploads::Entity::update_many().col_expr(uploads::Column::Holder, Expr::value(holder));
    if let Some(length) = length {
        let known = Expr::col(uploads::Column::Length);
        let known = Func::coalesce([known, Expr::value(length)]);
        update = update.col_expr(uploads::Column::Length, known.into());
    }
    let done = update
        .filter(uploads::Column::Id.eq(id))
        .filter(uploads::Column::State.eq(UploadState::Open))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Whether a request may still write an upload.
pub async fn holds(
    db: &impl ConnectionTrait,
    id: UploadId,
    holder: Uuid,
) -> Result<bool, StoreError> {
    let found = uploads::Entity::find_by_id(id).filter(held(holder)).one(db).await?;
    Ok(found.is_some())
}

/// True for an upload that is not stored and that a request may write.
fn held(holder: Uuid) -> Condition {
    Condition::all()
        .add(uploads::Column::Holder.eq(holder))
        .add(uploads::Column::State.eq(UploadState::Open))
}

/// Notes how far an upload is; none for one that begins anew. False when another request may write it by now, or it
/// is gone.
pub async fn note(
    db: &impl ConnectionTrait,
    id: UploadId,
    holder: Uuid,
    checkpoint: Option<String>,
) -> Result<bool, StoreError> {
    let done = uploads::Entity::update_many()
        .col_expr(uploads::Column::Checkpoint, Expr::value(checkpoint))
        .filter(uploads::Column::Id.eq(id))
        .filter(held(holder))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Marks an open upload as stored. False when another request may write it by now, or it is gone.
pub async fn set_stored(
    db: &impl ConnectionTrait,
    row: &Model,
    holder: Uuid,
) -> Result<bool, StoreError> {
    let nothing = || Expr::value(None::<String>);
    let done = uploads::Entity::update_many()
        .col_expr(uploads::Column::State, Expr::value(row.state))
        .col_expr(uploads::Column::Size, Expr::value(row.size))
        .col_expr(uploads::Column::Sha256, Expr::value(row.sha256.clone()))
        .col_expr(uploads::Column::StoredAt, Expr::value(row.stored_at))
        .col_expr(uploads::Column::Checkpoint, nothing())
        .col_expr(uploads::Column::Problem, nothing())
        .filter(uploads::Column::Id.eq(row.id))
        .filter(held(holder))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Says why an import ended before its object was stored. Nobody goes on with it then.
pub async fn set_problem(store: &Store, id: UploadId, problem: &str) -> Result<(), StoreError> {
    uploads::Entity::update_many()
        .col_expr(uploads::Column::Problem, Expr::value(problem))
        .filter(uploads::Column::Id.eq(id))
        .filter(uploads::Column::State.eq(UploadState::Open))
        // Another server may be at it by now.
        .apply_if(store.server(), |rows, me| rows.filter(uploads::Column::ServerId.eq(me)))
        .exec(store.write())
        .await?;
    Ok(())
}

/// True for an import that is not over and that this server may go on with: its own, or one of a server that is gone.
fn left_over(store: &Store) -> Condition {
    let open = Condition::all()
        .add(uploads::Column::State.eq(UploadState::Open))
        .add(uploads::Column::Source.is_not_null())
        .add(uploads::Column::Problem.is_null());
    let Some(me) = store.server() else { return open };
    let gone = uploads::Column::ServerId.not_in_subquery(servers::living());
    let free = Condition::any().add(uploads::Column::ServerId.is_null()).add(gone);
    open.add(free.add(uploads::Column::ServerId.eq(me)))
}

/// The imports that this server may go on with, oldest first.
pub async fn left_imports(store: &Store) -> Result<Vec<Model>, StoreError> {
    Ok(uploads::Entity::find()
        .filter(left_over(store))
        .order_by_asc(uploads::Column::Id)
        .all(store.read())
        .await?)
}

/// Makes an import this server's. False when another server has it by now, or it is over.
pub async fn take_import(store: &Store, id: UploadId) -> Result<bool, StoreError> {
    let done = uploads::Entity::update_many()
        .col_expr(uploads::Column::ServerId, Expr::value(store.server()))
        .filter(uploads::Column::Id.eq(id))
        .filter(left_over(store))
        .exec(store.write())
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
