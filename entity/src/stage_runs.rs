//! `stage_runs`: one execution of a stage, a projection of the log.

use crate::ids::*;
#[allow(unused_imports)]
use crate::vocab::*;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stage_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StageRunId,
    pub session_id: SessionId,
    pub stage: Stage,
    pub state: StageRunState,
    /// The stage to continue to without being asked.
    pub through: Stage,
    pub provider: String,
    pub model: String,
    pub seed: i64,
    /// What ended it, in one sentence, when it did not end well.
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    /// True when the stage was run again later.
    pub superseded: bool,
    pub started_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
