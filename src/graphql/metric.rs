//! Metric series, and their points in buckets.

use super::{
    ids::Global,
    scalars::{Long, Time},
    vocab::{MetricKind, Stage},
};
use crate::store::series;
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

impl From<series::Series> for MetricSeries {
    fn from(found: series::Series) -> Self {
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

/// Neighbouring points of a series as one.
#[derive(SimpleObject)]
pub struct MetricBucket {
    /// The step of the last point.
    x: Long,
    /// The value of the latest point; null unless `kind` is `FINITE`.
    last: Option<f64>,
    /// What the latest number is.
    kind: MetricKind,
    /// The smallest finite value.
    min: Option<f64>,
    /// The largest finite value.
    max: Option<f64>,
    /// When the latest point was recorded.
    at: Time,
}

impl From<series::Bucket> for MetricBucket {
    fn from(found: series::Bucket) -> Self {
        Self {
            x: found.x.into(),
            last: found.value,
            kind: found.kind.into(),
            min: found.low,
            max: found.high,
            at: Time(found.created_at),
        }
    }
}
