//! From files to an experiment.

use super::{
    DatasetError, Datasets, Description, Problem, ProblemKind,
    runner::{Intake, path},
    samples,
};
use crate::{
    objects::ObjectKey,
    store::{self, StoreError},
};
use bytes::Bytes;
use chrono::Utc;
use entity::{
    experiments,
    ids::{ExperimentId, UploadId},
    principal::Principal,
    uploads,
    vocab::UploadState,
};
use futures::{StreamExt, stream};
use serde::Serialize;
use std::{collections::HashSet, time::Duration};

/// Files of one experiment.
const MAX_FILES: usize = 100;
/// How long the runner may read.
const DESCRIBE: Duration = Duration::from_secs(900);

/// What an experiment is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExperiment {
    /// The file's name by default.
    pub name: Option<String>,
    pub description: Option<String>,
    pub instructions: Option<String>,
    pub target: Option<String>,
    pub main_table: Option<String>,
    pub source: Source,
}

/// Where the files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Uploads(Vec<UploadId>),
    /// The id of a bundled sample.
    Sample(String),
}

/// The request of the describe runner.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub files: Vec<RequestFile<'a>>,
    pub target: Option<&'a str>,
    pub main_table: Option<&'a str>,
    pub extract_to: String,
}

#[derive(Serialize)]
pub(super) struct RequestFile<'a> {
    pub path: String,
    pub name: &'a str,
}

impl Datasets {
    /// Describes the files and, when they are good, makes an experiment of them.
    pub async fn create_experiment(
        &self,
        principal: &Principal,
        new: NewExperiment,
    ) -> Result<experiments::Model, DatasetError> {
        let mut new = new;
        let files = match &new.source {
            Source::Uploads(ids) => self.uploaded(principal, ids).await?,
            Source::Sample(id) => {
                let sample = samples::samples().iter().find(|sample| sample.id == *id);
                let sample = sample.ok_or_else(|| no_sample(id))?;
                new.name.get_or_insert_with(|| sample.title.clone());
                new.description.get_or_insert_with(|| sample.description.clone());
                new.instructions.get_or_insert_with(|| sample.instructions.clone());
                new.target.get_or_insert_with(|| sample.target.clone());
                self.bring(principal, std::slice::from_ref(&sample.file)).await?
            }
        };
        let brought = matches!(new.source, Source::Sample(_));
        let made = self.described(principal, new, &files).await;
        if made.is_err() && brought {
            // Nobody else knows these objects.
            for file in &files {
                self.discard(file.id).await;
            }
        }
        made
    }

    async fn described(
        &self,
        principal: &Principal,
        new: NewExperiment,
        files: &[uploads::Model],
    ) -> Result<experiments::Model, DatasetError> {
        let (target, table) = (clean(new.target), clean(new.main_table));
        let description = self.describe(files, target.as_deref(), table.as_deref()).await?;
        if !description.ok {
            let mut problems = description.refusals();
            if problems.is_empty() {
                problems.push(Problem::data("UNREADABLE", "The files could not be read as tables."));
            }
            return Err(DatasetError::Problems(problems));
        }
        let references: Vec<String> = files.iter().map(|f| format!("upload:{}", f.id)).collect();
        let dataset = serde_json::to_value(&description)
            .map_err(|error| DatasetError::Runner { runner: "describe", reason: error.to_string() })?;
        let row = experiments::Model {
            id: ExperimentId::new(),
            owner: principal.owner().to_owned(),
            name: clean(new.name).unwrap_or_else(|| title(files)),
            description: new.description.unwrap_or_default(),
            dataset_ref: references.join(" "),
            instructions: new.instructions.unwrap_or_default(),
            target_column: target,
            main_table: table,
            dataset,
            created_at: Utc::now(),
        };
        let ids: Vec<UploadId> = files.iter().map(|file| file.id).collect();
        let transaction = self.0.store.begin().await.map_err(StoreError::from)?;
        let given =
            store::experiments::insert(&transaction, row.clone(), &ids).await.map_err(StoreError::from)?;
        if !given {
            transaction.rollback().await.map_err(StoreError::from)?;
            return Err(DatasetError::Problems(vec![used()]));
        }
        transaction.commit().await.map_err(StoreError::from)?;
        tracing::info!(experiment.id = %row.id, files = ids.len(), "made an experiment");
        Ok(row)
    }

    /// Runs the describe runner on files of the object store, in a sandbox of its own.
    pub async fn describe(
        &self,
        files: &[uploads::Model],
        target: Option<&str>,
        main_table: Option<&str>,
    ) -> Result<Description, DatasetError> {
        let intake = Intake::open(self).await?;
        let described = async {
            let files = self.copy_in(&intake, files).await?;
            // On the volume, not in the sandbox's memory: the tables are written to be measured.
            let extract_to = Intake::inside("tables");
            let request = Request { files, target, main_table, extract_to };
            intake.run::<Description>("describe", &request, Vec::new(), DESCRIBE).await
        }
        .await;
        intake.close().await;
        described.map(Description::cleaned)
    }

    /// Copies uploads into an intake, in pieces, under names of our own.
    pub(super) async fn copy_in<'a>(
        &self,
        intake: &Intake,
        files: &'a [uploads::Model],
    ) -> Result<Vec<RequestFile<'a>>, DatasetError> {
        let mut inside = Vec::with_capacity(files.len());
        for (n, file) in files.iter().enumerate() {
            let body = self.0.objects.get(&object_key(file.id)?, None).await?;
            let place = format!("files/{n}");
            intake.volume.put(&path(&place)?, body).await?;
            inside.push(RequestFile { path: Intake::inside(&place), name: &file.file_name });
        }
        Ok(inside)
    }

    /// The stored uploads of these ids, in their order.
    async fn uploaded(
        &self,
        principal: &Principal,
        ids: &[UploadId],
    ) -> Result<Vec<uploads::Model>, DatasetError> {
        let refuse = |problem| Err(DatasetError::Problems(vec![problem]));
        if ids.is_empty() {
            return refuse(Problem::upload("NO_FILES", "There is no file; upload at least one table."));
        }
        if ids.len() > MAX_FILES {
            let message = format!("There are more than {MAX_FILES} files; join some of them.");
            return refuse(Problem::upload("TOO_MANY_FILES", message));
        }
        if ids.iter().collect::<HashSet<_>>().len() != ids.len() {
            return refuse(Problem::upload("SAME_FILE", "The same upload is given twice."));
        }
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            match store::uploads::find(self.0.store.read(), principal, *id).await? {
                None => {
                    let message = "There is no such upload; ask for a new one and send the file again.";
                    return refuse(Problem::upload("NO_UPLOAD", message));
                }
                Some(row) if row.state == UploadState::Open => {
                    let message = format!("The upload of `{}` is not finished; send the file first.", row.file_name);
                    return refuse(Problem::upload("UPLOAD_INCOMPLETE", message));
                }
                Some(row) if row.experiment_id.is_some() => return refuse(used()),
                Some(row) => found.push(row),
            }
        }
        Ok(found)
    }

    /// Brings the files of a sample into the object store as uploads.
    async fn bring(
        &self,
        principal: &Principal,
        files: &[String],
    ) -> Result<Vec<uploads::Model>, DatasetError> {
        let mut brought = Vec::with_capacity(files.len());
        for file in files {
            let bytes = samples::bytes(file).ok_or_else(|| no_sample(file))?;
            let id = UploadId::new();
            let limit = bytes.len() as u64;
            let body = stream::once(async move { Ok(Bytes::from(bytes.into_owned())) }).boxed();
            let stored = self.0.objects.put(&object_key(id)?, body, limit).await?;
            let at = Utc::now();
            let row = uploads::Model {
                id,
                owner: principal.owner().to_owned(),
                file_name: file.clone(),
                state: UploadState::Stored,
                size: Some(stored.size as i64),
                sha256: Some(stored.sha256),
                experiment_id: None,
                created_at: at,
                stored_at: Some(at),
            };
            store::uploads::insert(self.0.store.write(), row.clone()).await?;
            brought.push(row);
        }
        Ok(brought)
    }

    /// Deletes an experiment, its sessions' folders and its files.
    ///
    /// *Errors*: nothing is deleted when the rows cannot be. What is left of the files after that is
    /// logged; nobody can reach it any more.
    pub async fn delete_experiment(&self, id: ExperimentId) -> Result<(), DatasetError> {
        let db = self.0.store.read();
        let sessions = store::experiments::session_ids(db, id).await?;
        let files = store::uploads::of_experiments(db, &[id]).await?;
        let transaction = self.0.store.begin().await.map_err(StoreError::from)?;
        store::experiments::delete(&transaction, id).await.map_err(StoreError::from)?;
        transaction.commit().await.map_err(StoreError::from)?;
        for file in files {
            self.discard(file.id).await;
        }
        let folders = sessions.iter().map(|session| format!("sessions/{session}"));
        for folder in folders.chain([format!("datasets/{id}")]) {
            let name = super::runner::volume_name(&folder)?;
            if let Err(error) = self.0.sandboxes.delete_volume(&name).await {
                tracing::warn!(volume = %name, %error, "a deleted experiment's folder stays behind");
            }
        }
        Ok(())
    }

    async fn discard(&self, upload: UploadId) {
        let Ok(key) = object_key(upload) else { return };
        if let Err(error) = self.0.objects.delete(&key).await {
            tracing::warn!(upload.id = %upload, %error, "an object without an upload stays behind");
        }
    }
}

pub(super) fn object_key(id: UploadId) -> Result<ObjectKey, DatasetError> {
    ObjectKey::parse(&format!("uploads/{id}"))
        .ok_or_else(|| DatasetError::Unavailable("the upload has no place in the object store".into()))
}

fn used() -> Problem {
    Problem::upload(
        "UPLOAD_USED",
        "An upload belongs to another experiment already; upload the file again.",
    )
}

fn no_sample(id: &str) -> DatasetError {
    let shown: String = id.chars().filter(|c| !c.is_control()).take(60).collect();
    DatasetError::Problems(vec![Problem {
        code: "NO_SAMPLE".to_owned(),
        message: format!("There is no sample `{shown}`."),
        kind: ProblemKind::Sample,
    }])
}

fn clean(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A name for an experiment whose user gave none.
fn title(files: &[uploads::Model]) -> String {
    let first = files.first().map_or("", |file| file.file_name.as_str());
    let stem = first.rsplit(['/', '\\']).next().unwrap_or(first);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem).trim();
    let stem = if stem.is_empty() { "Untitled" } else { stem };
    match files.len() {
        0 | 1 => stem.to_owned(),
        more => format!("{stem} and {} more", more - 1),
    }
}
