//! `sessions`: the projection's writes and the reads of lists.

use super::{
    StoreError,
    page::{self, Lists, Page, Slice},
    tombstones,
};
use chrono::{DateTime, Utc};
use entity::{
    experiments,
    ids::{ExperimentId, SessionId},
    principal::Principal,
    sessions,
    vocab::SessionStateName,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, SimpleExpr},
};
use std::collections::HashMap;
use uuid::Uuid;

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    id: SessionId,
    experiment: ExperimentId,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    // Between the look at the experiment and this transaction it may have been deleted.
    if super::experiments::row(db, experiment).await?.is_none() {
        return Err(DbErr::RecordNotFound(format!("experiment {experiment} was deleted")));
    }
    let row = sessions::ActiveModel {
        id: Set(id),
        experiment_id: Set(experiment),
        state: Set(SessionStateName::Created),
        answering: Set(false),
        last_seq: Set(0),
        owner_epoch: Set(0),
        created_at: Set(at),
        updated_at: Set(at),
    };
    sessions::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn set_state(
    db: &impl ConnectionTrait,
    id: SessionId,
    state: SessionStateName,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::State, Expr::value(state))
        .col_expr(sessions::Column::UpdatedAt, Expr::value(at))
        .filter(sessions::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn set_answering(
    db: &impl ConnectionTrait,
    id: SessionId,
    answering: bool,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::Answering, answering.into())
        .col_expr(sessions::Column::UpdatedAt, Expr::value(at))
        .filter(sessions::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Moves the session's last sequence from `from` to `to`, if it stands at `from` and the writer
/// still owns it. False when it does not: another writer was there.
pub async fn advance(
    db: &impl ConnectionTrait,
    id: SessionId,
    epoch: i64,
    from: i64,
    to: i64,
) -> Result<bool, DbErr> {
    let done = sessions::Entity::update_many()
        .col_expr(sessions::Column::LastSeq, Expr::value(to))
        .filter(sessions::Column::Id.eq(id))
        .filter(sessions::Column::LastSeq.eq(from))
        .filter(sessions::Column::OwnerEpoch.eq(epoch))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes the session over: whoever held it before can append no more.
pub async fn take_over(db: &impl ConnectionTrait, id: SessionId) -> Result<Option<i64>, DbErr> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::OwnerEpoch, Expr::col(sessions::Column::OwnerEpoch).add(1))
        .filter(sessions::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(existing().filter(sessions::Column::Id.eq(id)).one(db).await?.map(|row| row.owner_epoch))
}

/// The id that was made last.
pub(super) async fn newest(db: &impl ConnectionTrait) -> Result<Option<Uuid>, StoreError> {
    let newest = sessions::Entity::find().select_only().column(sessions::Column::Id);
    Ok(newest.order_by_desc(sessions::Column::Id).into_tuple().one(db).await?)
}

/// One session.
pub async fn find(
    db: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<sessions::Model>, StoreError> {
    Ok(existing().filter(sessions::Column::Id.eq(id)).one(db).await?)
}

/// The sessions of one experiment.
pub async fn of_experiment(
    db: &impl ConnectionTrait,
    experiment: ExperimentId,
) -> Result<Vec<sessions::Model>, StoreError> {
    Ok(existing().filter(sessions::Column::ExperimentId.eq(experiment)).all(db).await?)
}

/// The sessions that were at work when the server went away.
pub async fn running(db: &impl ConnectionTrait) -> Result<Vec<sessions::Model>, StoreError> {
    Ok(existing().filter(at_work()).all(db).await?)
}

/// The sessions that are not deleted.
fn existing() -> Select<sessions::Entity> {
    sessions::Entity::find().filter(living())
}

/// True for a session that is not deleted.
pub(super) fn living() -> SimpleExpr {
    sessions::Column::Id.not_in_subquery(tombstones::all())
}

/// True for a session in which something runs.
pub(super) fn at_work() -> Condition {
    use SessionStateName::{EdaRunning, PrepRunning, TrainRunning};
    Condition::any()
        .add(sessions::Column::State.is_in([EdaRunning, PrepRunning, TrainRunning]))
        .add(sessions::Column::Answering.eq(true))
}

/// One session, when its experiment is the principal's.
pub async fn owned(
    db: &impl ConnectionTrait,
    principal: &Principal,
    id: SessionId,
) -> Result<Option<sessions::Model>, StoreError> {
    Ok(owned_by_ids(db, principal, &[id]).await?.pop())
}

/// The sessions among these ids whose experiments are the principal's.
pub async fn owned_by_ids(
    db: &impl ConnectionTrait,
    principal: &Principal,
    ids: &[SessionId],
) -> Result<Vec<sessions::Model>, StoreError> {
    let theirs = experiments::Entity::find()
        .select_only()
        .column(experiments::Column::Id)
        .filter(experiments::Column::Owner.eq(principal.owner()))
        .into_query();
    Ok(existing()
        .filter(sessions::Column::Id.is_in(ids.iter().copied()))
        .filter(sessions::Column::ExperimentId.in_subquery(theirs))
        .all(db)
        .await?)
}

/// The same page of the sessions of several experiments, newest first; those without any are left
/// out.
pub async fn pages(
    db: &impl ConnectionTrait,
    of: &[ExperimentId],
    page: Page<Uuid>,
) -> Result<HashMap<ExperimentId, Slice<sessions::Model>>, StoreError> {
    let lists = Lists::<experiments::Entity, _, _> {
        parents: (experiments::Column::Id, of),
        rows: existing(),
        of: sessions::Column::ExperimentId,
        by: (sessions::Column::Id, Order::Desc),
    };
    Ok(page::read_each(db, lists, |row| row.experiment_id, page).await?)
}

/// How many sessions each of these experiments has; those without any are left out.
pub async fn counts(
    db: &impl ConnectionTrait,
    experiments: &[ExperimentId],
) -> Result<Vec<(ExperimentId, i64)>, StoreError> {
    Ok(existing()
        .select_only()
        .column(sessions::Column::ExperimentId)
        .column_as(sessions::Column::Id.count(), "sessions")
        .filter(sessions::Column::ExperimentId.is_in(experiments.iter().copied()))
        .group_by(sessions::Column::ExperimentId)
        .into_tuple()
        .all(db)
        .await?)
}

/// The newest session of each of these experiments. Ids sort by time.
pub async fn latest(
    db: &impl ConnectionTrait,
    experiments: &[ExperimentId],
) -> Result<Vec<sessions::Model>, StoreError> {
    let newest = Page { after: None, before: None, limit: 1, from_end: false };
    let found = pages(db, experiments, newest).await?;
    Ok(found.into_values().flat_map(|slice| slice.rows).collect())
}
