//! A page of a table that a stage left, read by the preview runner.

use super::{Datasets, RunnerError};
use crate::sandbox::{Access, Mount, VolumeName, VolumePath};
use serde::{Deserialize, Serialize};

const AT: &str = "/data/preview";
/// Rows of one page at most.
const MAX_ROWS: u64 = 200;

/// A page of a table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Preview {
    pub columns: Vec<PreviewColumn>,
    pub rows: Vec<Vec<Option<String>>>,
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

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Page(Preview),
    /// The file is no table that can be read.
    Problem {
        problems: Vec<super::Finding>,
    },
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
        match self.run::<_, Answer>("preview", &request, vec![mount]).await {
            Ok(Answer::Page(page)) => Ok(page),
            Ok(Answer::Problem { problems }) => Err(problems.first().map_or_else(
                || "the file cannot be shown as a table".into(),
                |p| p.message.clone(),
            )),
            Err(RunnerError::TooMuch(said) | RunnerError::Unavailable(said)) => Err(said),
        }
    }
}
