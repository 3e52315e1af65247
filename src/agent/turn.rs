//! One turn: one model call with its attempts, and what its end means.

use super::{Loop, Step, Task, failed};
use crate::{
    event::{Budget, Fact, TextDelta, TokenUsage},
    llm::{Block, Completion, Delta, ErrorKind, LlmError, Request, StopReason, Usage},
    tool::Stopped,
};
use entity::ids::MessageId;
use futures::StreamExt;
use std::time::Duration;

/// The longest answer that is asked for, in tokens, where the model's own limit is not lower.
const MAX_TOKENS: u64 = 32_768;
/// The shortest answer that makes sense, in tokens.
const MIN_TOKENS: u64 = 1_024;
/// The same for a model that nobody knows: many refuse to be asked for more.
const UNKNOWN_TOKENS: u64 = 8_192;
/// How often one turn is condensed further because the provider finds it too long.
const SQUEEZES: u32 = 4;

/// How an attempt came to its end.
enum Came {
    Whole(Completion),
    Broke(LlmError),
    /// The user wants to be heard first.
    Interrupted,
    OutOfTime,
}

impl Loop {
    pub(super) async fn turn(&mut self) -> Result<Step, Stopped> {
        let turn = self.transcript.turns() + 1;
        let mut attempt = self.transcript.next_attempt();
        let mut squeezes = 0;
        loop {
            for text in self.hearing.messages() {
                self.transcript.user(text);
            }
            self.condense().await?;
            match self.attempt(turn, &mut attempt).await? {
                Came::Whole(completion) => return self.said(turn, attempt, completion).await,
                Came::OutOfTime => {
                    return Ok(match self.budgets(&Budget::ALL).await? {
                        Some(outcome) => Step::End(outcome),
                        None => Step::GoOn,
                    });
                }
                Came::Interrupted => {
                    self.progress("the answer was stopped to hear you first".into()).await?
                }
                Came::Broke(error)
                    if error.kind == ErrorKind::ContextOverflow && squeezes < SQUEEZES =>
                {
                    squeezes += 1;
                    self.narrow();
                    let message = format!("{}; trying again with less of the past", error.message);
                    self.record(vec![Fact::AgentError { message, retryable: true }]).await?;
                }
                Came::Broke(error) => return self.broken(error).await,
            }
            attempt += 1;
        }
    }

    async fn broken(&mut self, error: LlmError) -> Result<Step, Stopped> {
        let retryable = error.kind.is_passing();
        let message = error.message;
        self.record(vec![Fact::AgentError { message: message.clone(), retryable }]).await?;
        self.cx.facts.settle().await?;
        Ok(Step::End(failed(message)))
    }

    /// The provider found a request too long: its window is narrower than was thought.
    fn narrow(&mut self) {
        self.window = (self.window.min(self.transcript.need()) / 2).max(MIN_TOKENS);
    }

    /// Shows the model less of the past when the next request would come near its window.
    async fn condense(&mut self) -> Result<(), Stopped> {
        let (window, answer) = (self.window, self.longest_answer());
        if let Some(condensation) = self.transcript.fit(window, answer) {
            let fact = Fact::ContextCondensed {
                results_through: condensation.results_through,
                summary_through: condensation.summary_through,
            };
            self.record(vec![fact]).await?;
        }
        Ok(())
    }

    /// Tokens that the answer may take: the model's own limit, and what is left of the budgets.
    fn longest_answer(&self) -> u64 {
        let own = self.model.max_output_tokens.unwrap_or(UNKNOWN_TOKENS);
        let mut most = own.min(MAX_TOKENS).min(self.window / 4);
        for budget in [Budget::StageTokens, Budget::SessionTokens] {
            if let Some(left) = self.ledger.left(budget) {
                most = most.min(left as u64);
            }
        }
        if let Some(price) = &self.model.price {
            for budget in [Budget::StageUsd, Budget::SessionUsd] {
                if let Some(left) = self.ledger.left(budget) {
                    most = most.min((left / price.output * 1e6) as u64);
                }
            }
        }
        most.max(MIN_TOKENS.min(self.window / 2))
    }

    fn request(&mut self, turn: u32) -> Request {
        let mut brief = self.brief.clone();
        let turns = self.ledger.left(Budget::Turns).unwrap_or_default();
        brief.turns_left = turns as u32;
        Request {
            model: self.driver.model.clone(),
            system: self.system.to_owned(),
            messages: self.transcript.messages(),
            tools: self.specs.clone(),
            brief,
            turn,
            max_tokens: self.longest_answer() as u32,
            effort: self.driver.effort,
        }
    }

    async fn begin(&mut self, turn: u32, attempt: u32, again: bool) -> Result<(), Stopped> {
        let elapsed_s = self.ledger.elapsed();
        self.record(vec![Fact::TurnStarted { turn, attempt, elapsed_s, again }]).await
    }

    /// Follows one answer to its end, through the attempts that the provider's wrappers make.
    async fn attempt(&mut self, turn: u32, attempt: &mut u32) -> Result<Came, Stopped> {
        self.begin(turn, *attempt, false).await?;
        let request = self.request(turn);
        let opening = self.provider.stream(request);
        let mut stream = tokio::select! {
            stream = opening => match stream {
                Ok(stream) => stream,
                Err(error) => return Ok(Came::Broke(error)),
            },
            () = self.cx.cancel.cancelled() => return Err(Stopped),
            () = self.hearing.interruption() => return Ok(Came::Interrupted),
            () = self.ledger.out_of_time() => return Ok(Came::OutOfTime),
        };
        let (mut offset, mut spent) = (0, Usage::default());
        let came = loop {
            let delta = tokio::select! {
                biased;
                () = self.cx.cancel.cancelled() => return Err(Stopped),
                delta = stream.next() => delta,
                () = self.hearing.interruption() => break Came::Interrupted,
                () = self.ledger.out_of_time() => break Came::OutOfTime,
            };
            match delta {
                Some(Ok(Delta::Text(text))) => {
                    let length = text.chars().count() as u64;
                    let attempt = *attempt;
                    self.cx.facts.provisional(TextDelta { turn, attempt, offset, text });
                    offset += length;
                }
                Some(Ok(Delta::Working)) => {}
                Some(Ok(Delta::Spent(usage))) => spent = usage,
                Some(Ok(Delta::Note(text))) => self.progress(text).await?,
                Some(Ok(Delta::Again { error, wait })) => {
                    self.wasted(turn, std::mem::take(&mut spent)).await?;
                    self.again(error, wait).await?;
                    *attempt += 1;
                    offset = 0;
                    self.begin(turn, *attempt, true).await?;
                }
                Some(Ok(Delta::Done(completion))) => return Ok(Came::Whole(completion)),
                Some(Err(error)) => break Came::Broke(error),
                None => {
                    let error = LlmError::new(ErrorKind::Broken, "the provider's answer broke off");
                    break Came::Broke(error);
                }
            }
        };
        self.wasted(turn, spent).await?;
        Ok(came)
    }

    /// What an attempt consumed that came to nothing.
    async fn wasted(&mut self, turn: u32, usage: Usage) -> Result<(), Stopped> {
        if usage.is_zero() {
            return Ok(());
        }
        let cost_usd = self.cost(&usage);
        let usage = counted(&usage);
        self.record(vec![Fact::UsageRecorded { turn, usage, cost_usd, broken: true }]).await
    }

    async fn again(&mut self, error: LlmError, wait: Duration) -> Result<(), Stopped> {
        let seconds = wait.as_secs_f64();
        let message = format!("{}; trying again in {seconds:.0} s", error.message);
        self.record(vec![Fact::AgentError { message, retryable: true }]).await
    }

    /// Records a whole turn; its tools run only when it is durable.
    async fn said(
        &mut self,
        turn: u32,
        attempt: u32,
        completion: Completion,
    ) -> Result<Step, Stopped> {
        let Completion { blocks, stop, usage } = completion;
        let text = words(&blocks);
        let cost_usd = self.cost(&usage);
        let usage = counted(&usage);
        let mut facts = vec![Fact::TurnEnded {
            turn,
            attempt,
            blocks: blocks.iter().filter_map(|block| serde_json::to_value(block).ok()).collect(),
            stop_reason: stop.as_str().to_owned(),
            usage,
        }];
        if !text.is_empty() {
            facts.push(Fact::AgentMessage { id: MessageId::new(), turn, text: text.clone() });
            self.last_words = text;
        }
        facts.push(Fact::UsageRecorded { turn, usage, cost_usd, broken: false });
        self.record(facts).await?;
        self.cx.facts.settle().await?;
        self.after(stop).await
    }

    /// USD of a turn; `None` when tokens were consumed and their price is unknown.
    fn cost(&self, usage: &Usage) -> Option<f64> {
        // Nothing consumed costs nothing, whatever the price.
        if usage.is_zero() {
            return Some(0.0);
        }
        self.model.price.as_ref().map(|price| price.cost(usage))
    }

    /// What the end of an answer means for the run.
    async fn after(&mut self, stop: StopReason) -> Result<Step, Stopped> {
        match stop {
            // What was cut off is said; whole calls run first.
            StopReason::MaxTokens => {
                self.notice(
                    "Your answer reached its limit and was cut off there; a call that was not whole \
                     was not run. Go on from where it stopped, in smaller pieces."
                        .into(),
                )
                .await?;
                Ok(Step::GoOn)
            }
            StopReason::ContextOverflow => {
                self.narrow();
                self.condense().await?;
                self.notice(
                    "Your answer was cut off at the end of your context window; less of the past is \
                     shown from here on. Go on from where it stopped."
                        .into(),
                )
                .await?;
                Ok(Step::GoOn)
            }
            // The same messages again let it go on.
            StopReason::PauseTurn => Ok(Step::GoOn),
            StopReason::Refusal => {
                let words = match self.last_words.trim() {
                    "" => "it gave no reason",
                    words => words,
                };
                Ok(Step::End(failed(format!(
                    "the model refused to go on ({words}); say it differently or choose another model"
                ))))
            }
            StopReason::EndTurn | StopReason::ToolUse if !self.transcript.open().is_empty() => {
                Ok(Step::GoOn)
            }
            StopReason::EndTurn | StopReason::ToolUse => match self.task {
                Task::Stage => self.remind().await,
                Task::FollowUp { .. } => self.answered().await,
            },
        }
    }

    /// A follow-up has said its words; what the user said meanwhile is answered too.
    async fn answered(&mut self) -> Result<Step, Stopped> {
        let more = self.hearing.messages();
        if !more.is_empty() {
            for text in more {
                self.transcript.user(text);
            }
            return Ok(Step::GoOn);
        }
        let summary = self.last_words.clone();
        Ok(Step::End(crate::event::Outcome::Done { summary }))
    }
}

fn counted(usage: &Usage) -> TokenUsage {
    TokenUsage {
        input: usage.input_tokens,
        output: usage.output_tokens,
        cache_read: usage.cache_read_tokens,
        cache_write: usage.cache_write_tokens,
        estimated: usage.estimated,
    }
}

/// The text blocks of a turn, as people read them.
fn words(blocks: &[Block]) -> String {
    let texts = blocks.iter().filter_map(|block| match block {
        Block::Text { text } if !text.trim().is_empty() => Some(text.as_str()),
        Block::Text { .. } | Block::ToolUse { .. } | Block::Opaque { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n\n").replace('\0', "\\x00")
}
