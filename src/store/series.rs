//! Reads of `metrics` by series: what a chart draws.

use super::StoreError;
use chrono::{DateTime, Utc};
use entity::{
    ids::{SessionId, StageRunId},
    vocab::{MetricKind, Stage},
};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

/// The place of a point in its session as one number; an event has fewer points than this.
const PLACE: &str = "seq * 1048576 + ordinal";

/// One series at a glance.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Series {
    pub stage_run_id: StageRunId,
    pub stage: Stage,
    pub name: String,
    pub run_tag: Option<String>,
    pub points: i64,
    pub first_step: i64,
    pub last_step: i64,
    /// Of the finite values.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Of the latest point; null unless `kind` is finite.
    pub value: Option<f64>,
    pub kind: MetricKind,
}

/// Some neighbouring points of a series as one.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Bucket {
    /// The step of the last point.
    pub x: i64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub value: Option<f64>,
    pub kind: MetricKind,
    pub created_at: DateTime<Utc>,
}

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

/// Every live series of a session, by stage run, name and tag.
pub async fn all(
    db: &impl ConnectionTrait,
    session: SessionId,
    stage: Option<Stage>,
) -> Result<Vec<Series>, StoreError> {
    let mut text = Sql::new();
    let id = text.bind(session);
    let no = text.bind(false);
    let stage = match stage {
        Some(stage) => format!("AND stage = {}", text.bind(stage)),
        None => String::new(),
    };
    text.push(&format!(
        "SELECT s.stage_run_id, s.stage, s.name, s.run_tag, s.points, s.first_step, s.last_step, \
                s.low, s.high, m.value, m.kind \
         FROM (SELECT stage_run_id, stage, name, run_tag, count(*) AS points, \
                      min(step) AS first_step, max(step) AS last_step, \
                      min(value) AS low, max(value) AS high, max({PLACE}) AS place \
               FROM metrics WHERE session_id = {id} AND superseded = {no} {stage} \
               GROUP BY stage_run_id, stage, name, run_tag) s \
         JOIN metrics m ON m.session_id = {id} AND m.seq = s.place / 1048576 \
                       AND m.ordinal = s.place % 1048576 \
         ORDER BY s.stage_run_id, s.name, s.run_tag"
    ));
    Ok(Series::find_by_statement(text.statement(db)).all(db).await?)
}

/// One series, as at most `buckets` buckets of equal width in steps.
pub async fn bucketed(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
) -> Result<Vec<Bucket>, StoreError> {
    #[derive(FromQueryResult)]
    struct Span {
        low: Option<i64>,
        high: Option<i64>,
    }
    let mut text = Sql::new();
    let filter = filter(&mut text, wanted);
    text.push(&format!("SELECT min(step) AS low, max(step) AS high FROM metrics WHERE {filter}"));
    let span = Span::find_by_statement(text.statement(db)).one(db).await?;
    let Some(Span { low: Some(low), high: Some(high) }) = span else { return Ok(Vec::new()) };
    let steps = i128::from(high) - i128::from(low) + 1;
    let buckets = i128::from(wanted.buckets.max(1));
    let width = i64::try_from((steps + buckets - 1) / buckets).unwrap_or(i64::MAX).max(1);

    let mut text = Sql::new();
    let filter = self::filter(&mut text, wanted);
    let (low, width) = (text.bind(low), text.bind(width));
    let session = text.bind(wanted.session);
    text.push(&format!(
        "SELECT b.x, b.low, b.high, m.value, m.kind, m.created_at \
         FROM (SELECT max(step) AS x, min(value) AS low, max(value) AS high, max({PLACE}) AS place \
               FROM metrics WHERE {filter} GROUP BY (step - {low}) / {width}) b \
         JOIN metrics m ON m.session_id = {session} AND m.seq = b.place / 1048576 \
                       AND m.ordinal = b.place % 1048576 \
         ORDER BY b.x"
    ));
    Ok(Bucket::find_by_statement(text.statement(db)).all(db).await?)
}

fn filter(text: &mut Sql, wanted: &Wanted) -> String {
    let mut filter = format!(
        "session_id = {} AND name = {}",
        text.bind(wanted.session),
        text.bind(wanted.name.clone())
    );
    match &wanted.run {
        Some(run) => filter.push_str(&format!(" AND run_tag = {}", text.bind(run.clone()))),
        None => filter.push_str(" AND run_tag IS NULL"),
    }
    match wanted.stage_run {
        Some(run) => filter.push_str(&format!(" AND stage_run_id = {}", text.bind(run))),
        None => filter.push_str(&format!(" AND superseded = {}", text.bind(false))),
    }
    if let Some(from) = wanted.from {
        filter.push_str(&format!(" AND step >= {}", text.bind(from)));
    }
    if let Some(to) = wanted.to {
        filter.push_str(&format!(" AND step <= {}", text.bind(to)));
    }
    filter
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
