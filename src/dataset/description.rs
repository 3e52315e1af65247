//! What the describe runner found: a claim of a sandbox that no agent used, parsed once.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The whole finding; `dataset.json` beside the tables is the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Description {
    pub ok: bool,
    #[serde(default)]
    pub problems: Vec<Finding>,
    #[serde(default)]
    pub tables: Vec<Table>,
    pub main_table: Option<String>,
    /// What was found about the target, when one was named.
    #[serde(default)]
    pub target: Option<Value>,
    #[serde(default)]
    pub sampled: bool,
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One sentence about the data that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// For programs: `RAGGED_ROWS`.
    pub code: String,
    pub severity: Severity,
    pub message: String,
    pub file: Option<String>,
    pub column: Option<String>,
}

/// Whether the data can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can; something was mended or deserves a look.
    Warning,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    /// `main`, `score` or `other`.
    #[serde(default)]
    pub role: String,
    #[serde(default)]
    pub file_names: Vec<String>,
    /// The Parquet file's name in the dataset's folder, once written.
    pub path: Option<String>,
    pub rows: u64,
    #[serde(default)]
    pub columns: Vec<Column>,
    pub duplicates: Option<u64>,
    #[serde(default)]
    pub bytes: u64,
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub dtype: String,
    /// `numeric`, `categorical`, `text`, `boolean`, `datetime`, `identifier` …
    pub kind: String,
    pub missing: u64,
    pub unique: Option<u64>,
    #[serde(default)]
    pub min: Value,
    #[serde(default)]
    pub max: Value,
    #[serde(default)]
    pub mean: Value,
    #[serde(default)]
    pub std: Value,
    #[serde(default)]
    pub top: Vec<TopValue>,
    #[serde(default)]
    pub examples: Vec<Value>,
    /// What a later runner adds is carried along.
    #[serde(flatten)]
    pub more: serde_json::Map<String, Value>,
}

/// A frequent value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TopValue {
    pub value: Value,
    pub count: u64,
}

impl Description {
    /// What makes the data unusable.
    pub fn errors(&self) -> Vec<Finding> {
        self.problems.iter().filter(|p| p.severity == Severity::Error).cloned().collect()
    }
}
