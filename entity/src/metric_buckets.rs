//! `metric_buckets`: summaries of neighbouring points of a series, by level. A bucket of level n
//! holds the points whose steps, divided by 16 to the power of n, have the same whole part.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "metric_buckets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub stage_run_id: StageRunId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: i32,
    /// On level 0 only points that are `behind` are summed up.
    #[sea_orm(primary_key, auto_increment = false)]
    pub level: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: i64,
    pub last_step: i64,
    pub points: i64,
    /// The smallest and the largest finite value.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The latest point: its value (null unless `kind` is finite), its event and place in that.
    pub value: Option<f64>,
    pub kind: MetricKind,
    pub seq: i64,
    pub ordinal: i32,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
