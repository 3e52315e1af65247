//! `usage`: the projection's writes.

use crate::event::{Entry, TokenUsage};
use entity::{
    ids::{SessionId, StageRunId},
    usage,
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};

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
