//! `Node`: everything that has an id of its own.

use super::{
    artifact::Artifact,
    context::{api, principal},
    error::{ApiError, Code},
    experiment::Experiment,
    ids::Global,
    loaders::rows,
    message::Message,
    session::Session,
    stage_run::StageRun,
};
use crate::store;
use async_graphql::{Context, ID, Interface, Object};
use entity::ids::SessionId;
use futures::future::try_join_all;

/// Ids of one request to `nodes`.
const MAX_NODES: usize = 100;

/// Something that has an id of its own and can be fetched by it.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The id: opaque, and unique among all types."))]
#[allow(clippy::large_enum_variant, reason = "short-lived")]
pub enum Node {
    Experiment(Experiment),
    Session(Session),
    StageRun(StageRun),
    Message(Message),
    Artifact(Artifact),
}

#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// One thing by its id; null when there is none.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of any type.")] id: ID,
    ) -> Result<Option<Node>, ApiError> {
        load(context, &id).await
    }

    /// Several things by their ids, in their order; null in the place of each that is not there.
    #[graphql(complexity = "100 * child_complexity")]
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most 100 ids of any types.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, ApiError> {
        if ids.len() > MAX_NODES {
            let message = format!("at most {MAX_NODES} ids at a time");
            return Err(ApiError::new(Code::LimitExceeded, message));
        }
        try_join_all(ids.iter().map(|id| load(context, id))).await
    }
}

async fn load(context: &Context<'_>, id: &ID) -> Result<Option<Node>, ApiError> {
    let loader = rows(context);
    let db = api(context).store.read();
    Ok(match Global::parse(id) {
        Some(Global::Experiment(id)) => {
            loader.load_one(id).await?.map(|row| Node::Experiment(Experiment::new(row)))
        }
        Some(Global::Session(id)) => {
            loader.load_one(id).await?.map(|row| Node::Session(Session::new(row)))
        }
        Some(Global::StageRun(id)) => match loader.load_one(id).await? {
            Some(row) if visible(context, row.session_id).await? => {
                Some(Node::StageRun(StageRun::new(row)))
            }
            Some(_) | None => None,
        },
        Some(Global::Message(id)) => match store::messages::by_ids(db, &[id]).await?.pop() {
            Some(row) if visible(context, row.session_id).await? => {
                Some(Node::Message(Message::new(row)))
            }
            Some(_) | None => None,
        },
        Some(Global::Artifact(id)) => match store::artifacts::by_ids(db, &[id]).await?.pop() {
            Some(row) if visible(context, row.session_id).await? => {
                Some(Node::Artifact(Artifact::new(row)))
            }
            Some(_) | None => None,
        },
        // An upload is no node: it is of use only to the one who sends it.
        Some(Global::Upload(_)) | None => None,
    })
}

/// True when the session is the principal's.
async fn visible(context: &Context<'_>, session: SessionId) -> Result<bool, ApiError> {
    let db = api(context).store.read();
    Ok(store::sessions::owned(db, principal(context), session).await?.is_some())
}
