//! Subscriptions.

use super::{
    context::{api, principal},
    error::{ApiError, Code},
    ids::{FromGlobal, Global},
    relay::Shown,
    request::DocumentText,
    scalars::Long,
    stream::{EVENTS, Order, Wanted, follow},
    tokens::tokens,
    vocab::SessionEventKind,
};
use crate::{
    log::Change,
    store::{self, page::Page},
};
use async_graphql::{Context, ID, SimpleObject, Subscription as GraphqlSubscription};
use entity::ids::{ExperimentId, SessionId};
use futures::{Stream, StreamExt, stream};
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

/// Experiments that are named when a watcher lagged and nobody knows which changed.
const AFTER_LAG: u64 = 100;

/// An experiment that changed.
#[derive(SimpleObject)]
pub struct ExperimentChange {
    /// The experiment; it may be gone by now.
    experiment_id: ID,
}

/// What the narrow views show.
const MESSAGES: [SessionEventKind; 3] =
    [SessionEventKind::UserMessage, SessionEventKind::AgentMessage, SessionEventKind::TextDelta];
const OUTPUT: [SessionEventKind; 1] = [SessionEventKind::CodeOutput];
const METRICS: [SessionEventKind; 1] = [SessionEventKind::MetricsBatch];
const FILES: [SessionEventKind; 3] =
    [SessionEventKind::FileCreated, SessionEventKind::FileChanged, SessionEventKind::FilesReady];

/// Everything that can be watched.
pub struct Subscription;

/// Everything that can be watched.
#[GraphqlSubscription]
impl Subscription {
    /// Replays the log of a session after a sequence, then follows it, in batches of up to 256
    /// events or 20 ms. A client that reconnects with its last sequence misses nothing and sees
    /// nothing twice.
    async fn session_events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The last sequence that is known; 0 or absent replays from the start.")]
        after: Option<Long>,
        #[graphql(desc = "The kinds that are wanted; absent for all.")] kinds: Option<
            Vec<SessionEventKind>,
        >,
        #[graphql(desc = "Events of one batch at most, from 1 to 256; 256 when absent.")]
        batch_size: Option<i32>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Shown>>> {
        watch(context, Asked { session_id, after, kinds, batch_size }).await
    }

    /// What the user and the agent say, with its text as it is written. A view of `sessionEvents`, with
    /// the same promises.
    async fn messages(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The last sequence that is known; 0 or absent replays from the start.")]
        after: Option<Long>,
        #[graphql(desc = "Events of one batch at most, from 1 to 256; 256 when absent.")]
        batch_size: Option<i32>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Shown>>> {
        watch(context, Asked { session_id, after, kinds: Some(MESSAGES.to_vec()), batch_size })
            .await
    }

    /// What programs print. A view of `sessionEvents`, with
    /// the same promises.
    async fn code_output(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The last sequence that is known; 0 or absent replays from the start.")]
        after: Option<Long>,
        #[graphql(desc = "Events of one batch at most, from 1 to 256; 256 when absent.")]
        batch_size: Option<i32>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Shown>>> {
        watch(context, Asked { session_id, after, kinds: Some(OUTPUT.to_vec()), batch_size }).await
    }

    /// Figures as they are logged. A view of `sessionEvents`, with
    /// the same promises.
    async fn metrics(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The last sequence that is known; 0 or absent replays from the start.")]
        after: Option<Long>,
        #[graphql(desc = "Events of one batch at most, from 1 to 256; 256 when absent.")]
        batch_size: Option<i32>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Shown>>> {
        watch(context, Asked { session_id, after, kinds: Some(METRICS.to_vec()), batch_size }).await
    }

    /// Files as they appear and change. A view of `sessionEvents`, with
    /// the same promises.
    async fn files(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The last sequence that is known; 0 or absent replays from the start.")]
        after: Option<Long>,
        #[graphql(desc = "Events of one batch at most, from 1 to 256; 256 when absent.")]
        batch_size: Option<i32>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Shown>>> {
        watch(context, Asked { session_id, after, kinds: Some(FILES.to_vec()), batch_size }).await
    }

    /// A hint to refetch: an experiment was made, renamed or deleted, or a session of it changed
    /// its state.
    async fn experiment_changed(
        &self,
        context: &Context<'_>,
    ) -> impl Stream<Item = async_graphql::Result<ExperimentChange>> {
        let api = api(context).clone();
        let principal = principal(context).clone();
        let changes = api.log.changes();
        stream::unfold(changes, move |mut changes| {
            let (store, principal) = (api.store.clone(), principal.clone());
            async move {
                let ids: Vec<ExperimentId> = match changes.recv().await {
                    Ok(Change::Of(id)) => vec![id],
                    Err(RecvError::Closed) => return None,
                    // Which ones were missed is not known; the newest are what a client shows.
                    Ok(Change::Unknown) | Err(RecvError::Lagged(_)) => {
                        let page =
                            Page { after: None, before: None, limit: AFTER_LAG, from_end: false };
                        let db = store.read();
                        let newest = store::experiments::page(db, &principal, None, page).await;
                        newest
                            .map_or_else(|_| Vec::new(), |s| s.rows.iter().map(|r| r.id).collect())
                    }
                };
                let hints = ids
                    .into_iter()
                    .map(|id| Ok(ExperimentChange { experiment_id: Global::Experiment(id).id() }));
                Some((stream::iter(hints.collect::<Vec<_>>()), changes))
            }
        })
        .flatten()
    }
}

/// What a subscriber to a session asks for.
struct Asked {
    session_id: ID,
    after: Option<Long>,
    kinds: Option<Vec<SessionEventKind>>,
    batch_size: Option<i32>,
}

async fn watch(
    context: &Context<'_>,
    asked: Asked,
) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Shown>> + use<>> {
    let api = api(context);
    let missing = || ApiError::new(Code::NotFound, "there is no such session");
    let session = SessionId::from_global(&asked.session_id).ok_or_else(missing)?;
    let size = match asked.batch_size.map(usize::try_from) {
        None => EVENTS,
        Some(Ok(size)) if (1..=EVENTS).contains(&size) => size,
        Some(Ok(_) | Err(_)) => {
            let said = format!("`batchSize` must be from 1 to {EVENTS}");
            return Err(ApiError::bad_input(said).into());
        }
    };
    let row = store::sessions::owned(api.store.read(), principal(context), session)
        .await
        .map_err(ApiError::from)?
        .ok_or_else(missing)?;
    let wanted = Wanted::new(asked.kinds);
    let shape = format!("{wanted:?} {size} {}", shape(context));
    let after = asked.after.map_or(0, |after| after.0.max(0));
    let order = Order { session, wanted, size, after, stored: row.last_seq };
    let batches = follow(api.log.clone(), api.relays.join((session, shape)), order);
    Ok(batches.map(|batch| Ok(Shown(batch?))))
}

/// Everything that decides how this subscriber's batches look, beside the events: whoever has the
/// same shares them. Where each begins to read is its own matter.
fn shape(context: &Context<'_>) -> String {
    let Some(DocumentText(text)) = context.data_opt::<DocumentText>() else {
        // Without its text it is like no other.
        return Uuid::now_v7().to_string();
    };
    let after = context.item.node.get_argument("after").map(|after| after.node.to_string());
    // A variable that stands in its definition and here, and nowhere else.
    let own = |name: &&str| uses(text, name) == 2;
    let after = after.as_deref().and_then(|after| after.strip_prefix('$')).filter(own);
    let variables = context.query_env.variables.iter();
    let variables: Vec<_> = variables.filter(|(name, _)| Some(name.as_str()) != after).collect();
    format!("{:?} {variables:?} {text}", context.query_env.operation_name)
}

/// How often a variable stands in a document, its definition included.
fn uses(text: &str, name: &str) -> usize {
    let dollars = tokens(text).zip(tokens(text).skip(1));
    dollars.filter(|(dollar, token)| *dollar == b"$" && *token == name.as_bytes()).count()
}
