//! What a dataset looks like.

use super::scalars::Long;
use crate::dataset::{self, Description, Severity};
use async_graphql::SimpleObject;
use serde_json::Value;

/// What the server found in the files of an experiment.
#[derive(Clone, Default, SimpleObject)]
pub struct DatasetDescription {
    /// The tables, each made of one or more files.
    pub tables: Vec<DatasetTable>,
    /// The table to train on.
    pub main_table: Option<String>,
    /// What was mended or deserves a look.
    pub warnings: Vec<DatasetFinding>,
    /// Sentences that need no action.
    pub notes: Vec<String>,
}

/// One table of a dataset.
#[derive(Clone, SimpleObject)]
pub struct DatasetTable {
    /// Its name.
    pub name: String,
    /// The files that it is made of.
    pub file_names: Vec<String>,
    /// How many rows it has.
    pub rows: Long,
    /// Rows that equal an earlier one; null when they were not counted.
    pub duplicates: Option<Long>,
    /// Its columns, in order.
    pub columns: Vec<DatasetColumn>,
}

/// One column of a table.
#[derive(Clone, SimpleObject)]
pub struct DatasetColumn {
    /// Its name.
    pub name: String,
    /// How its values are stored.
    pub dtype: String,
    /// What they mean: `numeric`, `categorical`, `boolean`, `datetime`, `text`, `identifier` or `empty`.
    pub kind: String,
    /// Rows without a value.
    pub missing: Long,
    /// Different values; approximate for a very large table.
    pub unique: Option<Long>,
    /// The smallest value, as text.
    pub min: Option<String>,
    /// The largest value, as text.
    pub max: Option<String>,
    /// The mean of a column of numbers.
    pub mean: Option<f64>,
    /// The most frequent values.
    pub top: Vec<ValueCount>,
    /// Some values, as text.
    pub examples: Vec<String>,
}

/// A value and how often it comes.
#[derive(Clone, SimpleObject)]
pub struct ValueCount {
    /// The value, as text.
    pub value: String,
    /// How many rows have it.
    pub count: Long,
}

/// Something about the files that deserves a look.
#[derive(Clone, SimpleObject)]
pub struct DatasetFinding {
    /// A code for programs, such as `MIXED_TYPES`.
    pub code: String,
    /// One sentence that says what it is and what to do.
    pub message: String,
    /// The column that it is about.
    pub column: Option<String>,
    /// The file that it is about.
    pub file: Option<String>,
}

impl DatasetDescription {
    /// Reads the stored description; one that no version of ours wrote is shown empty and logged.
    pub fn from_json(stored: serde_json::Value) -> Self {
        match serde_json::from_value::<Description>(stored) {
            Ok(description) => description.into(),
            Err(error) => {
                tracing::error!(%error, "a stored dataset description is not readable");
                Self::default()
            }
        }
    }
}

impl From<Description> for DatasetDescription {
    fn from(found: Description) -> Self {
        let warnings = found.problems.into_iter().filter(|p| p.severity == Severity::Warning);
        Self {
            tables: found.tables.into_iter().map(table).collect(),
            main_table: found.main_table,
            warnings: warnings
                .map(|finding| DatasetFinding {
                    code: finding.code,
                    message: finding.message,
                    column: finding.column,
                    file: finding.file,
                })
                .collect(),
            notes: found.notes,
        }
    }
}

fn table(table: dataset::Table) -> DatasetTable {
    DatasetTable {
        name: table.name,
        file_names: table.file_names,
        rows: table.rows.into(),
        duplicates: table.duplicates.map(Long::from),
        columns: table.columns.into_iter().map(column).collect(),
    }
}

fn column(column: dataset::Column) -> DatasetColumn {
    DatasetColumn {
        name: column.name,
        dtype: column.dtype,
        kind: column.kind,
        missing: column.missing.into(),
        unique: column.unique.map(Long::from),
        min: text(column.min),
        max: text(column.max),
        mean: column.mean.as_f64().filter(|mean| mean.is_finite()),
        top: column
            .top
            .into_iter()
            .map(|top| ValueCount {
                value: text(top.value).unwrap_or_default(),
                count: top.count.into(),
            })
            .collect(),
        examples: column.examples.into_iter().filter_map(text).collect(),
    }
}

/// A value of any type as text; `None` for a missing one.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(value.to_string())
        }
    }
}
