//! A copy of the SQLite file beside whoever writes it, and what its rows say of files.

use super::{LOCK_WAIT, StoreError, sqlite_options};
use entity::{
    experiments,
    ids::{ExperimentId, SessionId, UploadId},
    sessions, uploads,
    vocab::{SessionStateName, UploadState},
};
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait,
    QueryFilter, QuerySelect, Statement,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// A database file that another process may be writing. It is read, never migrated.
pub struct Beside(DatabaseConnection);

/// What the rows of one moment say of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The last migration.
    pub schema: String,
    /// Uploads that are stored.
    pub uploads: BTreeSet<UploadId>,
    pub experiments: BTreeSet<ExperimentId>,
    pub sessions: BTreeMap<SessionId, Standing>,
}

/// How a session stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: SessionStateName,
    pub last_seq: i64,
}

impl Beside {
    /// Opens a file that is there.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let url = format!("sqlite://{}?mode=rw", path.display());
        Ok(Self(Database::connect(sqlite_options(&url, 1, LOCK_WAIT)).await?))
    }

    /// Writes the database as it is at this moment into a new file, in one transaction that reads
    /// and holds up no writer.
    ///
    /// *Source*: sqlite.org/lang_vacuum.html (read 2026-11-26).
    pub async fn copy(&self, into: &Path) -> Result<(), StoreError> {
        let into = into.to_string_lossy().replace('\'', "''");
        self.0.execute_unprepared(&format!("VACUUM INTO '{into}'")).await?;
        Ok(())
    }

    /// What the rows say now.
    pub async fn named(&self) -> Result<Named, StoreError> {
        let db = &self.0;
        let schema = Statement::from_string(
            DbBackend::Sqlite,
            "SELECT version FROM seaql_migrations ORDER BY version DESC LIMIT 1",
        );
        let schema = db.query_one_raw(schema).await?;
        let schema = schema.map(|row| row.try_get("", "version")).transpose()?;
        let uploads = uploads::Entity::find()
            .select_only()
            .column(uploads::Column::Id)
            .filter(uploads::Column::State.eq(UploadState::Stored));
        let experiments = experiments::Entity::find().select_only().column(experiments::Column::Id);
        let sessions = sessions::Entity::find().select_only().columns([
            sessions::Column::Id,
            sessions::Column::State,
            sessions::Column::LastSeq,
        ]);
        let standing = |(id, state, last_seq)| (id, Standing { state, last_seq });
        Ok(Named {
            schema: schema.unwrap_or_default(),
            uploads: uploads.into_tuple().all(db).await?.into_iter().collect(),
            experiments: experiments.into_tuple().all(db).await?.into_iter().collect(),
            sessions: sessions.into_tuple().all(db).await?.into_iter().map(standing).collect(),
        })
    }

    /// Lets go of the file.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.0.close().await?)
    }
}

/// True when this version knows the schema that a database has.
pub fn knows(schema: &str) -> bool {
    Migrator::migrations().iter().any(|migration| migration.name() == schema)
}
