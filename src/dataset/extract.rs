//! Writing the dataset folder that agents see, when the first stage starts.

use super::{
    CreateError, Datasets, Description,
    create::{Request, files, json},
    intake::Intake,
    runner::Runner,
};
use crate::{
    sandbox::{Access, Mount, VolumeName, VolumePath},
    store::{Trouble, experiments, uploads},
};
use bytes::Bytes;
use entity::ids::ExperimentId;
use futures::StreamExt;
use serde_json::Value;
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

/// Where the folder stands inside the runner's sandbox.
const OUT: &str = "/data/out";
/// Written last, by the server: the folder is whole.
const READY: &str = ".ready";
/// How long a run that begins waits for an object store that is away: as long as for a database.
const PATIENCE: Duration = Duration::from_secs(90);
const MAX_DESCRIPTION: u64 = 16 * 1024 * 1024;

impl Datasets {
    /// Makes the volume `datasets/{experiment}` ready and returns `dataset.json`; cheap when it is.
    /// Safe to repeat after a crash: a folder that is not whole is written anew.
    ///
    /// *Errors*: the sentence in them is for people.
    pub async fn extract(&self, experiment: ExperimentId) -> Result<Value, CreateError> {
        if let Some(described) = self.ready(experiment).await? {
            return Ok(described);
        }
        // Two sessions of one experiment may start at once; the second finds the folder ready.
        let turn = {
            let mut locks = self.extracting.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|id, lock| *id == experiment || Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(experiment).or_default())
        };
        let _turn = turn.lock().await;
        // Before the other turn, which takes a connection of its own.
        if let Some(described) = self.ready(experiment).await? {
            return Ok(described);
        }
        // Nor may two servers write it at once.
        let turn_of_all = self.store.turn(experiment.0).await?;
        if let Some(described) = self.ready(experiment).await? {
            return Ok(described);
        }
        let name = dataset_volume(experiment);
        let gone = || CreateError::Unavailable("the experiment was deleted".into());
        let db = self.store.read();
        let row = self.store.timely(experiments::find(db, experiment)).await?.ok_or_else(gone)?;
        let found = self.store.timely(uploads::of_experiment(db, experiment)).await?;
        self.sandboxes.delete_volume(&name).await?;
        let volume = self.sandboxes.volume(&name).await?;
        let intake = Intake::fill(self, &found, PATIENCE).await?;
        let request = Request {
            files: files(&found),
            target: row.target_column.as_deref(),
            main_table: row.main_table.as_deref(),
            extract_to: Some(OUT),
        };
        let out = Mount { volume: name, at: OUT.into(), access: Access::ReadWrite };
        let result =
            self.run::<_, Description>(Runner::Describe, &request, vec![intake.mount(), out]).await;
        intake.delete(self).await;
        let description = result?;
        if !description.ok {
            return Err(CreateError::Refused(description.errors()));
        }
        let described = json(volume.as_ref(), &path("dataset.json"), MAX_DESCRIPTION).await?;
        let described: Value = described.ok_or_else(|| {
            CreateError::Unavailable("the dataset's folder was not written; retry the stage".into())
        })?;
        // A server that slept may have been followed by another, which writes the folder now.
        turn_of_all.held().await.map_err(|_| CreateError::Troubled(Trouble::Away))?;
        let mark = futures::stream::iter([Ok(Bytes::from_static(b"1\n"))]).boxed();
        volume.put(&path(READY), mark).await?;
        Ok(described)
    }

    /// The `dataset.json` of a folder that is whole; `None` for one that is not.
    async fn ready(&self, experiment: ExperimentId) -> Result<Option<Value>, CreateError> {
        let volume = self.sandboxes.volume(&dataset_volume(experiment)).await?;
        match volume.stat(&path(READY)).await? {
            Some(_) => Ok(json(volume.as_ref(), &path("dataset.json"), MAX_DESCRIPTION).await?),
            None => Ok(None),
        }
    }
}

fn path(text: &str) -> VolumePath {
    VolumePath::parse(text).expect("a plain name is a path")
}

/// The volume of an experiment's dataset.
pub(super) fn dataset_volume(experiment: ExperimentId) -> VolumeName {
    VolumeName::parse(&format!("datasets/{experiment}")).expect("a UUID is a plain segment")
}
