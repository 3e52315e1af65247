//! `synced_objects`: what stands in the bucket of sessions' files, and what should.

use super::{StoreError, bulk, sessions};
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
    QueryTrait,
    sea_query::{Expr, OnConflict, Query, SelectStatement},
};
use std::collections::BTreeSet;

/// Paths that one statement deletes.
const CHUNK: usize = 500;

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
    /// The session's log says that it stands there.
    pub told: bool,
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

/// The files of a session's stages that are done and stand.
pub async fn wanted(
    db: &impl ConnectionTrait,
    session: SessionId,
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
        told: row.s3_path.is_some(),
    };
    Ok(rows.into_iter().map(wanted).collect())
}

/// What stands in the bucket of a session's files.
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
    Ok(table::Entity::find_by_id((session, path.to_owned())).one(db).await?)
}

/// Sessions whose files in the bucket are not what they should be.
pub async fn unfinished(db: &impl ConnectionTrait) -> Result<BTreeSet<SessionId>, StoreError> {
    let missing: Vec<SessionId> = artifacts::Entity::find()
        .select_only()
        .column(artifacts::Column::SessionId)
        .distinct()
        .filter(artifacts::Column::S3Path.is_null())
        // In these words, for the index of them.
        .filter(Expr::col(artifacts::Column::Superseded).not())
        .filter(artifacts::Column::StageRunId.in_subquery(done(None)))
        .into_tuple()
        .all(db)
        .await?;
    // The file of a stage that runs again, or ran again and did not leave it.
    let run = |column| Expr::col((stage_runs::Entity, column));
    let file = |column| Expr::col((artifacts::Entity, column));
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
        .into_tuple()
        .all(db)
        .await?;
    Ok(missing.into_iter().chain(left).collect())
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

/// These files stand in the bucket.
pub async fn record(
    db: &impl ConnectionTrait,
    session: SessionId,
    sent: Vec<Sent>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let instead = OnConflict::columns([Column::SessionId, Column::Path])
        .update_columns([Column::Size, Column::Sha256, Column::SyncedAt])
        .to_owned();
    let rows = bulk::Into {
        table: table::Entity,
        columns: [Column::SessionId, Column::Path, Column::Size, Column::Sha256, Column::SyncedAt],
        conflict: Some(&instead),
    };
    let row = |sent: Sent| {
        [session.0.into(), sent.path.into(), sent.size.into(), sent.sha256.into(), at.into()]
    };
    Ok(rows.insert(db, sent.into_iter().map(row).collect()).await?)
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
