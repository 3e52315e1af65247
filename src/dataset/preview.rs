//! A page of a table that a stage left, read by the preview runner.

use super::{Datasets, RunnerError, runner::Runner};
use crate::sandbox::{Access, Mount, VolumeName, VolumePath};
use serde::{Deserialize, Serialize};

const AT: &str = "/data/preview";
/// Rows of one page at most.
const MAX_ROWS: u64 = 200;

/// A page of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub columns: Vec<PreviewColumn>,
    pub rows: Vec<Vec<Option<String>>>,
    /// As far as it was counted: at least the end of this page.
    pub total_rows: u64,
}

/// One column of a page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PreviewColumn {
    pub name: String,
    pub dtype: String,
}

#[derive(Serialize)]
struct Request {
    path: String,
    offset: u64,
    limit: u64,
}

/// The preview runner's result.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    columns: Vec<PreviewColumn>,
    #[serde(default)]
    rows: Vec<Vec<Option<String>>>,
    /// Unknown where counting would mean reading a large text to its end.
    total_rows: Option<u64>,
    /// Why the file is no table that can be read.
    problem: Option<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
}

impl Datasets {
    /// Reads a page of a csv, tsv, parquet, xlsx or jsonl file of a volume.
    ///
    /// *Errors*: the sentence is for people.
    pub async fn preview(
        &self,
        volume: &VolumeName,
        path: &VolumePath,
        offset: u64,
        limit: u64,
    ) -> Result<Preview, String> {
        let request =
            Request { path: format!("{AT}/{path}"), offset, limit: limit.clamp(1, MAX_ROWS) };
        let mount = Mount { volume: volume.clone(), at: AT.into(), access: Access::ReadOnly };
        match self.run::<_, Answer>(Runner::Preview, &request, vec![mount]).await {
            Ok(Answer { problem: Some(problem), .. }) => Err(problem.message),
            Ok(Answer { columns, rows, total_rows, problem: None }) => {
                let total_rows = total_rows.unwrap_or(offset + rows.len() as u64);
                Ok(Preview { columns, rows, total_rows })
            }
            Err(RunnerError::TooMuch(said) | RunnerError::Unavailable(said)) => Err(said),
        }
    }
}
