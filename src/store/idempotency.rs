//! `idempotency`: the first result of every keyed mutation.

use super::{Store, StoreError, servers};
use chrono::{DateTime, Utc};
use entity::{
    experiments,
    idempotency::{self, Column},
    ids::{ExperimentId, MessageId, SessionId, StageRunId},
    messages,
    principal::Principal,
    sessions, stage_runs,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter,
    sea_query::{Expr, OnConflict},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed<'a> {
    pub principal: &'a Principal,
    pub key: &'a str,
    pub operation: &'static str,
    /// SHA-256 of the input, lower-case hex.
    pub input_digest: String,
}

/// What there is under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody used it before: it is ours now, and what is made has this id.
    Mine(Uuid),
    /// Somebody did, with this operation and input, and this came of it; `None` while it is at work.
    Earlier { same: bool, result: Option<String> },
}

/// Claims a key, or answers what was made of it earlier.
pub async fn claim(
    store: &Store,
    keyed: &Keyed<'_>,
    at: DateTime<Utc>,
) -> Result<Claim, StoreError> {
    let db = store.write();
    let row = idempotency::Model {
        principal: keyed.principal.owner().to_owned(),
        key: keyed.key.to_owned(),
        operation: keyed.operation.to_owned(),
        input_digest: keyed.input_digest.clone(),
        result: None,
        server_id: store.server(),
        created_at: at,
    };
    let unless_there =
        OnConflict::columns([Column::Principal, Column::Key]).do_nothing().to_owned();
    let written = idempotency::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(unless_there)
        .exec_without_returning(db)
        .await;
    match written {
        Ok(1) => return Ok(Claim::Mine(made(keyed.principal.owner(), keyed.key, at))),
        Ok(_) | Err(sea_orm::DbErr::RecordNotInserted) => {}
        Err(error) => return Err(error.into()),
    }
    let found =
        idempotency::Entity::find_by_id((keyed.principal.owner().to_owned(), keyed.key.to_owned()))
            .one(db)
            .await?;
    // It went away between the two statements: the first call failed. The next one may claim it.
    Ok(found.map_or(Claim::Earlier { same: true, result: None }, |row| Claim::Earlier {
        same: row.operation == keyed.operation && row.input_digest == keyed.input_digest,
        result: row.result,
    }))
}

/// Keeps what came of a claimed key.
pub async fn finish(
    db: &impl ConnectionTrait,
    keyed: &Keyed<'_>,
    result: &str,
) -> Result<(), StoreError> {
    idempotency::Entity::update_many()
        .col_expr(Column::Result, Expr::value(result))
        .filter(Column::Principal.eq(keyed.principal.owner()))
        .filter(Column::Key.eq(keyed.key))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives a claimed key back: nothing was made.
pub async fn forget(db: &impl ConnectionTrait, keyed: &Keyed<'_>) -> Result<(), StoreError> {
    idempotency::Entity::delete_many()
        .filter(Column::Principal.eq(keyed.principal.owner()))
        .filter(Column::Key.eq(keyed.key))
        .filter(Column::Result.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Looks what came of the calls that were cut off when their server went away: a key whose thing
/// was made keeps it, every other is given back. Calls of a server that may still be at them are left alone.
pub async fn settle_unfinished(store: &Store) -> Result<(), StoreError> {
    let db = store.write();
    let mut cut_off = idempotency::Entity::find().filter(Column::Result.is_null());
    if store.server().is_some() {
        let of_nobody = Condition::any()
            .add(Column::ServerId.is_null())
            .add(Column::ServerId.not_in_subquery(servers::lingering()));
        cut_off = cut_off.filter(of_nobody);
    }
    let cut_off = store.timely(cut_off.all(db)).await?;
    for row in cut_off {
        let id = made(&row.principal, &row.key, row.created_at);
        let keyed = Condition::all()
            .add(Column::Principal.eq(&row.principal))
            .add(Column::Key.eq(&row.key));
        if exists(db, id).await? {
            idempotency::Entity::update_many()
                .col_expr(Column::Result, Expr::value(id.to_string()))
                .filter(keyed)
                .exec(db)
                .await?;
        } else {
            idempotency::Entity::delete_many().filter(keyed).exec(db).await?;
        }
    }
    Ok(())
}

/// The id of what is made under a key, which follows from the key: so it is known what to look for
/// when nobody could write down any more what was made.
fn made(principal: &str, key: &str, at: DateTime<Utc>) -> Uuid {
    let digest = Sha256::new().chain_update(principal).chain_update([0]).chain_update(key);
    let digest = digest.finalize();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Whether anything that keys make has this id.
async fn exists(db: &impl ConnectionTrait, id: Uuid) -> Result<bool, DbErr> {
    Ok(messages::Entity::find_by_id(MessageId(id)).one(db).await?.is_some()
        || stage_runs::Entity::find_by_id(StageRunId(id)).one(db).await?.is_some()
        || sessions::Entity::find_by_id(SessionId(id)).one(db).await?.is_some()
        || experiments::Entity::find_by_id(ExperimentId(id)).one(db).await?.is_some())
}
