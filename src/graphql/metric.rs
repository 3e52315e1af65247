//! Metric series, and their points in buckets.

use super::{
    ids::Global,
    scalars::{Long, Time},
    vocab::{MetricKind, Stage},
};
use crate::store::{pyramid::Summary, series::Series};
use async_graphql::{ID, SimpleObject};

/// One metric series at a glance.
#[derive(SimpleObject)]
pub struct MetricSeries {
    /// Its name.
    name: String,
    /// The tag of its run, such as a trial of a search.
    run: Option<String>,
    /// The stage run that logged it.
    stage_run_id: ID,
    /// The stage that logged it.
    stage: Stage,
    /// How many points it has.
    count: Long,
    /// Its first step.
    first_step: Long,
    /// Its last step.
    last_step: Long,
    /// The latest value; null unless `lastKind` is `FINITE`.
    last: Option<f64>,
    /// What the latest number is.
    last_kind: MetricKind,
    /// The smallest finite value.
    min: Option<f64>,
    /// The largest finite value.
    max: Option<f64>,
}

impl From<Series> for MetricSeries {
    fn from(found: Series) -> Self {
        Self {
            name: found.name,
            run: found.run_tag,
            stage_run_id: Global::StageRun(found.stage_run_id).id(),
            stage: found.stage.into(),
            count: found.points.into(),
            first_step: found.first_step.into(),
            last_step: found.last_step.into(),
            last: found.value,
            last_kind: found.kind.into(),
            min: found.low,
            max: found.high,
        }
    }
}

/// Neighbouring points of a series as one. All buckets of an answer span the same number of steps, a
/// power of two, and each begins at a multiple of that, so buckets of a closer look lie within those
/// of one from afar.
#[derive(SimpleObject)]
pub struct MetricBucket {
    /// The largest step of its points.
    x: Long,
    /// How many points it stands for: 1 or more.
    count: Long,
    /// The value of the point that was logged last; null unless `kind` is `FINITE`.
    last: Option<f64>,
    /// What the number of the point that was logged last is.
    kind: MetricKind,
    /// The smallest finite value; null when there is none.
    min: Option<f64>,
    /// The largest finite value; null when there is none.
    max: Option<f64>,
    /// When the point that was logged last was recorded.
    at: Time,
}

impl From<Summary> for MetricBucket {
    fn from(found: Summary) -> Self {
        Self {
            x: found.last_step.into(),
            count: found.points.into(),
            last: found.value,
            kind: found.kind.into(),
            min: found.low,
            max: found.high,
            at: Time(found.created_at),
        }
    }
}
