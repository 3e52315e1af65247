//! The three stages: what an agent is told, what must exist at the end, and what is read from it.
//!
//! One file and one prompt per stage. What is read here was written by a sandbox: a claim, with
//! its size capped, taken as text or JSON only.

mod check;
mod earlier;
mod eda;
mod mark;
mod opening;
#[cfg(test)]
mod opening_tests;
mod prep;
mod train;

use crate::{
    event::{Fact, File, ProcessedDataset},
    sandbox::{SandboxError, Volume},
};
use entity::vocab::Stage;

pub use check::ExitCheck;
pub use earlier::{earlier, left};
pub use mark::marked;
pub use opening::{Speaker, follow_up_opening, opening};

/// The largest report that is carried in an event.
const MAX_REPORT: u64 = 512 * 1024;

/// What the model is told about its part, the same for every session: what a session brings is in
/// its [`opening`].
pub fn prompt(stage: Stage) -> &'static str {
    match stage {
        Stage::Eda => concat!(include_str!("eda.md"), "\n", include_str!("common.md")),
        Stage::Prep => concat!(include_str!("prep.md"), "\n", include_str!("common.md")),
        Stage::Train => concat!(include_str!("train.md"), "\n", include_str!("common.md")),
    }
}

/// What the model is told when a resting session is spoken to.
pub fn follow_up_prompt() -> &'static str {
    concat!(include_str!("follow_up.md"), "\n", include_str!("common.md"))
}

/// Looks whether the stage left what it must.
///
/// *Errors*: only when the volume cannot be read; what the agent did wrong is in the check.
pub async fn exit_check(stage: Stage, volume: &dyn Volume) -> Result<ExitCheck, SandboxError> {
    match stage {
        Stage::Eda => eda::exit_check(volume).await,
        Stage::Prep => prep::exit_check(volume).await,
        Stage::Train => train::exit_check(volume).await,
    }
}

/// The facts that close a stage whose exit check passed.
pub async fn closing(
    stage: Stage,
    volume: &dyn Volume,
    check: ExitCheck,
    files: Vec<File>,
) -> Result<Vec<Fact>, SandboxError> {
    let path = check::path(stage, "report.md");
    let content = check::text(volume, &path, MAX_REPORT).await?.unwrap_or_default();
    let mut facts = vec![
        Fact::ReportReady { stage, path: path.to_string(), content },
        Fact::FilesReady { stage, files },
        Fact::ValidationResult {
            stage,
            passed: check.passed,
            warnings: check.warnings,
            errors: check.missing,
        },
    ];
    if let (Stage::Prep, Some(meta)) = (stage, processed(stage, volume).await?) {
        facts.push(Fact::DatasetProcessed { meta });
    }
    Ok(facts)
}

async fn processed(
    stage: Stage,
    volume: &dyn Volume,
) -> Result<Option<ProcessedDataset>, SandboxError> {
    match stage {
        Stage::Prep => prep::processed(volume).await,
        Stage::Eda | Stage::Train => Ok(None),
    }
}
