//! A log folded anew into an empty database: every table must come out row by row as it is stored.

use super::support::temporary;
use entity::{
    artifacts, events, experiments,
    ids::{ArtifactId, MessageId, MetricId, SessionId},
    messages, metric_buckets, metric_series, metrics, processed_dataset_meta, sessions, stage_runs,
    usage,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use std::{collections::BTreeSet, fmt::Debug};
use trainable::store::{
    Store, experiments as kept, projection,
    replay::{Bound, since},
};
use uuid::Uuid;

/// Entries that are folded in one transaction.
const PAGE: u64 = 100;
/// Entries that are folded as one append: none of the numbers in which they were appended.
const TOGETHER: usize = 7;

/// What is stored of a session, without what is made up when a row is written.
#[derive(Debug, PartialEq)]
struct Rows {
    events: Vec<events::Model>,
    sessions: Vec<sessions::Model>,
    stage_runs: Vec<stage_runs::Model>,
    messages: Vec<messages::Model>,
    artifacts: Vec<artifacts::Model>,
    metrics: Vec<metrics::Model>,
    series: Vec<metric_series::Model>,
    buckets: Vec<metric_buckets::Model>,
    usage: Vec<usage::Model>,
    processed: Vec<processed_dataset_meta::Model>,
}

/// Compares the rows of a session with those that its log gives. Answers the log's rows.
pub async fn check(stored: &Store, session: SessionId) -> Vec<events::Model> {
    let folder = temporary();
    let anew = Store::open_sqlite(&folder.path().join("anew.db")).await.expect("a database");
    let found = Rows::of(stored, session).await;
    let expected = {
        fold(stored, &anew, session).await;
        Rows::of(&anew, session).await
    };
    same(&found.events, &expected.events, "events");
    same(&found.sessions, &expected.sessions, "sessions");
    same(&found.stage_runs, &expected.stage_runs, "stage_runs");
    same(&found.messages, &expected.messages, "messages");
    same(&found.artifacts, &expected.artifacts, "artifacts");
    same(&found.metrics, &expected.metrics, "metrics");
    same(&found.series, &expected.series, "metric_series");
    same(&found.buckets, &expected.buckets, "metric_buckets");
    same(&found.usage, &expected.usage, "usage");
    same(&found.processed, &expected.processed, "processed_dataset_meta");
    let sequences: Vec<i64> = found.events.iter().map(|row| row.seq).collect();
    let dense: Vec<i64> = (1..=found.events.len() as i64).collect();
    assert_eq!(sequences, dense, "the sequences of {session}");
    let last: Vec<i64> = found.sessions.iter().map(|row| row.last_seq).collect();
    assert_eq!(last, [found.events.len() as i64], "the last sequence of {session}");
    found.events
}

#[track_caller]
fn same<T: PartialEq + Debug>(found: &[T], expected: &[T], table: &str) {
    for (n, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found, expected, "row {n} of {table}: stored, and as the log gives it");
    }
    assert_eq!(found.len(), expected.len(), "rows of {table}: stored, and as the log gives them");
}

/// Folds a log into a database that holds nothing.
async fn fold(stored: &Store, anew: &Store, session: SessionId) {
    let row = sessions::Entity::find_by_id(session).one(stored.read()).await.expect("it is read");
    let experiment = row.expect("a session").experiment_id;
    let row = experiments::Entity::find_by_id(experiment).one(stored.read()).await;
    let row = row.expect("it is read").expect("an experiment");
    assert!(kept::insert(anew, &row, &[]).await.expect("it is written"));
    let mut after = 0;
    loop {
        let bound = Bound { rows: PAGE, bytes: u64::MAX };
        let page = since(stored.read(), session, after, bound).await.expect("the log is read");
        let page = page.entries;
        let Some(last) = page.last() else { break };
        let transaction = anew.begin().await.expect("a transaction");
        for some in page.chunks(TOGETHER) {
            projection::append(&transaction, session, some).await.expect("it is folded");
        }
        let moved = trainable::store::sessions::advance(&transaction, session, 0, after, last.seq);
        assert!(moved.await.expect("it is moved on"));
        transaction.commit().await.expect("it is written");
        after = last.seq;
    }
}

macro_rules! all {
    ($entity:ident, $session:expr, $store:expr, $($by:ident),+) => {
        $entity::Entity::find()
            .filter($entity::Column::SessionId.eq($session))
            $(.order_by_asc($entity::Column::$by))+
            .all($store.read())
            .await
            .expect("rows")
    };
}

impl Rows {
    async fn of(store: &Store, session: SessionId) -> Self {
        let mut sessions: Vec<_> =
            sessions::Entity::find_by_id(session).all(store.read()).await.expect("rows");
        // Who owns it, and how often it was taken over, is no matter of its log.
        sessions.iter_mut().for_each(|row| (row.owner_epoch, row.owner_id) = (0, None));
        let mut messages = all!(messages, session, store, Seq);
        for row in &mut messages {
            let said = row.metadata["event"].as_str().unwrap_or_default();
            if !matches!(said, "user_message" | "agent_message") {
                row.id = MessageId(Uuid::nil());
            }
        }
        let mut artifacts = all!(artifacts, session, store, StageRunId, Path);
        artifacts.iter_mut().for_each(|row| row.id = ArtifactId(Uuid::nil()));
        let mut metrics = all!(metrics, session, store, Seq, Ordinal);
        metrics.iter_mut().for_each(|row| row.id = MetricId(Uuid::nil()));
        let series = all!(metric_series, session, store, StageRunId, Series);
        let runs: BTreeSet<_> = series.iter().map(|row| row.stage_run_id).collect();
        let buckets = metric_buckets::Entity::find()
            .filter(metric_buckets::Column::StageRunId.is_in(runs))
            .order_by_asc(metric_buckets::Column::StageRunId)
            .order_by_asc(metric_buckets::Column::Series)
            .order_by_asc(metric_buckets::Column::Level)
            .order_by_asc(metric_buckets::Column::Bucket)
            .all(store.read());
        let mut processed = all!(processed_dataset_meta, session, store, Id);
        processed.iter_mut().for_each(|row| row.id = Uuid::nil());
        Self {
            events: all!(events, session, store, Seq),
            sessions,
            stage_runs: all!(stage_runs, session, store, Id),
            messages,
            artifacts,
            metrics,
            series,
            buckets: buckets.await.expect("rows"),
            usage: all!(usage, session, store, Seq),
            processed,
        }
    }
}
