//! The only tool loop: build the transcript, call the model, record what it said, run the tools it
//! asked for, go again, until it finishes or a limit ends it.
//!
//! The loop records facts and returns how the stage run ended. It never imports the log or the
//! store, and cannot tell one provider from another.

#[allow(dead_code)]
mod context;
mod transcript;
mod turn;

use crate::{
    event::{Budgets, Entry, Fact, Outcome},
    llm::{Brief, LlmProvider, ToolSpec},
    stage,
    tool::{self, Stopped, Tool, ToolContext},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};
use transcript::{Call, Transcript};

/// How often a stage is told what is missing before it has failed.
const REMINDERS: u32 = 2;
/// How often the same failing call is answered before the stage has failed.
const SAME_FAILURES: u32 = 3;

/// One stage run, ready to go.
pub struct AgentRun {
    pub provider: Arc<dyn LlmProvider>,
    pub model: String,
    pub brief: Brief,
    pub budgets: Budgets,
    /// When the stage's wall-clock budget ends.
    pub deadline: Instant,
    pub cx: ToolContext,
    /// What the user says while the agent works; seen at the next turn.
    pub steering: mpsc::UnboundedReceiver<String>,
    /// What the log holds of this stage run, when it is taken up again.
    pub history: Vec<Entry>,
}

/// Runs the stage to its end.
///
/// *Errors*: [`Stopped`] when the run was cancelled; everything else is an [`Outcome`].
pub async fn run(run: AgentRun) -> Result<Outcome, Stopped> {
    let deadline = run.deadline;
    let seconds = run.budgets.stage_seconds;
    let facts = Arc::clone(&run.cx.facts);
    match timeout_at(deadline, Loop::new(run).go()).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let budget = "stage_seconds".to_owned();
            facts.record(vec![Fact::BudgetExceeded { budget, limit: seconds as f64 }]).await?;
            facts.settle().await?;
            let limit = humane(Duration::from_secs(seconds));
            Ok(failed(format!(
                "the stage took longer than its limit of {limit}; raise it and retry"
            )))
        }
    }
}

struct Loop {
    run: AgentRun,
    tools: Vec<Box<dyn Tool>>,
    specs: Vec<ToolSpec>,
    transcript: Transcript,
    reminders: u32,
    /// The last failing call, and how often it came in a row.
    failing: Option<(String, u32)>,
    last_words: String,
}

/// What a step of the loop came to.
enum Step {
    GoOn,
    End(Outcome),
}

impl Loop {
    fn new(run: AgentRun) -> Self {
        let tools = tool::all();
        let specs = tools.iter().map(|tool| tool.spec()).collect();
        let mut transcript = Transcript::new(stage::opening(&run.brief));
        transcript.replay(&run.history);
        Self {
            run,
            tools,
            specs,
            transcript,
            reminders: 0,
            failing: None,
            last_words: String::new(),
        }
    }

    async fn go(mut self) -> Result<Outcome, Stopped> {
        loop {
            // Calls without a result come first: after a restart there may be some.
            while let Some(call) = self.transcript.open().first().cloned() {
                if let Step::End(outcome) = self.call(call).await? {
                    return Ok(outcome);
                }
            }
            if self.transcript.turns() >= self.run.budgets.turns {
                return self.out_of_turns().await;
            }
            if let Step::End(outcome) = self.turn().await? {
                return Ok(outcome);
            }
            if self.transcript.open().is_empty()
                && let Step::End(outcome) = self.remind().await?
            {
                return Ok(outcome);
            }
        }
    }

    async fn record(&mut self, facts: Vec<Fact>) -> Result<(), Stopped> {
        for fact in &facts {
            self.transcript.apply(fact);
        }
        self.run.cx.facts.record(facts).await
    }

    async fn call(&mut self, call: Call) -> Result<Step, Stopped> {
        let begun = Instant::now();
        let Call { id, tool, input } = call;
        let key = format!("{tool} {input}");
        let start =
            Fact::ToolStart { call_id: id.clone(), tool: tool.clone(), input: input.clone() };
        self.record(vec![start]).await?;
        let found = self.tools.iter().find(|t| t.spec().name == tool);
        let result = match found {
            Some(found) => found.call(&self.run.cx, &id, input).await?,
            None => tool::Outcome::Continue {
                output: format!("there is no tool `{tool}`; the tools are {}", self.names()),
                is_error: true,
            },
        };
        let (output, is_error, end) = match result {
            tool::Outcome::Continue { output, is_error } => (output, is_error, None),
            tool::Outcome::Finish { summary } => self.finish(summary).await?,
            tool::Outcome::Ask { default, .. } => {
                (format!("nobody answered; go on with your default: {default}"), false, None)
            }
        };
        let duration_ms = begun.elapsed().as_millis() as u64;
        self.record(vec![Fact::ToolEnd { call_id: id, tool, output, is_error, duration_ms }])
            .await?;
        if let Some(outcome) = end {
            self.run.cx.facts.settle().await?;
            return Ok(Step::End(outcome));
        }
        self.repeated(key, is_error)
    }

    /// A call that fails the same way again and again ends the stage.
    fn repeated(&mut self, key: String, is_error: bool) -> Result<Step, Stopped> {
        if !is_error {
            self.failing = None;
            return Ok(Step::GoOn);
        }
        let times = match self.failing.take() {
            Some((before, times)) if before == key => times + 1,
            Some(_) | None => 1,
        };
        self.failing = Some((key, times));
        if times >= SAME_FAILURES {
            return Ok(Step::End(failed(format!(
                "the agent made the same failing call {times} times in a row; see its last output"
            ))));
        }
        Ok(Step::GoOn)
    }

    /// The agent says it is done: look before believing it.
    async fn finish(
        &mut self,
        summary: String,
    ) -> Result<(String, bool, Option<Outcome>), Stopped> {
        let stage = self.run.cx.stage;
        let volume = Arc::clone(&self.run.cx.volume);
        let check = match stage::exit_check(stage, volume.as_ref()).await {
            Ok(check) => check,
            Err(error) => {
                return Ok((format!("the outputs could not be checked: {error}"), true, None));
            }
        };
        if !check.missing.is_empty() {
            let missing = check.missing.join("\n- ");
            self.reminders += 1;
            let end = (self.reminders > REMINDERS).then(|| {
                failed(format!(
                    "the stage's outputs are not complete: {}",
                    check.missing.join("; ")
                ))
            });
            return Ok((format!("the stage is not finished:\n- {missing}"), true, end));
        }
        let files = self.run.cx.known.lock().await.of(stage);
        match stage::closing(stage, volume.as_ref(), check, files).await {
            Ok(facts) => {
                self.record(facts).await?;
                Ok(("the stage is finished".into(), false, Some(Outcome::Done { summary })))
            }
            Err(error) => Ok((format!("the outputs could not be read: {error}"), true, None)),
        }
    }

    /// The model stopped without finishing: say what is missing, at most twice.
    async fn remind(&mut self) -> Result<Step, Stopped> {
        let stage = self.run.cx.stage;
        let missing = match stage::exit_check(stage, self.run.cx.volume.as_ref()).await {
            Ok(check) => check.missing,
            Err(error) => vec![error.to_string()],
        };
        if self.reminders >= REMINDERS {
            let words = match self.last_words.trim() {
                "" => format!(
                    "the agent stopped before the stage was finished: {}",
                    missing.join("; ")
                ),
                words => words.to_owned(),
            };
            return Ok(Step::End(failed(words)));
        }
        self.reminders += 1;
        let text = if missing.is_empty() {
            "Everything the stage needs exists. Call `finish_stage`, or go on working.".to_owned()
        } else {
            format!("The stage is not finished. Missing:\n- {}", missing.join("\n- "))
        };
        self.record(vec![Fact::Notice { text }]).await?;
        Ok(Step::GoOn)
    }

    async fn out_of_turns(&mut self) -> Result<Outcome, Stopped> {
        let limit = self.run.budgets.turns;
        let fact = Fact::BudgetExceeded { budget: "turns".into(), limit: f64::from(limit) };
        self.record(vec![fact]).await?;
        self.run.cx.facts.settle().await?;
        Ok(failed(format!(
            "the stage was not finished within its limit of {limit} turns; raise it and retry"
        )))
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.specs.iter().map(|spec| format!("`{}`", spec.name)).collect();
        names.join(", ")
    }
}

fn failed(message: impl Into<String>) -> Outcome {
    Outcome::Failed { message: message.into() }
}

fn humane(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds >= 120 { format!("{} minutes", seconds / 60) } else { format!("{seconds} s") }
}
