//! `metrics`: points, written in bulk and read by event or by series.

use super::StoreError;
use crate::event::MetricPoint;
use chrono::{DateTime, Utc};
use entity::{
    ids::{MetricId, SessionId, StageRunId},
    metrics,
    vocab::{MetricKind, Stage},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use std::collections::HashMap;

/// Rows of one insert statement; SQLite takes 32,766 variables and a row has 13.
const ROWS_PER_INSERT: usize = 1000;

/// What the points of one event share.
pub struct Origin {
    pub session: SessionId,
    pub stage_run: StageRunId,
    pub stage: Stage,
    pub seq: i64,
    pub at: DateTime<Utc>,
}

/// Inserts the points of one event.
pub async fn insert(
    db: &impl ConnectionTrait,
    origin: &Origin,
    items: &[MetricPoint],
) -> Result<(), DbErr> {
    for (n, chunk) in items.chunks(ROWS_PER_INSERT).enumerate() {
        let rows = chunk.iter().enumerate().map(|(i, point)| {
            let (kind, value) = split(point.value);
            metrics::ActiveModel {
                id: Set(MetricId::new()),
                session_id: Set(origin.session),
                stage_run_id: Set(origin.stage_run),
                stage: Set(origin.stage),
                seq: Set(origin.seq),
                ordinal: Set((n * ROWS_PER_INSERT + i) as i32),
                step: Set(point.step),
                name: Set(point.name.clone()),
                value: Set(value),
                kind: Set(kind),
                run_tag: Set(point.run.clone()),
                superseded: Set(false),
                created_at: Set(origin.at),
            }
        });
        metrics::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Points by the event that carried them, in their order, for events `first..=last`.
pub async fn by_event(
    db: &impl ConnectionTrait,
    session: SessionId,
    first: i64,
    last: i64,
) -> Result<HashMap<i64, Vec<MetricPoint>>, StoreError> {
    let rows = metrics::Entity::find()
        .filter(metrics::Column::SessionId.eq(session))
        .filter(metrics::Column::Seq.between(first, last))
        .order_by_asc(metrics::Column::Seq)
        .order_by_asc(metrics::Column::Ordinal)
        .all(db)
        .await?;
    let mut found: HashMap<i64, Vec<MetricPoint>> = HashMap::new();
    for row in rows {
        let point = MetricPoint {
            step: row.step,
            name: row.name,
            value: join(row.kind, row.value),
            run: row.run_tag,
        };
        found.entry(row.seq).or_default().push(point);
    }
    Ok(found)
}

/// Marks the points of stages that are run again.
pub async fn supersede(
    db: &impl ConnectionTrait,
    session: SessionId,
    stages: &[Stage],
) -> Result<(), DbErr> {
    metrics::Entity::update_many()
        .col_expr(metrics::Column::Superseded, true.into())
        .filter(metrics::Column::SessionId.eq(session))
        .filter(metrics::Column::Stage.is_in(stages.iter().copied()))
        .filter(metrics::Column::Superseded.eq(false))
        .exec(db)
        .await?;
    Ok(())
}

fn split(value: f64) -> (MetricKind, Option<f64>) {
    if value.is_finite() {
        (MetricKind::Finite, Some(value))
    } else if value.is_nan() {
        (MetricKind::Nan, None)
    } else if value > 0.0 {
        (MetricKind::Infinity, None)
    } else {
        (MetricKind::NegativeInfinity, None)
    }
}

fn join(kind: MetricKind, value: Option<f64>) -> f64 {
    match kind {
        MetricKind::Finite => value.unwrap_or(f64::NAN),
        MetricKind::Nan => f64::NAN,
        MetricKind::Infinity => f64::INFINITY,
        MetricKind::NegativeInfinity => f64::NEG_INFINITY,
    }
}
