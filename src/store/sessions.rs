//! `sessions`: the projection's writes and the reads of lists.

use super::{
    Store, StoreError, bulk,
    page::{self, Lists, Page, Slice},
    servers, tombstones,
};
use chrono::{DateTime, Utc};
use entity::{
    experiments,
    ids::{ExperimentId, ServerId, SessionId},
    principal::Principal,
    sessions,
    vocab::SessionStateName,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select, Statement, Value,
    sea_query::{Expr, SelectStatement, SimpleExpr},
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
        owner_id: Set(None),
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

/// A session's way from one last sequence to the next.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub session: SessionId,
    pub epoch: i64,
    pub from: i64,
    pub to: i64,
}

/// The same as [`advance`] for several sessions, each of which comes once. False when one of them does not stand
/// where it should: then the caller rolls back.
pub async fn advance_all(db: &impl ConnectionTrait, mut steps: Vec<Step>) -> Result<bool, DbErr> {
    // Everybody locks rows in the same order, so nobody waits for each other.
    steps.sort_by_key(|step| step.session);
    let mut left = steps.as_slice();
    while !left.is_empty() {
        // Few sizes, so that each text is prepared once.
        let (some, others) = left.split_at(bulk::share(left.len()));
        let places = (0..some.len()).map(|n| {
            let at = |k| n * 4 + k;
            format!("(${}, ${}, ${}, ${})", at(1), at(2), at(3), at(4))
        });
        let text = format!(
            "UPDATE sessions SET last_seq = v.column4 FROM (VALUES {}) AS v \
             WHERE sessions.id = v.column1 AND owner_epoch = v.column2 AND last_seq = v.column3",
            places.collect::<Vec<_>>().join(", ")
        );
        let values = some.iter().flat_map(|step| {
            [step.session.into(), step.epoch.into(), step.from.into(), step.to.into()]
        });
        let statement = Statement::from_sql_and_values(
            db.get_database_backend(),
            text,
            values.collect::<Vec<Value>>(),
        );
        if db.execute_raw(statement).await?.rows_affected() != some.len() as u64 {
            return Ok(false);
        }
        left = others;
    }
    Ok(true)
}

/// Whether a session stands at a sequence, and an epoch is its last one.
pub async fn stands(
    db: &impl ConnectionTrait,
    id: SessionId,
    epoch: i64,
    at: i64,
) -> Result<bool, DbErr> {
    let found = sessions::Entity::find_by_id(id)
        .filter(sessions::Column::LastSeq.eq(at))
        .filter(sessions::Column::OwnerEpoch.eq(epoch));
    Ok(found.one(db).await?.is_some())
}

/// What came of the wish to own a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is the caller's, who appends under this epoch from now on.
    Epoch(i64),
    /// Another server that lives owns it.
    Elsewhere,
    NotThere,
}

/// How long a takeover waits for a row that somebody else holds.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '2s'";

/// Takes the session over, if nobody else who lives owns it: whoever held it before can append no more.
///
/// *Errors*: [`Trouble::Locked`](super::Trouble::Locked) while somebody else holds its row; a retry is safe.
pub async fn take_over(store: &Store, id: SessionId) -> Result<Taken, StoreError> {
    let mut update = sessions::Entity::update_many()
        .col_expr(sessions::Column::OwnerEpoch, Expr::col(sessions::Column::OwnerEpoch).add(1))
        .filter(sessions::Column::Id.eq(id));
    let Some(me) = store.server() else {
        update.exec(store.write()).await?;
        let row = find(store.write(), id).await?;
        return Ok(row.map_or(Taken::NotThere, |row| Taken::Epoch(row.owner_epoch)));
    };
    // Most that is asked of another's session ends here, and locks nothing.
    if is_elsewhere(store, id).await? {
        return Ok(Taken::Elsewhere);
    }
    let free = free(me, servers::living_now());
    update = update.col_expr(sessions::Column::OwnerId, Expr::value(me)).filter(free);
    store
        .timely(async {
            let transaction = store.begin().await?;
            // A server that was cut off in the middle of an append holds the row for some seconds.
            transaction.execute_unprepared(LOCK_WAIT).await?;
            servers::hold_owner(&transaction, id, me).await?;
            // The epoch is read while the row is still ours alone.
            let ours = update.exec(&transaction).await?.rows_affected == 1;
            let row = find(&transaction, id).await?;
            transaction.commit().await?;
            Ok(match row {
                None => Taken::NotThere,
                Some(row) if ours => Taken::Epoch(row.owner_epoch),
                Some(_) => Taken::Elsewhere,
            })
        })
        .await
}

/// Says that a session that was just made is this server's, whose actor has its first epoch.
pub async fn adopt(store: &Store, id: SessionId) -> Result<(), StoreError> {
    let Some(me) = store.server() else { return Ok(()) };
    sessions::Entity::update_many()
        .col_expr(sessions::Column::OwnerId, Expr::value(me))
        .filter(sessions::Column::Id.eq(id))
        .filter(sessions::Column::OwnerEpoch.eq(0))
        .exec(store.write())
        .await?;
    Ok(())
}

/// Gives up one session that is still under an epoch, or all that are this server's: whoever is asked for one
/// next takes it.
pub async fn release(store: &Store, one: Option<(SessionId, i64)>) -> Result<(), StoreError> {
    let Some(me) = store.server() else { return Ok(()) };
    let mut update = sessions::Entity::update_many()
        .col_expr(sessions::Column::OwnerId, Expr::value(None::<ServerId>))
        .filter(sessions::Column::OwnerId.eq(me));
    if let Some((id, epoch)) = one {
        update = update
            .filter(sessions::Column::Id.eq(id))
            .filter(sessions::Column::OwnerEpoch.eq(epoch));
    }
    update.exec(store.write()).await?;
    Ok(())
}

/// Those of some sessions that another server owns, whether that lives or not.
pub async fn lost(store: &Store, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
    let Some(me) = store.server() else { return Ok(Vec::new()) };
    Ok(sessions::Entity::find()
        .select_only()
        .column(sessions::Column::Id)
        .filter(sessions::Column::Id.is_in(ids.iter().copied()))
        .filter(sessions::Column::OwnerId.ne(me))
        .into_tuple()
        .all(store.lease())
        .await?)
}

/// Whether another server that lives owns a session.
pub async fn is_elsewhere(store: &Store, id: SessionId) -> Result<bool, StoreError> {
    let Some(me) = store.server() else { return Ok(false) };
    let found =
        existing().filter(sessions::Column::Id.eq(id)).filter(free(me, servers::living()).not());
    Ok(store.timely(found.one(store.read())).await?.is_some())
}

/// True for a session that this server may take: nobody's, its own, or one of a server that is gone.
fn free(me: ServerId, living: SelectStatement) -> Condition {
    nobodys(me).add(sessions::Column::OwnerId.not_in_subquery(living))
}

/// The ids of all sessions that are not deleted and that no other server which lives owns.
pub(super) fn to_look_after(store: &Store) -> Select<sessions::Entity> {
    let found =
        existing().apply_if(store.server(), |found, me| found.filter(free(me, servers::living())));
    found.select_only().column(sessions::Column::Id)
}

/// True for a session that nobody else has.
fn nobodys(me: ServerId) -> Condition {
    Condition::any().add(sessions::Column::OwnerId.is_null()).add(sessions::Column::OwnerId.eq(me))
}

/// The last sequences of some sessions; those that are deleted are left out.
pub async fn lengths(
    db: &impl ConnectionTrait,
    ids: Vec<SessionId>,
) -> Result<Vec<(SessionId, i64)>, StoreError> {
    Ok(existing()
        .select_only()
        .columns([sessions::Column::Id, sessions::Column::LastSeq])
        .filter(sessions::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?)
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

/// Whose sessions a server takes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Its own and nobody's: servers whose leases just ended may come back for theirs.
    Own,
    /// Those of servers that are gone too.
    All,
}

/// The sessions at work that this server may take up: those that were when the server before it went
/// away, and those of other servers that are gone.
pub async fn orphans(store: &Store, whose: Whose) -> Result<Vec<SessionId>, StoreError> {
    let mut found = existing().filter(at_work());
    if let Some(me) = store.server() {
        found = found.filter(match whose {
            Whose::Own => nobodys(me),
            Whose::All => free(me, servers::living()),
        });
    }
    let ids = found.select_only().column(sessions::Column::Id).into_tuple();
    store.timely(async { Ok(ids.all(store.read()).await?) }).await
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
        // As the index has it.
        .add(Expr::col((sessions::Entity, sessions::Column::Answering)))
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
