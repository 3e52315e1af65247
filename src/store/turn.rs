//! Turns: what one server at a time may do, by a lock in the database.
//!
//! The lock is as good as the connection that holds it, which is no one of the pool: whoever has a turn may need
//! several of those, and would wait for others who do. A server that is paused loses its turn after a while, so whoever
//! has one asks before what only one may do. A server that has its database for itself always has them all.

use super::{
    StoreError,
    connect::{ECHO, echo},
    servers::LEASE,
    silent, turn_key,
};
use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, Connection, Executor, PgConnection},
};
use std::{fmt, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Turns of one server that are waited for, or were, at once: each has a connection.
const AT_ONCE: usize = 4;
/// The time between two attempts to come by a turn.
const LOOK: Duration = Duration::from_millis(200);
/// The time between two signs of life of whoever has a turn.
const PULSE: Duration = Duration::from_secs(2);

/// The turns of one server.
pub(super) struct Turns {
    url: String,
    places: Arc<Semaphore>,
}

/// It is the holder's turn, until this is dropped, or lost: [`LEASE`] after the last sign of life of a server that is
/// stopped or cut off.
#[derive(Debug)]
pub struct Turn(Option<Kept>);

/// What stands between the holder and the connection.
#[derive(Debug)]
struct Kept {
    asked: mpsc::Sender<oneshot::Sender<()>>,
    keeper: JoinHandle<()>,
}

impl fmt::Debug for Turns {
    /// Without the address, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").field("free", &self.places.available_permits()).finish()
    }
}

impl Turns {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Waits for a turn.
    pub(super) async fn take(&self, what: Uuid) -> Result<Turn, StoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        // Nobody closes it.
        let place = place.map_err(|_| silent())?;
        let mut connection = self.connect().await?;
        while !taken(&mut connection, what).await? {
            sleep(LOOK).await;
        }
        Ok(Turn::kept(connection, Some(place)))
    }

    /// Takes a turn; `None` while another server has it.
    pub(super) async fn try_take(&self, what: Uuid) -> Result<Option<Turn>, StoreError> {
        let mut connection = self.connect().await?;
        if taken(&mut connection, what).await? {
            return Ok(Some(Turn::kept(connection, None)));
        }
        let _ = timeout(ECHO, connection.close()).await;
        Ok(None)
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        let mut connection = answered(PgConnection::connect(&self.url)).await?;
        let silence = LEASE.as_millis();
        let begin = format!(
            "SET idle_in_transaction_session_timeout = {silence}; SET tcp_keepalives_idle = 10; \
             SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; BEGIN"
        );
        answered(connection.execute(sqlx::AssertSqlSafe(begin))).await?;
        Ok(connection)
    }
}

async fn taken(connection: &mut PgConnection, what: Uuid) -> Result<bool, StoreError> {
    let try_it = sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_xact_lock($1)");
    Ok(answered(try_it.bind(turn_key(what)).fetch_one(connection)).await?)
}

impl Turn {
    /// The turn of a server that is the only one.
    pub(super) fn alone() -> Self {
        Self(None)
    }

    fn kept(connection: PgConnection, place: Option<OwnedSemaphorePermit>) -> Self {
        let (asked, asks) = mpsc::channel(1);
        Self(Some(Kept { asked, keeper: tokio::spawn(keep(connection, asks, place)) }))
    }

    /// Asks whether it is the holder's turn still, before what only one may do.
    ///
    /// *Errors*: it is lost, or nobody can say.
    pub async fn held(&self) -> Result<(), StoreError> {
        let Some(kept) = &self.0 else { return Ok(()) };
        let (answer, stands) = oneshot::channel();
        let held = kept.asked.send(answer).await.is_ok() && stands.await.is_ok();
        if held { Ok(()) } else { Err(lost()) }
    }

    /// Waits until it is lost, for ever if it is not.
    pub async fn lost(&self) -> StoreError {
        match &self.0 {
            Some(kept) => kept.asked.closed().await,
            None => std::future::pending().await,
        }
        lost()
    }

    /// Gives it up, and waits until others can have it.
    pub async fn end(self) {
        if let Some(Kept { asked, keeper }) = self.0 {
            drop(asked);
            let _ = keeper.await;
        }
    }
}

fn lost() -> StoreError {
    DbErr::Custom("the turn among servers was lost, or the database does not answer".into()).into()
}

/// Holds a connection for as long as the turn is wanted and the connection is there.
async fn keep(
    mut connection: PgConnection,
    mut asks: mpsc::Receiver<oneshot::Sender<()>>,
    _place: Option<OwnedSemaphorePermit>,
) {
    loop {
        let ask = match timeout(PULSE, asks.recv()).await {
            Ok(None) => break,
            Ok(Some(ask)) => Some(ask),
            Err(_) => None,
        };
        if let Err(error) = echo(&mut connection).await {
            tracing::warn!(%error, "a turn among servers was lost");
            return;
        }
        // Who asked may have gone away.
        if let Some(ask) = ask {
            let _ = ask.send(());
        }
    }
    // A connection that is not closed in time is dropped, which the database notices later.
    let _ = timeout(ECHO, connection.close()).await;
}

/// What the database answers, if it does in time.
async fn answered<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DbErr> {
    match timeout(super::ANSWER, work).await {
        Ok(done) => done.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into()))),
        Err(_) => Err(silent()),
    }
}
