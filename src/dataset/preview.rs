//! A page of a table file's rows, read by the preview runner.

use super::{
    DatasetError, Datasets,
    runner::Intake,
};
use crate::sandbox::{Access, Mount, VolumeName, VolumePath};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const PREVIEW: Duration = Duration::from_secs(60);
const SESSION: &str = "/data/session";
/// Characters of one cell that are kept.
const MAX_CELL: usize = 2_000;

/// Some rows of a table, as text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Page {
    pub columns: Vec<PageColumn>,
    pub rows: Vec<Vec<Option<String>>>,
    pub total_rows: i64,
}

/// One column of a page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PageColumn {
    pub name: String,
    pub dtype: String,
}

#[derive(Serialize)]
struct Request {
    path: String,
    name: String,
    offset: i64,
    limit: i64,
}

impl Datasets {
    /// Reads a page of a file of a volume, which is mounted read-only.
    pub async fn preview(
        &self,
        volume: VolumeName,
        file: &VolumePath,
        offset: i64,
        limit: i64,
    ) -> Result<Page, DatasetError> {
        let intake = Intake::open(self).await?;
        let request = Request {
            path: format!("{SESSION}/{file}"),
            name: file.file_name().to_owned(),
            offset,
            limit,
        };
        let mount = Mount { volume, at: SESSION.to_owned(), access: Access::ReadOnly };
        let page = intake.run::<Page>("preview", &request, vec![mount], PREVIEW).await;
        intake.close().await;
        let mut page = page?;
        page.rows.truncate(usize::try_from(limit).unwrap_or(0));
        for cell in page.rows.iter_mut().flatten().flatten() {
            if cell.len() > MAX_CELL {
                *cell = cell.chars().take(MAX_CELL).collect();
            }
        }
        Ok(page)
    }
}
