//! Deleting sessions and experiments with all that belongs to them.
//!
//! First a tombstone: from then on it is there for nobody. Then the files, then the rows. What breaks
//! off in between is taken up again, by the next pass or the next server.

use super::{Datasets, create::said, extract::dataset_volume, object_key, session_folder};
use crate::{
    objects::{Checkpoint, ObjectError, ObjectKey},
    sandbox::{SandboxError, VolumeName},
    store::{
        StoreError, experiments, sessions, synced,
        tombstones::{self, Burial, Buried},
        uploads,
    },
};
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, SessionId},
    principal::Principal,
    tombstones::Model as Tombstone,
    vocab::Mortal,
};
use std::time::Duration;

/// Sessions that one pass of retention deletes.
const PASS: u64 = 200;
/// The rest between two of them: who works on the server comes first.
const GENTLY: Duration = Duration::from_millis(100);

/// A program that was cancelled a moment ago may still write: how often, and how soon, its folder is
/// tried again.
const ATTEMPTS: u32 = 3;
const ATTEMPT: Duration = Duration::from_secs(1);

/// What became of all that is buried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    pub gone: usize,
    /// What could not be removed; the next pass tries again.
    pub left: usize,
}

/// Why nothing was deleted. The texts are for people.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    #[error("there is no such experiment")]
    NoExperiment,
    #[error("there is no such session")]
    NoSession,
    #[error("a session of this experiment is at work; cancel it first")]
    ExperimentAtWork,
    #[error("this session is at work; cancel it first")]
    SessionAtWork,
    #[error("{0}")]
    Unavailable(String),
}

/// Why something that is buried is not gone yet.
#[derive(Debug, thiserror::Error)]
enum Unfinished {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Volume(#[from] SandboxError),
}

impl From<StoreError> for DeleteError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "nothing was deleted");
        DeleteError::Unavailable(said(&error))
    }
}

impl Datasets {
    /// Deletes an experiment with its sessions. Answers which those were.
    pub async fn delete_experiment(
        &self,
        principal: &Principal,
        id: ExperimentId,
    ) -> Result<Vec<SessionId>, DeleteError> {
        let db = self.store.read();
        experiments::owned(db, principal, id).await?.ok_or(DeleteError::NoExperiment)?;
        let gone = match tombstones::bury_experiment(&self.store, id, Utc::now()).await? {
            Buried::Yes(sessions) => sessions,
            Buried::AtWork => return Err(DeleteError::ExperimentAtWork),
            Buried::NotThere => return Err(DeleteError::NoExperiment),
        };
        tracing::info!(experiment.id = %id, sessions = gone.len(), "deleting an experiment");
        self.buried(id, &gone).await;
        Ok(gone)
    }

    /// Deletes a session.
    pub async fn delete_session(
        &self,
        principal: &Principal,
        id: SessionId,
        which: Burial,
    ) -> Result<(), DeleteError> {
        let row = sessions::owned(self.store.read(), principal, id).await?;
        let row = row.ok_or(DeleteError::NoSession)?;
        match tombstones::bury_session(&self.store, id, which, Utc::now()).await? {
            Buried::Yes(gone) => {
                tracing::info!(session.id = %id, "deleting a session");
                self.buried(row.experiment_id, &gone).await;
                Ok(())
            }
            Buried::AtWork => Err(DeleteError::SessionAtWork),
            Buried::NotThere => Err(DeleteError::NoSession),
        }
    }

    /// Deletes sessions that have been at rest since before a time. Answers which.
    pub async fn retire(&self, before: DateTime<Utc>) -> Result<Vec<SessionId>, StoreError> {
        let old = tombstones::resting_since(self.store.read(), before, PASS).await?;
        let mut gone = Vec::new();
        for id in old {
            let Some(row) = sessions::find(self.store.read(), id).await? else { continue };
            // It may have been put to work since.
            if row.updated_at >= before {
                continue;
            }
            let buried =
                tombstones::bury_session(&self.store, id, Burial::AtRest, Utc::now()).await?;
            if let Buried::Yes(ids) = buried {
                tracing::info!(session.id = %id, rested_since = %row.updated_at, "deleting an old session");
                self.buried(row.experiment_id, &ids).await;
                gone.extend(ids);
                tokio::time::sleep(GENTLY).await;
            }
        }
        Ok(gone)
    }

    /// Tells everybody, and removes what is left, in a task that a caller who goes away does not end.
    async fn buried(&self, experiment: ExperimentId, gone: &[SessionId]) {
        gone.iter().for_each(|session| self.log.forget(*session));
        self.log.announce(experiment);
        let datasets = self.clone();
        let finishing = tokio::spawn(async move {
            for _ in 0..ATTEMPTS {
                match datasets.finish_deletions().await {
                    Ok(Swept { left: 0, .. }) => return,
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "a deletion is finished later"),
                }
                tokio::time::sleep(ATTEMPT).await;
            }
        });
        // Whatever came of it: it is deleted for everybody, and the rest is finished later.
        let _ = finishing.await;
    }

    /// Removes the files and rows of all that is buried.
    pub async fn finish_deletions(&self) -> Result<Swept, StoreError> {
        // One at a time: two would find each other's files gone.
        let _turn = self.deleting.lock().await;
        let mut swept = Swept { gone: 0, left: 0 };
        for buried in tombstones::pending(self.store.read()).await? {
            match self.remove(&buried).await {
                Ok(()) => swept.gone += 1,
                Err(error) => {
                    tracing::warn!(id = %buried.id, kind = %buried.kind, %error, "not deleted yet");
                    swept.left += 1;
                }
            }
        }
        Ok(swept)
    }

    /// Deletes what stands in the bucket of a session's files.
    pub async fn unsync(&self, session: SessionId) -> Result<(), ObjectError> {
        match self.objects.remote() {
            Some(remote) => remote.delete_below(&session_folder(session)).await,
            None => Ok(()),
        }
    }

    /// Drops what was on its way to the bucket of a session's files.
    async fn drop_unfinished(&self, session: SessionId) -> Result<(), Unfinished> {
        let folder = session_folder(session);
        for (path, checkpoint) in synced::unfinished(self.store.read(), session).await? {
            // Anything else is nothing of ours, and the store sweeps it.
            let parsed = (ObjectKey::file(&folder, &path), Checkpoint::parse(&checkpoint));
            if let (Some(key), Some(checkpoint)) = parsed {
                self.objects.discard(&key, &checkpoint).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, buried: &Tombstone) -> Result<(), Unfinished> {
        match buried.kind {
            Mortal::Session => {
                let id = SessionId(buried.id);
                let name = format!("sessions/{id}");
                // The name of a UUID is always one of a volume.
                if let Ok(volume) = VolumeName::parse(&name) {
                    self.sandboxes.delete_volume(&volume).await?;
                }
                self.unsync(id).await?;
                self.drop_unfinished(id).await?;
                tombstones::erase_session(&self.store, id).await?;
                // Whoever came to watch between the tombstone and now.
                self.log.forget(id);
            }
            Mortal::Experiment => {
                let id = ExperimentId(buried.id);
                for upload in uploads::of_experiment(self.store.read(), id).await? {
                    match self.objects.delete(&object_key(upload.id)).await {
                        Ok(()) | Err(ObjectError::NoObject(_)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                self.sandboxes.delete_volume(&dataset_volume(id)).await?;
                tombstones::erase_experiment(&self.store, id).await?;
            }
        }
        Ok(())
    }
}
