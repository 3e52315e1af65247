//! `events`: writing the log, and finding single events; `replay` reads it in order.

use super::{StoreError, bulk};
use crate::event::{Entry, Event, Fact, SessionEvent, VERSION};
use chrono::{DateTime, Utc};
use entity::{
    events,
    ids::{SessionId, StageRunId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

/// Inserts entries of several sessions. Their metric points go to `metrics`, not into the payload.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    appends: &[(SessionId, &[Entry])],
) -> Result<(), DbErr> {
    use events::Column::*;
    let columns = [SessionId, Seq, Kind, Version, StageRunId, Payload, CreatedAt];
    let rows = appends.iter().flat_map(|(session, entries)| {
        entries.iter().map(|entry| {
            [
                (*session).into(),
                entry.seq.into(),
                kind(&entry.event).into(),
                VERSION.into(),
                entry.stage_run.into(),
                payload(&entry.event).into(),
                entry.at.into(),
            ]
        })
    });
    let table = bulk::Into { table: events::Entity, columns, conflict: None };
    table.insert(db, rows.collect()).await
}

/// When the event at a sequence was appended.
pub async fn at(
    db: &impl ConnectionTrait,
    session: SessionId,
    seq: i64,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    events::Entity::find()
        .select_only()
        .column(events::Column::CreatedAt)
        .filter(events::Column::SessionId.eq(session))
        .filter(events::Column::Seq.eq(seq))
        .into_tuple()
        .one(db)
        .await
}

/// Kinds of which only the last event counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latest {
    Plan,
    Charts,
}

/// The last event of a kind.
pub async fn latest(
    db: &impl ConnectionTrait,
    session: SessionId,
    kind: Latest,
) -> Result<Option<Event>, StoreError> {
    let kind = match kind {
        Latest::Plan => "plan_updated",
        Latest::Charts => "chart_config",
    };
    let row = events::Entity::find()
        // Word for word what the partial index says of itself: without it, the index is not used.
        .filter(Expr::cust("kind IN ('plan_updated', 'chart_config')"))
        .filter(events::Column::SessionId.eq(session))
        .filter(events::Column::Kind.eq(kind))
        .order_by_desc(events::Column::Seq)
        .one(db)
        .await?;
    row.map(|row| parse(&row)).transpose()
}

/// The sequence of a run's first event.
pub async fn first_of_run(
    db: &impl ConnectionTrait,
    session: SessionId,
    run: StageRunId,
) -> Result<Option<i64>, StoreError> {
    let row = events::Entity::find()
        .filter(events::Column::SessionId.eq(session))
        .filter(events::Column::StageRunId.eq(run))
        .order_by_asc(events::Column::Seq)
        .one(db)
        .await?;
    Ok(row.map(|row| row.seq))
}

fn parse(row: &events::Model) -> Result<Event, StoreError> {
    serde_json::from_str(&row.payload).map_err(|error| StoreError::DamagedLog {
        session: row.session_id,
        seq: row.seq,
        reason: error.to_string(),
    })
}

/// The payload of the log: the event without what another table holds.
fn payload(event: &Event) -> String {
    let light;
    let event = match event {
        Event::Fact(Fact::MetricsBatch { call_id, .. }) => {
            light = Event::Fact(Fact::MetricsBatch { call_id: call_id.clone(), items: Vec::new() });
            &light
        }
        other => other,
    };
    // Every map in an event has text keys and floats are written as texts where JSON has none.
    serde_json::to_string(event).expect("an event is always JSON")
}

/// The name of the variant, as in the payload's `type`.
pub fn kind(event: &Event) -> &'static str {
    match event {
        Event::Session(event) => match event {
            SessionEvent::SessionCreated { .. } => "session_created",
            SessionEvent::StateChange { .. } => "state_change",
            SessionEvent::StageRunStarted { .. } => "stage_run_started",
            SessionEvent::StageRunEnded { .. } => "stage_run_ended",
            SessionEvent::UserMessage { .. } => "user_message",
            SessionEvent::QuestionAnswered { .. } => "question_answered",
            SessionEvent::StageRunResumed { .. } => "stage_run_resumed",
            SessionEvent::FollowUpStarted { .. } => "follow_up_started",
            SessionEvent::FollowUpEnded { .. } => "follow_up_ended",
            SessionEvent::BudgetsSet { .. } => "budgets_set",
            SessionEvent::ApprovalAsked { .. } => "approval_asked",
            SessionEvent::ApprovalAnswered { .. } => "approval_answered",
            SessionEvent::S3SyncComplete { .. } => "s3_sync_complete",
        },
        Event::Fact(fact) => match fact {
            Fact::TurnStarted { .. } => "turn_started",
            Fact::TurnEnded { .. } => "turn_ended",
            Fact::AgentMessage { .. } => "agent_message",
            Fact::Notice { .. } => "notice",
            Fact::ToolStart { .. } => "tool_start",
            Fact::ToolEnd { .. } => "tool_end",
            Fact::ExecutionStarted { .. } => "execution_started",
            Fact::ExecutionWaiting { .. } => "execution_waiting",
            Fact::ExecutionPlaced { .. } => "execution_placed",
            Fact::ExecutionEnded { .. } => "execution_ended",
            Fact::CodeOutput { .. } => "code_output",
            Fact::FileCreated { .. } => "file_created",
            Fact::FileChanged { .. } => "file_changed",
            Fact::FilesRefused { .. } => "files_refused",
            Fact::MetricsBatch { .. } => "metrics_batch",
            Fact::ChartConfig { .. } => "chart_config",
            Fact::LogRecord { .. } => "log_record",
            Fact::PlanUpdated { .. } => "plan_updated",
            Fact::QuestionAsked { .. } => "question_asked",
            Fact::UsageRecorded { .. } => "usage_recorded",
            Fact::BudgetWarning { .. } => "budget_warning",
            Fact::BudgetExceeded { .. } => "budget_exceeded",
            Fact::ContextCondensed { .. } => "context_condensed",
            Fact::AgentError { .. } => "agent_error",
            Fact::DatasetDescribed { .. } => "dataset_described",
            Fact::ReportReady { .. } => "report_ready",
            Fact::FilesReady { .. } => "files_ready",
            Fact::ValidationResult { .. } => "validation_result",
            Fact::DatasetProcessed { .. } => "dataset_processed",
        },
    }
}
