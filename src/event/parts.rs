//! What events carry: files, metric points, records, plans and endings.

use entity::vocab::{ArtifactType, Stage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How an execution ended, with what it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    pub how: EndingKind,
    /// The exit code, or the number of the signal.
    pub code: Option<i32>,
    pub duration_ms: u64,
    pub cpu_seconds: f64,
    /// Bytes; `None` where the machine cannot tell.
    pub peak_memory: Option<u64>,
    /// Bytes of output beyond the cap.
    pub dropped_output: u64,
}

/// The ways an execution ends, told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    Exited,
    Signalled,
    TimedOut,
    OutOfMemory,
    DiskFull,
    /// The user or a budget stopped it.
    Terminated,
    /// The server went away while it ran; its outcome is unknown.
    Interrupted,
}

/// Which of a program's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    Stdout,
    Stderr,
}

/// A file that a stage left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Relative to the session folder: `eda/figures/age.png`.
    pub path: String,
    pub name: String,
    pub stage: Stage,
    #[serde(rename = "artifact_type")]
    pub kind: ArtifactType,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// One metric point. Points are stored once, in `metrics`; see `store::event`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    pub step: i64,
    pub name: String,
    #[serde(with = "extended_float")]
    pub value: f64,
    pub run: Option<String>,
}

/// One chart of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    pub title: String,
    pub metrics: Vec<String>,
    /// `line`, `bar` …: a hint; unknown ones are drawn as lines.
    #[serde(rename = "chart_type")]
    pub kind: String,
}

/// Something logged that is no number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub kind: RecordKind,
    pub name: String,
    pub step: Option<i64>,
    pub run: Option<String>,
    pub data: Value,
}

/// The kinds of records that the SDK logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    Image,
    Table,
    ConfusionMatrix,
    Roc,
    Pr,
    Histogram,
    Text,
}

/// One step of the agent's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    pub title: String,
    pub status: PlanStatus,
}

/// How a step of the plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    Pending,
    InProgress,
    Done,
}

/// What Prep made, as claimed by its metadata and checked against the files' presence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessedDataset {
    pub columns: Value,
    pub feature_columns: Vec<String>,
    pub target_column: String,
    pub train_rows: i64,
    pub val_rows: i64,
    pub test_rows: i64,
    pub quality_stats: Value,
}

/// Text of a turn as it arrives: live only, provisional, never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDelta {
    pub turn: u32,
    pub attempt: u32,
    /// Characters of this attempt before this text.
    pub offset: u64,
    pub text: String,
}

/// Floats as JSON, with NaN and the infinities as texts, so that they survive a replay.
mod extended_float {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            to.serialize_f64(*value)
        } else if value.is_nan() {
            to.serialize_str("NaN")
        } else if *value > 0.0 {
            to.serialize_str("Infinity")
        } else {
            to.serialize_str("-Infinity")
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(f64),
            Text(String),
        }
        match Either::deserialize(from)? {
            Either::Number(value) => Ok(value),
            Either::Text(text) => match text.as_str() {
                "NaN" => Ok(f64::NAN),
                "Infinity" => Ok(f64::INFINITY),
                "-Infinity" => Ok(f64::NEG_INFINITY),
                other => Err(D::Error::custom(format!("`{other}` is no number"))),
            },
        }
    }
}
