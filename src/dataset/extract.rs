//! The dataset folder that agents see: `<table>.parquet` and `dataset.json`, read-only to them.

use super::{
    DatasetError, Datasets, Description,
    create::Request,
    runner::{Intake, path, volume_name},
};
use crate::{
    sandbox::{Access, Mount},
    store,
};
use entity::ids::ExperimentId;
use serde_json::Value;
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

const EXTRACT: Duration = Duration::from_secs(1800);
/// Written last; whoever finds it finds everything.
const DONE: &str = "dataset.json";
const BUILDING: &str = "building";
const DATASET: &str = "/data/dataset";

impl Datasets {
    /// Makes the volume `datasets/{experiment}` ready and answers the dataset's description. Cheap
    /// when it is ready; what a crash left half-written is written again.
    pub async fn extract(&self, experiment: ExperimentId) -> Result<Value, DatasetError> {
        let lock = {
            let mut all = self.0.extracting.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(all.entry(experiment).or_default())
        };
        let _alone = lock.lock().await;
        let db = self.0.store.read();
        let row = store::experiments::find(db, experiment).await?;
        let row = row.ok_or(DatasetError::NoExperiment)?;
        let name = volume_name(&format!("datasets/{experiment}"))?;
        let volume = self.0.sandboxes.volume(&name).await?;
        if volume.stat(&path(DONE)?).await?.is_some() {
            return Ok(row.dataset);
        }
        volume.delete(&path(BUILDING)?).await?;
        let files = store::uploads::of_experiments(db, &[experiment]).await?;
        let intake = Intake::open(self).await?;
        let described = async {
            let request = Request {
                files: self.copy_in(&intake, &files).await?,
                target: row.target_column.as_deref(),
                main_table: row.main_table.as_deref(),
                extract_to: format!("{DATASET}/{BUILDING}"),
            };
            let mount =
                Mount { volume: name, at: DATASET.to_owned(), access: Access::ReadWrite };
            intake.run::<Description>("describe", &request, vec![mount], EXTRACT).await
        }
        .await;
        intake.close().await;
        let description = described?.cleaned();
        if !description.ok {
            return Err(DatasetError::Problems(description.refusals()));
        }
        let built = volume.list(Some(&path(BUILDING)?)).await?;
        for file in built.files {
            let place = file.path.as_str();
            let Some(place) = place.strip_prefix("building/").filter(|place| *place != DONE) else {
                continue;
            };
            volume.rename(&file.path, &path(place)?).await?;
        }
        volume.rename(&path(&format!("{BUILDING}/{DONE}"))?, &path(DONE)?).await?;
        Ok(row.dataset)
    }
}
