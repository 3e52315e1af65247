//! `experiments`.

use super::{
    StoreError,
    page::{self, Page, Slice},
};
use entity::{
    experiments::{self, Column},
    ids::{ExperimentId, UploadId},
    principal::Principal,
    sessions, uploads,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    ExprTrait, IntoActiveModel, Order, PaginatorTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, Func, LikeExpr},
};
use uuid::Uuid;

/// One experiment.
pub async fn find(
    db: &impl ConnectionTrait,
    id: ExperimentId,
) -> Result<Option<experiments::Model>, StoreError> {
    Ok(experiments::Entity::find_by_id(id).one(db).await?)
}

/// One experiment of an owner.
pub async fn owned(
    db: &impl ConnectionTrait,
    principal: &Principal,
    id: ExperimentId,
) -> Result<Option<experiments::Model>, StoreError> {
    Ok(of(principal).filter(Column::Id.eq(id)).one(db).await?)
}

/// The experiments of an owner among these ids.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    principal: &Principal,
    ids: &[ExperimentId],
) -> Result<Vec<experiments::Model>, StoreError> {
    Ok(of(principal).filter(Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// The experiments of an owner, newest first; `search` is a part of the name.
pub async fn page(
    db: &impl ConnectionTrait,
    principal: &Principal,
    search: Option<&str>,
    page: Page<Uuid>,
) -> Result<Slice<experiments::Model>, StoreError> {
    Ok(page::read(db, named(principal, search), Column::Id, Order::Desc, page).await?)
}

/// How many experiments an owner has.
pub async fn count(
    db: &impl ConnectionTrait,
    principal: &Principal,
    search: Option<&str>,
) -> Result<u64, StoreError> {
    Ok(named(principal, search).count(db).await?)
}

fn of(principal: &Principal) -> Select<experiments::Entity> {
    experiments::Entity::find().filter(Column::Owner.eq(principal.owner()))
}

fn named(principal: &Principal, search: Option<&str>) -> Select<experiments::Entity> {
    let all = of(principal);
    let Some(search) = search.filter(|search| !search.is_empty()) else { return all };
    let escaped: String = search
        .to_lowercase()
        .chars()
        .flat_map(|c| ['%', '_', '\\'].contains(&c).then_some('\\').into_iter().chain([c]))
        .collect();
    let pattern = LikeExpr::new(format!("%{escaped}%")).escape('\\');
    all.filter(Expr::expr(Func::lower(Expr::col(Column::Name))).like(pattern))
}

/// Writes an experiment and gives it its uploads, all or nothing.
///
/// Answers false, having written nothing, when an upload belongs to another experiment by now.
pub async fn insert(
    transaction: &DatabaseTransaction,
    row: experiments::Model,
    files: &[UploadId],
) -> Result<bool, DbErr> {
    let id = row.id;
    experiments::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(transaction)
        .await?;
    let given = uploads::Entity::update_many()
        .col_expr(uploads::Column::ExperimentId, Expr::value(id))
        .filter(uploads::Column::Id.is_in(files.iter().copied()))
        .filter(uploads::Column::ExperimentId.is_null())
        .exec(transaction)
        .await?;
    Ok(given.rows_affected == files.len() as u64)
}

/// Renames an experiment of an owner; `None` when there is none.
pub async fn rename(
    db: &impl ConnectionTrait,
    principal: &Principal,
    id: ExperimentId,
    name: &str,
) -> Result<Option<experiments::Model>, StoreError> {
    experiments::Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .filter(Column::Id.eq(id))
        .filter(Column::Owner.eq(principal.owner()))
        .exec(db)
        .await?;
    owned(db, principal, id).await
}

/// Deletes an experiment and every row below it. The uploads stay, without an experiment, until
/// their objects are deleted.
pub async fn delete(
    transaction: &DatabaseTransaction,
    id: ExperimentId,
) -> Result<(), DbErr> {
    uploads::Entity::delete_many()
        .filter(uploads::Column::ExperimentId.eq(id))
        .exec(transaction)
        .await?;
    experiments::Entity::delete_by_id(id).exec(transaction).await?;
    Ok(())
}

/// The ids of the sessions of an experiment.
pub async fn session_ids(
    db: &impl ConnectionTrait,
    id: ExperimentId,
) -> Result<Vec<entity::ids::SessionId>, StoreError> {
    Ok(sessions::Entity::find()
        .select_only()
        .column(sessions::Column::Id)
        .filter(sessions::Column::ExperimentId.eq(id))
        .into_tuple()
        .all(db)
        .await?)
}
