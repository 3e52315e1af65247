//! One run from its start to its conclusion: everything it needs is made ready, then the agent works.

use super::{
    Parts,
    actor::{Do, SessionActor},
    directory::Directory,
    facts::SessionFacts,
    setting::{Ready, Setting},
    state::{Command, Work},
};
use crate::{
    agent::{self, AgentRun, Signal},
    event::{Budgets, Entry, Fact, Outcome},
    tool::{Facts, Stopped},
};
use actix::Addr;
use chrono::Utc;
use entity::{
    ids::{ExperimentId, SessionId, StageRunId},
    vocab::Stage,
};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// What a run is started with.
pub(super) struct Order {
    pub parts: Arc<Parts>,
    pub directory: Directory,
    pub session: SessionId,
    pub experiment: ExperimentId,
    pub assignment: Assignment,
    pub work: Work,
    /// What the log holds of this run, when it is taken up again.
    pub history: Vec<Entry>,
    pub cancel: CancellationToken,
    pub signals: mpsc::UnboundedReceiver<Signal>,
    pub budgets: watch::Receiver<Budgets>,
}

/// What a run is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assignment {
    Stage(Stage),
    /// Answer the user about the last stage that is done.
    FollowUp(Option<Stage>),
}

/// Runs it and tells its session how it ended. A panic, of the loop or of a tool, fails this run alone.
pub(super) async fn to_the_end(order: Order, actor: Addr<SessionActor>) {
    let stage_run = order.work.run;
    let session = order.session;
    let cancel = order.cancel.clone();
    let directory = order.directory.clone();
    let provider = order.parts.providers.get(Some(&order.work.driver.provider));
    let answers = provider.is_ok_and(|provider| provider.converses());
    let work = tokio::spawn(drive(order, actor.clone()));
    let ended = work.await;
    if let Err(error) = &ended {
        directory.census().panics.more();
        tracing::error!(session.id = %session, %error, "a stage run panicked");
    }
    if cancel.is_cancelled() {
        return;
    }
    let outcome = match ended {
        Ok(Ok(outcome)) => outcome,
        // Nobody stopped it: what carries its facts broke.
        Ok(Err(Stopped)) | Err(_) => {
            Outcome::Failed { message: "the server made an error in this stage; retry it".into() }
        }
    };
    let at = Utc::now();
    let conclude = Command::Conclude { stage_run, outcome, next: StageRunId::new(), answers, at };
    if let Ok(Err(error)) = actor.send(Do(conclude)).await {
        tracing::warn!(session.id = %session, %error, "a stage run's end was not taken");
    }
}

async fn drive(order: Order, actor: Addr<SessionActor>) -> Result<Outcome, Stopped> {
    let Order {
        parts,
        directory: _,
        session,
        experiment,
        assignment,
        work,
        history,
        cancel,
        signals,
        budgets,
    } = order;
    let log = parts.log.clone();
    let facts = SessionFacts::start(session, work.run, log, actor, cancel.clone());
    let facts: Arc<dyn Facts> = Arc::new(facts);
    let setting = Setting {
        parts: &parts,
        session,
        experiment,
        assignment,
        work: &work,
        facts: &facts,
        cancel: &cancel,
    };
    let ready = tokio::select! {
        () = cancel.cancelled() => return Err(Stopped),
        ready = setting.prepare(&history) => ready,
    };
    let Ready { task, cx, brief, provider, model } = match ready {
        Ok(ready) => ready,
        Err(message) => {
            facts
                .record(vec![Fact::AgentError { message: message.clone(), retryable: true }])
                .await?;
            facts.settle().await?;
            return Ok(Outcome::Failed { message });
        }
    };
    if history.is_empty() && matches!(assignment, Assignment::Stage(_)) {
        let description = brief.dataset.clone();
        facts.record(vec![Fact::DatasetDescribed { description }]).await?;
    }
    let sandbox = Arc::clone(&cx.sandbox);
    let run = AgentRun {
        task,
        provider,
        driver: work.driver,
        model,
        brief,
        budgets,
        begun_with: work.begun_with,
        before: work.before,
        cx,
        signals,
        history,
    };
    let result = tokio::select! {
        () = cancel.cancelled() => Err(Stopped),
        result = agent::run(run) => result,
    };
    sandbox.terminate().await;
    // Whatever ended the loop: its last facts come before the end of the run.
    if result.is_ok() {
        facts.settle().await?;
    }
    result
}
