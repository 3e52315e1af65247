//! `metrics`: metric points. The log keeps the range, this table the points.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "metrics")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MetricId,
    pub session_id: SessionId,
    pub stage_run_id: StageRunId,
    pub stage: Stage,
    /// The event that carried the point.
    pub seq: i64,
    /// The place of the point in its event, from 0.
    pub ordinal: i32,
    pub step: i64,
    pub name: String,
    /// Null unless `kind` is finite.
    pub value: Option<f64>,
    pub kind: MetricKind,
    pub run_tag: Option<String>,
    pub created_at: DateTimeUtc,
    /// Its series in the stage run.
    pub series: i32,
    /// True when the series had this step or a later one before. Of the others a step has one at most.
    pub behind: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
