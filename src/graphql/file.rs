//! Files of a session, as they are now, read through its volume.

use super::{
    context::api,
    error::{ApiError, Code},
    scalars::{Long, Time},
    vocab::{ArtifactType, Stage},
};
use crate::{
    sandbox::{FileStat, SandboxError, Volume, VolumeName, VolumePath},
    tool::classify,
};
use async_graphql::{Context, Object, SimpleObject};
use entity::ids::SessionId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// What may stand in a segment of a path as it is.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// Bytes of text that are answered.
const MAX_TEXT: u64 = 256 * 1024;
const MAX_ROWS: i32 = 100;
/// Endings of the files that the preview runner reads.
const TABLES: [&str; 7] = ["csv", "tsv", "parquet", "pq", "xlsx", "jsonl", "ndjson"];

/// The address of a file of a session, below this server.
pub fn url(session: SessionId, path: &str) -> String {
    format!("/files/sessions/{session}/{}", utf8_percent_encode(path, SEGMENT))
}

/// The name of a session's volume.
pub fn volume_name(session: SessionId) -> Result<VolumeName, ApiError> {
    VolumeName::parse(&format!("sessions/{session}")).map_err(|error| ApiError::internal(&error))
}

/// The volume of a session.
pub async fn volume(
    context: &Context<'_>,
    session: SessionId,
) -> Result<Arc<dyn Volume>, ApiError> {
    Ok(api(context).sandboxes.volume(&volume_name(session)?).await?)
}

/// The start of a file as text; `None` when there is no such file or it is not text.
pub async fn text(
    volume: &dyn Volume,
    path: &VolumePath,
    limit: u64,
) -> Result<Option<String>, ApiError> {
    let Some(stat) = volume.stat(path).await? else { return Ok(None) };
    let bytes = match volume.read(path, 0..stat.size.min(limit)).await {
        Ok(bytes) => bytes,
        Err(SandboxError::NoFile(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let end = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.len(),
        // A character that the limit cut in two.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return Ok(None),
    };
    let text = String::from_utf8_lossy(&bytes[..end]);
    Ok((!text.contains('\0')).then(|| text.into_owned()))
}

/// A file of a session, as it is now.
pub struct FileEntry {
    session: SessionId,
    stat: FileStat,
}

impl FileEntry {
    pub fn new(session: SessionId, stat: FileStat) -> Self {
        Self { session, stat }
    }
}

/// A file of a session, as it is now.
#[Object]
impl FileEntry {
    /// Relative to the session's folder.
    async fn path(&self) -> &str {
        self.stat.path.as_str()
    }

    /// The last part of the path.
    async fn name(&self) -> &str {
        self.stat.path.file_name()
    }

    /// Bytes.
    async fn size(&self) -> Long {
        self.stat.size.into()
    }

    /// When it was last written.
    async fn modified_at(&self) -> Time {
        Time(self.stat.modified)
    }

    /// What it is.
    #[graphql(name = "type")]
    async fn kind(&self) -> ArtifactType {
        classify(&self.stat.path).into()
    }

    /// Its address below this server.
    async fn url(&self) -> String {
        url(self.session, self.stat.path.as_str())
    }

    /// Up to 256 KiB of its text; null for a binary file.
    #[graphql(complexity = "20")]
    async fn text(&self, context: &Context<'_>) -> Result<Option<String>, ApiError> {
        let volume = volume(context, self.session).await?;
        text(&*volume, &self.stat.path, MAX_TEXT).await
    }

    /// Some rows of a csv, tsv, parquet, xlsx or jsonl file; null for other files. Takes about a
    /// second: a sandbox of its own reads the file.
    #[graphql(complexity = "500 + child_complexity")]
    async fn preview(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Rows to skip.")] offset: Option<Long>,
        #[graphql(desc = "How many rows: 1 to 100; 50 by default.")] first: Option<i32>,
    ) -> Result<Option<TablePreview>, ApiError> {
        let ending = self.stat.path.extension();
        if !ending.is_some_and(|ending| TABLES.contains(&ending.as_str())) {
            return Ok(None);
        }
        let first = first.unwrap_or(50);
        if !(1..=MAX_ROWS).contains(&first) {
            return Err(ApiError::bad_input(format!("`first` goes from 1 to {MAX_ROWS}")));
        }
        let offset = offset.map_or(0, |offset| offset.0.max(0).unsigned_abs());
        let page = api(context)
            .datasets
            .preview(
                &volume_name(self.session)?,
                &self.stat.path,
                offset,
                first.unsigned_abs().into(),
            )
            .await
            .map_err(|said| ApiError::new(Code::Unavailable, said))?;
        Ok(Some(TablePreview {
            columns: page
                .columns
                .into_iter()
                .map(|column| PreviewColumn { name: column.name, dtype: column.dtype })
                .collect(),
            rows: page.rows,
            total_rows: page.total_rows.into(),
        }))
    }
}

/// Some rows of a table file.
#[derive(SimpleObject)]
pub struct TablePreview {
    /// Its columns, in order.
    columns: Vec<PreviewColumn>,
    /// The rows, each with one cell per column, as text; null where there is no value.
    rows: Vec<Vec<Option<String>>>,
    /// How many rows the file has.
    total_rows: Long,
}

/// A column of a table file.
#[derive(SimpleObject)]
pub struct PreviewColumn {
    /// Its name.
    name: String,
    /// How its values are stored.
    dtype: String,
}

/// A stage's report.
#[derive(SimpleObject)]
pub struct Report {
    /// The stage.
    stage: Stage,
    /// Relative to the session's folder.
    path: String,
    /// Markdown.
    content: String,
}

/// The report that a stage left, if it left one.
pub async fn report(
    context: &Context<'_>,
    session: SessionId,
    stage: entity::vocab::Stage,
) -> Result<Option<Report>, ApiError> {
    let path = VolumePath::parse(&format!("{stage}/report.md"))
        .map_err(|error| ApiError::internal(&error))?;
    let volume = volume(context, session).await?;
    let content = text(&*volume, &path, 4 * MAX_TEXT).await?;
    Ok(content.map(|content| Report { stage: stage.into(), path: path.to_string(), content }))
}
