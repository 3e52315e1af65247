//! `stage_runs`: the projection's writes.

use crate::event::Outcome;
use chrono::{DateTime, Utc};
use entity::{
    ids::{SessionId, StageRunId},
    stage_runs,
    vocab::{Stage, StageRunState},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};

/// What `StageRunStarted` says.
pub(super) struct Started<'a> {
    pub id: StageRunId,
    pub session: SessionId,
    pub stage: Stage,
    pub through: Stage,
    pub provider: &'a str,
    pub model: &'a str,
    pub seed: i64,
    pub at: DateTime<Utc>,
}

pub(super) async fn insert(db: &impl ConnectionTrait, started: Started<'_>) -> Result<(), DbErr> {
    let row = stage_runs::ActiveModel {
        id: Set(started.id),
        session_id: Set(started.session),
        stage: Set(started.stage),
        state: Set(StageRunState::Running),
        through: Set(started.through),
        provider: Set(started.provider.to_owned()),
        model: Set(started.model.to_owned()),
        seed: Set(started.seed),
        error: Set(None),
        superseded: Set(false),
        started_at: Set(started.at),
        ended_at: Set(None),
    };
    stage_runs::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub(super) async fn end(
    db: &impl ConnectionTrait,
    id: StageRunId,
    outcome: &Outcome,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let error = match outcome {
        Outcome::Failed { message } => Some(message.clone()),
        Outcome::Done { .. } | Outcome::Cancelled => None,
    };
    stage_runs::Entity::update_many()
        .col_expr(stage_runs::Column::State, Expr::value(outcome.state()))
        .col_expr(stage_runs::Column::Error, Expr::value(error))
        .col_expr(stage_runs::Column::EndedAt, Expr::value(at))
        .filter(stage_runs::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Puts a run that had ended back to work.
pub(super) async fn resume(
    db: &impl ConnectionTrait,
    id: StageRunId,
    provider: &str,
    model: &str,
) -> Result<(), DbErr> {
    stage_runs::Entity::update_many()
        .col_expr(stage_runs::Column::State, Expr::value(StageRunState::Running))
        .col_expr(stage_runs::Column::Error, Expr::value(None::<String>))
        .col_expr(stage_runs::Column::EndedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(stage_runs::Column::Provider, Expr::value(provider))
        .col_expr(stage_runs::Column::Model, Expr::value(model))
        .filter(stage_runs::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn supersede(
    db: &impl ConnectionTrait,
    session: SessionId,
    stages: &[Stage],
) -> Result<(), DbErr> {
    stage_runs::Entity::update_many()
        .col_expr(stage_runs::Column::Superseded, true.into())
        .filter(stage_runs::Column::SessionId.eq(session))
        .filter(stage_runs::Column::Stage.is_in(stages.iter().copied()))
        .exec(db)
        .await?;
    Ok(())
}

pub(super) async fn stage_of(
    db: &impl ConnectionTrait,
    id: StageRunId,
) -> Result<Option<Stage>, DbErr> {
    Ok(stage_runs::Entity::find_by_id(id).one(db).await?.map(|row| row.stage))
}

/// All runs of a session, oldest first.
pub async fn of_session(
    db: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Vec<stage_runs::Model>, super::StoreError> {
    Ok(stage_runs::Entity::find()
        .filter(stage_runs::Column::SessionId.eq(session))
        .order_by_asc(stage_runs::Column::Id)
        .all(db)
        .await?)
}

/// The runs of several sessions, oldest first.
pub async fn of_sessions(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
) -> Result<Vec<stage_runs::Model>, super::StoreError> {
    Ok(stage_runs::Entity::find()
        .filter(stage_runs::Column::SessionId.is_in(sessions.iter().copied()))
        .order_by_asc(stage_runs::Column::Id)
        .all(db)
        .await?)
}

/// The runs among these ids.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    ids: &[StageRunId],
) -> Result<Vec<stage_runs::Model>, super::StoreError> {
    Ok(stage_runs::Entity::find()
        .filter(stage_runs::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?)
}
