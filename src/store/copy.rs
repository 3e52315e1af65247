//! All rows of one database into another, whichever two these are.
//!
//! In one transaction: whatever breaks off leaves the target as empty as it was. Files are no rows: objects and
//! volumes stay where they are.

use super::{Store, StoreError, servers};
use entity::{
    artifacts, events, experiments, idempotency, messages, metric_buckets, metric_series, metrics,
    processed_dataset_meta, session_folds, sessions, stage_runs, synced_objects, tombstones,
    uploads, usage,
};
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QuerySelect,
};

/// Rows that are read and written at once; no row has more than 20 columns, and SQLite takes 32,766 values.
const BATCH: u64 = 500;

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the target has rows in `{0}` already; copy into an empty database")]
    NotEmpty(&'static str),
    #[error("a server uses the {0}; stop it first")]
    InUse(&'static str),
    #[error("of `{table}`, {read} rows were read and {written} are there; nothing was copied")]
    Differs { table: &'static str, read: u64, written: u64 },
}

impl From<sea_orm::DbErr> for CopyError {
    fn from(error: sea_orm::DbErr) -> Self {
        CopyError::Store(error.into())
    }
}

/// How far a copy has come: a table, its rows so far, and all that it has.
pub type Progress<'a> = &'a (dyn Fn(&'static str, u64, u64) + Sync);

/// Copies all rows. Answers the tables with how many each has.
///
/// *Errors*: nothing was written; a retry is safe.
pub async fn copy(
    from: &Store,
    to: &Store,
    progress: Progress<'_>,
) -> Result<Vec<(&'static str, u64)>, CopyError> {
    for (store, name) in [(from, "source"), (to, "target")] {
        if servers::any(store).await? {
            return Err(CopyError::InUse(name));
        }
    }
    let target = to.begin_long().await?;
    let mut copied = Vec::new();
    /// One table by its key. Rows come after those that they point to.
    macro_rules! table {
        ($table:ident by $($key:ident $field:ident),+ $(=> $mend:expr)?) => {{
            let name = stringify!($table);
            if $table::Entity::find().limit(1).one(&target).await?.is_some() {
                return Err(CopyError::NotEmpty(name));
            }
            let all = $table::Entity::find().count(from.read()).await?;
            let mut read = 0;
            let mut last: Option<$table::Model> = None;
            loop {
                let mut rows = $table::Entity::find().cursor_by(($($table::Column::$key),+));
                if let Some(last) = last.take() {
                    rows.after(($(last.$field),+));
                }
                let rows = rows.first(BATCH).all(from.read()).await?;
                let Some(end) = rows.last() else { break };
                last = Some(end.clone());
                read += rows.len() as u64;
                $(let rows = rows.into_iter().map($mend);)?
                let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
                $table::Entity::insert_many(rows).exec_without_returning(&target).await?;
                progress(name, read, all);
            }
            let written = written::<$table::Entity>(&target).await?;
            if written != read || read != all {
                return Err(CopyError::Differs { table: name, read, written });
            }
            copied.push((name, written));
        }};
    }
    table!(experiments by Id id);
    // No server of the one database is one of the other.
    table!(sessions by Id id => |row| sessions::Model { owner_id: None, ..row });
    table!(events by SessionId session_id, Seq seq);
    table!(stage_runs by Id id);
    table!(messages by Id id);
    table!(artifacts by Id id);
    table!(metrics by Id id);
    table!(metric_series by StageRunId stage_run_id, Series series);
    table!(metric_buckets by StageRunId stage_run_id, Series series, Level level, Bucket bucket);
    table!(processed_dataset_meta by Id id);
    table!(usage by SessionId session_id, Seq seq);
    table!(uploads by Id id);
    table!(session_folds by SessionId session_id);
    table!(synced_objects by SessionId session_id, Path path);
    table!(tombstones by Id id);
    table!(idempotency by Principal principal, Key key => |row| idempotency::Model { server_id: None, ..row });
    target.commit().await?;
    Ok(copied)
}

async fn written<E>(target: &DatabaseTransaction) -> Result<u64, CopyError>
where
    E: EntityTrait,
    E::Model: Sync,
{
    Ok(E::find().count(target).await?)
}
