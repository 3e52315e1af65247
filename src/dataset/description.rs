//! What the describe runner found, as types. The runner's answer is a claim: it is read into these,
//! and its texts are cut and cleaned, before anything else sees it.

use super::{Problem, ProblemKind};
use serde::{Deserialize, Deserializer, Serialize};

/// Characters of one text that are kept.
const MAX_TEXT: usize = 1_000;

/// A dataset: its tables and what is to be said about them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Description {
    pub ok: bool,
    #[serde(default)]
    pub problems: Vec<Finding>,
    #[serde(default)]
    pub tables: Vec<Table>,
    #[serde(default)]
    pub main_table: Option<String>,
    #[serde(default)]
    pub target: Option<Target>,
    /// True when not every row was read.
    #[serde(default)]
    pub sampled: bool,
    /// Sentences that need no action.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Something about the files that deserves a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub code: String,
    pub severity: Severity,
    /// One sentence that says what is wrong and what to do.
    pub message: String,
    #[serde(default)]
    pub file: Option<String>,
    #[serde(default)]
    pub column: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The files cannot be used.
    Error,
    Warning,
}

/// One table, made of one or more files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    #[serde(default)]
    pub role: Option<String>,
    pub file_names: Vec<String>,
    pub rows: i64,
    pub columns: Vec<Column>,
    /// Rows that equal an earlier one.
    #[serde(default)]
    pub duplicates: Option<i64>,
    #[serde(default)]
    pub bytes: Option<i64>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub dtype: String,
    /// `numeric`, `categorical`, `boolean`, `datetime`, `text`, `identifier` or `empty`.
    pub kind: String,
    pub missing: i64,
    #[serde(default)]
    pub unique: Option<i64>,
    #[serde(default, deserialize_with = "as_text")]
    pub min: Option<String>,
    #[serde(default, deserialize_with = "as_text")]
    pub max: Option<String>,
    #[serde(default, deserialize_with = "as_number")]
    pub mean: Option<f64>,
    #[serde(default, deserialize_with = "as_number")]
    pub std: Option<f64>,
    #[serde(default)]
    pub top: Vec<TopValue>,
    #[serde(default, deserialize_with = "as_texts")]
    pub examples: Vec<String>,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopValue {
    #[serde(deserialize_with = "text_of")]
    pub value: String,
    pub count: i64,
}

/// The column to predict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub table: String,
    pub name: String,
    #[serde(default)]
    pub problem_type: Option<String>,
    #[serde(default)]
    pub class_counts: Vec<TargetClass>,
}

/// One class of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetClass {
    #[serde(deserialize_with = "text_of")]
    pub value: String,
    pub count: i64,
}

impl Description {
    /// The errors among the findings, as problems of the user's.
    pub fn refusals(&self) -> Vec<Problem> {
        self.problems
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| Problem {
                code: finding.code.clone(),
                message: finding.message.clone(),
                kind: ProblemKind::Data,
            })
            .collect()
    }

    /// Cuts and cleans every text.
    pub(super) fn cleaned(mut self) -> Self {
        for finding in &mut self.problems {
            clean(&mut finding.code);
            clean(&mut finding.message);
            finding.file.iter_mut().chain(&mut finding.column).for_each(clean);
        }
        for table in &mut self.tables {
            clean(&mut table.name);
            table.file_names.iter_mut().for_each(clean);
            for column in &mut table.columns {
                clean(&mut column.name);
                clean(&mut column.dtype);
                clean(&mut column.kind);
                column.min.iter_mut().chain(&mut column.max).for_each(clean);
                column.examples.iter_mut().for_each(clean);
                column.top.iter_mut().for_each(|top| clean(&mut top.value));
            }
        }
        self.main_table.iter_mut().for_each(clean);
        self.notes.iter_mut().for_each(clean);
        self
    }
}

fn clean(text: &mut String) {
    let fine = |c: char| !c.is_control();
    if !text.chars().all(fine) || text.len() > MAX_TEXT {
        *text = text.chars().map(|c| if fine(c) { c } else { ' ' }).take(MAX_TEXT).collect();
    }
}

/// A number, text, boolean or nothing: columns have all kinds of values.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Other(serde_json::Value),
}

impl Scalar {
    fn text(self) -> Option<String> {
        match self {
            Scalar::Text(text) => Some(text),
            Scalar::Other(serde_json::Value::Null) => None,
            Scalar::Other(value) => Some(value.to_string()),
        }
    }
}

fn as_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Scalar::deserialize(from)?.text())
}

fn text_of<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(as_text(from)?.unwrap_or_default())
}

fn as_texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<Scalar>::deserialize(from)?.into_iter().filter_map(Scalar::text).collect())
}

/// A finite number; infinities come as texts and are no mean.
fn as_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    Ok(match Scalar::deserialize(from)? {
        Scalar::Text(_) => None,
        Scalar::Other(value) => value.as_f64().filter(|number| number.is_finite()),
    })
}
