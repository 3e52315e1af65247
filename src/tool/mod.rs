//! What an agent may do: one file per tool.
//!
//! A tool acts on the stage's sandbox and volume, and records what happened through [`Facts`]. It
//! never imports the log or the store, and never decides how a stage ends.

mod ask_user;
mod ending;
mod execute_code;
mod execution;
mod files;
mod finish_stage;
mod input;
mod list_files;
mod output;
mod read_file;
mod record;
mod script;
#[cfg(test)]
mod tests;
mod update_plan;

use crate::{
    event::{Fact, TextDelta},
    llm::ToolSpec,
    sandbox::{Limits, Sandbox, Volume, VolumePath},
};
use async_trait::async_trait;
use entity::vocab::Stage;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tokio_util::sync::CancellationToken;

use input::{parse, spec};

pub use files::{KnownFiles, classify};
pub(crate) use output::{head, tail};

/// The folder of the session's volume that follow-ups write to.
pub const NOTES: &str = "notes";

/// Where facts go. The session implements it.
#[async_trait]
pub trait Facts: Send + Sync {
    /// Hands facts on, in order. Answers when they are accepted, which may wait while the session
    /// is behind; they are durable after [`Facts::settle`].
    async fn record(&self, facts: Vec<Fact>) -> Result<(), Stopped>;

    /// Answers when everything recorded before is durable.
    async fn settle(&self) -> Result<(), Stopped>;

    /// Shows text as it arrives to whoever watches now. Never stored, never waits.
    fn provisional(&self, delta: TextDelta);
}

/// The stage run is over: cancelled, or its session went away. Stop at once, quietly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stage run is over")]
pub struct Stopped;

/// What a tool acts on.
pub struct ToolContext {
    /// The stage that the run is, or is about.
    pub stage: Stage,
    /// The folder of the session's volume that the run writes to.
    pub folder: VolumePath,
    pub sandbox: Arc<dyn Sandbox>,
    /// The session's volume.
    pub volume: Arc<dyn Volume>,
    /// Where the session's volume stands inside the sandbox.
    pub session_dir: String,
    /// Beside the sandbox's own environment.
    pub env: BTreeMap<String, String>,
    pub facts: Arc<dyn Facts>,
    pub cancel: CancellationToken,
    /// The files that were reported already.
    pub known: tokio::sync::Mutex<KnownFiles>,
    /// What one execution may take; enforced by the sandbox, said to the model.
    pub limits: Limits,
}

impl ToolContext {
    /// The folder that the run writes to, with the stage that its files belong to.
    fn place(&self) -> files::Place<'_> {
        files::Place { folder: &self.folder, stage: self.stage }
    }
}

/// One call of a tool.
pub struct Call<'a> {
    pub id: &'a str,
    pub input: Value,
    /// Wall-clock seconds that an execution may take now.
    pub seconds: u64,
    /// Cancelled when the call is to come to its end soon and say what it has.
    pub stop: CancellationToken,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Go on; the model sees the output.
    Continue { output: String, is_error: bool },
    /// The agent thinks that the stage is done.
    Finish { summary: String },
    /// The user is to be asked; the loop waits, and the answer is the call's output.
    Ask {
        question: String,
        options: Vec<String>,
        /// What the agent assumes when nobody answers.
        default: String,
        /// Seconds; `None` leaves it to the session.
        timeout_s: Option<u64>,
    },
}

/// One thing an agent may do.
#[async_trait]
pub trait Tool: Send + Sync {
    fn spec(&self) -> ToolSpec;

    /// Whether calls of one turn may run side by side.
    fn side_by_side(&self) -> bool {
        false
    }

    /// Runs one call. Bad input is an [`Outcome::Continue`] with words the model can act on.
    async fn call(&self, cx: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped>;
}

/// Every tool, in the order the model sees them.
pub fn all() -> Vec<Box<dyn Tool>> {
    vec![
        Box::new(execute_code::ExecuteCode),
        Box::new(read_file::ReadFile),
        Box::new(list_files::ListFiles),
        Box::new(update_plan::UpdatePlan),
        Box::new(ask_user::AskUser),
        Box::new(finish_stage::FinishStage),
    ]
}

/// The tools of a follow-up: no result changes, so there is nothing to plan or to finish.
pub fn for_follow_ups() -> Vec<Box<dyn Tool>> {
    vec![
        Box::new(execute_code::ExecuteCode),
        Box::new(read_file::ReadFile),
        Box::new(list_files::ListFiles),
    ]
}

fn refuse(output: impl Into<String>) -> Outcome {
    Outcome::Continue { output: output.into(), is_error: true }
}

fn answer(output: impl Into<String>) -> Outcome {
    Outcome::Continue { output: output.into(), is_error: false }
}
