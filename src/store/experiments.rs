//! `experiments`.

use super::{
    Store, StoreError,
    page::{self, Page, Slice},
    tombstones,
};
use chrono::{DateTime, Utc};
use entity::{
    experiments::{self, Model},
    ids::{ExperimentId, UploadId},
    principal::Principal,
    uploads,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult,
    IntoActiveModel, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    prelude::Json,
    sea_query::{Expr, Func, LikeExpr},
};
use uuid::Uuid;

/// An experiment without what was found in its data, which is long and seldom wanted.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Head {
    pub id: ExperimentId,
    pub name: String,
    pub description: String,
    pub instructions: String,
    pub target_column: Option<String>,
    pub main_table: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// The columns of a head.
const HEAD: [experiments::Column; 7] = [
    experiments::Column::Id,
    experiments::Column::Name,
    experiments::Column::Description,
    experiments::Column::Instructions,
    experiments::Column::TargetColumn,
    experiments::Column::MainTable,
    experiments::Column::CreatedAt,
];

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
    Ok(row(db, id).await?)
}

pub(super) async fn row(
    db: &impl ConnectionTrait,
    id: ExperimentId,
) -> Result<Option<Model>, DbErr> {
    existing().filter(experiments::Column::Id.eq(id)).one(db).await
}

/// The experiments that are not deleted.
fn existing() -> Select<experiments::Entity> {
    let deleted = tombstones::all();
    experiments::Entity::find().filter(experiments::Column::Id.not_in_subquery(deleted))
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

/// One experiment of an owner.
pub async fn owned(
    db: &impl ConnectionTrait,
    principal: &Principal,
    id: ExperimentId,
) -> Result<Option<Model>, StoreError> {
    Ok(of(principal).filter(experiments::Column::Id.eq(id)).one(db).await?)
}

/// The experiments of an owner among these ids.
pub async fn heads(
    db: &impl ConnectionTrait,
    principal: &Principal,
    ids: &[ExperimentId],
) -> Result<Vec<Head>, StoreError> {
    let among = of(principal).filter(experiments::Column::Id.is_in(ids.iter().copied()));
    Ok(among.select_only().columns(HEAD).into_model().all(db).await?)
}

/// What was found in the data of each of these experiments, as `dataset::Description`.
pub async fn datasets(
    db: &impl ConnectionTrait,
    ids: &[ExperimentId],
) -> Result<Vec<(ExperimentId, Json)>, StoreError> {
    Ok(experiments::Entity::find()
        .select_only()
        .columns([experiments::Column::Id, experiments::Column::Dataset])
        .filter(experiments::Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db)
        .await?)
}

/// The experiments of an owner, newest first; `search` is a part of the name.
pub async fn page(
    db: &impl ConnectionTrait,
    principal: &Principal,
    search: Option<&str>,
    page: Page<Uuid>,
) -> Result<Slice<Head>, StoreError> {
    let all = named(principal, search).select_only().columns(HEAD);
    Ok(page::read(db, all, experiments::Column::Id, Order::Desc, page).await?)
}

/// How many experiments an owner has.
pub async fn count(
    db: &impl ConnectionTrait,
    principal: &Principal,
    search: Option<&str>,
) -> Result<u64, StoreError> {
    let ids = named(principal, search).select_only().column(experiments::Column::Id);
    Ok(ids.count(db).await?)
}

fn of(principal: &Principal) -> Select<experiments::Entity> {
    existing().filter(experiments::Column::Owner.eq(principal.owner()))
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
