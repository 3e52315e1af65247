//! Cleaning up: copies that a server that died left behind, and uploads that nobody made use of.

use super::{Datasets, object_key};
use crate::store::{StoreError, uploads};
use chrono::{DateTime, Duration, Utc};
use entity::{uploads::Model, vocab::UploadState};

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

    /// Deletes uploads that were sent a day before now and belong to no experiment. Answers how many.
    pub async fn collect(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let before = now - Duration::hours(WAIT_HOURS);
        let unused = uploads::unused(self.store.read(), before).await?;
        let mut deleted = 0;
        for upload in unused {
            deleted += usize::from(self.drop_unused(upload).await? == Dropped::Gone);
        }
        Ok(deleted)
    }

    /// Deletes an upload, if no experiment has it.
    pub(super) async fn drop_unused(&self, upload: Model) -> Result<Dropped, StoreError> {
        // The row first: whoever wants to make use of the upload now is told that it is gone.
        if !uploads::delete_unused(self.store.write(), upload.id).await? {
            return Ok(Dropped::Used);
        }
        if let Err(error) = self.objects.delete(&object_key(upload.id)).await {
            tracing::warn!(upload.id = %upload.id, %error, "an upload is deleted later");
            // The next pass finds it by its row. Some of its bytes may be gone: nobody can use it.
            let left = Model { state: UploadState::Open, size: None, sha256: None, ..upload };
            uploads::insert(self.store.write(), &left).await?;
            return Ok(Dropped::Later);
        }
        Ok(Dropped::Gone)
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
