//! The database: connections here, queries in one file per noun.
//!
//! Nothing above this module knows which database it is. On SQLite there is one writing connection
//! and a pool of readers; on PostgreSQL both are one pool.

pub mod artifacts;
mod bulk;
pub mod events;
pub mod experiments;
pub mod idempotency;
pub mod messages;
pub mod metrics;
pub mod page;
pub mod processed;
pub mod projection;
pub mod pyramid;
pub mod series;
pub mod sessions;
pub mod snapshot;
pub mod stage_runs;
pub mod uploads;
pub mod usage;

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Handles to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    read: DatabaseConnection,
    write: DatabaseConnection,
    statements: Arc<AtomicU64>,
}

/// Why the database did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is out of reach. The text is for logs, never for users.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// A row holds what no version of ours wrote.
    #[error("row of `{table}` is corrupted: {reason}")]
    Corrupted { table: &'static str, reason: String },
    /// The database was made by a newer version.
    #[error(
        "the database was made by a newer version of trainable; use that version or a new data directory"
    )]
    Newer,
}

impl Store {
    /// Opens, and migrates, the SQLite file at `path`.
    pub async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let url = format!("sqlite://{}?mode=rwc", path.display());
        // The writer first: it makes the file and switches it to WAL before any reader comes.
        let write = Database::connect(sqlite_options(&url, 1)).await?;
        migrate(&write).await?;
        let read = Database::connect(sqlite_options(&url, 4)).await?;
        Ok(Self::counting(read, write))
    }

    /// Opens, and migrates, the database at a `postgres://` URL.
    pub async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(8).acquire_timeout(Duration::from_secs(10)).sqlx_logging(false);
        let pool = Database::connect(options).await?;
        migrate(&pool).await?;
        Ok(Self::counting(pool.clone(), pool))
    }

    fn counting(mut read: DatabaseConnection, mut write: DatabaseConnection) -> Self {
        let statements = Arc::new(AtomicU64::new(0));
        for connection in [&mut read, &mut write] {
            let statements = Arc::clone(&statements);
            connection.set_metric_callback(move |_| {
                statements.fetch_add(1, Relaxed);
            });
        }
        Self { read, write, statements }
    }

    /// How many statements were sent to the database since it was opened.
    pub fn statements(&self) -> u64 {
        self.statements.load(Relaxed)
    }

    /// Connections for reading.
    pub fn read(&self) -> &DatabaseConnection {
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

fn sqlite_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|o| {
            use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            // The wait comes before WAL: switching the mode needs the lock.
            o.busy_timeout(Duration::from_secs(10))
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
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
