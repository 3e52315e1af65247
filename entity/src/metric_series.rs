//! `metric_series`: every metric series with the summary of all its points.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "metric_series")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub stage_run_id: StageRunId,
    /// 0, 1, 2 … in the order in which the stage run first logged them.
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: i32,
    pub session_id: SessionId,
    pub stage: Stage,
    pub name: String,
    pub run_tag: Option<String>,
    pub superseded: bool,
    pub first_step: i64,
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
