//! `session_folds`: states that were folded before. A cache of the log.

use super::StoreError;
use entity::{ids::SessionId, session_folds};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict,
};
use session_folds::Column;

/// The state of a session that this code folded: its last sequence, and JSON.
pub async fn find(
    db: &impl ConnectionTrait,
    session: SessionId,
    code: &str,
) -> Result<Option<(i64, String)>, StoreError> {
    let row = session_folds::Entity::find_by_id(session).filter(Column::Code.eq(code)).one(db);
    Ok(row.await?.map(|row| (row.seq, row.state)))
}

/// Keeps a session's state in place of the one that was kept before.
pub async fn keep(
    db: &impl ConnectionTrait,
    session: SessionId,
    seq: i64,
    code: &str,
    state: String,
) -> Result<(), StoreError> {
    let row = session_folds::ActiveModel {
        session_id: Set(session),
        seq: Set(seq),
        code: Set(code.to_owned()),
        state: Set(state),
    };
    let instead = OnConflict::column(Column::SessionId)
        .update_columns([Column::Seq, Column::Code, Column::State])
        .to_owned();
    session_folds::Entity::insert(row).on_conflict(instead).exec_without_returning(db).await?;
    Ok(())
}
