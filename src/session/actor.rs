//! The actor that owns one session: its state beside its live handles.
//!
//! Its handler is decide, append, apply, react, atomically, with one append in flight. When an
//! append's outcome is unknown the actor stops: what comes after it is rebuilt from the log, on the
//! same path as after a restart of the server.

mod rest;

use super::{
    Parts,
    directory::{CommandError, Directory},
    pulse::{Doing, Pulse},
    run,
    state::{Command, Session},
};
use crate::{
    agent::Signal,
    event::{Budgets, Entry, Event, Outcome, SessionEvent},
    log::AppendError,
    store::{StoreError, outlast},
};
use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, AtomicResponse, Context, Handler, Message,
    WrapFuture, fut,
};
use chrono::Utc;
use entity::ids::{SessionId, StageRunId};
use std::{sync::Arc, time::Instant};
use tokio::{
    runtime,
    sync::{mpsc, watch},
};
use tokio_util::sync::CancellationToken;

/// Messages that may wait: the seats of those who ask, and what the session's own loop sends.
const MAILBOX: usize = 64;

/// One session at work or at rest.
pub(super) struct SessionActor {
    id: SessionId,
    parts: Arc<Parts>,
    /// Revives the session when this actor had to stop.
    directory: Directory,
    /// Where agent loops run; the actor's own thread only decides.
    runtime: runtime::Handle,
    pulse: Arc<Pulse>,
    session: Session,
    seq: i64,
    /// The last event that is in the kept fold.
    kept: i64,
    epoch: i64,
    /// What runs ends with it.
    tenure: CancellationToken,
    run: Option<Handle>,
    /// When it was last asked something.
    asked: Instant,
}

/// What an actor is put into.
pub(super) struct Surroundings {
    pub parts: Arc<Parts>,
    pub directory: Directory,
    pub runtime: runtime::Handle,
    pub pulse: Arc<Pulse>,
}

/// The live side of a run.
struct Handle {
    run: StageRunId,
    cancel: CancellationToken,
    /// Bounded by the messages that a session takes before its agent has seen them.
    signals: mpsc::UnboundedSender<Signal>,
    budgets: watch::Sender<Budgets>,
    /// The loop's ends, until the loop is there to take them.
    ends: Option<Ends>,
}

/// Where a loop hears.
struct Ends {
    signals: mpsc::UnboundedReceiver<Signal>,
    budgets: watch::Receiver<Budgets>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// A session as rebuilt from its log.
pub(super) struct Rebuilt {
    pub session: Session,
    pub seq: i64,
    pub kept: i64,
    pub epoch: i64,
    /// Ends when this server may own sessions no more.
    pub tenure: CancellationToken,
}

/// A command. Answers with what happened, durable.
#[derive(Message)]
#[rtype(result = "Result<Vec<Entry>, CommandError>")]
pub(super) struct Do(pub Command);

/// Takes up the run that the log says is at work, with what the log holds of it.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Resume(pub Vec<Entry>);

/// Lets go of what runs, without saying anything: the next server takes it up.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Suspend;

/// The state, for whoever shows it.
#[derive(Message)]
#[rtype(result = "Session")]
pub(super) struct Look;

impl SessionActor {
    pub(super) fn new(id: SessionId, surroundings: Surroundings, rebuilt: Rebuilt) -> Self {
        let Surroundings { parts, directory, runtime, pulse } = surroundings;
        let Rebuilt { session, seq, kept, epoch, tenure } = rebuilt;
        let asked = Instant::now();
        directory.census().awake.more();
        Self {
            id,
            parts,
            directory,
            runtime,
            pulse,
            session,
            seq,
            kept,
            epoch,
            tenure,
            run: None,
            asked,
        }
    }

    fn react(&mut self, entries: &[Entry], ctx: &mut Context<Self>) {
        for entry in entries {
            let Event::Session(event) = &entry.event else { continue };
            match event {
                SessionEvent::StageRunStarted { .. } | SessionEvent::FollowUpStarted { .. } => {
                    self.open();
                    self.spawn(Vec::new(), ctx);
                    self.announce();
                    // What stood in the bucket of stages that run again is not theirs any more.
                    self.directory.syncing().add(self.id);
                }
                SessionEvent::StageRunResumed { .. } => {
                    // What is said from here on is heard, though the loop's past is still being read.
                    self.open();
                    self.take_up(entry.stage_run, entry.seq, ctx);
                }
                SessionEvent::StageRunEnded { .. } | SessionEvent::FollowUpEnded { .. } => {
                    if self.run.as_ref().map(|run| Some(run.run)) == Some(entry.stage_run) {
                        self.run = None;
                    }
                    self.announce();
                    self.keep();
                    self.directory.syncing().add(self.id);
                }
                SessionEvent::UserMessage { text, interrupt, .. } => {
                    self.signal(Signal::Message { text: text.clone(), interrupt: *interrupt });
                }
                SessionEvent::QuestionAnswered { call_id, answer } => {
                    let (call_id, answer) = (call_id.clone(), answer.clone());
                    self.signal(Signal::Answer { call_id, answer });
                }
                SessionEvent::BudgetsSet { budgets } => {
                    if let Some(run) = &self.run {
                        run.budgets.send_replace(*budgets);
                    }
                }
                SessionEvent::S3SyncComplete { .. } => self.keep(),
                SessionEvent::SessionCreated { .. }
                | SessionEvent::StateChange { .. }
                | SessionEvent::ApprovalAsked { .. }
                | SessionEvent::ApprovalAnswered { .. } => self.announce(),
            }
        }
    }

    /// Tells lists of sessions that this one changed.
    fn announce(&self) {
        if let Some(experiment) = self.session.experiment() {
            self.parts.log.announce(experiment);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(run) = &self.run {
            // The loop may just have ended; what was said stands in the log.
            let _ = run.signals.send(signal);
        }
    }

    /// Makes the handle of what the state says is at work, where there is none.
    fn open(&mut self) {
        let Some(work) = self.session.work() else { return };
        if self.run.as_ref().is_some_and(|run| run.run == work.run) {
            return;
        }
        let (signals, heard) = mpsc::unbounded_channel();
        let (budgets, limited) = watch::channel(work.budgets);
        let ends = Some(Ends { signals: heard, budgets: limited });
        let cancel = self.tenure.child_token();
        self.run = Some(Handle { run: work.run, cancel, signals, budgets, ends });
    }

    /// Starts the agent on what the state says is at work, once.
    fn spawn(&mut self, history: Vec<Entry>, ctx: &mut Context<Self>) {
        let Some(work) = self.session.work().cloned() else { return };
        let Some(run) = self.run.as_mut().filter(|run| run.run == work.run) else { return };
        let Some(Ends { signals, budgets }) = run.ends.take() else { return };
        let cancel = run.cancel.clone();
        let Some(experiment) = self.session.experiment() else { return };
        let assignment = match (self.session.running(), self.session.follow_up()) {
            (Some(running), _) => run::Assignment::Stage(running.stage),
            (None, Some(follow_up)) => run::Assignment::FollowUp(follow_up.about),
            (None, None) => return,
        };
        let order = run::Order {
            parts: Arc::clone(&self.parts),
            directory: self.directory.clone(),
            session: self.id,
            experiment,
            assignment,
            work,
            history,
            cancel,
            signals,
            budgets,
        };
        self.runtime.spawn(run::to_the_end(order, ctx.address()));
    }

    /// Reads what the log holds of a run up to now, and then goes on with it.
    fn take_up(&self, run: Option<StageRunId>, seq: i64, ctx: &mut Context<Self>) {
        let Some(run) = run else { return };
        let (directory, id, actor) = (self.directory.clone(), self.id, ctx.address());
        self.runtime.spawn(async move {
            match outlast(|| directory.history(id, run), StoreError::trouble).await {
                Ok(mut history) => {
                    // What was said later is heard.
                    history.retain(|entry| entry.seq <= seq);
                    // An actor that went away is rebuilt, and takes the run up then.
                    let _ = actor.send(Resume(history)).await;
                }
                Err(error) => {
                    tracing::error!(session.id = %id, %error, "a run's past could not be read");
                    let message = "the database did not answer; resume it again".to_owned();
                    let outcome = Outcome::Failed { message };
                    let (next, at) = (StageRunId::new(), Utc::now());
                    let answers = false;
                    let conclude = Command::Conclude { stage_run: run, outcome, next, answers, at };
                    let _ = actor.send(Do(conclude)).await;
                }
            }
        });
    }

    /// Done with a message. One that was reported as stuck says that it is not.
    fn back(&self) {
        if let Some(took) = self.pulse.end() {
            let duration_ms = took.as_millis() as u64;
            tracing::warn!(session.id = %self.id, duration_ms, "a session answers again");
        }
    }

    fn appended(
        &mut self,
        result: Result<Vec<Entry>, AppendError>,
        ctx: &mut Context<Self>,
    ) -> Result<Vec<Entry>, CommandError> {
        match result {
            Ok(entries) => {
                for entry in &entries {
                    self.session.apply(entry);
                    self.seq = entry.seq;
                }
                self.react(&entries, ctx);
                Ok(entries)
            }
            Err(error) => {
                tracing::error!(session.id = %self.id, %error, "append failed; the session is rebuilt");
                self.run = None;
                ctx.stop();
                // Then the server stops, and the next one takes the session up.
                let closed = matches!(error, AppendError::Closed);
                let words = match error {
                    AppendError::Troubled(trouble) => trouble.to_string(),
                    AppendError::Refused(_)
                    | AppendError::Conflict
                    | AppendError::Unknown(_)
                    | AppendError::Closed => "the session could not be written; try again".into(),
                };
                if !closed {
                    self.directory.revive_later(self.id);
                }
                Err(CommandError::Unavailable(words))
            }
        }
    }
}

impl Actor for SessionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.rest_after(self.parts.actors.quiet, ctx);
    }
}

impl Handler<Do> for SessionActor {
    type Result = AtomicResponse<Self, Result<Vec<Entry>, CommandError>>;

    fn handle(&mut self, Do(command): Do, _: &mut Self::Context) -> Self::Result {
        self.asked = Instant::now();
        let name = command.name();
        self.pulse.begin(Doing::Deciding(name));
        let drafts = match self.session.decide(command) {
            Ok(drafts) if !drafts.is_empty() => drafts,
            Ok(_) => {
                self.pulse.end();
                return AtomicResponse::new(Box::pin(fut::ready(Ok(Vec::new()))));
            }
            Err(refusal) => {
                self.pulse.end();
                return AtomicResponse::new(Box::pin(fut::ready(Err(CommandError::Refused(
                    refusal,
                )))));
            }
        };
        let log = self.parts.log.clone();
        let (id, epoch, seq, at) = (self.id, self.epoch, self.seq, Utc::now());
        self.pulse.begin(Doing::Writing { command: name, events: drafts.len() });
        let append = async move { log.append(id, epoch, seq, at, drafts).await };
        AtomicResponse::new(Box::pin(append.into_actor(self).map(|result, actor, ctx| {
            let answer = actor.appended(result, ctx);
            actor.back();
            answer
        })))
    }
}

impl Handler<Resume> for SessionActor {
    type Result = ();

    fn handle(&mut self, Resume(history): Resume, ctx: &mut Self::Context) {
        self.asked = Instant::now();
        self.pulse.begin(Doing::TakingUp);
        self.open();
        self.spawn(history, ctx);
        self.back();
    }
}

impl Handler<Suspend> for SessionActor {
    type Result = ();

    fn handle(&mut self, _: Suspend, ctx: &mut Self::Context) {
        self.run = None;
        ctx.stop();
    }
}

impl Handler<Look> for SessionActor {
    type Result = actix::MessageResult<Look>;

    fn handle(&mut self, _: Look, _: &mut Self::Context) -> Self::Result {
        self.asked = Instant::now();
        actix::MessageResult(self.session.clone())
    }
}

#[cfg(test)]
pub(super) use rest::Stumble;
