//! One tool call: the tool itself, a question to the user, the finish and its check.

use super::{
    Loop, REMINDERS, Step, failed,
    hearing::Reply,
    patience::{self, TOO_EARLY},
    transcript::Call,
};
use crate::{
    event::{Budget, Fact, Outcome},
    stage,
    tool::{self, Stopped},
};
use chrono::Utc;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often the same call may fail before the model is told so.
const SAME_FAILURES: u32 = 3;
/// The longest that a question waits when it does not say so itself.
const PATIENCE: u64 = 30 * 60;
/// How long a tool that was stopped may take to say what came of it.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// What a call that did not come to its end is answered with, before what it had to say.
pub(super) const INTERRUPTED: &str = "the user interrupted this call.";
pub(super) const OUT_OF_TIME: &str = "the time was used up.";

/// How a call came to its end.
enum Came {
    Answered(tool::Outcome),
    /// The user wants to be heard first.
    Interrupted(Option<tool::Outcome>),
    /// The time for the run or the session is used up.
    OutOfTime(Option<tool::Outcome>),
}

impl Loop {
    pub(super) async fn call(&mut self, call: Call) -> Result<Step, Stopped> {
        let begun = Instant::now();
        // A question that was asked before a restart goes on waiting.
        if self.transcript.asked(&call.id).is_some() {
            return self.wait_for_answer(&call, begun).await;
        }
        self.record(vec![started(&call)]).await?;
        match self.carried_out(&call).await? {
            Came::Answered(outcome) => self.came_to(&call, outcome, begun).await,
            Came::Interrupted(outcome) => {
                let output = format!("{INTERRUPTED}\n{}", said(outcome));
                self.ended(&call, output, true, begun).await?;
                self.skip_the_rest().await?;
                Ok(Step::GoOn)
            }
            Came::OutOfTime(outcome) => {
                let output = format!("{OUT_OF_TIME}\n{}", said(outcome));
                self.ended(&call, output, true, begun).await?;
                Ok(Step::GoOn)
            }
        }
    }

    /// Runs the tool until it answers, the user interrupts or the time is up.
    async fn carried_out(&mut self, call: &Call) -> Result<Came, Stopped> {
        let at = self.specs.iter().position(|spec| spec.name == call.tool);
        let Some(found) = at.and_then(|at| self.tools.get(at)) else {
            let names: Vec<_> = self.specs.iter().map(|spec| format!("`{}`", spec.name)).collect();
            let output =
                format!("there is no tool `{}`; the tools are {}", call.tool, names.join(", "));
            return Ok(Came::Answered(tool::Outcome::Continue { output, is_error: true }));
        };
        let stop = CancellationToken::new();
        let order = tool::Call {
            id: &call.id,
            input: call.input.clone(),
            seconds: allowed_seconds(&self.ledger, 1),
            stop: stop.clone(),
        };
        let work = found.call(&self.cx, order);
        tokio::pin!(work);
        let interrupted = tokio::select! {
            outcome = &mut work => return Ok(Came::Answered(outcome?)),
            () = self.cx.cancel.cancelled() => return Err(Stopped),
            () = self.hearing.interruption() => true,
            () = self.ledger.out_of_time() => false,
        };
        // Stopped politely, the tool says what came of it until then.
        stop.cancel();
        let outcome = match tokio::time::timeout(GRACE, work).await {
            Ok(outcome) => Some(outcome?),
            Err(_) => {
                if let Some(end) = self.executed.cut_off(&call.id) {
                    self.cx.facts.record(vec![end]).await?;
                }
                None
            }
        };
        Ok(if interrupted { Came::Interrupted(outcome) } else { Came::OutOfTime(outcome) })
    }

    async fn came_to(
        &mut self,
        call: &Call,
        outcome: tool::Outcome,
        begun: Instant,
    ) -> Result<Step, Stopped> {
        match outcome {
            tool::Outcome::Continue { output, is_error } => {
                self.ended(call, output, is_error, begun).await?;
                self.repeated(call, is_error).await
            }
            tool::Outcome::Ask { question, options, default, timeout_s } => {
                let limit = self.ledger.budgets().question_seconds;
                let asked = Fact::QuestionAsked {
                    call_id: call.id.clone(),
                    question,
                    options,
                    default: Some(default),
                    timeout_s: Some(timeout_s.unwrap_or(PATIENCE).min(limit)),
                };
                self.record(vec![asked]).await?;
                self.cx.facts.settle().await?;
                self.wait_for_answer(call, begun).await
            }
            tool::Outcome::Finish { summary } => {
                let (output, is_error, end) = self.finish(summary).await?;
                self.ended(call, output, is_error, begun).await?;
                match end {
                    Some(outcome) => {
                        self.cx.facts.settle().await?;
                        Ok(Step::End(outcome))
                    }
                    None => self.repeated(call, is_error).await,
                }
            }
        }
    }

    async fn ended(
        &mut self,
        call: &Call,
        output: String,
        is_error: bool,
        begun: Instant,
    ) -> Result<(), Stopped> {
        self.record(vec![answered(call, &output, is_error, begun)]).await
    }

    /// Waits for the user's answer, or for the time at which the default is taken.
    async fn wait_for_answer(&mut self, call: &Call, begun: Instant) -> Result<Step, Stopped> {
        let Some(asked) = self.transcript.asked(&call.id).cloned() else {
            return Ok(Step::GoOn);
        };
        let recorded = async {
            match asked.answer.clone() {
                Some(answer) => Some(answer),
                None => {
                    let model = &self.driver.model;
                    self.provider.recorded_answer(model, self.brief.stage, &call.id).await
                }
            }
        };
        let since = Instant::now();
        let answer = match recorded.await {
            Some(answer) => Some(Reply::Answer(answer)),
            None => {
                let left = asked.left(Utc::now()).unwrap_or(Duration::from_secs(PATIENCE));
                tokio::select! {
                    reply = self.hearing.reply(&call.id) => Some(reply),
                    () = self.cx.cancel.cancelled() => return Err(Stopped),
                    () = tokio::time::sleep(left) => {
                        // An answer that was taken in this very moment counts.
                        self.cx.facts.settle().await?;
                        self.hearing.answer(&call.id).map(Reply::Answer)
                    }
                }
            }
        };
        self.ledger.waited(since.elapsed());
        let default = asked.default.unwrap_or_default();
        let (output, interrupted) = match answer {
            Some(Reply::Answer(answer)) => (format!("The user answers: {answer}"), false),
            Some(Reply::Interruption) => {
                ("The user has something else to say first; read it.".to_owned(), true)
            }
            None => (format!("Nobody answered in time. Go on with your default: {default}"), false),
        };
        self.ended(call, output, false, begun).await?;
        if interrupted {
            self.skip_the_rest().await?;
        }
        Ok(Step::GoOn)
    }

    /// Answers the calls of this turn that have not begun: the user is heard first.
    pub(super) async fn skip_the_rest(&mut self) -> Result<(), Stopped> {
        for call in self.transcript.open().to_vec() {
            let Call { id: call_id, tool, input } = call;
            let output = "not run: the user interrupted; read what they say first".to_owned();
            let start = Fact::ToolStart { call_id: call_id.clone(), tool: tool.clone(), input };
            let end = Fact::ToolEnd { call_id, tool, output, is_error: true, duration_ms: 0 };
            self.record(vec![start, end]).await?;
        }
        Ok(())
    }

    /// A call that fails the same way again and again is pointed out, then ends the run.
    pub(super) async fn repeated(&mut self, call: &Call, is_error: bool) -> Result<Step, Stopped> {
        let times = self.patience.ended(patience::of_call(&call.tool, &call.input), is_error);
        if times > SAME_FAILURES {
            return Ok(Step::End(failed(format!(
                "the agent made the same failing call {times} times in a row; see its last output"
            ))));
        }
        if times == SAME_FAILURES {
            let text = format!(
                "You made the same failing call {times} times in a row. The same call will fail again \
                 and then end the stage: read its output and do something else."
            );
            self.notice(text).await?;
        }
        Ok(Step::GoOn)
    }

    /// The agent says it is done: look before believing it.
    async fn finish(
        &mut self,
        summary: String,
    ) -> Result<(String, bool, Option<Outcome>), Stopped> {
        let more = self.hearing.messages();
        if !more.is_empty() {
            more.into_iter().for_each(|text| self.transcript.user(text));
            let output = "not yet: the user has said something; read it, then finish".to_owned();
            return Ok((output, false, None));
        }
        let stage = self.cx.stage;
        let volume = Arc::clone(&self.cx.volume);
        let check = match stage::exit_check(stage, volume.as_ref()).await {
            Ok(check) => check,
            Err(error) => {
                return Ok((format!("the outputs could not be checked: {error}"), true, None));
            }
        };
        if !check.missing.is_empty() {
            let missing = check.missing.join("\n- ");
            self.patience.reminders += 1;
            let end = (self.patience.reminders > REMINDERS).then(|| {
                failed(format!(
                    "the stage's outputs are not complete: {}",
                    check.missing.join("; ")
                ))
            });
            return Ok((format!("{TOO_EARLY}\n- {missing}"), true, end));
        }
        let files = self.cx.known.lock().await.of(stage);
        match stage::closing(stage, volume.as_ref(), check, files).await {
            Ok(facts) => {
                self.record(facts).await?;
                Ok(("the stage is finished".into(), false, Some(Outcome::Done { summary })))
            }
            Err(error) => Ok((format!("the outputs could not be read: {error}"), true, None)),
        }
    }
}

pub(super) fn started(call: &Call) -> Fact {
    let Call { id, tool, input } = call.clone();
    Fact::ToolStart { call_id: id, tool, input }
}

pub(super) fn answered(call: &Call, output: &str, is_error: bool, begun: Instant) -> Fact {
    let duration_ms = begun.elapsed().as_millis() as u64;
    let (call_id, tool) = (call.id.clone(), call.tool.clone());
    // No text of ours has a NUL: PostgreSQL keeps none.
    let output = output.replace('\0', "\\x00");
    Fact::ToolEnd { call_id, tool, output, is_error, duration_ms }
}

/// Wall-clock seconds that each of so many executions may take now: what is left of all executions'
/// seconds may be less than the limit of one.
pub(super) fn allowed_seconds(ledger: &super::Ledger, executions: usize) -> u64 {
    let left = [Budget::StageSandboxSeconds, Budget::SessionSandboxSeconds];
    let left = left.into_iter().filter_map(|budget| ledger.left(budget));
    let left = left.fold(f64::INFINITY, f64::min) / executions.max(1) as f64;
    let left = left.ceil().max(1.0);
    // Floats above the range of integers become the largest one.
    ledger.budgets().execution_seconds.min(left as u64)
}

/// What a stopped tool still said.
pub(super) fn said(outcome: Option<tool::Outcome>) -> String {
    match outcome {
        Some(tool::Outcome::Continue { output, .. }) => output,
        Some(tool::Outcome::Ask { .. } | tool::Outcome::Finish { .. }) | None => String::new(),
    }
}
