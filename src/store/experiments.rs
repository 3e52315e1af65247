//! `experiments`.

use super::{
    Store, StoreError,
    page::{self, Page, Slice},
};
use entity::{
    experiments::{self, Model},
    ids::{ExperimentId, UploadId},
    principal::Principal,
    sessions, uploads,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Func, LikeExpr},
};
use uuid::Uuid;

/// The id that was made last.
pub(super) async fn newest(db: &impl ConnectionTrait) -> Result<Option<Uuid>, StoreError> {
    let newest = experiments::Entity::find().select_only().column(experiments::Column::Id);
    Ok(newest.order_by_desc(experiments::Column::Id).into_tuple().one(db).await?)
}

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

/// One experiment of an owner.
pub async fn owned(
    db: &impl ConnectionTrait,
    principal: &Principal,
    id: ExperimentId,
) -> Result<Option<Model>, StoreError> {
    Ok(of(principal).filter(experiments::Column::Id.eq(id)).one(db).await?)
}

/// The experiments of an owner among these ids.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    principal: &Principal,
    ids: &[ExperimentId],
) -> Result<Vec<Model>, StoreError> {
    Ok(of(principal).filter(experiments::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// The experiments of an owner, newest first; `search` is a part of the name.
pub async fn page(
    db: &impl ConnectionTrait,
    principal: &Principal,
    search: Option<&str>,
    page: Page<Uuid>,
) -> Result<Slice<Model>, StoreError> {
    let all = named(principal, search);
    Ok(page::read(db, all, experiments::Column::Id, Order::Desc, page).await?)
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
    experiments::Entity::find().filter(experiments::Column::Owner.eq(principal.owner()))
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
    all.filter(Expr::expr(Func::lower(Expr::col(experiments::Column::Name))).like(pattern))
}
