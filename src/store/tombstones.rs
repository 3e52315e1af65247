//! `tombstones`: deleting in two steps. What is buried is there for nobody from that moment on, and
//! nobody appends to it; its files go next, its rows last.

use super::{Store, StoreError, sessions};
use chrono::{DateTime, Utc};
use entity::{
    events, experiments,
    ids::{ExperimentId, SessionId},
    messages, metrics, sessions as rows,
    tombstones::{self, Model as Tombstone},
    uploads, usage,
    vocab::Mortal,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, SelectStatement},
};
use uuid::Uuid;

/// Events whose rows are deleted in one transaction: others write in between.
const CHUNK: i64 = 500;

/// Which sessions may be buried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burial {
    AtRest,
    /// Also one that is said to be at work: its log is damaged, and nobody can cancel it.
    Damaged,
}

/// What came of the wish to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Buried {
    /// Done, with these sessions.
    Yes(Vec<SessionId>),
    /// Something is at work; nothing was done.
    AtWork,
    /// It is not there, or buried already.
    NotThere,
}

/// The ids of all that is buried, for other tables' conditions.
pub(super) fn all() -> SelectStatement {
    tombstones::Entity::find().select_only().column(tombstones::Column::Id).into_query()
}

/// Buries one session.
pub async fn bury_session(
    store: &Store,
    id: SessionId,
    which: Burial,
    at: DateTime<Utc>,
) -> Result<Buried, StoreError> {
    let transaction = store.begin().await?;
    let buried = match sessions::find(&transaction, id).await? {
        None => Buried::NotThere,
        Some(_) if !fence(&transaction, id, which).await? => Buried::AtWork,
        Some(_) => {
            mark(&transaction, id.0, Mortal::Session, at).await?;
            Buried::Yes(vec![id])
        }
    };
    end(transaction, buried).await
}

/// Buries an experiment and its sessions, when all of them rest.
pub async fn bury_experiment(
    store: &Store,
    id: ExperimentId,
    at: DateTime<Utc>,
) -> Result<Buried, StoreError> {
    let transaction = store.begin().await?;
    if super::experiments::find(&transaction, id).await?.is_none() {
        return end(transaction, Buried::NotThere).await;
    }
    let of_it: Vec<SessionId> =
        sessions::of_experiment(&transaction, id).await?.iter().map(|row| row.id).collect();
    for session in &of_it {
        if !fence(&transaction, *session, Burial::AtRest).await? {
            return end(transaction, Buried::AtWork).await;
        }
        mark(&transaction, session.0, Mortal::Session, at).await?;
    }
    mark(&transaction, id.0, Mortal::Experiment, at).await?;
    end(transaction, Buried::Yes(of_it)).await
}

/// Commits what was done, and takes back what was not to be done.
async fn end(transaction: DatabaseTransaction, buried: Buried) -> Result<Buried, StoreError> {
    match buried {
        Buried::Yes(_) => transaction.commit().await?,
        Buried::AtWork | Buried::NotThere => transaction.rollback().await?,
    }
    Ok(buried)
}

/// Takes a session from whoever owns it, so that nobody appends any more. False when it is at work.
async fn fence(
    db: &impl ConnectionTrait,
    id: SessionId,
    which: Burial,
) -> Result<bool, StoreError> {
    let mut update = rows::Entity::update_many()
        .col_expr(rows::Column::OwnerEpoch, Expr::col(rows::Column::OwnerEpoch).add(1))
        .filter(rows::Column::Id.eq(id));
    if which == Burial::AtRest {
        update = update.filter(sessions::at_work().not());
    }
    Ok(update.exec(db).await?.rows_affected == 1)
}

async fn mark(
    db: &impl ConnectionTrait,
    id: Uuid,
    kind: Mortal,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = Tombstone { id, kind, created_at: at };
    tombstones::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Everything that is buried and not yet gone; sessions first, since they belong to experiments.
pub async fn pending(db: &impl ConnectionTrait) -> Result<Vec<Tombstone>, StoreError> {
    Ok(tombstones::Entity::find()
        .order_by_desc(tombstones::Column::Kind)
        .order_by_asc(tombstones::Column::CreatedAt)
        .all(db)
        .await?)
}

/// The session's rows, many small transactions long, and its tombstone with the last of them.
pub async fn erase_session(store: &Store, id: SessionId) -> Result<(), StoreError> {
    let last: Option<i64> = events::Entity::find()
        .select_only()
        .column(events::Column::Seq)
        .filter(events::Column::SessionId.eq(id))
        .order_by_desc(events::Column::Seq)
        .into_tuple()
        .one(store.read())
        .await?;
    let mut upto = 0;
    while upto < last.unwrap_or(0) {
        upto += CHUNK;
        let transaction = store.begin().await?;
        macro_rules! erase {
            ($($table:ident),+) => {$(
                $table::Entity::delete_many()
                    .filter($table::Column::SessionId.eq(id))
                    .filter($table::Column::Seq.lte(upto))
                    .exec(&transaction)
                    .await?;
            )+};
        }
        erase!(metrics, messages, usage, events);
        transaction.commit().await?;
        store.tidy().await;
        tokio::task::yield_now().await;
    }
    let transaction = store.begin().await?;
    // What else belongs to it goes with it, by the schema's own rules.
    rows::Entity::delete_by_id(id).exec(&transaction).await?;
    tombstones::Entity::delete_by_id(id.0).exec(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// The experiment's own rows and its uploads', and its tombstone.
pub async fn erase_experiment(store: &Store, id: ExperimentId) -> Result<(), StoreError> {
    let transaction = store.begin().await?;
    uploads::Entity::delete_many()
        .filter(uploads::Column::ExperimentId.eq(id))
        .exec(&transaction)
        .await?;
    experiments::Entity::delete_by_id(id).exec(&transaction).await?;
    tombstones::Entity::delete_by_id(id.0).exec(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Sessions that have been at rest since before a time, the longest first.
pub async fn resting_since(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<SessionId>, StoreError> {
    Ok(rows::Entity::find()
        .select_only()
        .column(rows::Column::Id)
        .filter(rows::Column::UpdatedAt.lt(before))
        .filter(sessions::at_work().not())
        .filter(sessions::living())
        .order_by_asc(rows::Column::UpdatedAt)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}
