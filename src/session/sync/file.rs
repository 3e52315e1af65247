//! Sending one file: at once what fits into one part, in several goes what is larger.
//!
//! How far a large one is, is noted beside its row. So a restart, another server, or the next try goes on there.

use super::reconcile::{Trouble, key};
use crate::{
    objects::{Checkpoint, ObjectError, ObjectKey, ObjectStore, Stored},
    sandbox::{Volume, VolumePath},
    store::{
        self, Store,
        synced::{Sent, Wanted},
    },
};
use bytes::Bytes;
use entity::{ids::SessionId, synced_objects::Model as Synced};
use futures::stream::{self, BoxStream};
use std::{io, ops::Range, sync::Arc};
use tokio::sync::{Semaphore, watch};

/// Files that are on their way at once.
pub(super) const AT_ONCE: u32 = 8;
/// What counts as so many of them: a large file has several parts in memory.
const LARGE: u64 = 8 << 20;
const LARGE_COUNTS: u32 = 4;
/// Bytes of a file that are read at once: a part of an upload.
const PIECE: u64 = 8 << 20;

/// What was sent of a file before.
pub(super) struct Begun {
    /// The file's digest, lower-case hex.
    of: String,
    checkpoint: Checkpoint,
}

impl Begun {
    /// `None` where nothing is on its way.
    pub(super) fn of(row: &Synced) -> Option<Self> {
        let checkpoint = row.checkpoint.as_deref().and_then(Checkpoint::parse)?;
        Some(Self { of: row.checkpoint_of.clone()?, checkpoint })
    }
}

/// A file that is to be sent, and with what.
pub(super) struct One {
    pub store: Store,
    pub id: SessionId,
    pub volume: Arc<dyn Volume>,
    pub objects: Arc<dyn ObjectStore>,
    pub file: Wanted,
    pub begun: Option<Begun>,
}

/// What came of a file.
pub(super) enum Came {
    Sent(Sent),
    /// What arrived is not what its stage reported.
    Changed(Sent),
    /// The rest of a sentence.
    Unsent(String),
}

/// Why a file was not sent.
enum Broke {
    Object(ObjectError),
    /// What had been sent of it is gone, or belongs to other bytes.
    Anew,
}

impl From<ObjectError> for Broke {
    fn from(error: ObjectError) -> Self {
        Broke::Object(error)
    }
}

impl One {
    pub(super) async fn send(mut self, places: &Semaphore) -> Result<Came, Trouble> {
        let counts = if self.file.size.unsigned_abs() > LARGE { LARGE_COUNTS } else { 1 };
        let place = places.acquire_many(counts).await;
        let _place = place.map_err(|error| Trouble::Session(error.to_string()))?;
        let unsent = |why: &str| Ok(Came::Unsent(why.to_owned()));
        let Some(key) = key(self.id, &self.file.path) else {
            return unsent("has too long a name for a key");
        };
        let Ok(path) = VolumePath::parse(&self.file.path) else {
            return unsent("has no name of a file");
        };
        let Some(stat) = self.volume.stat(&path).await? else { return unsent("is gone") };
        let mut from = self.usable(&key, stat.size).await?;
        let stored = loop {
            let sent = if stat.size <= LARGE {
                let body = read(Arc::clone(&self.volume), path.clone(), 0..stat.size);
                self.objects.put(&key, body, stat.size).await.map_err(Broke::Object)
            } else {
                self.in_goes(&key, &path, stat.size, from.take()).await
            };
            match sent {
                Ok(stored) => break stored,
                // It happens once: from its first byte nothing is resumed.
                Err(Broke::Anew) => {}
                Err(Broke::Object(ObjectError::Rejected(why))) => {
                    return Ok(Came::Unsent(format!("is refused: {why}")));
                }
                Err(Broke::Object(error)) => return Err(error.into()),
            }
        };
        let as_reported = stored.sha256 == self.file.sha256;
        let size = i64::try_from(stored.size).unwrap_or(i64::MAX);
        let row = Sent { path: self.file.path, size, sha256: stored.sha256 };
        Ok(if as_reported { Came::Sent(row) } else { Came::Changed(row) })
    }

    /// Where to go on. What was sent of another file is dropped.
    async fn usable(
        &mut self,
        key: &ObjectKey,
        size: u64,
    ) -> Result<Option<Checkpoint>, ObjectError> {
        let Some(Begun { of, checkpoint }) = self.begun.take() else { return Ok(None) };
        if of == self.file.sha256 && size > LARGE && checkpoint.taken() <= size {
            return Ok(Some(checkpoint));
        }
        self.objects.discard(key, &checkpoint).await?;
        Ok(None)
    }

    /// Sends a large file, or the rest of one.
    async fn in_goes(
        &self,
        key: &ObjectKey,
        path: &VolumePath,
        size: u64,
        from: Option<Checkpoint>,
    ) -> Result<Stored, Broke> {
        let partial = match self.objects.open(key, from.as_ref()).await {
            Err(ObjectError::Forgotten) => self.objects.open(key, None).await?,
            other => other?,
        };
        let at = partial.taken();
        let kept = partial.kept();
        let body = read(Arc::clone(&self.volume), path.clone(), at..size);
        let send = async { partial.write(body, size).await?.finish().await };
        match tokio::join!(send, self.note(kept)).0 {
            // The file became another one in between.
            Ok(stored) if at > 0 && stored.sha256 != self.file.sha256 => Err(Broke::Anew),
            Err(ObjectError::Forgotten) if at > 0 => Err(Broke::Anew),
            sent => Ok(sent?),
        }
    }

    /// Notes how far the file is, until its writer is gone.
    async fn note(&self, mut kept: watch::Receiver<Option<Checkpoint>>) {
        while kept.changed().await.is_ok() {
            let Some(now) = kept.borrow_and_update().as_ref().map(Checkpoint::to_text) else {
                continue;
            };
            let (db, Wanted { path, sha256, .. }) = (self.store.write(), &self.file);
            if let Err(error) = store::synced::note(db, self.id, path, sha256, &now).await {
                // The file is sent all the same; what is lost is where to go on.
                tracing::warn!(session.id = %self.id, %error, "how far a file is was not noted");
            }
        }
    }
}

fn read(
    volume: Arc<dyn Volume>,
    path: VolumePath,
    range: Range<u64>,
) -> BoxStream<'static, io::Result<Bytes>> {
    let Range { start, end } = range;
    let pieces = stream::try_unfold((volume, path, start), move |(volume, path, at)| async move {
        if at == end {
            return Ok(None);
        }
        let until = end.min(at + PIECE);
        let bytes = volume.read(&path, at..until).await.map_err(io::Error::other)?;
        if bytes.len() as u64 != until - at {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file changed"));
        }
        Ok(Some((bytes, (volume, path, until))))
    });
    Box::pin(pieces)
}
