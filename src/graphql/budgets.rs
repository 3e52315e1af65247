//! The most that runs may take, and what was taken.

use super::{
    error::{Failure, UserError},
    scalars::Long,
};
use crate::{event, sandbox::Limits};
use async_graphql::{InputObject, SimpleObject};

/// The most that a run and its session may take. Null is no limit.
#[derive(Clone, SimpleObject)]
pub struct Budgets {
    /// Calls of the model in the run.
    pub turns: i32,
    /// Wall-clock seconds of the run; waiting for an answer does not count.
    pub stage_seconds: Long,
    /// Wall-clock seconds of one execution.
    pub execution_seconds: Long,
    /// MiB of memory of one execution.
    pub memory_mib: Long,
    /// Tokens of the run, read and written, cached or not.
    pub stage_tokens: Option<Long>,
    /// USD of the run.
    pub stage_usd: Option<f64>,
    /// Wall-clock seconds of all executions of the run.
    pub stage_sandbox_seconds: Option<Long>,
    /// Calls of the model in all runs of the session.
    pub session_turns: Option<i32>,
    /// Wall-clock seconds of all runs of the session.
    pub session_seconds: Option<Long>,
    /// Tokens of all runs of the session.
    pub session_tokens: Option<Long>,
    /// USD of all runs of the session.
    pub session_usd: Option<f64>,
    /// Wall-clock seconds of all executions of the session.
    pub session_sandbox_seconds: Option<Long>,
    /// Seconds that a question waits for its answer at most; then its default is taken.
    pub question_seconds: Long,
}

impl From<event::Budgets> for Budgets {
    fn from(budgets: event::Budgets) -> Self {
        Self {
            turns: whole(budgets.turns),
            stage_seconds: budgets.stage_seconds.into(),
            execution_seconds: budgets.execution_seconds.into(),
            memory_mib: budgets.memory_mib.into(),
            stage_tokens: budgets.stage_tokens.map(Long::from),
            stage_usd: budgets.stage_usd,
            stage_sandbox_seconds: budgets.stage_sandbox_seconds.map(Long::from),
            session_turns: budgets.session_turns.map(whole),
            session_seconds: budgets.session_seconds.map(Long::from),
            session_tokens: budgets.session_tokens.map(Long::from),
            session_usd: budgets.session_usd,
            session_sandbox_seconds: budgets.session_sandbox_seconds.map(Long::from),
            question_seconds: budgets.question_seconds.into(),
        }
    }
}

/// The most that a run and its session may take. What is absent keeps its value or takes its
/// default; 0 is no limit where there can be none.
#[derive(InputObject)]
pub struct BudgetsInput {
    /// Calls of the model: 1 to 1000; 30 by default.
    turns: Option<i32>,
    /// Wall-clock seconds of the run: 10 to 86400; 3600 by default.
    stage_seconds: Option<i32>,
    /// Wall-clock seconds of one execution: 1 to 86400; 600 by default.
    execution_seconds: Option<i32>,
    /// MiB of memory of one execution: 256 to what the operator allows, which is the default.
    memory_mib: Option<i32>,
    /// Tokens of the run; no limit by default.
    stage_tokens: Option<Long>,
    /// USD of the run; no limit by default.
    stage_usd: Option<f64>,
    /// Wall-clock seconds of all executions of the run; no limit by default.
    stage_sandbox_seconds: Option<Long>,
    /// Calls of the model in all runs of the session; no limit by default.
    session_turns: Option<i32>,
    /// Wall-clock seconds of all runs of the session; no limit by default.
    session_seconds: Option<Long>,
    /// Tokens of all runs of the session; no limit by default.
    session_tokens: Option<Long>,
    /// USD of all runs of the session; 5 by default.
    session_usd: Option<f64>,
    /// Wall-clock seconds of all executions of the session; no limit by default.
    session_sandbox_seconds: Option<Long>,
    /// Seconds that a question waits for its answer at most: 0 to 604800; a day by default.
    question_seconds: Option<i32>,
}

impl BudgetsInput {
    /// What was asked for over what holds now, within what the operator allows.
    pub fn over(
        &self,
        mut budgets: event::Budgets,
        allowed: &event::Budgets,
    ) -> Result<event::Budgets, Failure> {
        let least = Limits::LEAST_MEMORY_MIB as i32;
        let memory = i32::try_from(allowed.memory_mib).unwrap_or(i32::MAX);
        let set = |field: &'static str, value: Option<i32>, from: i32, to: i32, was: u64| {
            ranged(field, value, from, to).map(|value| value.map_or(was, u64::from))
        };
        budgets.turns = ranged("turns", self.turns, 1, 1000)?.unwrap_or(budgets.turns);
        budgets.stage_seconds =
            set("stageSeconds", self.stage_seconds, 10, 86_400, budgets.stage_seconds)?;
        budgets.execution_seconds =
            set("executionSeconds", self.execution_seconds, 1, 86_400, budgets.execution_seconds)?;
        budgets.memory_mib = set("memoryMib", self.memory_mib, least, memory, budgets.memory_mib)?;
        budgets.question_seconds =
            set("questionSeconds", self.question_seconds, 0, 604_800, budgets.question_seconds)?;
        let turns = self.session_turns.map(|turns| Long(turns.into()));
        if let Some(turns) = count("sessionTurns", turns)? {
            budgets.session_turns = turns.map(|turns| u32::try_from(turns).unwrap_or(u32::MAX));
        }
        for (field, given, limit) in [
            ("stageTokens", self.stage_tokens, &mut budgets.stage_tokens),
            ("stageSandboxSeconds", self.stage_sandbox_seconds, &mut budgets.stage_sandbox_seconds),
            ("sessionSeconds", self.session_seconds, &mut budgets.session_seconds),
            ("sessionTokens", self.session_tokens, &mut budgets.session_tokens),
            (
                "sessionSandboxSeconds",
                self.session_sandbox_seconds,
                &mut budgets.session_sandbox_seconds,
            ),
        ] {
            *limit = count(field, given)?.unwrap_or(*limit);
        }
        for (field, given, limit) in [
            ("stageUsd", self.stage_usd, &mut budgets.stage_usd),
            ("sessionUsd", self.session_usd, &mut budgets.session_usd),
        ] {
            *limit = money(field, given)?.unwrap_or(*limit);
        }
        Ok(budgets)
    }
}

fn ranged(field: &str, value: Option<i32>, from: i32, to: i32) -> Result<Option<u32>, Failure> {
    match value {
        Some(value) if !(from..=to).contains(&value) => {
            let message = format!("`{field}` goes from {from} to {to}");
            Err(UserError::invalid(&["budgets", field], message).into())
        }
        Some(value) => Ok(Some(value.unsigned_abs())),
        None => Ok(None),
    }
}

/// A count; 0 is no limit.
fn count(field: &str, value: Option<Long>) -> Result<Option<Option<u64>>, Failure> {
    let Some(value) = value else { return Ok(None) };
    match u64::try_from(value.0) {
        Ok(value) => Ok(Some((value > 0).then_some(value))),
        Err(_) => {
            let message = format!("`{field}` is a whole number from 0, which is no limit");
            Err(UserError::invalid(&["budgets", field], message).into())
        }
    }
}

/// USD; 0 is no limit.
fn money(field: &str, value: Option<f64>) -> Result<Option<Option<f64>>, Failure> {
    match value {
        Some(value) if !(value.is_finite() && (0.0..=1e6).contains(&value)) => {
            let message = format!("`{field}` goes from 0, which is no limit, to 1000000 USD");
            Err(UserError::invalid(&["budgets", field], message).into())
        }
        Some(value) => Ok(Some((value > 0.0).then_some(value))),
        None => Ok(None),
    }
}

/// What a session has taken in all.
#[derive(Clone, SimpleObject)]
pub struct Spent {
    /// Calls of a model.
    turns: i32,
    /// Tokens read and written, cached or not.
    tokens: Long,
    /// USD of turns, and of executions where sandboxes are rented; null when the price of a turn is unknown.
    cost_usd: Option<f64>,
    /// Wall-clock seconds of work; waiting for an answer does not count.
    seconds: f64,
    /// Wall-clock seconds of executions; waiting for a place does not count.
    sandbox_seconds: f64,
    /// CPU seconds of executions, of all their processes together.
    cpu_seconds: f64,
    /// The share of the tokens read that came from the provider's cache; null when none was read.
    cached_share: Option<f64>,
    /// The provider did not count the tokens of some turn; they were estimated from the texts.
    estimated: bool,
}

impl From<event::Spent> for Spent {
    fn from(spent: event::Spent) -> Self {
        let read = spent.usage.read();
        Self {
            turns: whole(spent.turns),
            tokens: spent.tokens().into(),
            cost_usd: spent.cost_usd(),
            seconds: spent.seconds,
            sandbox_seconds: spent.sandbox_seconds,
            cpu_seconds: if spent.cpu_seconds.is_finite() { spent.cpu_seconds } else { 0.0 },
            cached_share: (read > 0).then(|| spent.usage.cache_read as f64 / read as f64),
            estimated: spent.usage.estimated,
        }
    }
}

fn whole(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
