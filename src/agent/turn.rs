//! One turn: one model call, attempted again when the provider fails in passing.

use super::{Loop, Step, failed};
use crate::{
    event::{Fact, TextDelta, TokenUsage},
    llm::{Block, Completion, Delta, ErrorKind, LlmError, Request},
    stage,
    tool::Stopped,
};
use entity::ids::MessageId;
use futures::StreamExt;
use std::time::Duration;

/// Attempts of one turn. A turn has no effects, so another attempt is safe.
const ATTEMPTS: u32 = 3;
/// The wait before the second attempt; it doubles.
const BACKOFF: Duration = Duration::from_secs(1);
/// The longest answer that is asked for, in tokens.
const MAX_TOKENS: u32 = 16_384;

impl Loop {
    pub(super) async fn turn(&mut self) -> Result<Step, Stopped> {
        let turn = self.transcript.turns() + 1;
        while let Ok(text) = self.run.steering.try_recv() {
            self.transcript.user(text);
        }
        let first = self.transcript.next_attempt();
        let mut wait = BACKOFF;
        for attempt in first..first + ATTEMPTS {
            self.record(vec![Fact::TurnStarted { turn, attempt }]).await?;
            match self.attempt(turn, attempt).await? {
                Ok(completion) => {
                    self.said(turn, attempt, completion).await?;
                    return Ok(Step::GoOn);
                }
                Err(error) if !error.kind.is_passing() => {
                    return self.broken(error.message, false).await;
                }
                Err(error) if attempt + 1 == first + ATTEMPTS => {
                    return self.broken(error.message, true).await;
                }
                Err(LlmError { message, .. }) => {
                    self.record(vec![Fact::AgentError { message, retryable: true }]).await?;
                    tokio::select! {
                        () = self.run.cx.cancel.cancelled() => return Err(Stopped),
                        () = tokio::time::sleep(wait) => wait *= 2,
                    }
                }
            }
        }
        self.broken("the provider gave no answer".into(), true).await
    }

    async fn broken(&mut self, message: String, retryable: bool) -> Result<Step, Stopped> {
        self.record(vec![Fact::AgentError { message: message.clone(), retryable }]).await?;
        self.run.cx.facts.settle().await?;
        Ok(Step::End(failed(message)))
    }

    async fn attempt(
        &mut self,
        turn: u32,
        attempt: u32,
    ) -> Result<Result<Completion, LlmError>, Stopped> {
        let mut brief = self.run.brief.clone();
        brief.turns_left = self.run.budgets.turns.saturating_sub(turn - 1);
        let request = Request {
            model: self.run.model.clone(),
            system: stage::prompt(brief.stage).to_owned(),
            messages: self.transcript.messages(),
            tools: self.specs.clone(),
            brief,
            turn,
            max_tokens: MAX_TOKENS,
            effort: None,
        };
        let work = async {
            let mut stream = self.run.provider.stream(request).await?;
            let mut offset = 0;
            while let Some(delta) = stream.next().await {
                match delta? {
                    Delta::Text(text) => {
                        let length = text.chars().count() as u64;
                        self.run.cx.facts.provisional(TextDelta { turn, attempt, offset, text });
                        offset += length;
                    }
                    Delta::Working | Delta::Note(_) | Delta::Again { .. } => {}
                    Delta::Done(completion) => return Ok(completion),
                }
            }
            Err(LlmError::new(ErrorKind::Broken, "the provider's answer broke off"))
        };
        tokio::select! {
            () = self.run.cx.cancel.cancelled() => Err(Stopped),
            result = work => Ok(result),
        }
    }

    /// Records a whole turn; its tools run only when it is durable.
    async fn said(
        &mut self,
        turn: u32,
        attempt: u32,
        completion: Completion,
    ) -> Result<(), Stopped> {
        let Completion { blocks, stop, usage } = completion;
        let texts = blocks.iter().filter_map(|block| match block {
            Block::Text { text } if !text.trim().is_empty() => Some(text.as_str()),
            Block::Text { .. } | Block::ToolUse { .. } | Block::Opaque { .. } => None,
        });
        let text = texts.collect::<Vec<_>>().join("\n\n").replace('\0', "\\x00");
        let usage = TokenUsage {
            input: usage.input_tokens,
            output: usage.output_tokens,
            cache_read: usage.cache_read_tokens,
            cache_write: usage.cache_write_tokens,
        };
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
        // Nothing consumed costs nothing, whatever the price; prices come with real models.
        let cost_usd = (usage == TokenUsage::default()).then_some(0.0);
        facts.push(Fact::UsageRecorded { turn, usage, cost_usd });
        self.record(facts).await?;
        self.run.cx.facts.settle().await
    }
}
