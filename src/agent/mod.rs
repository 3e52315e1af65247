//! The only tool loop: build the transcript, call the model, record what it said, run the tools it
//! asked for, go again, until it finishes or a limit ends it.
//!
//! The loop records facts and returns how the run ended. It never imports the log or the store, and
//! cannot tell one provider from another.
//!
//! ```text
//! turn        one model call and its attempts     call      one tool call, a question, the finish
//! together    calls of one turn, side by side
//! transcript  facts -> messages                   context   what of the past is shown
//! ledger      budgets                             hearing   the user's words while it works
//! executions  what the sandbox takes
//! ```

mod call;
mod context;
mod executions;
mod hearing;
mod ledger;
mod patience;
mod together;
mod transcript;
mod turn;

use crate::{
    event::{Budget, Budgets, Driver, Entry, Fact, Outcome, Spent},
    llm::{Brief, LlmProvider, ToolSpec, price::Price},
    stage,
    tool::{self, Facts, Stopped, Tool, ToolContext},
};
use chrono::Utc;
use executions::{Counted, Executed};
use hearing::Hearing;
use ledger::Ledger;
use patience::{NOT_FINISHED, Patience};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use transcript::Transcript;

pub use hearing::Signal;

/// How often a stage is told what is missing before it has failed.
const REMINDERS: u32 = 2;
/// The window that is assumed of a model that nobody knows, in tokens.
const WINDOW: u64 = 128_000;
/// What is looked at between the calls of a turn.
const TIME: [Budget; 4] = [
    Budget::StageSeconds,
    Budget::StageSandboxSeconds,
    Budget::SessionSeconds,
    Budget::SessionSandboxSeconds,
];

/// One run, ready to go.
pub struct AgentRun {
    pub task: Task,
    pub provider: Arc<dyn LlmProvider>,
    pub driver: Driver,
    /// What is known of the model.
    pub model: Model,
    pub brief: Brief,
    /// The most that it may take; may change while it works.
    pub budgets: watch::Receiver<Budgets>,
    /// What it might take when it began.
    pub begun_with: Budgets,
    /// What the session had taken before this run.
    pub before: Spent,
    pub cx: ToolContext,
    /// What the user says while the agent works.
    pub signals: mpsc::UnboundedReceiver<Signal>,
    /// What the log holds of this run, when it is taken up again.
    pub history: Vec<Entry>,
}

/// What is known of the model that drives; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Model {
    /// Its window, in tokens.
    pub context_tokens: Option<u64>,
    /// Its longest answer, in tokens.
    pub max_output_tokens: Option<u64>,
    pub price: Option<Price>,
}

/// What a run is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// A stage: it ends when its exit check passes.
    Stage,
    /// An answer to the user's message: it ends when the model has no more calls.
    FollowUp {
        /// The first message: what the session came to, and what was said.
        opening: String,
    },
}

/// Runs it to its end.
///
/// *Errors*: [`Stopped`] when the run was cancelled; everything else is an [`Outcome`].
pub async fn run(run: AgentRun) -> Result<Outcome, Stopped> {
    Loop::new(run).go().await
}

struct Loop {
    task: Task,
    provider: Arc<dyn LlmProvider>,
    driver: Driver,
    model: Model,
    brief: Brief,
    cx: ToolContext,
    system: &'static str,
    tools: Vec<Box<dyn Tool>>,
    specs: Vec<ToolSpec>,
    transcript: Transcript,
    ledger: Ledger,
    hearing: Hearing,
    patience: Patience,
    executed: Executed,
    /// The model's window as far as it is known, in tokens: less than the catalogue says when the
    /// provider said so.
    window: u64,
    last_words: String,
}

/// What a step of the loop came to.
enum Step {
    GoOn,
    End(Outcome),
}

impl Loop {
    fn new(run: AgentRun) -> Self {
        let (opening, system, tools) = match &run.task {
            Task::Stage => (opening(&run), stage::prompt(run.brief.stage), tool::all()),
            Task::FollowUp { opening } => {
                (opening.clone(), stage::follow_up_prompt(), tool::for_follow_ups())
            }
        };
        let specs = tools.iter().map(|tool| tool.spec()).collect();
        let mut transcript = Transcript::new(opening);
        transcript.replay(&run.history);
        let executed = Executed::default();
        let inner = Arc::clone(&run.cx.facts);
        let counted = Counted { inner, executed: executed.clone() };
        let cx = ToolContext { facts: Arc::new(counted), ..run.cx };
        Self {
            ledger: Ledger::new(run.budgets, run.before, &run.history, executed.clone()),
            executed,
            patience: Patience::of(&run.history),
            window: run.model.context_tokens.unwrap_or(WINDOW),
            hearing: Hearing::new(run.signals),
            task: run.task,
            provider: run.provider,
            driver: run.driver,
            model: run.model,
            brief: run.brief,
            cx,
            system,
            tools,
            specs,
            transcript,
            last_words: String::new(),
        }
    }

    async fn go(mut self) -> Result<Outcome, Stopped> {
        loop {
            // Calls without a result come first: after a restart there may be some.
            while let Some(call) = self.transcript.open().first().cloned() {
                let group = self.side_by_side();
                let step = match group.len() {
                    0 | 1 => self.call(call).await?,
                    _ => self.together(group).await?,
                };
                if let Step::End(outcome) = step {
                    return Ok(outcome);
                }
                // What else is used up ends the run before its next turn; this turn's calls run.
                if let Some(outcome) = self.budgets(&TIME).await? {
                    return Ok(outcome);
                }
            }
            if let Some(outcome) = self.budgets(&Budget::ALL).await? {
                return Ok(outcome);
            }
            if let Step::End(outcome) = self.turn().await? {
                return Ok(outcome);
            }
        }
    }

    async fn record(&mut self, facts: Vec<Fact>) -> Result<(), Stopped> {
        record(&mut self.transcript, &mut self.ledger, self.cx.facts.as_ref(), facts).await
    }

    /// Says which budgets are near their end, and ends the run when one of these is at it.
    async fn budgets(&mut self, which: &[Budget]) -> Result<Option<Outcome>, Stopped> {
        let warnings = self.ledger.warnings();
        if !warnings.is_empty() {
            self.record(warnings).await?;
        }
        match self.ledger.exhausted(which) {
            Some((budget, limit)) => self.used_up(budget, limit).await.map(Some),
            None => Ok(None),
        }
    }

    async fn used_up(&mut self, budget: Budget, limit: f64) -> Result<Outcome, Stopped> {
        self.record(vec![Fact::BudgetExceeded { budget, limit }]).await?;
        self.cx.facts.settle().await?;
        let (scope, words) = (budget.scope(), budget.words(limit));
        Ok(failed(format!(
            "the {scope}'s limit of {words} is used up; everything is kept: raise it and resume"
        )))
    }

    /// The model stopped without finishing: say what is missing, at most twice.
    async fn remind(&mut self) -> Result<Step, Stopped> {
        let missing = match stage::exit_check(self.cx.stage, self.cx.volume.as_ref()).await {
            Ok(check) => check.missing,
            Err(error) => vec![error.to_string()],
        };
        if self.patience.reminders >= REMINDERS {
            let words = match self.last_words.trim() {
                "" => "nothing",
                words => words,
            };
            let lacks = match missing.is_empty() {
                true => "it did not call `finish_stage`".to_owned(),
                false => missing.join("; "),
            };
            return Ok(Step::End(failed(format!(
                "the agent stopped before the stage was finished ({lacks}); its last words: {words}"
            ))));
        }
        self.patience.reminders += 1;
        let text = if missing.is_empty() {
            format!(
                "{NOT_FINISHED} Everything it needs exists: call `finish_stage`, or go on working."
            )
        } else {
            format!("{NOT_FINISHED} Missing:\n- {}", missing.join("\n- "))
        };
        self.notice(text).await?;
        Ok(Step::GoOn)
    }

    /// Says something to the model.
    async fn notice(&mut self, text: String) -> Result<(), Stopped> {
        self.record(vec![Fact::Notice { text, for_people: false }]).await
    }

    /// Says something to people alone.
    async fn progress(&mut self, text: String) -> Result<(), Stopped> {
        self.record(vec![Fact::Notice { text, for_people: true }]).await
    }
}

/// Takes facts in and hands them on.
async fn record(
    transcript: &mut Transcript,
    ledger: &mut Ledger,
    to: &dyn Facts,
    facts: Vec<Fact>,
) -> Result<(), Stopped> {
    let now = Utc::now();
    for fact in &facts {
        transcript.apply(fact, now);
        ledger.apply(fact);
    }
    to.record(facts).await
}

/// The first message of a stage: the same for the whole run, whatever limits are changed later, so
/// that what the provider cached stays valid.
fn opening(run: &AgentRun) -> String {
    let Budgets { turns, execution_seconds, memory_mib, .. } = run.begun_with;
    stage::opening(&Brief {
        turns_left: turns,
        execution_timeout_s: execution_seconds,
        memory_mib,
        ..run.brief.clone()
    })
}

fn failed(message: impl Into<String>) -> Outcome {
    Outcome::Failed { message: message.into() }
}
