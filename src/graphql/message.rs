//! Messages of a session.

use super::{
    connection::connection,
    error::ApiError,
    ids::Global,
    loaders::rows,
    scalars::{Json, Long, Time},
    vocab::{MessageRole, Stage},
};
use async_graphql::{Context, ID, Object};
use entity::messages;

connection!(
    /// A page of messages.
    MessageConnection, MessageEdge, Message of messages::Model, by seq
);

/// One message between the user and the agent.
#[derive(Clone)]
pub struct Message {
    row: messages::Model,
}

impl Message {
    pub fn new(row: messages::Model) -> Self {
        Self { row }
    }
}

/// One message between the user and the agent.
#[Object]
impl Message {
    /// The id: opaque, and unique among all types.
    pub async fn id(&self) -> ID {
        Global::Message(self.row.id).id()
    }

    /// Who said it.
    async fn role(&self) -> MessageRole {
        self.row.role.into()
    }

    /// What was said; Markdown when the agent said it.
    async fn content(&self) -> &str {
        &self.row.content
    }

    /// The stage in which it was said.
    async fn stage(&self, context: &Context<'_>) -> Result<Option<Stage>, ApiError> {
        let Some(run) = self.row.stage_run_id else { return Ok(None) };
        Ok(rows(context).load_one(run).await?.map(|run| run.stage.into()))
    }

    /// The stage run in which it was said.
    async fn stage_run_id(&self) -> Option<ID> {
        self.row.stage_run_id.map(|id| Global::StageRun(id).id())
    }

    /// The sequence of the event that carried it.
    async fn seq(&self) -> Long {
        self.row.seq.into()
    }

    /// When it was said.
    async fn created_at(&self) -> Time {
        Time(self.row.created_at)
    }

    /// What kind of message it is, with the tool call that it belongs to.
    async fn metadata(&self) -> Option<Json> {
        (!self.row.metadata.is_null()).then(|| Json(self.row.metadata.clone()))
    }
}
