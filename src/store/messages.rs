//! `messages`: the projection's writes.

use super::{
    StoreError,
    page::{self, Page, Slice},
};
use crate::event::Entry;
use entity::{
    ids::{MessageId, SessionId},
    messages,
    vocab::Role,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Order, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::Value;

/// Messages of the user that a later stage is told of.
const WISHES: u64 = 50;

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

/// The conversation of a session, oldest first.
pub async fn page(
    db: &impl ConnectionTrait,
    session: SessionId,
    page: Page<i64>,
) -> Result<Slice<messages::Model>, StoreError> {
    let all = messages::Entity::find().filter(messages::Column::SessionId.eq(session));
    Ok(page::read(db, all, messages::Column::Seq, Order::Asc, page).await?)
}

/// The messages among these ids.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    ids: &[MessageId],
) -> Result<Vec<messages::Model>, StoreError> {
    Ok(messages::Entity::find()
        .filter(messages::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?)
}

/// The last things that the user said before a sequence, oldest first, without answers to questions:
/// those mean nothing without the question.
pub async fn said_before(
    db: &impl ConnectionTrait,
    session: SessionId,
    seq: i64,
) -> Result<Vec<String>, super::StoreError> {
    let rows = messages::Entity::find()
        .filter(messages::Column::SessionId.eq(session))
        .filter(messages::Column::Role.eq(Role::User))
        .filter(messages::Column::Seq.lt(seq))
        .order_by_desc(messages::Column::Seq)
        .limit(WISHES)
        .all(db)
        .await?;
    let said = |row: &messages::Model| row.metadata["event"] == "user_message";
    Ok(rows.into_iter().rev().filter(said).map(|row| row.content).collect())
}

/// The last `limit` things that the user and the agent said before a sequence, oldest first: no tool
/// calls, no notices.
pub async fn conversation(
    db: &impl ConnectionTrait,
    session: SessionId,
    seq: i64,
    limit: u64,
) -> Result<Vec<messages::Model>, super::StoreError> {
    let mut rows = messages::Entity::find()
        .filter(messages::Column::SessionId.eq(session))
        .filter(messages::Column::Role.is_in([Role::User, Role::Assistant]))
        .filter(messages::Column::Content.ne(""))
        .filter(messages::Column::Seq.lt(seq))
        .order_by_desc(messages::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    rows.reverse();
    Ok(rows)
}
