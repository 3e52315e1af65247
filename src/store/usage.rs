//! `usage`: the projection's writes.

use crate::event::{Entry, TokenUsage};
use entity::{
    ids::{SessionId, StageRunId},
    usage,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect,
};

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    session: SessionId,
    stage_run: StageRunId,
    entry: &Entry,
    turn: u32,
    tokens: &TokenUsage,
    cost_usd: Option<f64>,
) -> Result<(), DbErr> {
    let row = usage::ActiveModel {
        session_id: Set(session),
        seq: Set(entry.seq),
        stage_run_id: Set(stage_run),
        turn: Set(turn as i32),
        input_tokens: Set(tokens.input as i64),
        output_tokens: Set(tokens.output as i64),
        cache_read_tokens: Set(tokens.cache_read as i64),
        cache_write_tokens: Set(tokens.cache_write as i64),
        cost_usd: Set(cost_usd),
        created_at: Set(entry.at),
    };
    usage::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// What a session consumed in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    pub turns: u64,
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    /// USD; `None` when a turn's price is unknown.
    pub cost_usd: Option<f64>,
}

/// Adds up a session's turns.
pub async fn total(
    db: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Total, super::StoreError> {
    let rows = usage::Entity::find().filter(usage::Column::SessionId.eq(session)).all(db).await?;
    let sum = |field: fn(&usage::Model) -> i64| {
        u64::try_from(rows.iter().map(field).sum::<i64>()).unwrap_or(0)
    };
    Ok(Total {
        turns: rows.len() as u64,
        input: sum(|r| r.input_tokens),
        output: sum(|r| r.output_tokens),
        cache_read: sum(|r| r.cache_read_tokens),
        cache_write: sum(|r| r.cache_write_tokens),
        cost_usd: rows.iter().map(|r| r.cost_usd).sum(),
    })
}

/// Adds up the turns of several sessions; those without turns are left out.
pub async fn totals(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
) -> Result<Vec<(SessionId, Total)>, super::StoreError> {
    type Row = (SessionId, i64, i64, i64, i64, Option<f64>, i64, i64);
    let whole = |column: usage::Column| column.sum().cast_as("bigint");
    let rows: Vec<Row> = usage::Entity::find()
        .select_only()
        .column(usage::Column::SessionId)
        .column_as(whole(usage::Column::InputTokens), "input_sum")
        .column_as(whole(usage::Column::OutputTokens), "output_sum")
        .column_as(whole(usage::Column::CacheReadTokens), "read_sum")
        .column_as(whole(usage::Column::CacheWriteTokens), "write_sum")
        .column_as(usage::Column::CostUsd.sum(), "cost_sum")
        .column_as(usage::Column::CostUsd.count(), "priced")
        .column_as(usage::Column::Seq.count(), "turns")
        .filter(usage::Column::SessionId.is_in(sessions.iter().copied()))
        .group_by(usage::Column::SessionId)
        .into_tuple()
        .all(db)
        .await?;
    let total = |row: Row| {
        let (session, input, output, cache_read, cache_write, cost, priced, turns) = row;
        let total = Total {
            turns: turns.unsigned_abs(),
            input: input.unsigned_abs(),
            output: output.unsigned_abs(),
            cache_read: cache_read.unsigned_abs(),
            cache_write: cache_write.unsigned_abs(),
            cost_usd: cost.filter(|_| priced == turns),
        };
        (session, total)
    };
    Ok(rows.into_iter().map(total).collect())
}
