//! Reading the log: page by page, each bounded by rows and by bytes, dense, or a clear error.

use super::{StoreError, metrics};
use crate::event::{Entry, Event, Fact};
use chrono::{DateTime, Utc};
use entity::{
    events,
    ids::{SessionId, StageRunId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, SimpleExpr},
};
use std::collections::HashMap;

/// About how many bytes a metric point takes in memory.
const POINT_BYTES: u64 = 96;

/// How much of a log is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    pub rows: u64,
    /// Bytes as stored. One event is always read, whatever its size.
    pub bytes: u64,
}

/// A part of a log, oldest first.
#[derive(Debug)]
pub struct LogPage {
    pub entries: Vec<Entry>,
    /// The bound was reached: there may be more after it.
    pub more: bool,
}

/// A row of the log, with its payload only when that is small.
#[derive(FromQueryResult)]
struct Head {
    seq: i64,
    stage_run_id: Option<StageRunId>,
    created_at: DateTime<Utc>,
    size: i64,
    points: Option<i64>,
    payload: Option<String>,
}

impl Head {
    fn bytes(&self) -> u64 {
        self.size.unsigned_abs() + self.points.unwrap_or(0).unsigned_abs() * POINT_BYTES
    }
}

/// Entries after a sequence, as many as the bound allows and at least one if there is one.
///
/// *Errors*: [`StoreError::DamagedLog`] when a sequence is missing or an event cannot be parsed.
pub async fn since(
    db: &impl ConnectionTrait,
    session: SessionId,
    after: i64,
    bound: Bound,
) -> Result<LogPage, StoreError> {
    let mut heads = heads(db, session, after, bound).await?;
    let fitting = fitting(&heads, bound.bytes);
    let more = fitting < heads.len() || heads.len() as u64 >= bound.rows;
    heads.truncate(fitting);
    let mut bulky = bulky(db, session, &heads).await?;
    let mut entries = Vec::with_capacity(heads.len());
    for (head, seq) in heads.into_iter().zip(after + 1..) {
        let damaged = |reason: String| StoreError::DamagedLog { session, seq, reason };
        if head.seq != seq {
            return Err(damaged(format!("it is missing; the next one is {}", head.seq)));
        }
        let payload = head.payload.or_else(|| bulky.remove(&seq));
        let payload = payload.ok_or_else(|| damaged("its payload went away".into()))?;
        let event = serde_json::from_str(&payload).map_err(|error| damaged(error.to_string()))?;
        entries.push(Entry { seq, at: head.created_at, stage_run: head.stage_run_id, event });
    }
    hydrate(db, session, &mut entries).await?;
    Ok(LogPage { entries, more })
}

/// The next rows. What of them comes with its payload fits into the bound, whatever there is.
async fn heads(
    db: &impl ConnectionTrait,
    session: SessionId,
    after: i64,
    bound: Bound,
) -> Result<Vec<Head>, StoreError> {
    let small = bound.bytes / bound.rows.max(1);
    // Neither database reads a large value to tell its size.
    let size = Expr::cust("CAST(octet_length(payload) AS bigint)");
    let payload = format!("CASE WHEN octet_length(payload) <= {small} THEN payload END");
    let points: SimpleExpr = Expr::cust(
        "CASE WHEN kind = 'metrics_batch' THEN (SELECT CAST(MAX(m.ordinal) + 1 AS bigint) \
         FROM metrics m WHERE m.session_id = events.session_id AND m.seq = events.seq) END",
    );
    Ok(events::Entity::find()
        .select_only()
        .columns([events::Column::Seq, events::Column::StageRunId, events::Column::CreatedAt])
        .expr_as(size, "size")
        .expr_as(points, "points")
        .expr_as(Expr::cust(payload), "payload")
        .filter(events::Column::SessionId.eq(session))
        .filter(events::Column::Seq.gt(after))
        .order_by_asc(events::Column::Seq)
        .limit(bound.rows)
        .into_model::<Head>()
        .all(db)
        .await?)
}

/// How many of the rows fit into the bytes; the first one always does.
fn fitting(heads: &[Head], bytes: u64) -> usize {
    let mut total = 0;
    let beyond = heads.iter().position(|head| {
        total += head.bytes();
        total > bytes
    });
    beyond.map_or(heads.len(), |n| n.max(1))
}

/// The payloads that did not come with their rows, by sequence.
async fn bulky(
    db: &impl ConnectionTrait,
    session: SessionId,
    heads: &[Head],
) -> Result<HashMap<i64, String>, StoreError> {
    let seqs: Vec<i64> =
        heads.iter().filter(|head| head.payload.is_none()).map(|head| head.seq).collect();
    if seqs.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, String)> = events::Entity::find()
        .select_only()
        .columns([events::Column::Seq, events::Column::Payload])
        .filter(events::Column::SessionId.eq(session))
        .filter(events::Column::Seq.is_in(seqs))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Puts the metric points back into their events, with one query for all of them.
async fn hydrate(
    db: &impl ConnectionTrait,
    session: SessionId,
    entries: &mut [Entry],
) -> Result<(), StoreError> {
    let carries = |e: &&mut Entry| matches!(e.event, Event::Fact(Fact::MetricsBatch { .. }));
    let seqs: Vec<i64> = entries.iter_mut().filter(carries).map(|e| e.seq).collect();
    let (Some(first), Some(last)) = (seqs.first(), seqs.last()) else {
        return Ok(());
    };
    let mut points = metrics::by_event(db, session, *first, *last).await?;
    for entry in entries.iter_mut() {
        if let Event::Fact(Fact::MetricsBatch { items, .. }) = &mut entry.event {
            *items = points.remove(&entry.seq).unwrap_or_default();
        }
    }
    Ok(())
}
