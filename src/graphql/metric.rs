//! Metric series, and their points in buckets.

use super::{
    error::{ApiError, Code},
    ids::Global,
    scalars::{Long, Time},
    vocab::{MetricKind, Stage},
};
use crate::store::{
    pyramid::Summary,
    series::{Extent, Series},
};
use async_graphql::{ID, Object, SimpleObject};

/// One metric series at a glance.
pub struct MetricSeries(Series);

impl MetricSeries {
    /// Its fields that need the extent of the series.
    pub const OF_EXTENT: [&str; 7] =
        ["stageRunId", "stage", "count", "firstStep", "lastStep", "min", "max"];

    fn extent(&self) -> Result<&Extent, ApiError> {
        self.0.extent.as_ref().ok_or_else(|| {
            ApiError::new(Code::Internal, "the server did not read what was asked for")
        })
    }
}

/// One metric series at a glance.
#[Object]
impl MetricSeries {
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.latest.name
    }

    /// The tag of its run, such as a trial of a search.
    async fn run(&self) -> Option<&str> {
        self.0.latest.run_tag.as_deref()
    }

    /// The stage run that logged it.
    async fn stage_run_id(&self) -> Result<ID, ApiError> {
        Ok(Global::StageRun(self.extent()?.stage_run_id).id())
    }

    /// The stage that logged it.
    async fn stage(&self) -> Result<Stage, ApiError> {
        Ok(self.extent()?.stage.into())
    }

    /// How many points it has.
    async fn count(&self) -> Result<Long, ApiError> {
        Ok(self.extent()?.points.into())
    }

    /// Its first step.
    async fn first_step(&self) -> Result<Long, ApiError> {
        Ok(self.extent()?.first_step.into())
    }

    /// Its last step.
    async fn last_step(&self) -> Result<Long, ApiError> {
        Ok(self.extent()?.last_step.into())
    }

    /// The latest value; null unless `lastKind` is `FINITE`.
    async fn last(&self) -> Option<f64> {
        self.0.latest.value
    }

    /// What the latest number is.
    async fn last_kind(&self) -> MetricKind {
        self.0.latest.kind.into()
    }

    /// The smallest finite value.
    async fn min(&self) -> Result<Option<f64>, ApiError> {
        Ok(self.extent()?.low)
    }

    /// The largest finite value.
    async fn max(&self) -> Result<Option<f64>, ApiError> {
        Ok(self.extent()?.high)
    }
}

impl From<Series> for MetricSeries {
    fn from(found: Series) -> Self {
        Self(found)
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
