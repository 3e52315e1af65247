//! `session_commands`: what one server asks another to give to a session of that one's.
//!
//! A row is asked, taken by one server, answered, and removed by who asked. It is taken at most once.

use super::{StoreError, servers};
use chrono::{DateTime, Utc};
use entity::{
    ids::{AskedId, ServerId, SessionId},
    session_commands::{self, Column, Model},
    sessions,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};

/// How long after it was asked a row is of use to nobody, in minutes.
const OLD: i64 = 15;

/// Puts a question down.
pub async fn ask(
    db: &impl ConnectionTrait,
    id: AskedId,
    session: SessionId,
    command: String,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row =
        Model { id, session_id: session, command, taken_by: None, answer: None, created_at: at };
    session_commands::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// What waits for this server, oldest first.
pub async fn waiting(db: &impl ConnectionTrait, me: ServerId) -> Result<Vec<Model>, StoreError> {
    let mine = sessions::Entity::find()
        .select_only()
        .column(sessions::Column::Id)
        .filter(sessions::Column::OwnerId.eq(me))
        .into_query();
    Ok(session_commands::Entity::find()
        .filter(Column::TakenBy.is_null())
        .filter(Column::SessionId.in_subquery(mine))
        .order_by_asc(Column::Id)
        .all(db)
        .await?)
}

/// Takes a question. False when somebody has, or who asked does not wait any more.
pub async fn take(
    db: &impl ConnectionTrait,
    id: AskedId,
    me: ServerId,
) -> Result<bool, StoreError> {
    let taken = session_commands::Entity::update_many()
        .col_expr(Column::TakenBy, Expr::value(me))
        .filter(Column::Id.eq(id))
        .filter(Column::TakenBy.is_null())
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Lets another server take a question of which nothing was done.
pub async fn give_back(db: &impl ConnectionTrait, id: AskedId) -> Result<(), StoreError> {
    session_commands::Entity::update_many()
        .col_expr(Column::TakenBy, Expr::value(None::<ServerId>))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Says what came of it.
pub async fn answer(
    db: &impl ConnectionTrait,
    id: AskedId,
    answer: &str,
) -> Result<(), StoreError> {
    session_commands::Entity::update_many()
        .col_expr(Column::Answer, Expr::value(answer))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// How a question stands.
pub async fn find(db: &impl ConnectionTrait, id: AskedId) -> Result<Option<Model>, StoreError> {
    Ok(session_commands::Entity::find_by_id(id).one(db).await?)
}

/// Whether the server that took a question has its lease still.
pub async fn is_at_it(db: &impl ConnectionTrait, id: AskedId) -> Result<bool, StoreError> {
    let found = session_commands::Entity::find_by_id(id)
        .filter(Column::TakenBy.in_subquery(servers::living()))
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Takes a question back. False when somebody took it.
pub async fn withdraw(db: &impl ConnectionTrait, id: AskedId) -> Result<bool, StoreError> {
    let gone = session_commands::Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::TakenBy.is_null())
        .exec(db)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// Removes a question whose answer was read.
pub async fn remove(db: &impl ConnectionTrait, id: AskedId) -> Result<(), StoreError> {
    session_commands::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Removes the questions of servers that went away before they read the answer.
pub async fn forget_old(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), StoreError> {
    let old = now - chrono::Duration::minutes(OLD);
    session_commands::Entity::delete_many().filter(Column::CreatedAt.lt(old)).exec(db).await?;
    Ok(())
}
