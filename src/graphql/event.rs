//! Event -> API, by exhaustive match: a new event does not compile until it is served here.

use super::{
    dataset::DatasetDescription,
    event_types::*,
    file::url,
    ids::Global,
    scalars::{Json, Long, Time},
    vocab::SessionEventKind as Kind,
};
use crate::event::{
    Entry, Event, Fact, File, MetricPoint as Point, Outcome, RefusedFile, SessionEvent as Decision,
    TextDelta,
};
use async_graphql::ID;
use entity::{
    ids::{SessionId, StageRunId},
    vocab::MetricKind,
};

/// What all events of one entry share.
struct Head {
    seq: Option<Long>,
    at: Option<Time>,
    stage_run_id: Option<ID>,
}

macro_rules! made {
    ($head:ident, $name:ident { $($fields:tt)* }) => {
        SessionEvent::$name($name {
            seq: $head.seq,
            at: $head.at,
            stage_run_id: $head.stage_run_id,
            $($fields)*
        })
    };
}

/// An entry of the log as the API shows it.
pub fn entry(session: SessionId, entry: Entry) -> SessionEvent {
    let head = Head {
        seq: Some(entry.seq.into()),
        at: Some(Time(entry.at)),
        stage_run_id: entry.stage_run.map(|id| Global::StageRun(id).id()),
    };
    match entry.event {
        Event::Session(event) => decision(head, event),
        Event::Fact(fact) => observation(head, session, fact),
    }
}

/// A piece of provisional text as the API shows it.
pub fn delta(stage_run: StageRunId, delta: TextDelta) -> SessionEvent {
    let head = Head { seq: None, at: None, stage_run_id: Some(Global::StageRun(stage_run).id()) };
    made!(
        head,
        TextDeltaEvent {
            turn: int(delta.turn),
            attempt: int(delta.attempt),
            offset: delta.offset.into(),
            text: delta.text,
        }
    )
}

fn decision(head: Head, event: Decision) -> SessionEvent {
    match event {
        Decision::SessionCreated { experiment_id, .. } => {
            made!(
                head,
                SessionCreatedEvent { experiment_id: Global::Experiment(experiment_id).id() }
            )
        }
        Decision::StateChange { state } => made!(head, StateChangeEvent { state: state.into() }),
        Decision::StageRunStarted { stage, through, driver, seed, budgets, approval, .. } => {
            made!(
                head,
                StageRunStartedEvent {
                    stage: stage.into(),
                    through: through.into(),
                    provider: driver.provider,
                    model: driver.model,
                    effort: driver.effort.map(Into::into),
                    seed: seed.into(),
                    budgets: budgets.into(),
                    approval,
                }
            )
        }
        Decision::StageRunResumed { stage, driver, budgets } => {
            made!(
                head,
                StageRunResumedEvent {
                    stage: stage.into(),
                    provider: driver.provider,
                    model: driver.model,
                    budgets: budgets.into(),
                }
            )
        }
        Decision::FollowUpStarted { driver, .. } => {
            let (provider, model) = (driver.provider, driver.model);
            made!(head, FollowUpStartedEvent { provider, model })
        }
        Decision::FollowUpEnded { outcome } => {
            let state = outcome.state().into();
            let error = match outcome {
                Outcome::Failed { message } => Some(message),
                Outcome::Done { .. } | Outcome::Cancelled => None,
            };
            made!(head, FollowUpEndedEvent { state, error })
        }
        Decision::BudgetsSet { budgets } => {
            made!(head, BudgetsSetEvent { budgets: budgets.into() })
        }
        Decision::ApprovalAsked { stage, through } => {
            made!(head, ApprovalAskedEvent { stage: stage.into(), through: through.into() })
        }
        Decision::ApprovalAnswered { stage, approved } => {
            made!(head, ApprovalAnsweredEvent { stage: stage.into(), approved })
        }
        Decision::S3SyncComplete { stage, files_synced, uploaded, s3_prefix, missing: _ } => {
            let (files_synced, uploaded) = (files_synced.into(), uploaded.into());
            made!(
                head,
                S3SyncCompleteEvent { stage: stage.into(), files_synced, uploaded, s3_prefix }
            )
        }
        Decision::StageRunEnded { stage, outcome } => {
            let state = outcome.state().into();
            let (summary, error) = match outcome {
                Outcome::Done { summary } => (Some(summary), None),
                Outcome::Failed { message } => (None, Some(message)),
                Outcome::Cancelled => (None, None),
            };
            made!(head, StageRunEndedEvent { stage: stage.into(), state, summary, error })
        }
        Decision::UserMessage { id, text, interrupt } => {
            made!(head, UserMessageEvent { message_id: Global::Message(id).id(), text, interrupt })
        }
        Decision::QuestionAnswered { call_id, answer } => {
            made!(head, QuestionAnsweredEvent { call_id, answer })
        }
    }
}

fn observation(head: Head, session: SessionId, fact: Fact) -> SessionEvent {
    match fact {
        Fact::TurnStarted { turn, attempt, .. } => {
            made!(head, TurnStartedEvent { turn: int(turn), attempt: int(attempt) })
        }
        // The blocks are the provider's; what they said is in the messages and tool events.
        Fact::TurnEnded { turn, attempt, blocks: _, stop_reason, usage: _ } => {
            made!(head, TurnEndedEvent { turn: int(turn), attempt: int(attempt), stop_reason })
        }
        Fact::AgentMessage { id, turn, text } => {
            made!(
                head,
                AgentMessageEvent { message_id: Global::Message(id).id(), turn: int(turn), text }
            )
        }
        Fact::Notice { text, for_people } => made!(head, NoticeEvent { text, for_people }),
        Fact::ToolStart { call_id, tool, input } => {
            made!(head, ToolStartEvent { call_id, tool, input: Json(input) })
        }
        Fact::ToolEnd { call_id, tool, output, is_error, duration_ms } => {
            made!(
                head,
                ToolEndEvent { call_id, tool, output, is_error, duration_ms: duration_ms.into() }
            )
        }
        Fact::ExecutionStarted { call_id, script, timeout_s, memory_mib } => {
            made!(
                head,
                ExecutionStartedEvent {
                    call_id,
                    script,
                    timeout_seconds: timeout_s.into(),
                    memory_mib: memory_mib.into(),
                }
            )
        }
        Fact::ExecutionWaiting { call_id, ahead } => {
            made!(head, ExecutionWaitingEvent { call_id, ahead: int(ahead) })
        }
        Fact::ExecutionPlaced { call_id, waited_ms } => {
            made!(head, ExecutionPlacedEvent { call_id, waited_ms: waited_ms.into() })
        }
        Fact::ExecutionEnded { call_id, ending } => made!(
            head,
            ExecutionEndedEvent {
                call_id,
                said: ending.words(),
                how: ending.how.into(),
                code: ending.code,
                duration_ms: ending.duration_ms.into(),
                cpu_seconds: if ending.cpu_seconds.is_finite() { ending.cpu_seconds } else { 0.0 },
                peak_memory: ending.peak_memory.map(Long::from),
                dropped_output: ending.dropped_output.into(),
                cost_usd: ending.cost_usd.filter(|cost| cost.is_finite()),
            }
        ),
        Fact::CodeOutput { call_id, stream, text } => {
            made!(head, CodeOutputEvent { call_id, stream: stream.into(), text })
        }
        Fact::FileCreated { call_id, file } => {
            made!(head, FileCreatedEvent { call_id, file: shown(session, file) })
        }
        Fact::FileChanged { call_id, file } => {
            made!(head, FileChangedEvent { call_id, file: shown(session, file) })
        }
        Fact::FilesRefused { call_id, files, more } => {
            let files =
                files.into_iter().map(|RefusedFile { path, reason }| RefusedEntry { path, reason });
            made!(head, FilesRefusedEvent { call_id, files: files.collect(), more: more.into() })
        }
        Fact::MetricsBatch { call_id, items } => {
            made!(
                head,
                MetricsBatchEvent { call_id, items: items.into_iter().map(point).collect() }
            )
        }
        Fact::ChartConfig { call_id, charts } => {
            made!(
                head,
                ChartConfigEvent { call_id, charts: charts.into_iter().map(Into::into).collect() }
            )
        }
        Fact::LogRecord { call_id, record } => made!(
            head,
            LogRecordEvent {
                call_id,
                kind: record.kind.into(),
                name: record.name,
                step: record.step.map(Long::from),
                run: record.run,
                data: Json(record.data),
            }
        ),
        Fact::PlanUpdated { steps } => {
            made!(head, PlanUpdatedEvent { steps: steps.into_iter().map(Into::into).collect() })
        }
        Fact::QuestionAsked { call_id, question, options, default, timeout_s } => {
            let wait = timeout_s.and_then(|s| chrono::Duration::try_seconds(s as i64));
            let asked = head.at.map(|at| at.0);
            let deadline = asked.zip(wait).and_then(|(at, wait)| at.checked_add_signed(wait));
            let deadline = deadline.map(Time);
            made!(head, QuestionAskedEvent { call_id, question, options, default, deadline })
        }
        Fact::UsageRecorded { turn, usage, cost_usd, broken } => made!(
            head,
            UsageRecordedEvent {
                turn: int(turn),
                input_tokens: usage.input.into(),
                output_tokens: usage.output.into(),
                cache_read_tokens: usage.cache_read.into(),
                cache_write_tokens: usage.cache_write.into(),
                cost_usd,
                estimated: usage.estimated,
                broken,
            }
        ),
        Fact::BudgetWarning { budget, used, limit } => {
            made!(head, BudgetWarningEvent { budget: budget.to_string(), used, limit })
        }
        Fact::BudgetExceeded { budget, limit } => {
            made!(head, BudgetExceededEvent { budget: budget.to_string(), limit })
        }
        Fact::ContextCondensed { results_through, summary_through } => {
            let (turns, summarised_turns) = (int(results_through), int(summary_through));
            made!(head, ContextCondensedEvent { turns, summarised_turns })
        }
        Fact::AgentError { message, retryable } => {
            made!(head, AgentErrorEvent { message, retryable })
        }
        Fact::DatasetDescribed { description } => {
            made!(
                head,
                DatasetDescribedEvent { dataset: DatasetDescription::from_json(description) }
            )
        }
        Fact::ReportReady { stage, path, content } => {
            made!(head, ReportReadyEvent { stage: stage.into(), path, content })
        }
        Fact::FilesReady { stage, files } => made!(
            head,
            FilesReadyEvent {
                stage: stage.into(),
                files: files.into_iter().map(|file| shown(session, file)).collect(),
            }
        ),
        Fact::ValidationResult { stage, passed, warnings, errors } => {
            made!(head, ValidationResultEvent { stage: stage.into(), passed, warnings, errors })
        }
        Fact::DatasetProcessed { meta } => made!(
            head,
            DatasetProcessedEvent {
                feature_columns: meta.feature_columns,
                target_column: meta.target_column,
                train_rows: meta.train_rows.into(),
                val_rows: meta.val_rows.into(),
                test_rows: meta.test_rows.into(),
            }
        ),
    }
}

/// The kind that a subscriber filters by.
pub fn kind(event: &Event) -> Kind {
    match event {
        Event::Session(event) => match event {
            Decision::SessionCreated { .. } => Kind::SessionCreated,
            Decision::StateChange { .. } => Kind::StateChange,
            Decision::StageRunStarted { .. } => Kind::StageRunStarted,
            Decision::StageRunEnded { .. } => Kind::StageRunEnded,
            Decision::UserMessage { .. } => Kind::UserMessage,
            Decision::QuestionAnswered { .. } => Kind::QuestionAnswered,
            Decision::StageRunResumed { .. } => Kind::StageRunResumed,
            Decision::FollowUpStarted { .. } => Kind::FollowUpStarted,
            Decision::FollowUpEnded { .. } => Kind::FollowUpEnded,
            Decision::BudgetsSet { .. } => Kind::BudgetsSet,
            Decision::ApprovalAsked { .. } => Kind::ApprovalAsked,
            Decision::ApprovalAnswered { .. } => Kind::ApprovalAnswered,
            Decision::S3SyncComplete { .. } => Kind::S3SyncComplete,
        },
        Event::Fact(fact) => match fact {
            Fact::TurnStarted { .. } => Kind::TurnStarted,
            Fact::TurnEnded { .. } => Kind::TurnEnded,
            Fact::AgentMessage { .. } => Kind::AgentMessage,
            Fact::Notice { .. } => Kind::Notice,
            Fact::ToolStart { .. } => Kind::ToolStart,
            Fact::ToolEnd { .. } => Kind::ToolEnd,
            Fact::ExecutionStarted { .. } => Kind::ExecutionStarted,
            Fact::ExecutionWaiting { .. } => Kind::ExecutionWaiting,
            Fact::ExecutionPlaced { .. } => Kind::ExecutionPlaced,
            Fact::ExecutionEnded { .. } => Kind::ExecutionEnded,
            Fact::CodeOutput { .. } => Kind::CodeOutput,
            Fact::FileCreated { .. } => Kind::FileCreated,
            Fact::FileChanged { .. } => Kind::FileChanged,
            Fact::FilesRefused { .. } => Kind::FilesRefused,
            Fact::MetricsBatch { .. } => Kind::MetricsBatch,
            Fact::ChartConfig { .. } => Kind::ChartConfig,
            Fact::LogRecord { .. } => Kind::LogRecord,
            Fact::PlanUpdated { .. } => Kind::PlanUpdated,
            Fact::QuestionAsked { .. } => Kind::QuestionAsked,
            Fact::UsageRecorded { .. } => Kind::UsageRecorded,
            Fact::BudgetWarning { .. } => Kind::BudgetWarning,
            Fact::BudgetExceeded { .. } => Kind::BudgetExceeded,
            Fact::ContextCondensed { .. } => Kind::ContextCondensed,
            Fact::AgentError { .. } => Kind::AgentError,
            Fact::DatasetDescribed { .. } => Kind::DatasetDescribed,
            Fact::ReportReady { .. } => Kind::ReportReady,
            Fact::FilesReady { .. } => Kind::FilesReady,
            Fact::ValidationResult { .. } => Kind::ValidationResult,
            Fact::DatasetProcessed { .. } => Kind::DatasetProcessed,
        },
    }
}

/// About how many bytes an event takes when it is sent, so that batches stay bounded.
pub fn weight(event: &Event) -> usize {
    const BASE: usize = 256;
    let Event::Fact(fact) = event else { return BASE };
    BASE + match fact {
        Fact::CodeOutput { text, .. }
        | Fact::AgentMessage { text, .. }
        | Fact::Notice { text, .. } => text.len(),
        Fact::ToolEnd { output, .. } => output.len(),
        Fact::ReportReady { content, .. } => content.len(),
        Fact::MetricsBatch { items, .. } => items.len() * 128,
        Fact::FilesReady { files, .. } => files.len() * BASE,
        Fact::ToolStart { input: value, .. }
        | Fact::LogRecord { record: crate::event::Record { data: value, .. }, .. }
        | Fact::DatasetDescribed { description: value } => json_weight(value),
        Fact::TurnStarted { .. }
        | Fact::TurnEnded { .. }
        | Fact::ExecutionStarted { .. }
        | Fact::ExecutionWaiting { .. }
        | Fact::ExecutionPlaced { .. }
        | Fact::ExecutionEnded { .. }
        | Fact::FileCreated { .. }
        | Fact::FileChanged { .. }
        | Fact::FilesRefused { .. }
        | Fact::ChartConfig { .. }
        | Fact::PlanUpdated { .. }
        | Fact::QuestionAsked { .. }
        | Fact::UsageRecorded { .. }
        | Fact::BudgetWarning { .. }
        | Fact::BudgetExceeded { .. }
        | Fact::ContextCondensed { .. }
        | Fact::AgentError { .. }
        | Fact::ValidationResult { .. }
        | Fact::DatasetProcessed { .. } => 0,
    }
}

fn json_weight(value: &serde_json::Value) -> usize {
    use serde_json::Value::{Array, Bool, Null, Number, Object, String};
    match value {
        Null | Bool(_) | Number(_) => 8,
        String(text) => text.len() + 2,
        Array(items) => items.iter().map(json_weight).sum(),
        Object(map) => map.iter().map(|(key, value)| key.len() + json_weight(value)).sum(),
    }
}

fn shown(session: SessionId, file: File) -> EventFile {
    EventFile {
        url: url(session, &file.path),
        path: file.path,
        name: file.name,
        stage: file.stage.into(),
        kind: file.kind.into(),
        size: file.size.into(),
    }
}

fn point(point: Point) -> MetricPoint {
    let kind = match point.value {
        value if value.is_finite() => MetricKind::Finite,
        value if value.is_nan() => MetricKind::Nan,
        value if value > 0.0 => MetricKind::Infinity,
        _ => MetricKind::NegativeInfinity,
    };
    MetricPoint {
        step: point.step.into(),
        name: point.name,
        value: point.value.is_finite().then_some(point.value),
        kind: kind.into(),
        run: point.run,
    }
}

fn int(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
