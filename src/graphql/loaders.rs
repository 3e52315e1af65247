//! Batches: what a list needs of its rows is read with one query, never one per row. Loaders are
//! made per request, so that nobody sees what another request cached.

use super::context::{api, principal};
use crate::store::{self, Store, StoreError, usage::Total};
use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use entity::{
    experiments,
    ids::{ExperimentId, SessionId, StageRunId},
    principal::Principal,
    sessions, stage_runs, uploads,
};
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, OnceLock},
};

/// The loaders of one request.
#[derive(Default)]
pub struct Loaders(OnceLock<DataLoader<Rows>>);

/// Reads rows in batches, for one principal.
pub struct Rows {
    store: Store,
    principal: Principal,
}

/// The loader of this request.
pub fn rows<'a>(context: &Context<'a>) -> &'a DataLoader<Rows> {
    context.data_unchecked::<Loaders>().0.get_or_init(|| {
        let rows =
            Rows { store: api(context).store.clone(), principal: principal(context).clone() };
        DataLoader::new(rows, tokio::spawn)
    })
}

/// The files of an experiment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FilesOf(pub ExperimentId);

/// The newest session of an experiment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LatestOf(pub ExperimentId);

/// How many sessions an experiment has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionsOf(pub ExperimentId);

/// The stage runs of a session, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunsOf(pub SessionId);

/// What a session consumed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UsageOf(pub SessionId);

type Failed = Arc<StoreError>;

fn grouped<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}

impl Loader<ExperimentId> for Rows {
    type Value = experiments::Model;
    type Error = Failed;

    async fn load(
        &self,
        keys: &[ExperimentId],
    ) -> Result<HashMap<ExperimentId, Self::Value>, Failed> {
        let rows = store::experiments::by_ids(self.store.read(), &self.principal, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

impl Loader<SessionId> for Rows {
    type Value = sessions::Model;
    type Error = Failed;

    async fn load(&self, keys: &[SessionId]) -> Result<HashMap<SessionId, Self::Value>, Failed> {
        let rows = store::sessions::owned_by_ids(self.store.read(), &self.principal, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

impl Loader<StageRunId> for Rows {
    type Value = stage_runs::Model;
    type Error = Failed;

    async fn load(&self, keys: &[StageRunId]) -> Result<HashMap<StageRunId, Self::Value>, Failed> {
        let rows = store::stage_runs::by_ids(self.store.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

impl Loader<FilesOf> for Rows {
    type Value = Vec<uploads::Model>;
    type Error = Failed;

    async fn load(&self, keys: &[FilesOf]) -> Result<HashMap<FilesOf, Self::Value>, Failed> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = store::uploads::of_experiments(self.store.read(), &ids).await?;
        Ok(grouped(rows.into_iter().filter_map(|row| Some((FilesOf(row.experiment_id?), row)))))
    }
}

impl Loader<LatestOf> for Rows {
    type Value = sessions::Model;
    type Error = Failed;

    async fn load(&self, keys: &[LatestOf]) -> Result<HashMap<LatestOf, Self::Value>, Failed> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = store::sessions::latest(self.store.read(), &ids).await?;
        Ok(rows.into_iter().map(|row| (LatestOf(row.experiment_id), row)).collect())
    }
}

impl Loader<SessionsOf> for Rows {
    type Value = i64;
    type Error = Failed;

    async fn load(&self, keys: &[SessionsOf]) -> Result<HashMap<SessionsOf, i64>, Failed> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = store::sessions::counts(self.store.read(), &ids).await?;
        Ok(rows.into_iter().map(|(id, count)| (SessionsOf(id), count)).collect())
    }
}

impl Loader<RunsOf> for Rows {
    type Value = Vec<stage_runs::Model>;
    type Error = Failed;

    async fn load(&self, keys: &[RunsOf]) -> Result<HashMap<RunsOf, Self::Value>, Failed> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = store::stage_runs::of_sessions(self.store.read(), &ids).await?;
        Ok(grouped(rows.into_iter().map(|row| (RunsOf(row.session_id), row))))
    }
}

impl Loader<UsageOf> for Rows {
    type Value = Total;
    type Error = Failed;

    async fn load(&self, keys: &[UsageOf]) -> Result<HashMap<UsageOf, Total>, Failed> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = store::usage::totals(self.store.read(), &ids).await?;
        Ok(rows.into_iter().map(|(id, total)| (UsageOf(id), total)).collect())
    }
}
