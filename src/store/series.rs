//! Reads of metrics by series: what a chart draws. The cost is that of what is shown.

use super::{
    StoreError,
    pyramid::{self, Grid, Part, Summary, Whole},
};
use entity::{
    ids::{SessionId, StageRunId},
    metric_series,
    vocab::{MetricKind, Stage},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement, Value,
};
use std::collections::BTreeMap;

/// Parts of one statement; a database has a bound for those.
const PARTS: usize = 100;
/// Series of one stage run that a list has, the first that it logged: nobody looks at more, and a program may log
/// under any number of names. Each can be asked for by its name.
pub const LISTED: i32 = 1000;

/// Which points are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub session: SessionId,
    pub name: String,
    /// `None` for points without a tag.
    pub run: Option<String>,
    /// `None` for the runs that are not superseded.
    pub stage_run: Option<StageRunId>,
    /// Steps, both ends included.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// Buckets at most.
    pub buckets: i64,
}

/// A series at a glance.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub latest: Latest,
    /// Where it was wanted.
    pub extent: Option<Extent>,
}

/// The latest point of a series.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Latest {
    pub session_id: SessionId,
    pub name: String,
    pub run_tag: Option<String>,
    pub value: Option<f64>,
    pub kind: MetricKind,
}

/// What all points of a series span, and whose they are.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Extent {
    pub stage_run_id: StageRunId,
    pub stage: Stage,
    pub first_step: i64,
    pub last_step: i64,
    pub points: i64,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// A row with all of it.
#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    latest: Latest,
    #[sea_orm(nested)]
    extent: Extent,
}

const LATEST: [metric_series::Column; 5] = [
    metric_series::Column::SessionId,
    metric_series::Column::Name,
    metric_series::Column::RunTag,
    metric_series::Column::Value,
    metric_series::Column::Kind,
];

const EXTENT: [metric_series::Column; 7] = [
    metric_series::Column::StageRunId,
    metric_series::Column::Stage,
    metric_series::Column::FirstStep,
    metric_series::Column::LastStep,
    metric_series::Column::Points,
    metric_series::Column::Low,
    metric_series::Column::High,
];

/// The live series of some sessions, by stage run, name and tag, the first [`LISTED`] of each run. A list of sessions shows the latest
/// points alone, and each value that is read costs.
pub async fn of_sessions(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
    stage: Option<Stage>,
    extent: bool,
) -> Result<Vec<Series>, StoreError> {
    let rows = metric_series::Entity::find()
        .select_only()
        .columns(LATEST)
        .filter(metric_series::Column::SessionId.is_in(sessions.iter().copied()))
        .filter(metric_series::Column::Superseded.eq(false))
        .filter(metric_series::Column::Series.lt(LISTED))
        .apply_if(stage, |all, stage| all.filter(metric_series::Column::Stage.eq(stage)))
        .order_by_asc(metric_series::Column::StageRunId)
        .order_by_asc(metric_series::Column::Name)
        .order_by_asc(metric_series::Column::RunTag);
    if !extent {
        let rows = rows.into_model().all(db).await?;
        return Ok(rows.into_iter().map(|latest| Series { latest, extent: None }).collect());
    }
    let rows: Vec<Row> = rows.columns(EXTENT).into_model().all(db).await?;
    let whole = |row: Row| Series { latest: row.latest, extent: Some(row.extent) };
    Ok(rows.into_iter().map(whole).collect())
}

/// One series in buckets, by step: as many as fit into `buckets` when each spans the same power of
/// two of steps and begins at a multiple of that. Buckets without points are left out.
pub async fn bucketed(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
) -> Result<Vec<Summary>, StoreError> {
    let series = found(db, wanted).await?;
    let first = series.iter().map(|(_, whole)| whole.first_step).min();
    let last = series.iter().map(|(_, whole)| whole.summary.last_step).max();
    let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
    let from = wanted.from.map_or(first, |from| from.max(first));
    let to = wanted.to.map_or(last, |to| to.min(last));
    if from > to {
        return Ok(Vec::new());
    }
    let grid = Grid::of(from, to, wanted.buckets);
    let mut buckets: BTreeMap<i64, Summary> = BTreeMap::new();
    for (id, whole) in &series {
        let parts = pyramid::parts(whole, wanted.from, wanted.to, grid);
        for parts in parts.chunks(PARTS) {
            for summary in read(db, *id, parts).await? {
                match buckets.get_mut(&grid.bucket(summary.last_step)) {
                    Some(there) => there.add(&summary),
                    None => {
                        buckets.insert(grid.bucket(summary.last_step), summary);
                    }
                }
            }
        }
    }
    Ok(buckets.into_values().collect())
}

/// A stage run, and the number of the series in it.
type Id = (StageRunId, i32);

/// The series that are wanted: one per stage run.
async fn found(db: &impl ConnectionTrait, wanted: &Wanted) -> Result<Vec<(Id, Whole)>, StoreError> {
    let rows = metric_series::Entity::find()
        .filter(metric_series::Column::SessionId.eq(wanted.session))
        .filter(metric_series::Column::Name.eq(wanted.name.as_str()))
        .filter(match &wanted.run {
            Some(run) => metric_series::Column::RunTag.eq(run.as_str()),
            None => metric_series::Column::RunTag.is_null(),
        })
        .filter(match wanted.stage_run {
            Some(run) => metric_series::Column::StageRunId.eq(run),
            None => metric_series::Column::Superseded.eq(false),
        })
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| ((row.stage_run_id, row.series), row.into())).collect())
}

/// The stored buckets of some parts of a series. On level 0 the points are their own buckets; those
/// that are behind are summed up by step, so that a step that was logged a million times costs two
/// rows.
async fn read(
    db: &impl ConnectionTrait,
    (run, number): Id,
    parts: &[Part],
) -> Result<Vec<Summary>, StoreError> {
    const COLUMNS: &str = "points, last_step, low, high, value, kind, seq, ordinal, created_at";
    let mut text = Sql::new();
    let owner = format!("stage_run_id = {} AND series = {}", text.bind(run), text.bind(number));
    for part in parts {
        if !text.text.is_empty() {
            text.push(" UNION ALL ");
        }
        let level = text.bind(part.level as i32);
        let (first, last) = (text.bind(part.first), text.bind(part.last));
        text.push(&format!(
            "SELECT {COLUMNS} FROM metric_buckets \
             WHERE {owner} AND level = {level} AND bucket BETWEEN {first} AND {last}"
        ));
        if part.level == 0 {
            let no = text.bind(false);
            text.push(&format!(
                " UNION ALL SELECT CAST(1 AS bigint), step, value, value, value, kind, seq, ordinal, \
                 created_at FROM metrics \
                 WHERE {owner} AND behind = {no} AND step BETWEEN {first} AND {last}"
            ));
        }
    }
    Ok(Summary::find_by_statement(text.statement(db)).all(db).await?)
}

/// A statement and its values; a value never becomes text.
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    const fn new() -> Self {
        Self { text: String::new(), values: Vec::new() }
    }

    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn statement(self, db: &impl ConnectionTrait) -> Statement {
        Statement::from_sql_and_values(db.get_database_backend(), self.text, self.values)
    }
}
