//! `idempotency`: the first result of every keyed mutation.

use super::StoreError;
use chrono::{DateTime, Utc};
use entity::{
    idempotency::{self, Column},
    principal::Principal,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict},
};

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
    /// Nobody used it before: it is ours now.
    Mine,
    /// Somebody did, with this operation and input, and this came of it; `None` while it is at work.
    Earlier { same: bool, result: Option<String> },
}

/// Claims a key, or answers what was made of it earlier.
pub async fn claim(
    db: &impl ConnectionTrait,
    keyed: &Keyed<'_>,
    at: DateTime<Utc>,
) -> Result<Claim, StoreError> {
    let row = idempotency::Model {
        principal: keyed.principal.owner().to_owned(),
        key: keyed.key.to_owned(),
        operation: keyed.operation.to_owned(),
        input_digest: keyed.input_digest.clone(),
        result: None,
        created_at: at,
    };
    let unless_there =
        OnConflict::columns([Column::Principal, Column::Key]).do_nothing().to_owned();
    let written = idempotency::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(unless_there)
        .exec_without_returning(db)
        .await;
    match written {
        Ok(1) => return Ok(Claim::Mine),
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

/// Gives back every key whose call was cut off when the last server went away.
pub async fn forget_unfinished(db: &impl ConnectionTrait) -> Result<(), StoreError> {
    idempotency::Entity::delete_many().filter(Column::Result.is_null()).exec(db).await?;
    Ok(())
}
