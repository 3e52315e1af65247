//! The whole path, from a sandbox's record channel to the disk.

use super::{
    NAMES, POINTS,
    support::{self, Scripted, code, house::House, temporary},
};
use bytes::Bytes;
use entity::{events, experiments, metric_buckets, metric_series, metrics};
use futures::{StreamExt, stream};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use trainable::{
    sandbox::{
        Program, VolumeName, VolumePath,
        fake::{FakeSandboxes, Run, Step},
    },
    session::{DriverRequest, Providers},
    store,
};

/// What a round wrote.
pub struct Rows {
    pub experiment: experiments::Model,
    pub events: Vec<events::Model>,
    pub points: Vec<metrics::Model>,
    pub series: Vec<metric_series::Model>,
    pub buckets: Vec<metric_buckets::Model>,
}

/// One program that measures as fast as it is listened to: points per second, and what was written.
pub async fn round() -> (f64, Rows) {
    let began = Arc::new(Mutex::new(None));
    let clock = Arc::clone(&began);
    let records = records();
    let sandboxes = FakeSandboxes::new(move |run: &Run| match run.spec.program {
        Program::Script { .. } => {
            let steps = records.iter().cloned().map(Step::Record).collect();
            *clock.lock().expect("nobody panicked") = Some(Instant::now());
            steps
        }
        Program::Runner { .. } => Vec::new(),
    });
    let data = temporary();
    let script = Scripted::new(vec![vec![code("measure", "print(1)")]]);
    let house = House::on(data.path(), Providers::new(script), Arc::new(sandboxes)).await;
    let experiment = experiment(&house).await;
    let session = house.session_of(experiment.id, DriverRequest::default()).await;
    let mut wakes = house.log().follow(session);
    house.start(session).await;
    let db = house.store.read();
    // It is appended after every point.
    let ended = || {
        let all = events::Entity::find().filter(events::Column::SessionId.eq(session));
        all.filter(events::Column::Kind.eq("execution_ended")).count(db)
    };
    while ended().await.expect("it is read") == 0 {
        let woken = tokio::time::timeout(Duration::from_secs(120), wakes.changed()).await;
        woken.expect("it goes on").expect("the log is open");
    }
    let began = began.lock().expect("nobody panicked").expect("the program ran");
    let rate = POINTS as f64 / began.elapsed().as_secs_f64();
    // What the model does next is not of interest.
    let _ = house.directory.cancel(session).await;
    let mut events = events::Entity::find().order_by_asc(events::Column::Seq).all(db).await;
    events.as_mut().expect("rows").retain(|row| row.kind == "metrics_batch");
    let rows = Rows {
        experiment,
        events: events.expect("rows"),
        points: metrics::Entity::find().all(db).await.expect("rows"),
        series: metric_series::Entity::find().all(db).await.expect("rows"),
        buckets: metric_buckets::Entity::find().all(db).await.expect("rows"),
    };
    assert_eq!(rows.points.len(), POINTS, "every point is there");
    (rate, rows)
}

/// The SDK's records: one call of `log` each.
fn records() -> Vec<Bytes> {
    let record = |step: usize| {
        let values = NAMES.iter().zip(1..).map(|(name, n)| {
            let value = json!(1.0 / (step + n) as f64);
            ((*name).to_owned(), value)
        });
        let values: serde_json::Map<_, _> = values.collect();
        let record = json!({"type": "metrics", "step": step, "metrics": values, "run": "lightgbm"});
        Bytes::from(record.to_string())
    };
    (0..POINTS / NAMES.len()).map(record).collect()
}

/// An experiment whose dataset is extracted, without any runner.
async fn experiment(house: &House) -> experiments::Model {
    let row = support::experiment();
    store::experiments::insert(&house.store, &row, &[]).await.expect("an experiment");
    let name = VolumeName::parse(&format!("datasets/{}", row.id)).expect("a name");
    let volume = house.sandboxes.volume(&name).await.expect("a volume");
    for (path, body) in [("dataset.json", &b"{\"tables\":[]}"[..]), (".ready", b"1")] {
        let body = stream::iter([Ok(Bytes::from_static(body))]).boxed();
        volume.put(&VolumePath::parse(path).expect("a path"), body).await.expect("written");
    }
    row
}
