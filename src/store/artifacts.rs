//! `artifacts`: the projection's writes.

use super::{
    StoreError,
    page::{self, Lists, Page, Slice},
};
use crate::event::File;
use chrono::{DateTime, Utc};
use entity::{
    artifacts,
    ids::{ArtifactId, SessionId, StageRunId},
    sessions,
    vocab::{ArtifactType, Stage},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, Order, QueryFilter, QuerySelect,
    QueryTrait, Select,
    sea_query::{BinOper, Expr, OnConflict, SimpleExpr},
};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Paths that one statement names.
const CHUNK: usize = 500;

/// Writes the row of a file, or brings the row that its path has in this stage run up to date.
pub(super) async fn upsert(
    db: &impl ConnectionTrait,
    session: SessionId,
    stage_run: StageRunId,
    file: &File,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = artifacts::ActiveModel {
        id: Set(ArtifactId::new()),
        session_id: Set(session),
        stage_run_id: Set(stage_run),
        stage: Set(file.stage),
        artifact_type: Set(file.kind),
        name: Set(file.name.clone()),
        path: Set(file.path.clone()),
        s3_path: Set(None),
        size: Set(file.size as i64),
        sha256: Set(file.sha256.clone()),
        metadata: Set(json!({})),
        superseded: Set(false),
        created_at: Set(at),
        updated_at: Set(at),
    };
    let by_path = OnConflict::columns([artifacts::Column::StageRunId, artifacts::Column::Path])
        .update_columns([
            artifacts::Column::Size,
            artifacts::Column::Sha256,
            artifacts::Column::UpdatedAt,
            // What stands in the bucket is not this any more.
            artifacts::Column::S3Path,
        ])
        .to_owned();
    artifacts::Entity::insert(row).on_conflict(by_path).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn supersede(
    db: &impl ConnectionTrait,
    session: SessionId,
    stages: &[Stage],
) -> Result<(), DbErr> {
    artifacts::Entity::update_many()
        .col_expr(artifacts::Column::Superseded, true.into())
        .col_expr(artifacts::Column::S3Path, Expr::value(None::<String>))
        .filter(artifacts::Column::SessionId.eq(session))
        .filter(artifacts::Column::Stage.is_in(stages.iter().copied()))
        .filter(artifacts::Column::Superseded.eq(false))
        .exec(db)
        .await?;
    Ok(())
}

/// The files of a stage run stand in the bucket, all but those that are missing: `{prefix}/report.md` for
/// `eda/report.md`.
pub(super) async fn set_synced(
    db: &impl ConnectionTrait,
    stage_run: StageRunId,
    stage: Stage,
    prefix: &str,
    missing: &[String],
) -> Result<(), DbErr> {
    // The path begins with the stage's folder, which the prefix ends with.
    let folder = prefix.strip_suffix(&stage.to_string()).unwrap_or(prefix);
    let there = Expr::value(folder.to_owned())
        .binary(BinOper::Custom("||"), Expr::col(artifacts::Column::Path));
    set_s3_path(db, stage_run, there, None).await?;
    for missing in missing.chunks(CHUNK) {
        set_s3_path(db, stage_run, Expr::value(None::<String>), Some(missing)).await?;
    }
    Ok(())
}

async fn set_s3_path(
    db: &impl ConnectionTrait,
    stage_run: StageRunId,
    to: SimpleExpr,
    of: Option<&[String]>,
) -> Result<(), DbErr> {
    artifacts::Entity::update_many()
        .col_expr(artifacts::Column::S3Path, to)
        .filter(artifacts::Column::StageRunId.eq(stage_run))
        .filter(artifacts::Column::Superseded.eq(false))
        .apply_if(of, |rows, paths| {
            rows.filter(artifacts::Column::Path.is_in(paths.iter().cloned()))
        })
        .exec(db)
        .await?;
    Ok(())
}

/// Which artifacts of a session are wanted; those of superseded runs are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wanted {
    pub stage: Option<Stage>,
    pub kind: Option<ArtifactType>,
}

impl Wanted {
    fn select(self) -> Select<artifacts::Entity> {
        artifacts::Entity::find()
            .filter(artifacts::Column::Superseded.eq(false))
            .apply_if(self.stage, |all, stage| all.filter(artifacts::Column::Stage.eq(stage)))
            .apply_if(self.kind, |all, kind| all.filter(artifacts::Column::Type.eq(kind)))
    }
}

/// The same page of the artifacts of several sessions, oldest first; those without any are left out.
pub async fn pages(
    db: &impl ConnectionTrait,
    of: &[SessionId],
    wanted: Wanted,
    page: Page<Uuid>,
) -> Result<HashMap<SessionId, Slice<artifacts::Model>>, StoreError> {
    let lists = Lists::<sessions::Entity, _, _> {
        parents: (sessions::Column::Id, of),
        rows: wanted.select(),
        of: artifacts::Column::SessionId,
        by: (artifacts::Column::Id, Order::Asc),
    };
    Ok(page::read_each(db, lists, |row| row.session_id, page).await?)
}

/// How many artifacts each of these sessions has; those without any are left out.
pub async fn counts(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
    wanted: Wanted,
) -> Result<Vec<(SessionId, i64)>, StoreError> {
    Ok(wanted
        .select()
        .select_only()
        .column(artifacts::Column::SessionId)
        .column_as(artifacts::Column::Id.count(), "artifacts")
        .filter(artifacts::Column::SessionId.is_in(sessions.iter().copied()))
        .group_by(artifacts::Column::SessionId)
        .into_tuple()
        .all(db)
        .await?)
}

/// The artifacts among these ids.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    ids: &[ArtifactId],
) -> Result<Vec<artifacts::Model>, StoreError> {
    Ok(artifacts::Entity::find()
        .filter(artifacts::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?)
}
