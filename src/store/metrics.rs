//! `metrics`, `metric_series` and `metric_buckets`: points, written in bulk together with what sums
//! them up, and read back by event.

use super::{
    StoreError, bulk,
    pyramid::{Growing, Summary},
    stage_runs,
};
use crate::event::MetricPoint;
use chrono::{DateTime, Utc};
use entity::{
    ids::{MetricId, SessionId, StageRunId},
    metric_buckets, metric_series, metrics,
    vocab::{MetricKind, Stage},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, Value,
    sea_query::{Alias, BinOper, Expr, OnConflict},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names of one condition.
const NAMES: usize = 1000;

/// The points of one event.
pub struct Batch<'a> {
    pub stage_run: StageRunId,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub items: &'a [MetricPoint],
}

/// Inserts the points of some events, in the order of the log, and adds them to what sums them up.
/// Those of no stage run are left out.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    session: SessionId,
    mut batches: &[Batch<'_>],
) -> Result<(), DbErr> {
    while let Some(first) = batches.first() {
        let same = batches.iter().take_while(|batch| batch.stage_run == first.stage_run).count();
        let (of_run, others) = batches.split_at(same);
        if let Some(stage) = stage_runs::stage_of(db, first.stage_run).await? {
            let run = Run { session, id: first.stage_run, stage };
            run.insert(db, of_run).await?;
        }
        batches = others;
    }
    Ok(())
}

/// Whose points are written.
#[derive(Clone, Copy)]
struct Run {
    session: SessionId,
    id: StageRunId,
    stage: Stage,
}

/// A series that grows.
struct Open {
    number: i32,
    growing: Growing,
}

/// Series by name and tag.
type Book<'a> = HashMap<(&'a str, Option<&'a str>), Open>;

impl Run {
    async fn insert(self, db: &impl ConnectionTrait, batches: &[Batch<'_>]) -> Result<(), DbErr> {
        let mut book = self.open(db, batches).await?;
        let mut rows = Vec::with_capacity(batches.iter().map(|batch| batch.items.len()).sum());
        for batch in batches {
            for (point, ordinal) in batch.items.iter().zip(0..) {
                let Some(open) = book.get_mut(&(point.name.as_str(), point.run.as_deref())) else {
                    continue;
                };
                let summary = summary(batch, point, ordinal);
                let behind = open.growing.take(&summary);
                rows.push([
                    MetricId::new().into(),
                    self.session.into(),
                    self.id.into(),
                    self.stage.into(),
                    batch.seq.into(),
                    ordinal.into(),
                    point.step.into(),
                    point.name.as_str().into(),
                    summary.value.into(),
                    summary.kind.into(),
                    point.run.as_deref().into(),
                    batch.at.into(),
                    open.number.into(),
                    behind.into(),
                ]);
            }
        }
        points().insert(db, rows).await?;
        self.write(db, book).await
    }

    /// The series of some points, as they are before them.
    async fn open<'a>(
        self,
        db: &impl ConnectionTrait,
        batches: &[Batch<'a>],
    ) -> Result<Book<'a>, DbErr> {
        let points = || batches.iter().flat_map(|batch| batch.items);
        let mut wanted: BTreeMap<Option<&str>, BTreeSet<&str>> = BTreeMap::new();
        let mut last = None;
        for point in points() {
            let key = (point.run.as_deref(), point.name.as_str());
            // Points of one series often come together.
            if last != Some(key) {
                wanted.entry(key.0).or_default().insert(key.1);
                last = Some(key);
            }
        }
        let mut book = Book::new();
        for (tag, names) in wanted {
            let names: Vec<&str> = names.into_iter().collect();
            for names in names.chunks(NAMES) {
                let mut found = self.known(db, tag, names).await?;
                for name in names {
                    if let Some(row) = found.remove(*name) {
                        let number = row.series;
                        let open = Open { number, growing: Growing::from(Some(row.into())) };
                        book.insert((name, tag), open);
                    }
                }
            }
        }
        self.number(db, book, points()).await
    }

    /// The series with a tag and one of some names, by name.
    async fn known(
        self,
        db: &impl ConnectionTrait,
        tag: Option<&str>,
        names: &[&str],
    ) -> Result<HashMap<String, metric_series::Model>, DbErr> {
        let of_tag = match tag {
            Some(tag) => metric_series::Column::RunTag.eq(tag),
            None => metric_series::Column::RunTag.is_null(),
        };
        let rows = metric_series::Entity::find()
            .filter(metric_series::Column::StageRunId.eq(self.id))
            .filter(metric_series::Column::Name.is_in(names.iter().copied()))
            .filter(of_tag)
            .all(db)
            .await?;
        Ok(rows.into_iter().map(|row| (row.name.clone(), row)).collect())
    }

    /// Gives numbers to the series that are new, in the order in which they come.
    async fn number<'a>(
        self,
        db: &impl ConnectionTrait,
        mut book: Book<'a>,
        points: impl Iterator<Item = &'a MetricPoint>,
    ) -> Result<Book<'a>, DbErr> {
        let mut next = None;
        for point in points {
            let key = (point.name.as_str(), point.run.as_deref());
            if book.contains_key(&key) {
                continue;
            }
            let number = match next {
                Some(number) => number,
                None => self.next_number(db).await?,
            };
            book.insert(key, Open { number, growing: Growing::default() });
            next = Some(number + 1);
        }
        Ok(book)
    }

    async fn next_number(self, db: &impl ConnectionTrait) -> Result<i32, DbErr> {
        let last: Option<i32> = metric_series::Entity::find()
            .select_only()
            .column(metric_series::Column::Series)
            .filter(metric_series::Column::StageRunId.eq(self.id))
            .order_by_desc(metric_series::Column::Series)
            .into_tuple()
            .one(db)
            .await?;
        Ok(last.map_or(0, |last| last + 1))
    }

    /// Writes the series as they are now, and their buckets.
    async fn write(self, db: &impl ConnectionTrait, book: Book<'_>) -> Result<(), DbErr> {
        let (mut series, mut buckets) = (Vec::with_capacity(book.len()), Vec::new());
        for ((name, tag), open) in book {
            let Some(whole) = open.growing.whole() else { continue };
            let owner = [
                self.id.into(),
                open.number.into(),
                self.session.into(),
                self.stage.into(),
                name.into(),
                tag.into(),
                false.into(),
                whole.first_step.into(),
            ];
            series.push(joined(owner, &whole.summary));
            for (level, at, summary) in open.growing.buckets() {
                let key = [self.id.into(), open.number.into(), (level as i32).into(), at.into()];
                buckets.push(joined(key, &summary));
            }
        }
        series_table(&replacing()).insert(db, series).await?;
        buckets_table(&adding()).insert(db, buckets).await
    }
}

fn summary(batch: &Batch<'_>, point: &MetricPoint, ordinal: i32) -> Summary {
    let (kind, value) = split(point.value);
    // -0.0 is a plain zero here: which of the two is smaller must not depend on who came first.
    let plain = value.map(|value| value + 0.0);
    Summary {
        points: 1,
        last_step: point.step,
        low: plain,
        high: plain,
        value,
        kind,
        seq: batch.seq,
        ordinal,
        created_at: batch.at,
    }
}

/// A row that begins with its own columns and ends with a summary's.
fn joined<const M: usize, const N: usize>(own: [Value; M], summary: &Summary) -> [Value; N] {
    let mut own = own.into_iter();
    let mut summary = [
        summary.last_step.into(),
        summary.points.into(),
        summary.low.into(),
        summary.high.into(),
        summary.value.into(),
        summary.kind.into(),
        summary.seq.into(),
        summary.ordinal.into(),
        summary.created_at.into(),
    ]
    .into_iter();
    std::array::from_fn(|_| own.next().or_else(|| summary.next()).unwrap_or(Value::Bool(None)))
}

fn points() -> bulk::Into<'static, metrics::Entity, metrics::Column, 14> {
    use metrics::Column::*;
    let columns = [
        Id, SessionId, StageRunId, Stage, Seq, Ordinal, Step, Name, Value, Kind, RunTag, CreatedAt,
        Series, Behind,
    ];
    bulk::Into { table: metrics::Entity, columns, conflict: None }
}

fn series_table(
    conflict: &OnConflict,
) -> bulk::Into<'_, metric_series::Entity, metric_series::Column, 17> {
    use metric_series::Column::*;
    let columns = [
        StageRunId, Series, SessionId, Stage, Name, RunTag, Superseded, FirstStep, LastStep,
        Points, Low, High, Value, Kind, Seq, Ordinal, CreatedAt,
    ];
    bulk::Into { table: metric_series::Entity, columns, conflict: Some(conflict) }
}

/// A series that is there becomes what it is now.
fn replacing() -> OnConflict {
    use metric_series::Column::*;
    OnConflict::columns([StageRunId, Series])
        .update_columns([
            FirstStep, LastStep, Points, Low, High, Value, Kind, Seq, Ordinal, CreatedAt,
        ])
        .to_owned()
}

fn buckets_table(
    conflict: &OnConflict,
) -> bulk::Into<'_, metric_buckets::Entity, metric_buckets::Column, 13> {
    use metric_buckets::Column::*;
    let columns = [
        StageRunId, Series, Level, Bucket, LastStep, Points, Low, High, Value, Kind, Seq, Ordinal,
        CreatedAt,
    ];
    bulk::Into { table: metric_buckets::Entity, columns, conflict: Some(conflict) }
}

/// A bucket that is there takes the new points in: they are later than all it has.
fn adding() -> OnConflict {
    use metric_buckets::Column::*;
    let old = |column| Expr::col((metric_buckets::Entity, column));
    let new = |column| Expr::col((Alias::new("excluded"), column));
    // Null is no better than anything, and anything is better than null.
    let better = |column, than: BinOper| {
        let wins = old(column).is_null().or(new(column).binary(than, old(column)));
        Expr::case(wins, new(column)).finally(old(column))
    };
    OnConflict::columns([StageRunId, Series, Level, Bucket])
        .values([
            (LastStep, better(LastStep, BinOper::GreaterThan).into()),
            (Points, old(Points).add(new(Points))),
            (Low, better(Low, BinOper::SmallerThan).into()),
            (High, better(High, BinOper::GreaterThan).into()),
        ])
        .update_columns([Value, Kind, Seq, Ordinal, CreatedAt])
        .to_owned()
}

/// Points by the event that carried them, in their order, for events `first..=last`.
pub async fn by_event(
    db: &impl ConnectionTrait,
    session: SessionId,
    first: i64,
    last: i64,
) -> Result<HashMap<i64, Vec<MetricPoint>>, StoreError> {
    type Row = (i64, i64, String, Option<f64>, MetricKind, Option<String>);
    let rows: Vec<Row> = metrics::Entity::find()
        .select_only()
        .columns([
            metrics::Column::Seq,
            metrics::Column::Step,
            metrics::Column::Name,
            metrics::Column::Value,
            metrics::Column::Kind,
            metrics::Column::RunTag,
        ])
        .filter(metrics::Column::SessionId.eq(session))
        .filter(metrics::Column::Seq.between(first, last))
        .order_by_asc(metrics::Column::Seq)
        .order_by_asc(metrics::Column::Ordinal)
        .into_tuple()
        .all(db)
        .await?;
    let mut found: HashMap<i64, Vec<MetricPoint>> = HashMap::new();
    for (seq, step, name, value, kind, run) in rows {
        let point = MetricPoint { step, name, value: join(kind, value), run };
        found.entry(seq).or_default().push(point);
    }
    Ok(found)
}

/// Marks the series of stages that are run again.
pub async fn supersede(
    db: &impl ConnectionTrait,
    session: SessionId,
    stages: &[Stage],
) -> Result<(), DbErr> {
    metric_series::Entity::update_many()
        .col_expr(metric_series::Column::Superseded, true.into())
        .filter(metric_series::Column::SessionId.eq(session))
        .filter(metric_series::Column::Stage.is_in(stages.iter().copied()))
        .filter(metric_series::Column::Superseded.eq(false))
        .exec(db)
        .await?;
    Ok(())
}

fn split(value: f64) -> (MetricKind, Option<f64>) {
    if value.is_finite() {
        (MetricKind::Finite, Some(value))
    } else if value.is_nan() {
        (MetricKind::Nan, None)
    } else if value > 0.0 {
        (MetricKind::Infinity, None)
    } else {
        (MetricKind::NegativeInfinity, None)
    }
}

fn join(kind: MetricKind, value: Option<f64>) -> f64 {
    match kind {
        MetricKind::Finite => value.unwrap_or(f64::NAN),
        MetricKind::Nan => f64::NAN,
        MetricKind::Infinity => f64::INFINITY,
        MetricKind::NegativeInfinity => f64::NEG_INFINITY,
    }
}
