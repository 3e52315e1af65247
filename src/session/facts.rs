//! From the agent loop to its session: a bounded channel whose pump gathers observations, so that
//! a flood of output costs few appends and slows its source rather than grow.

use super::{
    actor::{Do, SessionActor},
    state::Command,
};
use crate::{
    event::{Fact, TextDelta},
    log::EventLog,
    tool::{Facts, Stopped},
};
use actix::Addr;
use async_trait::async_trait;
use entity::ids::{SessionId, StageRunId};
use serde_json::Value;
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// Records that may wait; more makes the agent loop, and so the sandbox's output, wait.
const QUEUE: usize = 64;
/// How long an append waits for more to carry.
const LINGER: Duration = Duration::from_millis(20);
/// What is carried at once.
const BATCH_BYTES: usize = 64 * 1024;

/// The session's end of [`Facts`].
pub(super) struct SessionFacts {
    session: SessionId,
    stage_run: StageRunId,
    log: EventLog,
    queue: mpsc::Sender<Item>,
}

enum Item {
    Facts(Vec<Fact>),
    /// Answered when everything before is durable.
    Settle(oneshot::Sender<()>),
}

impl SessionFacts {
    /// Starts the pump. It cancels the run when the session refuses its facts.
    pub(super) fn start(
        session: SessionId,
        stage_run: StageRunId,
        log: EventLog,
        actor: Addr<SessionActor>,
        cancel: CancellationToken,
    ) -> Self {
        let (queue, mut items) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            // The channel closes after the run is cancelled: a loop that finds it closed and is not
            // cancelled knows that the pump broke.
            if pump(stage_run, actor, &cancel, &mut items).await == Pumped::Refused {
                cancel.cancel();
            }
        });
        Self { session, stage_run, log, queue }
    }
}

#[async_trait]
impl Facts for SessionFacts {
    async fn record(&self, facts: Vec<Fact>) -> Result<(), Stopped> {
        self.queue.send(Item::Facts(facts)).await.map_err(|_| Stopped)
    }

    async fn settle(&self) -> Result<(), Stopped> {
        let (done, settled) = oneshot::channel();
        self.queue.send(Item::Settle(done)).await.map_err(|_| Stopped)?;
        settled.await.map_err(|_| Stopped)
    }

    fn provisional(&self, delta: TextDelta) {
        self.log.provisional(self.session, self.stage_run, delta);
    }
}

/// Why a pump ended.
#[derive(PartialEq)]
enum Pumped {
    /// The loop is over and everything was taken.
    All,
    /// The session wants no more of this run.
    Refused,
}

async fn pump(
    stage_run: StageRunId,
    actor: Addr<SessionActor>,
    cancel: &CancellationToken,
    items: &mut mpsc::Receiver<Item>,
) -> Pumped {
    while let Some(first) = items.recv().await {
        let (facts, settled) = gather(first, items).await;
        // A run that is resumed keeps its id: what an old loop still held is not the new one's.
        if cancel.is_cancelled() {
            return Pumped::Refused;
        }
        if !facts.is_empty() {
            match actor.send(Do(Command::Observe { stage_run, facts })).await {
                Ok(Ok(_)) => {}
                // Over, or the actor went away: whoever waits for the facts is told so by the
                // channel's end.
                Ok(Err(_)) | Err(_) => return Pumped::Refused,
            }
        }
        for done in settled {
            let _ = done.send(());
        }
    }
    Pumped::All
}

/// Gathers until the linger or the size is reached, or somebody waits for durability.
async fn gather(
    first: Item,
    items: &mut mpsc::Receiver<Item>,
) -> (Vec<Fact>, Vec<oneshot::Sender<()>>) {
    let deadline = Instant::now() + LINGER;
    let (mut facts, mut settled, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut next = Some(first);
    while let Some(item) = next {
        match item {
            Item::Facts(more) => {
                bytes += more.iter().map(weight).sum::<usize>();
                facts.extend(more);
            }
            Item::Settle(done) => settled.push(done),
        }
        next = if bytes >= BATCH_BYTES {
            None
        } else if settled.is_empty() {
            timeout_at(deadline, items.recv()).await.ok().flatten()
        } else {
            items.try_recv().ok()
        };
    }
    (facts, settled)
}

/// Roughly the bytes of a fact; only floods matter.
fn weight(fact: &Fact) -> usize {
    match fact {
        Fact::CodeOutput { text, .. } => text.len(),
        Fact::MetricsBatch { items, .. } => items.len() * 48,
        Fact::ReportReady { content, .. } => content.len(),
        Fact::LogRecord { record, .. } => size(&record.data),
        Fact::ToolStart { input, .. } => size(input),
        Fact::ToolEnd { output, .. } => output.len(),
        Fact::TurnStarted { .. }
        | Fact::TurnEnded { .. }
        | Fact::AgentMessage { .. }
        | Fact::Notice { .. }
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
        | Fact::DatasetDescribed { .. }
        | Fact::FilesReady { .. }
        | Fact::ValidationResult { .. }
        | Fact::DatasetProcessed { .. } => 256,
    }
}

/// Roughly the bytes of a JSON value.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(key, item)| key.len() + size(item) + 4).sum(),
    }
}
