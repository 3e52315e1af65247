//! `synced_objects`: what stands in the bucket of sessions' files, and what should.
//!
//! A row without a digest is a word given before the deed: something may stand under its name, and nobody knows
//! what. So whatever breaks off in between is sent, or deleted, once more.

use super::{Store, StoreError, bulk, sessions};
use chrono::{DateTime, Utc};
use entity::{
    artifacts,
    ids::{SessionId, StageRunId},
    stage_runs,
    synced_objects::{self as table, Column, Model},
    vocab::{Stage, StageRunState},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    QueryTrait, Value,
    sea_query::{Expr, Func, OnConflict, Query, SelectStatement, SimpleExpr},
};
use std::collections::BTreeSet;

/// Paths that one statement names.
const CHUNK: usize = 500;
/// The digest of what may stand there.
const UNKNOWN: &str = "";

/// Whether nobody knows what stands where a row says that something does.
pub fn is_doubted(row: &Model) -> bool {
    row.sha256 == UNKNOWN
}

/// A file that should stand in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub stage_run: StageRunId,
    pub stage: Stage,
    /// Relative to the session folder.
    pub path: String,
    /// Bytes.
    pub size: i64,
    /// Lower-case hex.
    pub sha256: String,
    /// When it was last reported to be so.
    pub reported: DateTime<Utc>,
    /// The session's log says that it stands at the present place.
    pub told: bool,
    /// The log says that it stands somewhere else: what is noted of it is about that place.
    pub elsewhere: bool,
}

/// The runs that are done, of one session or of all.
fn done(session: Option<SessionId>) -> SelectStatement {
    stage_runs::Entity::find()
        .select_only()
        .column(stage_runs::Column::Id)
        .filter(stage_runs::Column::State.eq(StageRunState::Done))
        .apply_if(session, |runs, session| runs.filter(stage_runs::Column::SessionId.eq(session)))
        .into_query()
}

/// The files of a session's stages that are done and stand. `place` begins the addresses of all objects of ours.
pub async fn wanted(
    db: &impl ConnectionTrait,
    session: SessionId,
    place: &str,
) -> Result<Vec<Wanted>, StoreError> {
    let rows = artifacts::Entity::find()
        .filter(artifacts::Column::SessionId.eq(session))
        .filter(artifacts::Column::Superseded.eq(false))
        .filter(artifacts::Column::StageRunId.in_subquery(done(Some(session))))
        .all(db)
        .await?;
    let wanted = |row: artifacts::Model| Wanted {
        stage_run: row.stage_run_id,
        stage: row.stage,
        path: row.path,
        size: row.size,
        sha256: row.sha256,
        reported: row.updated_at,
        told: row.s3_path.as_ref().is_some_and(|at| at.starts_with(place)),
        elsewhere: row.s3_path.is_some_and(|at| !at.starts_with(place)),
    };
    Ok(rows.into_iter().map(wanted).collect())
}

/// What stands, or may stand, in the bucket of a session's files.
pub async fn of_session(
    db: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Vec<Model>, StoreError> {
    Ok(table::Entity::find().filter(Column::SessionId.eq(session)).all(db).await?)
}

/// One file of a session, when it stands in the bucket.
pub async fn find(
    db: &impl ConnectionTrait,
    session: SessionId,
    path: &str,
) -> Result<Option<Model>, StoreError> {
    let found = table::Entity::find_by_id((session, path.to_owned()));
    Ok(found.filter(Column::Sha256.ne(UNKNOWN)).one(db).await?)
}

/// The sessions whose files this server sends: its own, nobody's, and those of servers that are gone.
fn ours(store: &Store) -> SelectStatement {
    sessions::to_look_after(store).into_query()
}

/// Sessions of which nothing, or not all, was told to stand in the bucket. Cheap where there are few.
pub async fn untold(store: &Store) -> Result<BTreeSet<SessionId>, StoreError> {
    let missing: Vec<SessionId> = artifacts::Entity::find()
        .select_only()
        .column(artifacts::Column::SessionId)
        .distinct()
        .filter(artifacts::Column::S3Path.is_null())
        // In these words, for the index of them.
        .filter(Expr::col(artifacts::Column::Superseded).not())
        .filter(artifacts::Column::StageRunId.in_subquery(done(None)))
        .filter(artifacts::Column::SessionId.in_subquery(ours(store)))
        .into_tuple()
        .all(store.read())
        .await?;
    Ok(missing.into_iter().collect())
}

/// Sessions in whose part of the bucket something stands that nothing wants, or does not stand although it was
/// told to. It looks at all that was ever sent.
pub async fn astray(store: &Store, place: &str) -> Result<BTreeSet<SessionId>, StoreError> {
    let run = |column| Expr::col((stage_runs::Entity, column));
    let file = |column| Expr::col((artifacts::Entity, column));
    let object = |column| Expr::col((table::Entity, column));
    // The file of a stage that runs again, or ran again and did not leave it.
    let wanted = Query::select()
        .expr(Expr::val(1))
        .from(stage_runs::Entity)
        .inner_join(
            artifacts::Entity,
            file(artifacts::Column::StageRunId)
                .equals((stage_runs::Entity, stage_runs::Column::Id)),
        )
        .cond_where(
            Condition::all()
                .add(run(stage_runs::Column::SessionId).equals((table::Entity, Column::SessionId)))
                .add(run(stage_runs::Column::State).eq(StageRunState::Done))
                .add(file(artifacts::Column::Path).equals((table::Entity, Column::Path)))
                .add(file(artifacts::Column::Superseded).not()),
        )
        .to_owned();
    let left: Vec<SessionId> = table::Entity::find()
        .select_only()
        .column(Column::SessionId)
        .distinct()
        .filter(Expr::exists(wanted).not())
        .filter(Column::SessionId.in_subquery(ours(store)))
        .into_tuple()
        .all(store.read())
        .await?;
    let stands = Query::select()
        .expr(Expr::val(1))
        .from(table::Entity)
        .cond_where(
            Condition::all()
                .add(
                    object(Column::SessionId)
                        .equals((artifacts::Entity, artifacts::Column::SessionId)),
                )
                .add(object(Column::Path).equals((artifacts::Entity, artifacts::Column::Path)))
                .add(object(Column::Size).equals((artifacts::Entity, artifacts::Column::Size)))
                .add(object(Column::Sha256).equals((artifacts::Entity, artifacts::Column::Sha256))),
        )
        .to_owned();
    let wrong = Condition::any().add(Expr::exists(stands).not()).add(elsewhere(place));
    let told: Vec<SessionId> = artifacts::Entity::find()
        .select_only()
        .column(artifacts::Column::SessionId)
        .distinct()
        .filter(artifacts::Column::S3Path.is_not_null())
        .filter(Expr::col(artifacts::Column::Superseded).not())
        .filter(artifacts::Column::StageRunId.in_subquery(done(None)))
        .filter(artifacts::Column::SessionId.in_subquery(ours(store)))
        .filter(wrong)
        .into_tuple()
        .all(store.read())
        .await?;
    Ok(left.into_iter().chain(told).collect())
}

/// True for a file that was told to stand at another place than this.
fn elsewhere(place: &str) -> SimpleExpr {
    let length = i32::try_from(place.chars().count()).unwrap_or(i32::MAX);
    let column = Expr::col((artifacts::Entity, artifacts::Column::S3Path));
    let begins = Func::cust("substr").arg(column).arg(1).arg(length);
    Expr::expr(begins).ne(place)
}

/// Whether a session is there and not about to be deleted.
pub async fn lives(db: &impl ConnectionTrait, session: SessionId) -> Result<bool, StoreError> {
    Ok(sessions::find(db, session).await?.is_some())
}

/// A file as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub path: String,
    pub size: i64,
    pub sha256: String,
}

/// These files are about to be sent, or deleted: whoever comes after a crash does it again. How far one of them is
/// stays as it is.
pub async fn doubt(
    db: &impl ConnectionTrait,
    session: SessionId,
    files: impl IntoIterator<Item = (String, i64)>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let unknown = |(path, size)| Sent { path, size, sha256: UNKNOWN.to_owned() };
    let changed = [Column::Size, Column::Sha256, Column::SyncedAt];
    write(db, session, files.into_iter().map(unknown).collect(), at, &changed).await
}

/// These files stand in the bucket, and none of them is on its way any more.
pub async fn record(
    db: &impl ConnectionTrait,
    session: SessionId,
    sent: Vec<Sent>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let changed =
        [Column::Size, Column::Sha256, Column::SyncedAt, Column::Checkpoint, Column::CheckpointOf];
    write(db, session, sent, at, &changed).await
}

/// Writes rows; of those that are there, these columns.
async fn write(
    db: &impl ConnectionTrait,
    session: SessionId,
    sent: Vec<Sent>,
    at: DateTime<Utc>,
    changed: &[Column],
) -> Result<(), StoreError> {
    let instead = OnConflict::columns([Column::SessionId, Column::Path])
        .update_columns(changed.iter().copied())
        .to_owned();
    let rows = bulk::Into {
        table: table::Entity,
        columns: [
            Column::SessionId,
            Column::Path,
            Column::Size,
            Column::Sha256,
            Column::SyncedAt,
            Column::Checkpoint,
            Column::CheckpointOf,
        ],
        conflict: Some(&instead),
    };
    let row = |sent: Sent| {
        let none = || Value::String(None);
        let Sent { path, size, sha256 } = sent;
        [session.0.into(), path.into(), size.into(), sha256.into(), at.into(), none(), none()]
    };
    Ok(rows.insert(db, sent.into_iter().map(row).collect()).await?)
}

/// A file that is on its way is so far: `of` is its digest, `checkpoint` what the object store says. Nothing is
/// written where no row says that it is about to be sent.
pub async fn note(
    db: &impl ConnectionTrait,
    session: SessionId,
    path: &str,
    of: &str,
    checkpoint: &str,
) -> Result<(), StoreError> {
    table::Entity::update_many()
        .col_expr(Column::Checkpoint, Expr::value(checkpoint))
        .col_expr(Column::CheckpointOf, Expr::value(of))
        .filter(Column::SessionId.eq(session))
        .filter(Column::Path.eq(path))
        .exec(db)
        .await?;
    Ok(())
}

/// The files of a session that are on their way: paths, and how far each is.
pub async fn unfinished(
    db: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = table::Entity::find()
        .select_only()
        .columns([Column::Path, Column::Checkpoint])
        .filter(Column::SessionId.eq(session))
        .filter(Column::Checkpoint.is_not_null());
    Ok(rows.into_tuple().all(db).await?)
}

/// These files do not stand in the bucket any more.
pub async fn forget(
    db: &impl ConnectionTrait,
    session: SessionId,
    paths: &[String],
) -> Result<(), StoreError> {
    for paths in paths.chunks(CHUNK) {
        table::Entity::delete_many()
            .filter(Column::SessionId.eq(session))
            .filter(Column::Path.is_in(paths.iter().cloned()))
            .exec(db)
            .await?;
    }
    Ok(())
}
