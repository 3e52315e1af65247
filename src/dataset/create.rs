//! Making an experiment: the files are looked at by the describe runner before a row is written.

use super::{
    Datasets, Description, Finding, RunnerError,
    intake::{Intake, UPLOADS},
    runner::Runner,
    samples::{self, Sample},
};
use crate::{
    objects::ObjectError,
    sandbox::{SandboxError, Volume, VolumePath},
    store::{StoreError, Trouble, experiments, uploads},
};
use bytes::Bytes;
use chrono::Utc;
use entity::{
    experiments::Model as Experiment,
    ids::{ExperimentId, UploadId},
    principal::Principal,
    uploads::Model as Upload,
    vocab::UploadState,
};
use futures::StreamExt;
use serde::Serialize;
use std::time::Duration;

const MAX_FILES: usize = 100;
const MAX_NAME: usize = 200;
const MAX_TEXT: usize = 32 * 1024;

/// What a user asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewExperiment {
    /// One that nothing has; a new one when absent.
    pub id: Option<ExperimentId>,
    /// The first file's name, or the sample's title, when empty.
    pub name: String,
    pub description: String,
    pub instructions: String,
    pub target: Option<String>,
    pub main_table: Option<String>,
    pub source: Source,
}

/// Where the data comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Uploads(Vec<UploadId>),
    /// A sample by its id.
    Sample(String),
}

impl Default for Source {
    fn default() -> Self {
        Source::Uploads(Vec::new())
    }
}

/// Why no experiment was made. The texts are for people.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("there is no such upload; send the file first")]
    NoUpload(UploadId),
    #[error("the bytes of this upload have not all arrived; send the file first")]
    Incomplete(UploadId),
    #[error("this upload belongs to another experiment; send the file again")]
    Taken(UploadId),
    #[error("there is no sample `{0}`")]
    NoSample(String),
    #[error("there is no file; upload a table as CSV, TSV, Parquet, XLSX or JSON lines")]
    NoFiles,
    #[error("{message}")]
    Invalid { field: &'static str, message: String },
    /// The data cannot be used; each finding is one sentence.
    #[error("{}", .0.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join(" "))]
    Refused(Vec<Finding>),
    #[error("{0}")]
    Unavailable(String),
    /// The database is in trouble that may pass; a retry is safe.
    #[error("{0}")]
    Troubled(Trouble),
}

impl CreateError {
    /// The trouble behind it; `None` when asking again would not help.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            CreateError::Troubled(trouble) => Some(*trouble),
            CreateError::NoUpload(_)
            | CreateError::Incomplete(_)
            | CreateError::Taken(_)
            | CreateError::NoSample(_)
            | CreateError::NoFiles
            | CreateError::Invalid { .. }
            | CreateError::Refused(_)
            | CreateError::Unavailable(_) => None,
        }
    }
}

impl From<StoreError> for CreateError {
    fn from(error: StoreError) -> Self {
        match error.trouble() {
            Some(trouble) => {
                tracing::warn!(%error, "the database did not answer");
                CreateError::Troubled(trouble)
            }
            None => {
                tracing::error!(%error, "the database did not answer");
                CreateError::Unavailable(said(&error))
            }
        }
    }
}

/// What people are told of a database that did not answer.
pub(super) fn said(error: &StoreError) -> String {
    error.trouble().unwrap_or(Trouble::Away).to_string()
}

impl From<RunnerError> for CreateError {
    fn from(error: RunnerError) -> Self {
        match error {
            RunnerError::TooMuch(message) => CreateError::Refused(vec![Finding {
                code: "TOO_LARGE".into(),
                severity: super::Severity::Error,
                message,
                file: None,
                column: None,
            }]),
            RunnerError::Unavailable(message) => CreateError::Unavailable(message),
        }
    }
}

impl From<SandboxError> for CreateError {
    fn from(error: SandboxError) -> Self {
        RunnerError::from(error).into()
    }
}

impl From<ObjectError> for CreateError {
    fn from(error: ObjectError) -> Self {
        tracing::error!(%error, "an upload could not be read");
        match error {
            // These sentences are made for people.
            ObjectError::Away(_)
            | ObjectError::Rejected(_)
            | ObjectError::Busy
            | ObjectError::Held
            | ObjectError::Refused(_)
            | ObjectError::NoBucket(_)
            | ObjectError::Misplaced(_) => CreateError::Unavailable(error.to_string()),
            ObjectError::NoObject(_)
            | ObjectError::TooLarge { .. }
            | ObjectError::Broken(_)
            | ObjectError::Damaged
            | ObjectError::Forgotten
            | ObjectError::Full
            | ObjectError::Io { .. } => CreateError::Unavailable(
                "an uploaded file could not be read back; try again".into(),
            ),
        }
    }
}

/// The describe runner's request.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub files: Vec<RequestFile<'a>>,
    pub target: Option<&'a str>,
    pub main_table: Option<&'a str>,
    pub extract_to: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct RequestFile<'a> {
    pub path: String,
    pub name: &'a str,
}

impl Datasets {
    /// Describes the files and makes an experiment of them. Seconds for a large file.
    pub async fn create_experiment(
        &self,
        principal: &Principal,
        new: NewExperiment,
    ) -> Result<Experiment, CreateError> {
        check(&new)?;
        let (uploads, sample) = match &new.source {
            Source::Uploads(ids) => (self.uploads(principal, ids).await?, None),
            Source::Sample(id) => {
                let (sample, bytes) =
                    samples::get(id).ok_or_else(|| CreateError::NoSample(id.clone()))?;
                (
                    vec![self.store_sample(principal, sample, bytes.into_owned()).await?],
                    Some(sample),
                )
            }
        };
        let target = given(new.target).or_else(|| sample.map(|s| s.target.clone()));
        let main_table = given(new.main_table);
        let description = self.describe(&uploads, target.as_deref(), main_table.as_deref()).await?;
        let errors = description.errors();
        if !errors.is_empty() || !description.ok {
            return Err(CreateError::Refused(errors));
        }
        let name = given(Some(new.name))
            .or_else(|| sample.map(|s| s.title.clone()))
            .or_else(|| uploads.first().map(|u| stem(&u.file_name)))
            .unwrap_or_default();
        // What the runner understood is what counts: a name may differ in case or spaces.
        let understood = description
            .target
            .as_ref()
            .and_then(|t| t["name"].as_str())
            .map(str::to_owned)
            .or(target);
        let row = Experiment {
            id: new.id.unwrap_or_else(ExperimentId::new),
            owner: principal.owner().to_owned(),
            name,
            description: new.description,
            dataset_ref: uploads
                .iter()
                .map(|u| format!("upload:{}", u.id))
                .collect::<Vec<_>>()
                .join(" "),
            instructions: new.instructions,
            target_column: understood,
            main_table: description.main_table.clone(),
            dataset: serde_json::to_value(&description).unwrap_or_default(),
            created_at: Utc::now(),
        };
        let ids: Vec<UploadId> = uploads.iter().map(|u| u.id).collect();
        if !experiments::insert(&self.store, &row, &ids).await? {
            return Err(CreateError::Taken(ids[0]));
        }
        self.log.announce(row.id);
        Ok(row)
    }

    async fn uploads(
        &self,
        principal: &Principal,
        ids: &[UploadId],
    ) -> Result<Vec<Upload>, CreateError> {
        if ids.is_empty() {
            return Err(CreateError::NoFiles);
        }
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let row = uploads::find(self.store.read(), *id).await?;
            let row =
                row.filter(|r| r.owner == principal.owner()).ok_or(CreateError::NoUpload(*id))?;
            if row.state != UploadState::Stored {
                return Err(CreateError::Incomplete(*id));
            }
            if row.experiment_id.is_some() {
                return Err(CreateError::Taken(*id));
            }
            found.push(row);
        }
        Ok(found)
    }

    async fn store_sample(
        &self,
        principal: &Principal,
        sample: &Sample,
        bytes: Vec<u8>,
    ) -> Result<Upload, CreateError> {
        let upload = self.open_upload(principal, &sample.file, None).await?;
        let body = futures::stream::iter([Ok(Bytes::from(bytes))]).boxed();
        self.receive(principal, upload.id, body)
            .await
            .map_err(|e| CreateError::Unavailable(e.to_string()))
    }

    async fn describe(
        &self,
        uploads: &[Upload],
        target: Option<&str>,
        main_table: Option<&str>,
    ) -> Result<Description, CreateError> {
        let intake = Intake::fill(self, uploads, Duration::ZERO).await?;
        let request = Request { files: files(uploads), target, main_table, extract_to: None };
        let result = self.run(Runner::Describe, &request, vec![intake.mount()]).await;
        intake.delete(self).await;
        Ok(result?)
    }
}

pub(super) fn files(uploads: &[Upload]) -> Vec<RequestFile<'_>> {
    let file = |(n, upload)| {
        let upload: &Upload = upload;
        RequestFile { path: format!("{UPLOADS}/{n}"), name: &upload.file_name }
    };
    uploads.iter().enumerate().map(file).collect()
}

fn check(new: &NewExperiment) -> Result<(), CreateError> {
    let invalid = |field, message: String| Err(CreateError::Invalid { field, message });
    let texts = [
        ("name", &new.name, MAX_NAME),
        ("description", &new.description, MAX_TEXT),
        ("instructions", &new.instructions, MAX_TEXT),
    ];
    for (field, text, most) in texts {
        if text.chars().count() > most {
            return invalid(
                field,
                format!("the {field} is longer than {most} characters; shorten it"),
            );
        }
        if text.contains('\0') {
            return invalid(field, format!("the {field} has a NUL character; remove it"));
        }
    }
    if let Source::Uploads(ids) = &new.source {
        if ids.len() > MAX_FILES {
            return invalid(
                "source",
                format!("{} files are too many; {MAX_FILES} at most", ids.len()),
            );
        }
        let mut seen = std::collections::HashSet::new();
        if !ids.iter().all(|id| seen.insert(*id)) {
            return invalid("source", "the same upload is named twice; name each once".into());
        }
    }
    Ok(())
}

fn given(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

fn stem(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// Reads one whole small file of a volume as JSON; `None` when it is missing or is none.
pub(super) async fn json<T: serde::de::DeserializeOwned>(
    volume: &dyn Volume,
    path: &VolumePath,
    cap: u64,
) -> Result<Option<T>, SandboxError> {
    if volume.stat(path).await?.is_none() {
        return Ok(None);
    }
    let bytes = volume.read(path, 0..cap).await?;
    Ok(serde_json::from_slice(&bytes).ok())
}
