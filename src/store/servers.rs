//! `servers`: which processes use a database that several may use, each by a lease that it renews.
//!
//! All times are the database's own: what a server's clock says matters to nobody. Whoever has a lease owns
//! its sessions; when it has ended, others take them over.

use super::{ABSENCE, Store, StoreError};
use entity::{
    ids::{ServerId, SessionId},
    servers,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
    QueryTrait, Statement,
    sea_query::{Expr, ExprTrait, SelectStatement},
};
use std::time::Duration;
use uuid::Uuid;

/// How long a lease lasts from the moment in which the database takes it down.
pub const LEASE: Duration = Duration::from_secs(10);
/// So long after its lease ended a server that nobody followed may still be writing: it waits for the database, and
/// its last attempt takes its time.
const LINGERS: Duration = Duration::from_secs(ABSENCE.as_secs() + 30);

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
        .exec(store.lease())
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
    let row = store.lease().query_one_raw(statement).await?;
    let read = |name: &str| row.as_ref().map_or(Ok(false), |row| row.try_get("", name));
    Ok(Renewed { held: read("held")?, others: read("others")? })
}

/// Whether servers whose leases ended just now may come back for sessions that are theirs still: the database was
/// away for everybody. One that this process follows on its seat, or that gave its sessions up, does not.
pub async fn may_return(store: &Store, me: ServerId) -> Result<bool, StoreError> {
    let text = format!(
        "SELECT EXISTS (SELECT 1 FROM servers s WHERE s.id <> $1 AND s.seat <> $2 \
           AND s.expires_at <= clock_timestamp() \
           AND s.expires_at > clock_timestamp() - interval '{} milliseconds' \
           AND EXISTS (SELECT 1 FROM sessions WHERE sessions.owner_id = s.id)) AS found",
        LEASE.as_millis()
    );
    let values = [me.0.into(), store.seat().into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, text, values);
    let row = store.lease().query_one_raw(statement).await?;
    Ok(row.map_or(Ok(false), |row| row.try_get("", "found"))?)
}

/// Keeps the other server that owns a session from renewing its lease until the transaction ends: it has either
/// done so, or finds afterwards what was taken meanwhile.
pub(super) async fn hold_owner(
    db: &impl ConnectionTrait,
    session: SessionId,
    me: ServerId,
) -> Result<(), DbErr> {
    let text = "SELECT 1 FROM servers WHERE id = (SELECT owner_id FROM sessions WHERE id = $1) \
                AND id <> $2 FOR UPDATE";
    let values = [session.0.into(), me.0.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, text, values);
    db.query_one_raw(statement).await.map(drop)
}

/// Gives the lease up, and forgets those that ended a day ago. The row stays: what this process is still at ends
/// within seconds, and its keys are not settled before.
pub async fn leave(store: &Store, me: ServerId) -> Result<(), StoreError> {
    servers::Entity::update_many()
        .col_expr(servers::Column::ExpiresAt, Expr::current_timestamp())
        .filter(servers::Column::Id.eq(me))
        .exec(store.lease())
        .await?;
    let text = "DELETE FROM servers WHERE expires_at < clock_timestamp() - interval '1 day'";
    store.lease().execute_unprepared(text).await?;
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

/// The same by the clock of this very moment, where a transaction may have waited for a lock since it began.
pub(super) fn living_now() -> SelectStatement {
    let lives = Expr::col(servers::Column::ExpiresAt).gt(Expr::cust("clock_timestamp()"));
    servers::Entity::find().select_only().column(servers::Column::Id).filter(lives).into_query()
}

/// The ids of all servers that may still be writing: those that live, and those whose lease ended lately, unless
/// another process has their seat.
pub(super) fn lingering() -> SelectStatement {
    let lately = format!(
        "servers.expires_at > clock_timestamp() - interval '{} milliseconds'",
        LINGERS.as_millis()
    );
    let followed = "EXISTS (SELECT 1 FROM servers AS later \
                    WHERE later.seat = servers.seat AND later.started_at > servers.started_at)";
    servers::Entity::find()
        .select_only()
        .column(servers::Column::Id)
        .filter(Expr::cust(lately))
        .filter(Expr::cust(followed).not())
        .into_query()
}
