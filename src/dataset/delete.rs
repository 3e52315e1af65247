//! Deleting an experiment with all that belongs to it.

use super::{Datasets, create::said, extract::dataset_volume, object_key};
use crate::{
    sandbox::VolumeName,
    store::{experiments, sessions, uploads},
};
use entity::{ids::ExperimentId, principal::Principal, vocab::SessionStateName};

/// Why an experiment was not deleted. The texts are for people.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    #[error("there is no such experiment")]
    NotFound,
    #[error("a session of this experiment is at work; cancel it first")]
    Running,
    #[error("{0}")]
    Unavailable(String),
}

impl Datasets {
    /// Deletes the rows first, in one statement; then the files, which nobody can reach any more.
    pub async fn delete_experiment(
        &self,
        principal: &Principal,
        id: ExperimentId,
    ) -> Result<(), DeleteError> {
        let failed = |error: crate::store::StoreError| {
            tracing::error!(%error, "an experiment was not deleted");
            DeleteError::Unavailable(said(&error))
        };
        let row = experiments::find(self.store.read(), id).await.map_err(failed)?;
        row.filter(|row| row.owner == principal.owner()).ok_or(DeleteError::NotFound)?;
        let of_it = sessions::of_experiment(self.store.read(), id).await.map_err(failed)?;
        let at_work = |state| {
            use SessionStateName::{EdaRunning, PrepRunning, TrainRunning};
            matches!(state, EdaRunning | PrepRunning | TrainRunning)
        };
        if of_it.iter().any(|session| at_work(session.state)) {
            return Err(DeleteError::Running);
        }
        let files = uploads::of_experiment(self.store.read(), id).await.map_err(failed)?;
        experiments::delete(&self.store, id).await.map_err(failed)?;
        self.log.announce(id);
        for upload in files {
            if let Err(error) = self.objects.delete(&object_key(upload.id)).await {
                tracing::warn!(upload.id = %upload.id, %error, "an upload's bytes were not deleted");
            }
        }
        let sessions = of_it.iter().map(|session| format!("sessions/{}", session.id));
        let volumes =
            sessions.filter_map(|name| VolumeName::parse(&name).ok()).chain([dataset_volume(id)]);
        for volume in volumes {
            if let Err(error) = self.sandboxes.delete_volume(&volume).await {
                tracing::warn!(%volume, %error, "a volume was not deleted");
            }
        }
        Ok(())
    }
}
