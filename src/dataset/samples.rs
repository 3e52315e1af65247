//! The sample datasets, carried in the binary.

use rust_embed::RustEmbed;
use serde::Deserialize;
use std::{borrow::Cow, sync::LazyLock};

#[derive(RustEmbed)]
#[folder = "src/dataset/samples"]
#[include = "*.csv"]
#[include = "samples.json"]
struct Files;

/// One sample dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Sample {
    pub id: String,
    pub title: String,
    pub file: String,
    pub rows: u64,
    pub columns: u32,
    pub target: String,
    pub task: Task,
    pub description: String,
    pub source: String,
    pub licence: String,
    /// What a user might say.
    pub instructions: String,
}

/// The kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    Binary,
    Multiclass,
    Regression,
}

/// All samples, in the order they are shown.
pub fn list() -> &'static [Sample] {
    static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
        let file = Files::get("samples.json").expect("samples.json is built in");
        serde_json::from_slice(&file.data).expect("samples.json is ours and checked by a test")
    });
    &SAMPLES
}

/// A sample and its bytes.
pub(super) fn get(id: &str) -> Option<(&'static Sample, Cow<'static, [u8]>)> {
    let sample = list().iter().find(|sample| sample.id == id)?;
    Files::get(&sample.file).map(|file| (sample, file.data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_whole() {
        let samples = list();
        assert!(samples.len() >= 5, "at least five samples");
        assert!(samples.iter().filter(|s| s.rows > 2_000).count() >= 2, "two of them large");
        for task in [Task::Binary, Task::Multiclass, Task::Regression] {
            assert!(samples.iter().any(|s| s.task == task), "{task:?}");
        }
        for sample in samples {
            let (_, bytes) =
                get(&sample.id).unwrap_or_else(|| panic!("`{}` has no file", sample.id));
            let text = std::str::from_utf8(&bytes).expect("samples are UTF-8");
            let header = text.lines().next().expect("a header");
            assert_eq!(header.split(',').count(), sample.columns as usize, "{}", sample.id);
            assert!(
                header.split(',').any(|c| c.trim_matches('"') == sample.target),
                "{}",
                sample.id
            );
            assert_eq!(text.lines().count() as u64 - 1, sample.rows, "{}", sample.id);
        }
    }
}
