//! Metric series on a real database: what is asked in buckets is what the points say, whatever was
//! logged in which order, and what sums points up follows from the log alone.

mod support;

use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, SessionId, StageRunId},
    metric_buckets, metric_series, metrics,
    vocab::{MetricKind, Stage},
};
use migration::{Migrator, MigratorTrait};
use proptest::prelude::*;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use std::{collections::BTreeMap, sync::LazyLock};
use support::whole_log;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use trainable::{
    event::{Budgets, Draft, Driver, Event, Fact, MetricPoint, SessionEvent},
    log::EventLog,
    store::{
        Store, experiments, series,
        tombstones::{self, Burial, Buried},
    },
};

/// A database with its log.
struct Bench {
    _dir: TempDir,
    store: Store,
    log: EventLog,
}

impl Bench {
    /// On the database that the tests run on.
    async fn open() -> Self {
        let dir = support::temporary();
        let store = support::database::open(&dir.path().join("t.db")).await;
        Self { _dir: dir, log: EventLog::start(store.clone()), store }
    }

    /// On an SQLite file of its own.
    async fn beside() -> Self {
        let dir = support::temporary();
        let store = Store::open_sqlite(&dir.path().join("t.db")).await.expect("the database opens");
        Self { _dir: dir, log: EventLog::start(store.clone()), store }
    }

    async fn experiment(&self) -> ExperimentId {
        let experiment = support::experiment();
        experiments::insert(&self.store, &experiment, &[]).await.expect("an experiment");
        experiment.id
    }

    /// A session with nothing but its first event.
    async fn session(&self) -> Session<'_> {
        let experiment_id = self.experiment().await;
        let created = SessionEvent::SessionCreated { experiment_id, driver: None };
        let mut session = Session { bench: self, id: SessionId::new(), last: 0 };
        session.append(vec![Draft { stage_run: None, event: Event::Session(created) }]).await;
        session
    }
}

/// A session whose log is `last` events long.
struct Session<'a> {
    bench: &'a Bench,
    id: SessionId,
    last: i64,
}

impl Session<'_> {
    async fn append(&mut self, drafts: Vec<Draft>) {
        let appended = self.bench.log.append(self.id, 0, self.last, moment(), drafts).await;
        self.last = appended.expect("appended").last().expect("an entry").seq;
    }

    async fn begin(&mut self, stage: Stage) -> StageRunId {
        let run = StageRunId::new();
        let started = SessionEvent::StageRunStarted {
            stage,
            through: stage,
            driver: Driver { provider: "p".into(), model: "m".into(), effort: None },
            seed: 42,
            budgets: Budgets::default(),
            approval: false,
            later: Vec::new(),
        };
        self.append(vec![Draft { stage_run: Some(run), event: Event::Session(started) }]).await;
        run
    }

    async fn log(&mut self, run: StageRunId, items: Vec<MetricPoint>) {
        self.append(vec![batch(run, items)]).await;
    }

    /// `loss` without a tag, in buckets: the last step, the points and the two ends of each.
    async fn loss(&self, range: (i64, i64), buckets: i64) -> Vec<(i64, i64, f64, f64)> {
        let wanted = series::Wanted {
            session: self.id,
            name: "loss".into(),
            run: None,
            stage_run: None,
            from: Some(range.0),
            to: Some(range.1),
            buckets,
        };
        let found = series::bucketed(self.bench.store.read(), &wanted).await.expect("an answer");
        let row = |b: trainable::store::pyramid::Summary| {
            (b.last_step, b.points, b.low.unwrap_or(f64::NAN), b.high.unwrap_or(f64::NAN))
        };
        found.into_iter().map(row).collect()
    }

    /// All that sums up the session's points, and how they are marked, as text.
    async fn sums(&self) -> Sums {
        let db = self.bench.store.read();
        let series = metric_series::Entity::find()
            .filter(metric_series::Column::SessionId.eq(self.id))
            .order_by_asc(metric_series::Column::StageRunId)
            .order_by_asc(metric_series::Column::Series)
            .all(db)
            .await
            .expect("rows");
        let runs: Vec<_> = series.iter().map(|row| row.stage_run_id).collect();
        let buckets = metric_buckets::Entity::find()
            .filter(metric_buckets::Column::StageRunId.is_in(runs))
            .order_by_asc(metric_buckets::Column::StageRunId)
            .order_by_asc(metric_buckets::Column::Series)
            .order_by_asc(metric_buckets::Column::Level)
            .order_by_asc(metric_buckets::Column::Bucket)
            .all(db)
            .await
            .expect("rows");
        let points = metrics::Entity::find()
            .filter(metrics::Column::SessionId.eq(self.id))
            .order_by_asc(metrics::Column::Seq)
            .order_by_asc(metrics::Column::Ordinal)
            .all(db)
            .await
            .expect("rows");
        let marks = points.iter().map(|p| (p.seq, p.ordinal, p.series, p.behind)).collect();
        Sums { series, buckets, marks }
    }
}

#[derive(Debug, PartialEq)]
struct Sums {
    series: Vec<metric_series::Model>,
    buckets: Vec<metric_buckets::Model>,
    /// Event, place, series, and whether it is behind.
    marks: Vec<(i64, i32, i32, bool)>,
}

/// A time that PostgreSQL keeps as it is.
fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(Utc::now().timestamp_micros()).expect("a time")
}

fn batch(run: StageRunId, items: Vec<MetricPoint>) -> Draft {
    let fact = Fact::MetricsBatch { call_id: "c".into(), items };
    Draft { stage_run: Some(run), event: Event::Fact(fact) }
}

fn point(step: i64, name: &str, value: f64, run: Option<&str>) -> MetricPoint {
    MetricPoint { step, name: name.into(), value, run: run.map(str::to_owned) }
}

fn loss(steps: impl IntoIterator<Item = i64>) -> Vec<MetricPoint> {
    steps.into_iter().map(|step| point(step, "loss", step as f64, None)).collect()
}

/// One database for all cases of a property, and one that logs are replayed into.
static SHARED: LazyLock<(Runtime, Bench, Bench)> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let (bench, copy) = runtime.block_on(async { (Bench::open().await, Bench::beside().await) });
    (runtime, bench, copy)
});

/// A step from the one before.
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::By(1)),
        4 => (0_i64..40).prop_map(Step::By),
        2 => Just(Step::By(0)),
        2 => (-300_i64..0).prop_map(Step::By),
        1 => (0_u32..62).prop_map(|bits| Step::By(1 << bits)),
        1 => any::<i64>().prop_map(Step::To),
    ]
}

#[derive(Clone, Copy, Debug)]
enum Step {
    By(i64),
    To(i64),
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -1e6..1e6_f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(-0.0),
        1 => Just(f64::MIN_POSITIVE / 8.0),
    ]
}

/// Points of four series in two runs, in events, in appends.
#[derive(Clone, Debug)]
struct Logged {
    appends: Vec<Vec<Vec<(u8, Step, f64)>>>,
    begin: i64,
}

fn logged() -> impl Strategy<Value = Logged> {
    let point = || (prop_oneof![6 => Just(0_u8), 1 => 1_u8..4], step(), value());
    let event = prop::collection::vec(point(), 0..60);
    let append = prop::collection::vec(event, 1..4);
    let begin = prop_oneof![3 => Just(0), 1 => -100_i64..100, 1 => any::<i64>()];
    (prop::collection::vec(append, 1..8), begin)
        .prop_map(|(appends, begin)| Logged { appends, begin })
}

/// A point with its event and its place in that.
type Placed = (MetricPoint, (i64, usize));

/// Writes what was logged; the points of series 0, the one that is asked for, as they lie in the log.
async fn write(session: &mut Session<'_>, logged: &Logged) -> Vec<Placed> {
    let runs = [session.begin(Stage::Eda).await, session.begin(Stage::Prep).await];
    let mut steps = [logged.begin; 4];
    let mut kept = Vec::new();
    for (n, append) in logged.appends.iter().enumerate() {
        let mut drafts = Vec::new();
        for event in append {
            let seq = session.last + 1 + drafts.len() as i64;
            let mut items = Vec::new();
            for (which, step, value) in event {
                let at = &mut steps[usize::from(*which)];
                *at = match step {
                    Step::By(by) => at.saturating_add(*by),
                    Step::To(to) => *to,
                };
                let (name, run) =
                    [("loss", None), ("loss", Some("a")), ("loss", Some("")), ("auc", None)]
                        [usize::from(*which)];
                let point = point(*at, name, *value, run);
                if *which == 0 {
                    kept.push((point.clone(), (seq, items.len())));
                }
                items.push(point);
            }
            // The later half is of another run: one line is drawn through both.
            drafts.push(batch(runs[usize::from(2 * n >= logged.appends.len())], items));
        }
        session.append(drafts).await;
    }
    kept
}

/// A bucket, and the naive way to it. Floats as bits, because NaN is unequal to itself.
type Row = (i64, i64, Option<u64>, Option<u64>, Option<u64>, MetricKind);

fn bits(value: Option<f64>) -> Option<u64> {
    value.map(|value| if value == 0.0 { 0 } else { value.to_bits() })
}

fn naive(points: &[Placed], (from, to): (Option<i64>, Option<i64>), buckets: i64) -> Vec<Row> {
    let ends = || points.iter().map(|(point, _)| i128::from(point.step));
    let (Some(first), Some(last)) = (ends().min(), ends().max()) else { return Vec::new() };
    let from = from.map_or(first, |from| first.max(from.into()));
    let to = to.map_or(last, |to| last.min(to.into()));
    let width = (0..=64).map(|bits| 1_i128 << bits).find(|width| {
        // From the first step there is, so that all of them always fit into one.
        let place = |step: i128| {
            (if *width == 1 << 64 { step + (1 << 63) } else { step }).div_euclid(*width)
        };
        place(to) - place(from) < i128::from(buckets)
    });
    let Some(width) = width else { return Vec::new() };
    let mut shown: BTreeMap<i128, Vec<&Placed>> = BTreeMap::new();
    for point in points {
        let step = i128::from(point.0.step);
        if step < from || step > to {
            continue;
        }
        let place = if width == 1 << 64 { 0 } else { step.div_euclid(width) };
        shown.entry(place).or_default().push(point);
    }
    let row = |points: Vec<&Placed>| {
        let finite = || points.iter().map(|(p, _)| p.value).filter(|value| value.is_finite());
        let latest = points.iter().max_by_key(|(_, place)| *place).expect("a point").0.value;
        let kind = match latest {
            value if value.is_finite() => MetricKind::Finite,
            value if value.is_nan() => MetricKind::Nan,
            value if value > 0.0 => MetricKind::Infinity,
            _ => MetricKind::NegativeInfinity,
        };
        (
            points.iter().map(|(p, _)| p.step).max().expect("a point"),
            points.len() as i64,
            bits(finite().reduce(f64::min)),
            bits(finite().reduce(f64::max)),
            bits(Some(latest).filter(|value| value.is_finite())),
            kind,
        )
    };
    shown.into_values().map(row).collect()
}

/// An end of a range: none, any step, or one near a logged one.
#[derive(Clone, Copy, Debug)]
enum End {
    None,
    Any(i64),
    Near(prop::sample::Index, i64),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        1 => Just(End::None),
        1 => any::<i64>().prop_map(End::Any),
        4 => (any::<prop::sample::Index>(), -20_i64..20).prop_map(|(at, by)| End::Near(at, by)),
    ]
}

impl End {
    fn step(self, points: &[Placed]) -> Option<i64> {
        match self {
            End::None => None,
            End::Any(step) => Some(step),
            End::Near(..) if points.is_empty() => Some(0),
            End::Near(at, by) => Some(at.get(points).0.step.saturating_add(by)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn buckets_are_what_the_points_say(
        logged in logged(),
        asked in prop::collection::vec((end(), end(), prop_oneof![1_i64..12, 1_i64..2000]), 12),
    ) {
        let (runtime, bench, _) = &*SHARED;
        runtime.block_on(async {
            let mut session = bench.session().await;
            let points = write(&mut session, &logged).await;
            for (from, to, buckets) in asked {
                let (from, to) = (from.step(&points), to.step(&points));
                let wanted = series::Wanted {
                    session: session.id,
                    name: "loss".into(),
                    run: None,
                    stage_run: None,
                    from,
                    to,
                    buckets,
                };
                let found = series::bucketed(bench.store.read(), &wanted).await.expect("an answer");
                let row = |b: trainable::store::pyramid::Summary| {
                    (b.last_step, b.points, bits(b.low), bits(b.high), bits(b.value), b.kind)
                };
                let found: Vec<Row> = found.into_iter().map(row).collect();
                prop_assert_eq!(found, naive(&points, (from, to), buckets), "{:?}", wanted);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_replay_sums_up_the_same(logged in logged()) {
        let (runtime, bench, copy) = &*SHARED;
        runtime.block_on(async {
            let mut session = bench.session().await;
            write(&mut session, &logged).await;
            let before = session.sums().await;
            let entries = whole_log(&bench.log, session.id).await;
            let copy = replay(copy, session.id, entries).await;
            prop_assert_eq!(before, copy.sums().await);
            Ok(())
        })?;
    }
}

/// Appends a log's events to another database, each alone.
async fn replay<'a>(
    bench: &'a Bench,
    id: SessionId,
    entries: Vec<trainable::event::Entry>,
) -> Session<'a> {
    let experiment = bench.experiment().await;
    for entry in entries {
        let event = match entry.event {
            Event::Session(SessionEvent::SessionCreated { driver, .. }) => {
                Event::Session(SessionEvent::SessionCreated { experiment_id: experiment, driver })
            }
            other => other,
        };
        let draft = Draft { stage_run: entry.stage_run, event };
        let appended = bench.log.append(id, 0, entry.seq - 1, entry.at, vec![draft]).await;
        appended.expect("appended");
    }
    Session { bench, id, last: 0 }
}

#[tokio::test]
async fn a_database_of_an_earlier_version_is_summed_up() {
    let bench = Bench::open().await;
    let mut session = bench.session().await;
    let old = session.begin(Stage::Train).await;
    session.log(old, loss(0..40)).await;
    let run = session.begin(Stage::Train).await;
    session.log(run, loss((0..700).chain(650..900).chain([3, 3, -5, 1 << 40]))).await;
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0];
    let odd = odd.iter().zip(0..).map(|(value, step)| point(step * 20, "odd", *value, Some("t")));
    session.log(run, odd.collect()).await;
    let now = session.sums().await;
    assert!(now.series[0].superseded && !now.series[1].superseded);
    Migrator::down(bench.store.write(), Some(1)).await.expect("back");
    Migrator::up(bench.store.write(), None).await.expect("and forward");
    assert_eq!(now, session.sums().await);
    // What is filled in goes on to grow.
    session.log(run, loss([1 << 41])).await;
    assert_eq!(session.loss((1 << 39, i64::MAX), 1).await.len(), 1);
}

#[tokio::test]
async fn a_stage_that_runs_again_begins_its_series_anew() {
    let bench = Bench::open().await;
    let mut session = bench.session().await;
    let first = session.begin(Stage::Train).await;
    session.log(first, loss(0..100)).await;
    let second = session.begin(Stage::Train).await;
    assert_eq!(session.loss((0, 99), 1).await, []);
    session.log(second, loss(0..10)).await;
    assert_eq!(session.loss((0, 99), 1).await, [(9, 10, 0.0, 9.0)]);
    let live = series::of_sessions(bench.store.read(), &[session.id], None, true).await;
    let extents = live.expect("rows").into_iter().filter_map(|row| row.extent);
    assert_eq!(
        extents.map(|extent| (extent.stage_run_id, extent.points)).collect::<Vec<_>>(),
        [(second, 10)]
    );
    let old = series::Wanted {
        session: session.id,
        name: "loss".into(),
        run: None,
        stage_run: Some(first),
        from: None,
        to: None,
        buckets: 1,
    };
    let found = series::bucketed(bench.store.read(), &old).await.expect("an answer");
    assert_eq!(found.iter().map(|bucket| bucket.points).collect::<Vec<_>>(), [100]);
}

#[tokio::test]
async fn a_list_of_series_ends_and_the_others_are_there() {
    let bench = Bench::open().await;
    let mut session = bench.session().await;
    let run = session.begin(Stage::Train).await;
    let many = series::LISTED + 50;
    let name = |n: i32| format!("s{n:04}");
    session.log(run, (0..many).map(|n| point(0, &name(n), f64::from(n), None)).collect()).await;
    let listed = series::of_sessions(bench.store.read(), &[session.id], None, false).await;
    let listed: Vec<_> = listed.expect("rows").into_iter().map(|row| row.latest.name).collect();
    assert_eq!(listed, (0..series::LISTED).map(name).collect::<Vec<_>>());
    let last = series::Wanted {
        session: session.id,
        name: name(many - 1),
        run: None,
        stage_run: None,
        from: None,
        to: None,
        buckets: 1,
    };
    let found = series::bucketed(bench.store.read(), &last).await.expect("an answer");
    assert_eq!(
        found.iter().map(|bucket| bucket.value).collect::<Vec<_>>(),
        [Some(f64::from(many - 1))]
    );
}

#[tokio::test]
async fn what_is_deleted_leaves_no_sums() {
    let bench = Bench::open().await;
    let mut session = bench.session().await;
    let run = session.begin(Stage::Train).await;
    session.log(run, loss((0..100).chain(0..10))).await;
    assert!(!session.sums().await.buckets.is_empty());
    let buried = tombstones::bury_session(&bench.store, session.id, Burial::AtRest, Utc::now());
    assert_eq!(buried.await.expect("buried"), Buried::Yes(vec![session.id]));
    tombstones::erase_session(&bench.store, session.id).await.expect("deleted");
    let buckets = metric_buckets::Entity::find()
        .filter(metric_buckets::Column::StageRunId.eq(run))
        .all(bench.store.read())
        .await
        .expect("rows");
    assert_eq!(buckets, []);
    let left = session.sums().await;
    assert_eq!((left.series.len(), left.marks.len()), (0, 0));
}
