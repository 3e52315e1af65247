//! Batches: what a list needs of its rows is read with one query, never one per row. Loaders are
//! made per request, so that nobody sees what another request cached.

use super::context::{api, principal};
use crate::store::{
    self, Store, StoreError,
    artifacts::Wanted,
    experiments::Head,
    glance::Moment,
    page::{Page, Slice},
    series::Series,
    usage::Total,
};
use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use entity::{
    artifacts,
    ids::{ExperimentId, SessionId, StageRunId},
    principal::Principal,
    sessions, stage_runs, uploads,
    vocab::Stage,
};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{Arc, OnceLock},
    time::Duration,
};
use uuid::Uuid;

/// How often a batch lets others go first before it is read. A request is executed on a runtime of
/// one thread, where a list asks for its rows in sweeps of 32; the clock would be slower, and on a
/// busy machine it would split a batch.
const SWEEPS: usize = 16;

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
        DataLoader::new(rows, |task| {
            tokio::spawn(async {
                for _ in 0..SWEEPS {
                    tokio::task::yield_now().await;
                }
                task.await;
            })
        })
        .delay(Duration::ZERO)
    })
}

/// The files of an experiment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FilesOf(pub ExperimentId);

/// What was found in the data of an experiment.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DatasetOf(pub ExperimentId);

/// How many sessions an experiment has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionsOf(pub ExperimentId);

/// The stage runs of a session, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunsOf(pub SessionId);

/// What a session consumed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UsageOf(pub SessionId);

/// A page of an experiment's sessions, newest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionsPage(pub ExperimentId, pub Page<Uuid>);

/// The live metric series of a session, or of one stage of it; with their extents or without.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeriesOf(pub Moment, pub Option<Stage>, pub bool);

/// How many artifacts a session has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArtifactsOf(pub Moment, pub Wanted);

/// A page of a session's artifacts, oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArtifactsPage(pub SessionId, pub Wanted, pub Page<Uuid>);

type Failed = Arc<StoreError>;

fn grouped<K: Eq + Hash, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}

impl Loader<ExperimentId> for Rows {
    type Value = Head;
    type Error = Failed;

    async fn load(
        &self,
        keys: &[ExperimentId],
    ) -> Result<HashMap<ExperimentId, Self::Value>, Failed> {
        let rows = store::experiments::heads(self.store.read(), &self.principal, keys).await?;
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

impl Loader<DatasetOf> for Rows {
    type Value = serde_json::Value;
    type Error = Failed;

    async fn load(&self, keys: &[DatasetOf]) -> Result<HashMap<DatasetOf, Self::Value>, Failed> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = store::experiments::datasets(self.store.read(), &ids).await?;
        Ok(rows.into_iter().map(|(id, found)| (DatasetOf(id), found)).collect())
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

impl Loader<SessionsPage> for Rows {
    type Value = Slice<sessions::Model>;
    type Error = Failed;

    async fn load(
        &self,
        keys: &[SessionsPage],
    ) -> Result<HashMap<SessionsPage, Self::Value>, Failed> {
        let mut found = HashMap::new();
        // Pages that begin at the same place are read once, as far as the longest goes.
        let places = keys.iter().map(|key| (Page { limit: 0, ..key.1 }, *key));
        for (place, keys) in grouped(places) {
            let ids: HashSet<ExperimentId> = keys.iter().map(|key| key.0).collect();
            let limit = keys.iter().map(|key| key.1.limit).max().unwrap_or_default();
            let ids: Vec<_> = ids.into_iter().collect();
            let longest = Page { limit, ..place };
            let slices = store::sessions::pages(self.store.read(), &ids, longest).await?;
            found.extend(keys.into_iter().filter_map(|key| {
                let slice = slices.get(&key.0)?;
                Some((key, slice.shortened(key.1.limit, place.from_end)))
            }));
        }
        Ok(found)
    }
}

impl Loader<SeriesOf> for Rows {
    type Value = Arc<[Series]>;
    type Error = Failed;

    async fn load(&self, keys: &[SeriesOf]) -> Result<HashMap<SeriesOf, Self::Value>, Failed> {
        let mut found = HashMap::new();
        for ((stage, extent), of) in grouped(keys.iter().map(|key| ((key.1, key.2), key.0))) {
            let series = store::glance::series(&self.store, &of, stage, extent).await?;
            let series = |moment: Moment| Some((moment, Arc::clone(series.get(&moment.session)?)));
            let all = of.into_iter().filter_map(series);
            found.extend(all.map(|(moment, all)| (SeriesOf(moment, stage, extent), all)));
        }
        Ok(found)
    }
}

impl Loader<ArtifactsOf> for Rows {
    type Value = i64;
    type Error = Failed;

    async fn load(&self, keys: &[ArtifactsOf]) -> Result<HashMap<ArtifactsOf, i64>, Failed> {
        let mut found = HashMap::new();
        for (wanted, of) in grouped(keys.iter().map(|key| (key.1, key.0))) {
            let counts = store::glance::artifacts(&self.store, &of, wanted).await?;
            let count = |moment: Moment| Some((moment, *counts.get(&moment.session)?));
            let all = of.into_iter().filter_map(count);
            found.extend(all.map(|(moment, count)| (ArtifactsOf(moment, wanted), count)));
        }
        Ok(found)
    }
}

impl Loader<ArtifactsPage> for Rows {
    type Value = Slice<artifacts::Model>;
    type Error = Failed;

    async fn load(
        &self,
        keys: &[ArtifactsPage],
    ) -> Result<HashMap<ArtifactsPage, Self::Value>, Failed> {
        let mut found = HashMap::new();
        for ((wanted, page), ids) in grouped(keys.iter().map(|key| ((key.1, key.2), key.0))) {
            let slices = store::artifacts::pages(self.store.read(), &ids, wanted, page).await?;
            let slices = slices.into_iter();
            found.extend(slices.map(|(id, slice)| (ArtifactsPage(id, wanted, page), slice)));
        }
        Ok(found)
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
