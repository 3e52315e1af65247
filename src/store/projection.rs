//! Event -> rows. Called inside the transaction that appends, so that a projection never lags
//! behind the log. Replaying a log gives the same rows.

use super::{artifacts, events, messages, metrics, processed, sessions, stage_runs, usage};
use crate::event::{Entry, Event, Fact, SessionEvent};
use entity::{
    ids::SessionId,
    vocab::{Role, Stage},
};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;

/// Writes entries and their projections.
///
/// *Errors*: the whole append fails; the caller rolls back.
pub async fn append(
    db: &impl ConnectionTrait,
    session: SessionId,
    entries: &[Entry],
) -> Result<(), DbErr> {
    // The session's row must be there before rows that point to it.
    for entry in entries {
        if let Event::Session(SessionEvent::SessionCreated { experiment_id, .. }) = &entry.event {
            sessions::insert(db, session, *experiment_id, entry.at).await?;
        }
    }
    append_all(db, &[(session, entries)]).await
}

/// The same for several sessions at once, whose rows are there already.
pub async fn append_all(
    db: &impl ConnectionTrait,
    appends: &[(SessionId, &[Entry])],
) -> Result<(), DbErr> {
    events::insert(db, appends).await?;
    for (session, entries) in appends {
        project(db, *session, entries).await?;
    }
    Ok(())
}

/// Writes what follows from entries, beside the entries themselves.
async fn project(
    db: &impl ConnectionTrait,
    session: SessionId,
    entries: &[Entry],
) -> Result<(), DbErr> {
    // Points of neighbouring events are written together; a decision may be about them.
    let mut measured = Vec::new();
    for entry in entries {
        match &entry.event {
            Event::Session(event) => {
                metrics::insert(db, session, &std::mem::take(&mut measured)).await?;
                decision(db, session, entry, event).await?;
            }
            Event::Fact(Fact::MetricsBatch { items, .. }) => {
                let Some(stage_run) = entry.stage_run else { continue };
                measured.push(metrics::Batch { stage_run, seq: entry.seq, at: entry.at, items });
            }
            Event::Fact(fact) => observation(db, session, entry, fact).await?,
        }
    }
    metrics::insert(db, session, &measured).await
}

async fn decision(
    db: &impl ConnectionTrait,
    session: SessionId,
    entry: &Entry,
    event: &SessionEvent,
) -> Result<(), DbErr> {
    match event {
        SessionEvent::SessionCreated { .. } => Ok(()),
        SessionEvent::StateChange { state } => {
            sessions::set_state(db, session, *state, entry.at).await
        }
        SessionEvent::StageRunStarted { stage, through, driver, seed, .. } => {
            let Some(id) = entry.stage_run else { return Ok(()) };
            let from: Vec<Stage> = Stage::ALL.iter().copied().filter(|s| s >= stage).collect();
            stage_runs::supersede(db, session, &from).await?;
            artifacts::supersede(db, session, &from).await?;
            metrics::supersede(db, session, &from).await?;
            stage_runs::insert(
                db,
                stage_runs::Started {
                    id,
                    session,
                    stage: *stage,
                    through: *through,
                    provider: &driver.provider,
                    model: &driver.model,
                    seed: *seed as i64,
                    at: entry.at,
                },
            )
            .await
        }
        SessionEvent::StageRunEnded { outcome, .. } => {
            let Some(id) = entry.stage_run else { return Ok(()) };
            stage_runs::end(db, id, outcome, entry.at).await
        }
        SessionEvent::StageRunResumed { driver, .. } => {
            let Some(id) = entry.stage_run else { return Ok(()) };
            stage_runs::resume(db, id, &driver.provider, &driver.model).await
        }
        SessionEvent::FollowUpStarted { .. } => {
            sessions::set_answering(db, session, true, entry.at).await
        }
        SessionEvent::FollowUpEnded { .. } => {
            sessions::set_answering(db, session, false, entry.at).await
        }
        SessionEvent::S3SyncComplete { stage, s3_prefix, missing, .. } => {
            let Some(id) = entry.stage_run else { return Ok(()) };
            artifacts::set_synced(db, id, *stage, s3_prefix, missing).await?;
            match stage {
                Stage::Prep if missing.is_empty() => processed::set_synced(db, session).await,
                Stage::Eda | Stage::Prep | Stage::Train => Ok(()),
            }
        }
        // Read from the log where they are needed; no table holds them.
        SessionEvent::BudgetsSet { .. }
        | SessionEvent::ApprovalAsked { .. }
        | SessionEvent::ApprovalAnswered { .. } => Ok(()),
        SessionEvent::UserMessage { id, text, interrupt } => {
            let metadata = json!({"event": "user_message", "interrupt": interrupt});
            messages::insert(db, session, entry, Some(*id), Role::User, text, metadata).await
        }
        SessionEvent::QuestionAnswered { call_id, answer } => {
            let metadata = json!({"event": "question_answered", "call_id": call_id});
            messages::insert(db, session, entry, None, Role::User, answer, metadata).await
        }
    }
}

async fn observation(
    db: &impl ConnectionTrait,
    session: SessionId,
    entry: &Entry,
    fact: &Fact,
) -> Result<(), DbErr> {
    let Some(stage_run) = entry.stage_run else { return Ok(()) };
    match fact {
        Fact::AgentMessage { id, text, turn } => {
            let metadata = json!({"event": "agent_message", "turn": turn});
            messages::insert(db, session, entry, Some(*id), Role::Assistant, text, metadata).await
        }
        Fact::ToolStart { call_id, tool, input } => {
            let metadata =
                json!({"event": "tool_start", "call_id": call_id, "tool": tool, "input": input});
            messages::insert(db, session, entry, None, Role::Assistant, "", metadata).await
        }
        Fact::ToolEnd { call_id, tool, output, is_error, duration_ms } => {
            let metadata = json!({
                "event": "tool_end", "call_id": call_id, "tool": tool,
                "is_error": is_error, "duration_ms": duration_ms,
            });
            messages::insert(db, session, entry, None, Role::Tool, output, metadata).await
        }
        Fact::Notice { text, for_people } => {
            let metadata = json!({"event": "notice", "for_people": for_people});
            messages::insert(db, session, entry, None, Role::System, text, metadata).await
        }
        Fact::AgentError { message, retryable } => {
            let metadata = json!({"event": "agent_error", "retryable": retryable});
            messages::insert(db, session, entry, None, Role::System, message, metadata).await
        }
        Fact::QuestionAsked { call_id, question, options, default, timeout_s } => {
            let metadata = json!({
                "event": "question_asked", "call_id": call_id, "options": options,
                "default": default, "timeout_s": timeout_s,
            });
            messages::insert(db, session, entry, None, Role::Assistant, question, metadata).await
        }
        Fact::FileCreated { file, .. } | Fact::FileChanged { file, .. } => {
            artifacts::upsert(db, session, stage_run, file, entry.at).await
        }
        Fact::UsageRecorded { turn, usage, cost_usd, .. } => {
            usage::insert(db, session, stage_run, entry, *turn, usage, *cost_usd).await
        }
        Fact::DatasetProcessed { meta } => processed::upsert(db, session, meta).await,
        // Written in bulk.
        Fact::MetricsBatch { .. } => Ok(()),
        // Read from the log where they are needed; no table holds them.
        Fact::TurnStarted { .. }
        | Fact::TurnEnded { .. }
        | Fact::ExecutionStarted { .. }
        | Fact::ExecutionWaiting { .. }
        | Fact::ExecutionPlaced { .. }
        | Fact::ExecutionEnded { .. }
        | Fact::CodeOutput { .. }
        | Fact::FilesRefused { .. }
        | Fact::ChartConfig { .. }
        | Fact::LogRecord { .. }
        | Fact::PlanUpdated { .. }
        | Fact::BudgetWarning { .. }
        | Fact::BudgetExceeded { .. }
        | Fact::ContextCondensed { .. }
        | Fact::DatasetDescribed { .. }
        | Fact::ReportReady { .. }
        | Fact::FilesReady { .. }
        | Fact::ValidationResult { .. } => Ok(()),
    }
}
