//! Subscriptions.

use super::{
    context::{api, principal},
    error::{ApiError, Code},
    event_types::SessionEvent,
    ids::{FromGlobal, Global},
    scalars::Long,
    stream::{Wanted, follow},
    vocab::SessionEventKind,
};
use crate::store::{self, page::Page};
use async_graphql::{Context, ID, SimpleObject, Subscription as GraphqlSubscription};
use entity::ids::{ExperimentId, SessionId};
use futures::{Stream, StreamExt, stream};
use tokio::sync::broadcast::error::RecvError;

/// Experiments that are named when a watcher lagged and nobody knows which changed.
const AFTER_LAG: u64 = 100;

/// Some events of a session, in order.
#[derive(SimpleObject)]
pub struct SessionEventBatch {
    /// The events; the provisional text among them has no sequence.
    events: Vec<SessionEvent>,
    /// True once everything that was stored when the subscription started has been delivered.
    caught_up: bool,
}

/// An experiment that changed.
#[derive(SimpleObject)]
pub struct ExperimentChange {
    /// The experiment; it may be gone by now.
    experiment_id: ID,
}

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
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<SessionEventBatch>>> {
        let api = api(context);
        let missing = || ApiError::new(Code::NotFound, "there is no such session");
        let id = SessionId::from_global(&session_id).ok_or_else(missing)?;
        let row = store::sessions::owned(api.store.read(), principal(context), id)
            .await
            .map_err(ApiError::from)?
            .ok_or_else(missing)?;
        let after = after.map_or(0, |after| after.0.max(0));
        let batches = follow(api.log.clone(), id, Wanted::new(kinds), after, row.last_seq);
        Ok(batches.map(|batch| {
            let batch = batch?;
            Ok(SessionEventBatch { events: batch.events, caught_up: batch.caught_up })
        }))
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
                    Ok(id) => vec![id],
                    Err(RecvError::Closed) => return None,
                    // Which ones were missed is not known; the newest are what a client shows.
                    Err(RecvError::Lagged(_)) => {
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
