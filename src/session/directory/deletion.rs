//! Deleting sessions: their rows and files by `dataset`, their actors here.

use super::Directory;
use crate::{
    dataset::DeleteError,
    session::{CommandError, actor::Suspend},
    store::{StoreError, tombstones::Burial},
};
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, SessionId},
    principal::Principal,
};

impl Directory {
    /// Deletes a session at rest, or one whose log is damaged.
    pub async fn delete_session(
        &self,
        principal: &Principal,
        id: SessionId,
    ) -> Result<(), DeleteError> {
        let datasets = &self.0.parts.datasets;
        let deleted = datasets.delete_session(principal, id, Burial::AtRest).await;
        if let Err(DeleteError::SessionAtWork) = deleted {
            // One that cannot even be rebuilt is at work in its row alone.
            let Err(CommandError::Damaged(_)) = self.look(id).await else { return deleted };
            datasets.delete_session(principal, id, Burial::Damaged).await?;
        } else {
            deleted?;
        }
        self.let_go(&[id]).await;
        Ok(())
    }

    /// Deletes an experiment whose sessions are all at rest.
    pub async fn delete_experiment(
        &self,
        principal: &Principal,
        id: ExperimentId,
    ) -> Result<(), DeleteError> {
        let gone = self.0.parts.datasets.delete_experiment(principal, id).await?;
        self.let_go(&gone).await;
        Ok(())
    }

    /// Deletes sessions that have been at rest since before a time. Answers how many.
    pub async fn retire(&self, before: DateTime<Utc>) -> Result<usize, StoreError> {
        let gone = self.0.parts.datasets.retire(before).await?;
        self.let_go(&gone).await;
        Ok(gone.len())
    }

    /// Lets go of the actors of sessions that are no more. They can append nothing already.
    async fn let_go(&self, gone: &[SessionId]) {
        for id in gone {
            let slot = self.lock().remove(id);
            let Some(slot) = slot else { continue };
            if let Some(actor) = slot.actor.lock().await.take() {
                // An actor that is gone has let go already.
                let _ = actor.send(Suspend).await;
            }
        }
    }
}
