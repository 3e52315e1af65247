//! Datasets: from uploads to a description, and to the folder that agents see.
//!
//! The server never opens a file itself: a trusted runner does, in a sandbox that no agent used,
//! and what it answers is checked before use.

mod create;
mod description;
mod extract;
mod preview;
mod runner;
mod samples;

use crate::{
    objects::{ObjectError, ObjectStore},
    sandbox::{SandboxError, SandboxProvider},
    store::{Store, StoreError},
};
use entity::ids::ExperimentId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

pub use create::{NewExperiment, Source};
pub use description::{Column, Description, Finding, Severity, Table, Target, TargetClass, TopValue};
pub use preview::{Page, PageColumn};
pub use samples::{Sample, Task, samples};

/// Describes, keeps and extracts datasets. Cheap to clone.
#[derive(Clone)]
pub struct Datasets(Arc<Inner>);

struct Inner {
    store: Store,
    sandboxes: Arc<dyn SandboxProvider>,
    objects: Arc<dyn ObjectStore>,
    /// One lock per experiment whose folder is being written.
    extracting: Mutex<HashMap<ExperimentId, Arc<tokio::sync::Mutex<()>>>>,
}

/// What is wrong with what a user gave: one sentence that says what to do, and a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code of the finding, such as `EMPTY_FILE`.
    pub code: String,
    pub message: String,
    pub kind: ProblemKind,
}

/// Which half of the input a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The table or its target.
    Data,
    /// An upload that is not there, not whole or used already.
    Upload,
    /// There is no such sample.
    Sample,
}

/// Why there is no dataset.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The user can mend it.
    #[error("{}", sentences(.0))]
    Problems(Vec<Problem>),
    /// The machine cannot do it now; the sentence is for people.
    #[error("{0}")]
    Unavailable(String),
    #[error("there is no such experiment")]
    NoExperiment,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sandbox(SandboxError),
    #[error(transparent)]
    Object(ObjectError),
    /// The runner broke its contract.
    #[error("the runner `{runner}` failed: {reason}")]
    Runner { runner: &'static str, reason: String },
}

impl From<SandboxError> for DatasetError {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Unavailable(text) | SandboxError::Environment(text) => {
                DatasetError::Unavailable(text)
            }
            SandboxError::DiskFull => DatasetError::Unavailable(error.to_string()),
            SandboxError::NoFile(_) | SandboxError::Io { .. } => DatasetError::Sandbox(error),
        }
    }
}

impl From<ObjectError> for DatasetError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Full => DatasetError::Unavailable(error.to_string()),
            ObjectError::NoObject(_)
            | ObjectError::TooLarge { .. }
            | ObjectError::Broken(_)
            | ObjectError::Io { .. } => DatasetError::Object(error),
        }
    }
}

impl Problem {
    pub fn data(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), kind: ProblemKind::Data }
    }

    pub fn upload(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), kind: ProblemKind::Upload }
    }
}

impl Datasets {
    pub fn new(
        store: Store,
        sandboxes: Arc<dyn SandboxProvider>,
        objects: Arc<dyn ObjectStore>,
    ) -> Self {
        Self(Arc::new(Inner { store, sandboxes, objects, extracting: Mutex::default() }))
    }
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" ")
}

/// A size as people write it: `2 GiB`, `1.5 MiB`, `300 bytes`.
pub fn bytes_for_people(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = "bytes";
    for next in units {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    let text = format!("{value:.1}");
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_readable() {
        assert_eq!(bytes_for_people(300), "300 bytes");
        assert_eq!(bytes_for_people(1536), "1.5 KiB");
        assert_eq!(bytes_for_people(2 * 1024 * 1024 * 1024), "2 GiB");
    }
}
