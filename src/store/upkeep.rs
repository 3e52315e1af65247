//! Upkeep of a SQLite file: the log beside it is kept short.
//!
//! SQLite copies its write-ahead log into the database every 1,000 pages, but begins it anew only
//! when nobody reads from it at that moment. Where somebody always reads, it would grow for ever.

use super::{StoreError, sqlite_options};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Bytes of the log that stay when it begins anew by itself.
pub(super) const WAL_KEPT: u64 = 16 << 20;
/// Bytes from which the log is begun anew, with all who want to read or write waiting for it.
const WAL_MOST: u64 = 32 << 20;
/// How long it is waited for whoever reads right now. Writers wait meanwhile.
const WAIT: Duration = Duration::from_millis(250);
/// The rest after a reader did not end in time. A backup may read for minutes.
const REST: Duration = Duration::from_secs(2);

/// Looks after the files of one database.
#[derive(Debug)]
pub(super) struct Upkeep {
    wal: PathBuf,
    /// Made for this alone: it waits for others less long than they do.
    connection: DatabaseConnection,
    resting: Mutex<Option<Instant>>,
}

impl Upkeep {
    pub(super) async fn open(database: &Path) -> Result<Self, StoreError> {
        let mut wal = database.as_os_str().to_owned();
        wal.push("-wal");
        let url = format!("sqlite://{}?mode=rw", database.display());
        let connection = Database::connect(sqlite_options(&url, 1, WAIT)).await?;
        Ok(Self { wal: wal.into(), connection, resting: Mutex::default() })
    }

    /// Begins the log anew when it is long.
    pub(super) async fn shorten(&self) {
        let length = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        if length <= WAL_MOST || self.rests() {
            return;
        }
        let statement =
            Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let busy = match self.connection.query_one_raw(statement).await {
            Ok(row) => row.and_then(|row| row.try_get_by_index::<i32>(0).ok()) != Some(0),
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be begun anew");
                true
            }
        };
        if busy {
            tracing::debug!(bytes = length, "somebody reads from the write-ahead log; it grows");
            *self.until() = Some(Instant::now() + REST);
        }
    }

    fn rests(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    fn until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // A time is whole after any panic.
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
