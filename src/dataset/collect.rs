//! Cleaning up: copies that a server that died left behind, and uploads that nobody made use of.

use super::{Datasets, goes::checkpoint, object_key};
use crate::{
    objects::ObjectError,
    store::{StoreError, uploads},
};
use chrono::{DateTime, Duration, Utc};
use entity::{ids::UploadId, principal::Principal, uploads::Model as Upload, vocab::UploadState};

/// How long an upload may wait for its experiment, in hours.
const WAIT_HOURS: i64 = 24;

impl Datasets {
    /// Deletes the folders of runners. Called before any runner runs: all of them are leftovers.
    pub async fn sweep(&self) {
        for name in ["intake", "work"] {
            let name = self.corner(name, None);
            if let Err(error) = self.sandboxes.delete_volume(&name).await {
                tracing::warn!(%name, %error, "leftovers were not deleted");
            }
        }
    }

    /// Deletes uploads that were begun a day before now and belong to no experiment. Answers how many.
    pub async fn collect(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let before = now - Duration::hours(WAIT_HOURS);
        let unused = uploads::unused(self.store.read(), before).await?;
        let mut deleted = 0;
        for upload in unused {
            deleted += usize::from(self.drop_unused(upload.id).await? == Dropped::Gone);
        }
        Ok(deleted)
    }

    /// Deletes an upload that no experiment has; whoever sends it, or an import into it, ends. False when there is no
    /// such upload.
    pub async fn delete_upload(
        &self,
        principal: &Principal,
        id: UploadId,
    ) -> Result<bool, StoreError> {
        let Some(row) = self.upload(principal, id).await? else { return Ok(false) };
        if row.experiment_id.is_some() {
            return Ok(false);
        }
        Ok(self.drop_unused(id).await? != Dropped::Used)
    }

    /// Deletes an upload, if no experiment has it, and what came of it so far.
    pub(super) async fn drop_unused(&self, id: UploadId) -> Result<Dropped, StoreError> {
        self.imports.stop(id).await;
        // Whoever sends it ends now, or finds within seconds that it is gone.
        let _seat = self.writers.take(id).await;
        let Some(upload) = uploads::find(self.store.read(), id).await? else {
            return Ok(Dropped::Used);
        };
        // The row first: whoever wants to make use of the upload now is told that it is gone.
        if !uploads::delete_unused(self.store.write(), id).await? {
            return Ok(Dropped::Used);
        }
        if let Err(error) = self.drop_bytes(&upload).await {
            tracing::warn!(upload.id = %id, %error, "an upload is deleted later");
            // The next pass finds it by its row. Some of its bytes may be gone: nobody can use it.
            let left = Upload {
                state: UploadState::Open,
                size: None,
                sha256: None,
                holder: None,
                source: None,
                ..upload
            };
            uploads::insert(self.store.write(), &left).await?;
            return Ok(Dropped::Later);
        }
        Ok(Dropped::Gone)
    }

    async fn drop_bytes(&self, upload: &Upload) -> Result<(), ObjectError> {
        let key = object_key(upload.id);
        if let Some(checkpoint) = checkpoint(upload) {
            self.objects.discard(&key, &checkpoint).await?;
        }
        self.objects.delete(&key).await
    }
}

/// What became of an upload that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    Gone,
    /// Its bytes are still there; nobody can use it.
    Later,
    /// An experiment has it by now, or somebody else deleted it.
    Used,
}
