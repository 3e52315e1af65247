//! The database: connections here, queries in one file per noun.
//!
//! Nothing above this module knows which database it is. On SQLite there is one writing connection
//! and a pool of readers; on PostgreSQL both are one pool.

pub mod artifacts;
mod bulk;
mod connect;
pub mod copy;
pub mod events;
pub mod experiments;
pub mod folds;
pub mod glance;
pub mod hints;
pub mod idempotency;
pub mod inbox;
pub mod messages;
pub mod metrics;
pub mod page;
pub mod processed;
pub mod projection;
pub mod pyramid;
mod reader;
pub mod replay;
pub mod series;
pub mod servers;
pub mod sessions;
pub mod snapshot;
pub mod stage_runs;
pub mod synced;
pub mod tombstones;
mod trouble;
mod turn;
mod upkeep;
pub mod uploads;
pub mod usage;

use connect::{Doubt, Pools};
use entity::ids::{ServerId, SessionId};
use glance::Glances;
use hints::Hints;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait, sqlx,
};
use std::{
    path::Path,
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use turn::Turns;
use upkeep::Upkeep;
use uuid::Uuid;

pub use reader::Reader;
pub use trouble::{Trouble, outlast};
pub use turn::Turn;

/// How long a statement waits for another's lock.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// How long a database that may be far away has for an answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How long whoever can wait waits for a database that is away: it restarts, or changes over to another machine, and
/// nobody else can write meanwhile. What runs is worth more than an early word.
pub const ABSENCE: Duration = Duration::from_secs(90);
/// No connection is ended for its age. The driver's task that would end some counts those that are idle without a
/// lock: it may find one fewer than none, go round that often, and never let its thread do anything else.
const NO_LIMIT: Option<Duration> = None;

/// Handles to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    read: Reader,
    write: DatabaseConnection,
    /// PostgreSQL looks after its own files.
    upkeep: Option<Arc<Upkeep>>,
    statements: Arc<AtomicU64>,
    glances: Arc<Glances>,
    company: Option<Company>,
}

/// This process among those that may use the same database.
#[derive(Clone, Debug)]
struct Company {
    me: ServerId,
    seat: Arc<OnceLock<Uuid>>,
    hints: Arc<Hints>,
    /// Connections for the lease alone.
    lease: DatabaseConnection,
    turns: Arc<Turns>,
    doubt: Doubt,
}

/// Why the database did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is out of reach. The text is for logs, never for users.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// A session's log is not whole; the reason is for logs.
    #[error("the log of session {session} is damaged at event {seq}: {reason}")]
    DamagedLog { session: SessionId, seq: i64, reason: String },
    /// The database was made by a newer version.
    #[error(
        "the database was made by a newer version of trainable; use that version, or a new data directory or database"
    )]
    Newer,
    /// It cannot be used as it is named. The sentence is for the operator and holds no secret.
    #[error("{0}")]
    Unusable(String),
}

impl Store {
    /// Opens, and migrates, the SQLite file at `path`.
    pub async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let url = format!("sqlite://{}?mode=rwc", path.display());
        // The writer first: it makes the file and switches it to WAL before any reader comes.
        let write = Database::connect(writing(sqlite_options(&url, 1, LOCK_WAIT))).await?;
        migrate(&write).await?;
        let read = Database::connect(sqlite_options(&url, 4, LOCK_WAIT)).await?;
        let upkeep = Some(Arc::new(Upkeep::open(path).await?));
        Self::counting(read, write, upkeep, None).after_others().await
    }

    /// Opens, and migrates, the database at a `postgres://` URL. Other servers may use it too.
    ///
    /// *Errors*: [`StoreError::Unusable`] says what is wrong with the address or the server behind it.
    pub async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        Self::open_postgres_of("DATABASE_URL", url).await
    }

    /// The same, with the name of the setting whose value the URL is.
    pub async fn open_postgres_of(setting: &str, url: &str) -> Result<Self, StoreError> {
        let doubt = Doubt::new();
        let Pools { all, lease } = connect::postgres(setting, url, &doubt).await?;
        let me = ServerId::new();
        let hints = Arc::new(Hints::start(me, url, all.clone()));
        let turns = Arc::new(Turns::new(url));
        let company = Company { me, seat: Arc::default(), hints, lease, turns, doubt };
        Self::counting(all.clone(), all, None, Some(company)).after_others().await
    }

    fn counting(
        mut read: DatabaseConnection,
        mut write: DatabaseConnection,
        upkeep: Option<Arc<Upkeep>>,
        company: Option<Company>,
    ) -> Self {
        let statements = Arc::new(AtomicU64::new(0));
        for connection in [&mut read, &mut write] {
            let statements = Arc::clone(&statements);
            connection.set_metric_callback(move |_| {
                statements.fetch_add(1, Relaxed);
            });
        }
        let doubt = company.as_ref().map(|company| company.doubt.clone());
        let read = Reader { connections: read, doubt };
        Self { read, write, upkeep, statements, glances: Arc::default(), company }
    }

    /// Ids sort by time: ours come after those that are there, whatever our clock says.
    async fn after_others(self) -> Result<Self, StoreError> {
        for id in [experiments::newest(&self.read).await?, sessions::newest(&self.read).await?] {
            id.into_iter().for_each(entity::ids::not_before);
        }
        Ok(self)
    }

    /// Gives the pages of what was deleted back to the file system, a few at a time.
    pub async fn give_back(&self) {
        if let Some(upkeep) = &self.upkeep {
            upkeep.shrink().await;
        }
    }

    /// Keeps the files beside the database short. Costs next to nothing while they are.
    pub async fn tidy(&self) {
        if let Some(upkeep) = &self.upkeep {
            upkeep.shorten().await;
        }
    }

    /// How many statements were sent to the database since it was opened.
    pub fn statements(&self) -> u64 {
        self.statements.load(Relaxed)
    }

    /// This process among those that may use the same database; `None` where it is alone.
    pub fn server(&self) -> Option<ServerId> {
        self.company.as_ref().map(|company| company.me)
    }

    /// What servers of one database say to each other; `None` where there is only one.
    pub fn hints(&self) -> Option<&Hints> {
        self.company.as_ref().map(|company| company.hints.as_ref())
    }

    /// Says which seat this process has. Only the first word counts.
    fn sit(&self, seat: Uuid) {
        if let Some(company) = &self.company {
            let _ = company.seat.set(seat);
        }
    }

    /// The seat of this process: one of its own where nothing was said.
    fn seat(&self) -> Uuid {
        self.company.as_ref().map_or(Uuid::nil(), |company| *company.seat.get_or_init(Uuid::now_v7))
    }

    /// Waits until nobody else is at something, on any server; then it is the caller's until what
    /// is answered is dropped.
    ///
    /// *Errors*: [`StoreError::Database`]; trying again is safe.
    pub async fn turn(&self, what: Uuid) -> Result<Turn, StoreError> {
        match &self.company {
            None => Ok(Turn::alone()),
            Some(company) => company.turns.take(what).await,
        }
    }

    /// The same, without waiting; `None` while another server has it.
    pub async fn try_turn(&self, what: Uuid) -> Result<Option<Turn>, StoreError> {
        match &self.company {
            None => Ok(Some(Turn::alone())),
            Some(company) => company.turns.try_take(what).await,
        }
    }

    /// Gives up work to which the database says nothing. Over a network that drops what is sent it would wait for
    /// as long as the kernel tries, a quarter of an hour. What came of the work is not known then.
    ///
    /// *Errors*: [`Trouble::Away`] then, and those of the work.
    pub async fn timely<T, E: From<DbErr>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(company) = &self.company else { return work.await };
        let mut work = pin!(work);
        match tokio::time::timeout(ANSWER, work.as_mut()).await {
            Ok(done) => done,
            Err(_) => {
                // Before the work is dropped, and its connection goes back to the others.
                company.doubt.raise();
                Err(silent().into())
            }
        }
    }

    /// Says that what was asked of the database was not answered.
    pub fn doubt(&self) {
        if let Some(company) = &self.company {
            company.doubt.raise();
        }
    }

    /// Begins a transaction that writes, with work of the caller's own between its statements. Whoever waits for what
    /// it locks may wait for long.
    pub(crate) async fn begin_long(&self) -> Result<DatabaseTransaction, DbErr> {
        let transaction = self.begin().await?;
        if self.company.is_some() {
            let text = "SET LOCAL idle_in_transaction_session_timeout = 0";
            transaction.execute_unprepared(text).await?;
        }
        Ok(transaction)
    }

    /// Connections for the lease of this process.
    fn lease(&self) -> &DatabaseConnection {
        self.company.as_ref().map_or(&self.write, |company| &company.lease)
    }

    /// Connections for reading.
    pub fn read(&self) -> &Reader {
        &self.read
    }

    /// Connections for single statements that write.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a transaction that writes. It holds the write lock from its first moment, so it
    /// cannot fail later because another writer came between.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.write
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }
}

/// The number by which PostgreSQL knows what a turn is about.
fn turn_key(what: Uuid) -> i64 {
    i64::from_be_bytes(*what.as_bytes().last_chunk().unwrap_or(&[0; 8]))
}

/// The database says nothing.
fn silent() -> DbErr {
    let cause = sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    DbErr::Conn(RuntimeErr::SqlxError(cause.into()))
}

/// `wait`: how long a statement waits for a lock that somebody else holds.
fn sqlite_options(url: &str, connections: u32, wait: Duration) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(NO_LIMIT)
        .max_lifetime(NO_LIMIT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |o| {
            use sea_orm::sqlx::sqlite::{SqliteAutoVacuum, SqliteJournalMode, SqliteSynchronous};
            // The wait comes before WAL: switching the mode needs the lock.
            o.busy_timeout(wait)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                // Only a new database takes it; the pages of what is deleted can be given back.
                .auto_vacuum(SqliteAutoVacuum::Incremental)
                // A page of a list passes from the driver's thread at once, not with a switch every 50 rows.
                .row_buffer_size(1024)
                // Pages that a connection keeps, in KiB below zero.
                .pragma("cache_size", "-16384")
                .pragma("journal_size_limit", upkeep::WAL_KEPT.to_string())
                .foreign_keys(true)
        });
    options
}

/// The one connection that begins transactions.
///
/// A full disk makes SQLite roll back by itself, while the driver goes on counting a transaction. What
/// it begins next would be a savepoint, and after a second failure one within a transaction that nobody
/// commits: acknowledged, and lost. So a connection that does not come back clean is replaced.
fn writing(mut options: ConnectOptions) -> ConnectOptions {
    use sea_orm::sqlx::Connection;
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                // Answered after the rollback that may still be on its way.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
    });
    options
}

async fn migrate(db: &DatabaseConnection) -> Result<(), StoreError> {
    match Migrator::up(db, None).await {
        Ok(()) => Ok(()),
        // The migrator's own words when the table lists a migration that this binary lacks.
        Err(DbErr::Custom(text)) if text.contains("is missing") => Err(StoreError::Newer),
        Err(error) => Err(error.into()),
    }
}
