//! What a run may take, and what it has taken: both pure data, folded from the log.

use super::{Fact, TokenUsage};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most that a run and its session may take. `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budgets {
    /// Calls of the model in this run.
    pub turns: u32,
    /// Wall-clock seconds of this run, without the time that a question waits for its answer.
    pub stage_seconds: u64,
    /// Wall-clock seconds of one execution.
    pub execution_seconds: u64,
    /// Memory of one execution, in MiB.
    pub memory_mib: u64,
    /// Tokens of this run, read and written, cached or not.
    #[serde(default)]
    pub stage_tokens: Option<u64>,
    /// USD of this run.
    #[serde(default)]
    pub stage_usd: Option<f64>,
    /// Wall-clock seconds of all executions of this run together.
    #[serde(default)]
    pub stage_sandbox_seconds: Option<u64>,
    /// Calls of the model in all runs of the session.
    #[serde(default)]
    pub session_turns: Option<u32>,
    /// Wall-clock seconds of all runs of the session.
    #[serde(default)]
    pub session_seconds: Option<u64>,
    /// Tokens of all runs of the session.
    #[serde(default)]
    pub session_tokens: Option<u64>,
    /// USD of all runs of the session.
    #[serde(default)]
    pub session_usd: Option<f64>,
    /// Wall-clock seconds of all executions of the session.
    #[serde(default)]
    pub session_sandbox_seconds: Option<u64>,
    /// The longest that a question waits for its answer, in seconds; 0 takes its default at once.
    #[serde(default = "question_seconds")]
    pub question_seconds: u64,
}

const fn question_seconds() -> u64 {
    24 * 3600
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            turns: 30,
            stage_seconds: 3600,
            execution_seconds: 600,
            memory_mib: 4096,
            stage_tokens: None,
            stage_usd: None,
            stage_sandbox_seconds: None,
            session_turns: None,
            session_seconds: None,
            session_tokens: None,
            session_usd: Some(5.0),
            session_sandbox_seconds: None,
            question_seconds: question_seconds(),
        }
    }
}

/// One of the budgets, by the name that events use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    Turns,
    StageSeconds,
    StageTokens,
    StageUsd,
    StageSandboxSeconds,
    SessionTurns,
    SessionSeconds,
    SessionTokens,
    SessionUsd,
    SessionSandboxSeconds,
}

impl Budget {
    /// Every budget, in the order in which they are looked at.
    pub const ALL: [Budget; 10] = [
        Budget::Turns,
        Budget::StageSeconds,
        Budget::StageTokens,
        Budget::StageUsd,
        Budget::StageSandboxSeconds,
        Budget::SessionTurns,
        Budget::SessionSeconds,
        Budget::SessionTokens,
        Budget::SessionUsd,
        Budget::SessionSandboxSeconds,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Budget::Turns => "turns",
            Budget::StageSeconds => "stage_seconds",
            Budget::StageTokens => "stage_tokens",
            Budget::StageUsd => "stage_usd",
            Budget::StageSandboxSeconds => "stage_sandbox_seconds",
            Budget::SessionTurns => "session_turns",
            Budget::SessionSeconds => "session_seconds",
            Budget::SessionTokens => "session_tokens",
            Budget::SessionUsd => "session_usd",
            Budget::SessionSandboxSeconds => "session_sandbox_seconds",
        }
    }

    /// Its limit, when it has one.
    pub fn limit(self, budgets: &Budgets) -> Option<f64> {
        let whole = |limit: Option<u64>| limit.map(|limit| limit as f64);
        match self {
            Budget::Turns => Some(f64::from(budgets.turns)),
            Budget::StageSeconds => Some(budgets.stage_seconds as f64),
            Budget::StageTokens => whole(budgets.stage_tokens),
            Budget::StageUsd => budgets.stage_usd,
            Budget::StageSandboxSeconds => whole(budgets.stage_sandbox_seconds),
            Budget::SessionTurns => budgets.session_turns.map(f64::from),
            Budget::SessionSeconds => whole(budgets.session_seconds),
            Budget::SessionTokens => whole(budgets.session_tokens),
            Budget::SessionUsd => budgets.session_usd,
            Budget::SessionSandboxSeconds => whole(budgets.session_sandbox_seconds),
        }
    }

    /// What was taken of it: by this run, or by the session with this run.
    pub fn taken(self, run: &Spent, before: &Spent) -> f64 {
        match self {
            Budget::Turns => f64::from(run.turns),
            Budget::StageSeconds => run.seconds,
            Budget::StageTokens => run.tokens() as f64,
            Budget::StageUsd => run.usd,
            Budget::StageSandboxSeconds => run.sandbox_seconds,
            Budget::SessionTurns => f64::from(run.turns.saturating_add(before.turns)),
            Budget::SessionSeconds => run.seconds + before.seconds,
            Budget::SessionTokens => run.tokens().saturating_add(before.tokens()) as f64,
            Budget::SessionUsd => run.usd + before.usd,
            Budget::SessionSandboxSeconds => run.sandbox_seconds + before.sandbox_seconds,
        }
    }

    /// An amount of it in words, such as `12 turns` or `USD 4.10`.
    pub fn words(self, amount: f64) -> String {
        match self {
            Budget::Turns | Budget::SessionTurns => format!("{amount:.0} turns"),
            Budget::StageSeconds | Budget::SessionSeconds => duration(amount),
            Budget::StageTokens | Budget::SessionTokens => format!("{amount:.0} tokens"),
            Budget::StageUsd | Budget::SessionUsd => format!("USD {amount:.2}"),
            Budget::StageSandboxSeconds | Budget::SessionSandboxSeconds => {
                format!("{} of executions", duration(amount))
            }
        }
    }

    /// What it limits: the stage or the whole session.
    pub const fn scope(self) -> &'static str {
        match self {
            Budget::Turns
            | Budget::StageSeconds
            | Budget::StageTokens
            | Budget::StageUsd
            | Budget::StageSandboxSeconds => "stage",
            Budget::SessionTurns
            | Budget::SessionSeconds
            | Budget::SessionTokens
            | Budget::SessionUsd
            | Budget::SessionSandboxSeconds => "session",
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A sum, bit for bit: read back from decimals it could differ in its last digit.
mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(sum: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(sum.to_bits())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        u64::deserialize(from).map(f64::from_bits)
    }
}

fn duration(seconds: f64) -> String {
    if seconds >= 120.0 {
        format!("{:.0} minutes", seconds / 60.0)
    } else {
        format!("{seconds:.0} s")
    }
}

/// What was taken, folded from facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    pub turns: u32,
    pub usage: TokenUsage,
    /// USD of the turns whose price is known.
    #[serde(with = "bits")]
    pub usd: f64,
    /// Turns that consumed tokens of unknown price.
    pub unpriced_turns: u32,
    /// Wall-clock seconds of work; waiting for an answer does not count.
    #[serde(with = "bits")]
    pub seconds: f64,
    /// Wall-clock seconds of executions; waiting for a place does not count.
    #[serde(with = "bits")]
    pub sandbox_seconds: f64,
    /// CPU seconds of executions.
    #[serde(with = "bits")]
    pub cpu_seconds: f64,
}

impl Spent {
    /// Takes in one fact of the run.
    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::TurnStarted { elapsed_s, .. } => self.seconds = self.seconds.max(*elapsed_s),
            Fact::UsageRecorded { usage, cost_usd, broken, .. } => {
                self.turns = self.turns.saturating_add(u32::from(!broken));
                self.usage.add(usage);
                match cost_usd {
                    Some(cost) => self.usd += cost,
                    None => self.unpriced_turns += 1,
                }
            }
            Fact::ExecutionEnded { ending, .. } => {
                self.sandbox_seconds += ending.duration_ms as f64 / 1000.0;
                self.cpu_seconds += ending.cpu_seconds.max(0.0);
                // What is not finite came from no price.
                let cost = ending.cost_usd.filter(|cost| cost.is_finite());
                self.usd += cost.unwrap_or(0.0).max(0.0);
            }
            Fact::TurnEnded { .. }
            | Fact::AgentMessage { .. }
            | Fact::Notice { .. }
            | Fact::ToolStart { .. }
            | Fact::ToolEnd { .. }
            | Fact::ExecutionStarted { .. }
            | Fact::ExecutionWaiting { .. }
            | Fact::ExecutionPlaced { .. }
            | Fact::CodeOutput { .. }
            | Fact::FileCreated { .. }
            | Fact::FileChanged { .. }
            | Fact::FilesRefused { .. }
            | Fact::MetricsBatch { .. }
            | Fact::ChartConfig { .. }
            | Fact::LogRecord { .. }
            | Fact::PlanUpdated { .. }
            | Fact::QuestionAsked { .. }
            | Fact::BudgetWarning { .. }
            | Fact::BudgetExceeded { .. }
            | Fact::ContextCondensed { .. }
            | Fact::AgentError { .. }
            | Fact::DatasetDescribed { .. }
            | Fact::ReportReady { .. }
            | Fact::FilesReady { .. }
            | Fact::ValidationResult { .. }
            | Fact::DatasetProcessed { .. } => {}
        }
    }

    /// Both together.
    pub fn plus(mut self, other: &Spent) -> Self {
        self.turns = self.turns.saturating_add(other.turns);
        self.usage.add(&other.usage);
        self.usd += other.usd;
        self.unpriced_turns += other.unpriced_turns;
        self.seconds += other.seconds;
        self.sandbox_seconds += other.sandbox_seconds;
        self.cpu_seconds += other.cpu_seconds;
        self
    }

    /// This without a part of it.
    pub fn minus(mut self, part: &Spent) -> Self {
        self.turns = self.turns.saturating_sub(part.turns);
        self.usage = TokenUsage {
            input: self.usage.input.saturating_sub(part.usage.input),
            output: self.usage.output.saturating_sub(part.usage.output),
            cache_read: self.usage.cache_read.saturating_sub(part.usage.cache_read),
            cache_write: self.usage.cache_write.saturating_sub(part.usage.cache_write),
            estimated: self.usage.estimated,
        };
        self.usd = (self.usd - part.usd).max(0.0);
        self.unpriced_turns = self.unpriced_turns.saturating_sub(part.unpriced_turns);
        self.seconds = (self.seconds - part.seconds).max(0.0);
        self.sandbox_seconds = (self.sandbox_seconds - part.sandbox_seconds).max(0.0);
        self.cpu_seconds = (self.cpu_seconds - part.cpu_seconds).max(0.0);
        self
    }

    /// Tokens read and written, cached or not.
    pub fn tokens(&self) -> u64 {
        self.usage.read().saturating_add(self.usage.output)
    }

    /// USD; `None` when some turn's price is unknown.
    pub fn cost_usd(&self) -> Option<f64> {
        (self.unpriced_turns == 0).then_some(self.usd)
    }
}
