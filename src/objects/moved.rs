//! The store that is set, and behind it the one in the data directory, for what was kept before.

use super::{Checkpoint, ObjectError, ObjectKey, ObjectStore, PartialPut, RemoteObjects, Stored};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::{io, ops::Range, sync::Arc, time::Duration};

/// Writes to the new store, and reads from the old one what the new one has not.
pub struct Moved {
    pub new: Arc<dyn ObjectStore>,
    pub old: Arc<dyn ObjectStore>,
}

#[async_trait]
impl ObjectStore for Moved {
    async fn put(
        &self,
        key: &ObjectKey,
        body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<Stored, ObjectError> {
        self.new.put(key, body, limit).await
    }

    async fn open(
        &self,
        key: &ObjectKey,
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn PartialPut>, ObjectError> {
        self.new.open(key, from).await
    }

    async fn discard(&self, key: &ObjectKey, checkpoint: &Checkpoint) -> Result<(), ObjectError> {
        // Each drops what it began.
        self.old.discard(key, checkpoint).await?;
        self.new.discard(key, checkpoint).await
    }

    async fn sweep(&self, older_than: Duration) -> Result<usize, ObjectError> {
        let (old, new) = (self.old.sweep(older_than).await, self.new.sweep(older_than).await);
        Ok(old? + new?)
    }

    async fn get(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, ObjectError> {
        match self.new.get(key, range.clone()).await {
            Err(ObjectError::NoObject(_)) => self.old.get(key, range).await,
            other => other,
        }
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, ObjectError> {
        match self.new.size(key).await? {
            Some(size) => Ok(Some(size)),
            None => self.old.size(key).await,
        }
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        // The old one first: what is left of a deletion that broke off is then found again.
        self.old.delete(key).await?;
        self.new.delete(key).await
    }

    fn remote(&self) -> Option<&dyn RemoteObjects> {
        self.new.remote()
    }
}
