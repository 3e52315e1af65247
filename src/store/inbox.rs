//! `session_commands`: what one server asks another to give to a session of that one's.
//!
//! A row is asked, taken by one server, answered, and removed by who asked. It is taken at most once, and by nobody
//! when its asker does not wait any more: that one was told so, and may have asked again. All times are the
//! database's own.

use super::{StoreError, servers};
use entity::{
    ids::{AskedId, ServerId, SessionId},
    session_commands::{self, Column, Model},
    sessions,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Statement, sea_query::Expr,
};
use std::time::Duration;

/// How long after its asker stopped waiting a row is forgotten, in minutes: one that is slow still finds the answer.
const OLD: u64 = 15;

/// Puts a question down, for as long as `by` waits for its answer.
pub async fn ask(
    db: &impl ConnectionTrait,
    id: AskedId,
    session: SessionId,
    command: String,
    by: ServerId,
    within: Duration,
) -> Result<(), StoreError> {
    let text = "INSERT INTO session_commands (id, session_id, command, asked_by, created_at, until) \
         VALUES ($1, $2, $3, $4, clock_timestamp(), clock_timestamp() + make_interval(secs => $5))";
    let values =
        [id.0.into(), session.0.into(), command.into(), by.0.into(), within.as_secs_f64().into()];
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, text, values)).await?;
    Ok(())
}

/// True for a question whose asker waits.
fn in_time() -> Condition {
    Condition::all()
        .add(Expr::col(Column::Until).gt(Expr::current_timestamp()))
        .add(Column::AskedBy.in_subquery(servers::living()))
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
        .filter(in_time())
        .order_by_asc(Column::CreatedAt)
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
        .filter(in_time())
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Lets another server take a question of which nothing was done. False when who asked does not wait any more: it
/// stays with who took it.
pub async fn give_back(db: &impl ConnectionTrait, id: AskedId) -> Result<bool, StoreError> {
    let given = session_commands::Entity::update_many()
        .col_expr(Column::TakenBy, Expr::value(None::<ServerId>))
        .filter(Column::Id.eq(id))
        .filter(in_time())
        .exec(db)
        .await?;
    Ok(given.rows_affected == 1)
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
pub async fn forget_old(db: &impl ConnectionTrait) -> Result<(), StoreError> {
    let text = format!(
        "DELETE FROM session_commands WHERE until < clock_timestamp() - interval '{OLD} minutes'"
    );
    db.execute_unprepared(&text).await?;
    Ok(())
}
