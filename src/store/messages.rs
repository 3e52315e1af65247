//! `messages`: the projection's writes.

use crate::event::Entry;
use entity::{
    ids::{MessageId, SessionId},
    messages,
    vocab::Role,
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use serde_json::Value;

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    session: SessionId,
    entry: &Entry,
    id: Option<MessageId>,
    role: Role,
    content: &str,
    metadata: Value,
) -> Result<(), DbErr> {
    let row = messages::ActiveModel {
        id: Set(id.unwrap_or_else(MessageId::new)),
        session_id: Set(session),
        stage_run_id: Set(entry.stage_run),
        seq: Set(entry.seq),
        role: Set(role),
        content: Set(content.to_owned()),
        metadata: Set(metadata),
        created_at: Set(entry.at),
    };
    messages::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}
