//! `usage`: the projection's writes.

use super::StoreError;
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

/// What the turns of a session consumed together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    /// USD; `None` when the price of any turn is unknown.
    pub cost_usd: Option<f64>,
    pub turns: i64,
}

/// The totals of these sessions; those without turns are left out.
pub async fn totals(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
) -> Result<Vec<(SessionId, Total)>, StoreError> {
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
        let (session, input, output, read, write, cost, priced, turns) = row;
        let total = Total {
            input_tokens: input,
            output_tokens: output,
            cache_read_tokens: read,
            cache_write_tokens: write,
            cost_usd: cost.filter(|_| priced == turns),
            turns,
        };
        (session, total)
    };
    Ok(rows.into_iter().map(total).collect())
}
