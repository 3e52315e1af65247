//! Turns: what one server at a time may do, by a lock in the database.
//!
//! The lock is as good as the connection that holds it, which is no one of the pool: whoever has a turn may need
//! several of those, and would wait for others who do. A server that is paused loses its turn after a while, so whoever
//! has one asks before what only one may do.

use super::{
    StoreError,
    connect::{ECHO, echo},
    silent, turn_key,
};
use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, Connection, Executor, PgConnection},
};
use std::{fmt, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Turns of one server at once: each has a connection.
const AT_ONCE: usize = 4;
/// The time between two attempts to come by a turn.
const LOOK: Duration = Duration::from_millis(200);
/// The time between two signs of life of whoever has a turn.
const PULSE: Duration = Duration::from_secs(10);
/// Who gives no sign for longer than this has lost the turn.
const BEGIN: &str = "SET idle_in_transaction_session_timeout = '30s'; SET tcp_keepalives_idle = 10; \
                     SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; BEGIN";

/// The turns of one server.
pub(super) struct Turns {
    url: String,
    places: Arc<Semaphore>,
}

/// It is the holder's turn, until this is dropped.
#[derive(Debug)]
pub struct Turn {
    asked: mpsc::Sender<oneshot::Sender<()>>,
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
        let mut connection = answered(PgConnection::connect(&self.url)).await?;
        answered(connection.execute(BEGIN)).await?;
        let key = turn_key(what);
        loop {
            let try_it = sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_xact_lock($1)");
            if answered(try_it.bind(key).fetch_one(&mut connection)).await? {
                break;
            }
            sleep(LOOK).await;
        }
        let (asked, asks) = mpsc::channel(1);
        tokio::spawn(keep(connection, asks, place));
        Ok(Turn { asked })
    }
}

impl Turn {
    /// Whether it is the holder's turn still.
    pub async fn stands(&self) -> bool {
        let (answer, stands) = oneshot::channel();
        self.asked.send(answer).await.is_ok() && stands.await.is_ok()
    }
}

/// Holds a connection for as long as the turn is wanted and the connection is there.
async fn keep(
    mut connection: PgConnection,
    mut asks: mpsc::Receiver<oneshot::Sender<()>>,
    _place: OwnedSemaphorePermit,
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
