//! The bundled datasets, embedded in the binary.

use rust_embed::RustEmbed;
use serde::Deserialize;
use std::{borrow::Cow, sync::OnceLock};

#[derive(RustEmbed)]
#[folder = "src/dataset/samples"]
#[allow_missing = true]
struct Files;

/// A real dataset that comes with the server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Sample {
    pub id: String,
    pub title: String,
    pub description: String,
    pub rows: i64,
    pub columns: i32,
    pub target: String,
    pub task: Task,
    pub source: String,
    pub licence: String,
    pub instructions: String,
    /// Its file below `src/dataset/samples`.
    pub file: String,
}

/// What is to be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    Binary,
    Multiclass,
    Regression,
}

/// Every sample, in the order of `samples.json`.
pub fn samples() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let Some(list) = Files::get("samples.json") else { return Vec::new() };
        serde_json::from_slice(&list.data).unwrap_or_else(|error| {
            tracing::error!(%error, "samples.json is not readable");
            Vec::new()
        })
    })
}

pub(super) fn bytes(file: &str) -> Option<Cow<'static, [u8]>> {
    Files::get(file).map(|file| file.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_whole() {
        if let Some(list) = Files::get("samples.json") {
            let read: Result<Vec<Sample>, _> = serde_json::from_slice(&list.data);
            for sample in read.expect("samples.json") {
                assert!(bytes(&sample.file).is_some_and(|b| !b.is_empty()), "{}", sample.file);
            }
        }
    }
}
