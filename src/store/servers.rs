//! `servers`: which processes use a database that several may use, each by a lease that it renews.
//!
//! All times are the database's own: what a server's clock says matters to nobody. Whoever has a lease owns
//! its sessions; when it has ended, others take them over.

use super::{Store, StoreError};
use entity::{ids::ServerId, servers};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    Statement,
    sea_query::{Expr, ExprTrait, SelectStatement},
};
use std::time::Duration;
use uuid::Uuid;

/// How long a lease lasts from the moment in which the database takes it down.
pub const LEASE: Duration = Duration::from_secs(10);

/// What a renewal found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The lease had not ended before: nobody can have taken anything over.
    pub held: bool,
    /// Other servers live.
    pub others: bool,
}

/// Takes the lease of this process, and ends those of earlier processes that had the same seat: only one
/// process at a time can have it, so they are gone. Does nothing where no other server can come.
pub async fn enrol(store: &Store, seat: Uuid) -> Result<(), StoreError> {
    let Some(me) = store.server() else { return Ok(()) };
    store.sit(seat);
    servers::Entity::update_many()
        .col_expr(servers::Column::ExpiresAt, Expr::current_timestamp())
        .filter(servers::Column::Seat.eq(seat))
        .filter(servers::Column::Id.ne(me))
        .filter(lives())
        .exec(store.write())
        .await?;
    renew(store, me).await.map(drop)
}

/// Takes the lease, or renews it.
pub async fn renew(store: &Store, me: ServerId) -> Result<Renewed, StoreError> {
    let text = format!(
        "WITH mine AS ( \
           INSERT INTO servers (id, seat, started_at, expires_at) \
           VALUES ($1, $2, clock_timestamp(), clock_timestamp() + interval '{} milliseconds') \
           ON CONFLICT (id) DO UPDATE SET expires_at = EXCLUDED.expires_at RETURNING id) \
         SELECT EXISTS (SELECT 1 FROM servers s WHERE s.id = $1 AND s.expires_at > clock_timestamp()) AS held, \
           EXISTS (SELECT 1 FROM servers s WHERE s.id <> $1 AND s.expires_at > clock_timestamp()) AS others \
         FROM mine",
        LEASE.as_millis()
    );
    let values = [me.0.into(), store.seat().into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, text, values);
    let row = store.write().query_one_raw(statement).await?;
    let read = |name: &str| row.as_ref().map_or(Ok(false), |row| row.try_get("", name));
    Ok(Renewed { held: read("held")?, others: read("others")? })
}

/// Gives the lease up, and forgets those that ended a day ago.
pub async fn leave(store: &Store, me: ServerId) -> Result<(), StoreError> {
    servers::Entity::delete_by_id(me).exec(store.write()).await?;
    let text = "DELETE FROM servers WHERE expires_at < clock_timestamp() - interval '1 day'";
    store.write().execute_unprepared(text).await?;
    Ok(())
}

/// True for a server that has a lease.
fn lives() -> Expr {
    Expr::col(servers::Column::ExpiresAt).gt(Expr::current_timestamp())
}

/// Whether any server has a lease.
pub async fn any(store: &Store) -> Result<bool, StoreError> {
    let living = servers::Entity::find().filter(lives()).one(store.read()).await?;
    Ok(living.is_some())
}

/// The ids of all servers that have a lease, for other tables' conditions.
pub(super) fn living() -> SelectStatement {
    servers::Entity::find().select_only().column(servers::Column::Id).filter(lives()).into_query()
}
