//! All rows of one database into another, whichever two these are.
//!
//! What is read is one moment of the source, and it is written in one transaction: whatever breaks off leaves the
//! target as empty as it was. No server can begin to use either database meanwhile. Files are no rows: objects and
//! volumes stay where they are.

use super::{Store, StoreError, bulk, servers, tombstones};
use entity::{
    artifacts, events, experiments, idempotency, ids::SessionId, messages, metric_buckets,
    metric_series, metrics, processed_dataset_meta, session_folds, sessions, stage_runs,
    synced_objects, tombstones as buried, uploads, usage,
};
use sea_orm::{
    AccessMode, ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityName, EntityTrait, ExprTrait, IntoActiveModel, IsolationLevel, Iterable, ModelTrait,
    PaginatorTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, Select,
    TransactionOptions, TransactionTrait,
    sea_query::{Expr, SimpleExpr, ValueTuple},
};
use std::time::Duration;

/// Rows that are read at once.
const ROWS: u64 = 512;
/// Bytes of long texts that are read at once. One row always is, whatever its size.
const BYTES: i64 = 8 << 20;
/// How long it is waited for whoever writes that it uses a database, which takes a moment.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("the source: {0}")]
    Source(StoreError),
    #[error("the target: {0}")]
    Target(StoreError),
    #[error("the target has rows in `{0}` already; copy into an empty database")]
    NotEmpty(&'static str),
    #[error("a server uses the {0}; stop it first")]
    InUse(&'static str),
    /// One that slept, so that its lease had ended.
    #[error("a server wrote into the source meanwhile; stop all of them, and copy again")]
    Written,
    #[error(
        "the log of session `{session}` ends at event {ends}, and at {last} by its row; delete that session or restore a backup of the source, and copy again"
    )]
    Damaged { session: SessionId, last: i64, ends: i64 },
    #[error("of `{table}`, {read} rows were read and {written} are there; nothing was copied")]
    Differs { table: &'static str, read: u64, written: u64 },
}

fn source(error: impl Into<StoreError>) -> CopyError {
    CopyError::Source(error.into())
}

fn target(error: impl Into<StoreError>) -> CopyError {
    CopyError::Target(error.into())
}

/// How far a copy has come: a table, its rows so far, and all that it has.
pub type Progress<'a> = &'a (dyn Fn(&'static str, u64, u64) + Sync);

/// All that is copied: every table after those that its rows point to, its columns of texts of any length, and what
/// becomes of a row on its way.
macro_rules! tables {
    ($do:ident) => {
        $do!(experiments: Instructions, Dataset);
        // No server of the one database is one of the other.
        $do!(sessions: => |row| sessions::Model { owner_id: None, ..row });
        $do!(events: Payload);
        $do!(stage_runs: Error);
        $do!(messages: Content, Metadata);
        $do!(artifacts: Metadata);
        $do!(metrics:);
        $do!(metric_series:);
        $do!(metric_buckets:);
        $do!(processed_dataset_meta: Columns, FeatureColumns, QualityStats);
        $do!(usage:);
        $do!(uploads: => |row| uploads::Model { holder: None, server_id: None, ..row });
        $do!(session_folds: State);
        $do!(synced_objects:);
        $do!(buried:);
        $do!(idempotency: => |row| idempotency::Model { server_id: None, ..row });
    };
}

/// Copies all rows. Answers the tables with how many each has.
///
/// *Errors*: nothing was written; a retry is safe.
pub async fn copy(
    from: &Store,
    to: &Store,
    progress: Progress<'_>,
) -> Result<Vec<(&'static str, u64)>, CopyError> {
    let writing = to.begin_long().await.map_err(target)?;
    // The target first: a database that is copied into itself is told that it is not empty.
    if without_servers(to, &writing).await.map_err(target)? {
        return Err(CopyError::InUse("target"));
    }
    macro_rules! empty {
        ($table:ident: $($long:ident),* $(=> $mend:expr)?) => {
            if $table::Entity::find().limit(1).one(&writing).await.map_err(target)?.is_some() {
                return Err(CopyError::NotEmpty($table::Entity.table_name()));
            }
        };
    }
    tables!(empty);
    let reading = moment(from).await.map_err(source)?;
    if without_servers(from, &reading).await.map_err(source)? {
        return Err(CopyError::InUse("source"));
    }
    let mut copying = Copying { reading, writing, progress, copied: Vec::new() };
    macro_rules! rows {
        ($table:ident: $($long:ident),*) => { rows!($table: $($long),* => |row| row) };
        ($table:ident: $($long:ident),* => $mend:expr) => {
            copying.table::<$table::Entity>(&[$($table::Column::$long),*], $mend).await?
        };
    }
    tables!(rows);
    copying.check(from).await?;
    copying.writing.commit().await.map_err(target)?;
    Ok(copying.copied)
}

/// Begins a transaction whose reads all see one moment: that of the first.
async fn moment(store: &Store) -> Result<DatabaseTransaction, DbErr> {
    if store.server().is_none() {
        // So does every transaction of SQLite.
        return store.read().connections.begin().await;
    }
    let options = TransactionOptions {
        isolation_level: Some(IsolationLevel::RepeatableRead),
        access_mode: Some(AccessMode::ReadOnly),
        ..TransactionOptions::default()
    };
    let moment = store.read().connections.begin_with_options(options).await?;
    // It rests while the target is written to.
    moment.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    Ok(moment)
}

/// Whether a server has a lease. From now on none takes or renews one until the transaction ends: whoever starts
/// waits for that. Nothing is read in the transaction before, since its moment would be another.
async fn without_servers(
    store: &Store,
    transaction: &DatabaseTransaction,
) -> Result<bool, StoreError> {
    if store.server().is_none() {
        // There is only the one that has the data directory, and the lock of that.
        return Ok(false);
    }
    let wait = format!("SET LOCAL lock_timeout = {}", LOCK_WAIT.as_millis());
    transaction.execute_unprepared(&wait).await?;
    transaction.execute_unprepared("LOCK TABLE servers IN EXCLUSIVE MODE").await?;
    servers::any(store).await
}

struct Copying<'a> {
    reading: DatabaseTransaction,
    writing: DatabaseTransaction,
    progress: Progress<'a>,
    copied: Vec<(&'static str, u64)>,
}

impl Copying<'_> {
    /// Copies one table, in pages by its key.
    async fn table<E>(
        &mut self,
        long: &[E::Column],
        mend: impl Fn(E::Model) -> E::Model,
    ) -> Result<(), CopyError>
    where
        E: EntityTrait + Default,
        E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync,
        E::ActiveModel: Send,
    {
        let table = E::default().table_name();
        let all = E::find().count(&self.reading).await.map_err(source)?;
        let (mut read, mut last) = (0, None);
        loop {
            let mut rows = self.page::<E>(last, long).await.map_err(source)?;
            let Some(end) = rows.last() else { break };
            last = Some(end.get_primary_key_value());
            read += rows.len() as u64;
            while !rows.is_empty() {
                let rest = rows.split_off(bulk::share(rows.len()));
                let some = rows.into_iter().map(|row| mend(row).into_active_model().reset_all());
                let written = E::insert_many(some).exec_without_returning(&self.writing).await;
                written.map_err(target)?;
                rows = rest;
            }
            (self.progress)(table, read, all);
        }
        let written = E::find().count(&self.writing).await.map_err(target)?;
        if written != read || read != all {
            return Err(CopyError::Differs { table, read, written });
        }
        self.copied.push((table, written));
        Ok(())
    }

    /// The rows after one, as many as may be held at once.
    async fn page<E>(
        &self,
        after: Option<ValueTuple>,
        long: &[E::Column],
    ) -> Result<Vec<E::Model>, DbErr>
    where
        E: EntityTrait,
        E::Model: Send + Sync,
    {
        let next = next::<E>(after).limit(ROWS);
        let Some(size) = size(long) else { return next.all(&self.reading).await };
        let sizes = next.clone().select_only().expr_as(size, "size").into_tuple::<i64>();
        let rows = fitting(&sizes.all(&self.reading).await?);
        next.limit(rows).all(&self.reading).await
    }

    /// Whether what was copied is whole, and still all that there is.
    async fn check(&self, from: &Store) -> Result<(), CopyError> {
        let ends =
            "(SELECT COALESCE(MAX(e.seq), 0) FROM events e WHERE e.session_id = sessions.id)";
        let damaged = sessions::Entity::find()
            .select_only()
            .columns([sessions::Column::Id, sessions::Column::LastSeq])
            .expr_as(Expr::cust(ends), "ends")
            .filter(Expr::cust(format!("last_seq <> {ends}")))
            // What is being deleted loses its log first.
            .filter(sessions::Column::Id.not_in_subquery(tombstones::all()))
            .filter(sessions::Column::ExperimentId.not_in_subquery(tombstones::all()))
            .into_tuple::<(SessionId, i64, i64)>()
            .one(&self.writing);
        if let Some((session, last, ends)) = damaged.await.map_err(target)? {
            return Err(CopyError::Damaged { session, last, ends });
        }
        let read = logs(&self.reading).await.map_err(source)?;
        // Outside the transaction, as of now.
        if logs(from.read()).await.map_err(source)? != read {
            return Err(CopyError::Written);
        }
        Ok(())
    }
}

/// The rows after one, by its key.
fn next<E: EntityTrait>(after: Option<ValueTuple>) -> Select<E> {
    let key = || E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    let mut rows = E::find();
    if let Some(after) = after {
        // As one row value both databases find it in the index; column by column they would begin at the first row.
        let last = Expr::tuple(after.into_iter().map(Expr::value));
        rows = rows.filter(Expr::tuple(key().map(Expr::col)).gt(last));
    }
    key().fold(rows, |rows, column| rows.order_by_asc(column))
}

/// How many bytes some columns of a row have.
fn size<C: ColumnTrait>(columns: &[C]) -> Option<SimpleExpr> {
    let bytes = columns
        .iter()
        .map(|column| format!("COALESCE(octet_length(CAST(\"{}\" AS text)), 0)", column.as_str()));
    let sum = bytes.reduce(|sum, bytes| format!("{sum} + {bytes}"))?;
    Some(Expr::cust(format!("CAST({sum} AS bigint)")))
}

/// How many of the rows with these sizes may be held at once.
fn fitting(sizes: &[i64]) -> u64 {
    let mut total = 0;
    let beyond = sizes.iter().position(|size| {
        total += size;
        total > BYTES
    });
    beyond.map_or(sizes.len(), |rows| rows.max(1)) as u64
}

/// How many sessions there are, and how many events they have together.
async fn logs(db: &impl ConnectionTrait) -> Result<Option<(i64, i64)>, DbErr> {
    sessions::Entity::find()
        .select_only()
        .expr_as(Expr::cust("COUNT(*)"), "sessions")
        .expr_as(Expr::cust("CAST(COALESCE(SUM(last_seq), 0) AS bigint)"), "events")
        .into_tuple()
        .one(db)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_held_than_fits() {
        assert_eq!(fitting(&[]), 0);
        assert_eq!(fitting(&[1, 2, 3]), 3);
        assert_eq!(fitting(&[BYTES - 1, 1, 1]), 2);
        assert_eq!(fitting(&[BYTES + 1, 1]), 1);
    }
}
