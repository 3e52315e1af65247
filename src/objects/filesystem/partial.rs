//! Writing: a file of its own per object, locked while somebody writes it, and moved in its place when it is whole.

use super::{FilesystemObjects, absent, blocking, failed, place_durably, sync};
use crate::objects::{
    Checkpoint, ObjectError, ObjectKey, PartialPut, Stored, digest::Hashing, partial::Lasts,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::{fs::File, io::AsyncWriteExt, sync::watch, time::Instant};
use uuid::Uuid;

/// Bytes after which what was written is made durable and noted.
const PART: u64 = 8 << 20;
/// How long a file is waited for that somebody else has: one that was dropped may be at its last write.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);
/// Whose states these are.
const KIND: &str = "file 1";

#[derive(Serialize, Deserialize)]
struct State {
    id: Uuid,
    key: String,
    sha256: String,
}

/// A file that is not an object yet.
pub(super) struct Partial {
    file: File,
    at: Place,
    id: Uuid,
    key: ObjectKey,
    lasts: Lasts,
    hash: Hashing,
    taken: u64,
    kept: watch::Sender<Option<Checkpoint>>,
}

/// Where a file is, and where it will be.
struct Place {
    file: PathBuf,
    objects: PathBuf,
    object: PathBuf,
}

impl Partial {
    pub(super) async fn begin(
        store: &FilesystemObjects,
        key: &ObjectKey,
        lasts: Lasts,
    ) -> Result<Self, ObjectError> {
        let id = Uuid::now_v7();
        let folder = match lasts {
            Lasts::WhileItIsWritten => &store.incoming,
            Lasts::ForLater => &store.partial,
        };
        let (folder, path) = (folder.clone(), folder.join(id.simple().to_string()));
        let at =
            Place { file: path.clone(), objects: store.objects.clone(), object: store.path(key) };
        let made = blocking(move || {
            let file = fs::File::create_new(&path)?;
            if lasts == Lasts::ForLater {
                flock(&file, FlockOperation::NonBlockingLockExclusive)?;
                sync(&folder)?;
            }
            Ok(file)
        });
        let file = File::from_std(made.await.map_err(failed("store an object"))?);
        let (hash, kept) = (Hashing::default(), watch::Sender::new(None));
        Ok(Self { file, at, id, key: key.clone(), lasts, hash, taken: 0, kept })
    }

    pub(super) async fn resume(
        store: &FilesystemObjects,
        key: &ObjectKey,
        from: &Checkpoint,
    ) -> Result<Self, ObjectError> {
        let state = state(key, from).ok_or(ObjectError::Forgotten)?;
        let hash = Hashing::load(&state.sha256).ok_or(ObjectError::Forgotten)?;
        let path = store.partial.join(state.id.simple().to_string());
        let until = Instant::now() + PATIENCE;
        let file = loop {
            let (path, taken) = (path.clone(), from.taken());
            let tried = blocking(move || reopen(&path, taken)).await;
            match tried.map_err(failed("go on with an object"))? {
                Reopened::Ready(file) => break file,
                Reopened::Gone => return Err(ObjectError::Forgotten),
                Reopened::Held if Instant::now() < until => tokio::time::sleep(LOOK).await,
                Reopened::Held => return Err(ObjectError::Held),
            }
        };
        Ok(Self {
            file: File::from_std(file),
            at: Place { file: path, objects: store.objects.clone(), object: store.path(key) },
            id: state.id,
            key: key.clone(),
            lasts: Lasts::ForLater,
            hash,
            taken: from.taken(),
            kept: watch::Sender::new(Some(from.clone())),
        })
    }

    pub(super) async fn go(
        &mut self,
        mut body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<(), ObjectError> {
        let ended = loop {
            match body.next().await {
                None => break Ok(()),
                Some(Err(error)) => break Err(ObjectError::Broken(error)),
                Some(Ok(piece)) if self.taken.saturating_add(piece.len() as u64) > limit => {
                    break Err(ObjectError::TooLarge { limit });
                }
                Some(Ok(piece)) => self.take(&piece).await?,
            }
        };
        self.keep().await?;
        ended
    }

    async fn take(&mut self, piece: &[u8]) -> Result<(), ObjectError> {
        self.file.write_all(piece).await.map_err(failed("store an object"))?;
        self.hash.update(piece);
        self.taken += piece.len() as u64;
        let noted = self.kept.borrow().as_ref().map_or(0, Checkpoint::taken);
        if self.taken - noted >= PART { self.keep().await } else { Ok(()) }
    }

    /// Makes what was taken durable, and notes it.
    async fn keep(&mut self) -> Result<(), ObjectError> {
        let noted = self.kept.borrow().as_ref().map_or(0, Checkpoint::taken);
        if self.lasts == Lasts::WhileItIsWritten || self.taken == noted {
            return Ok(());
        }
        self.durable().await?;
        let state =
            State { id: self.id, key: self.key.as_str().to_owned(), sha256: self.hash.save() };
        self.kept.send_replace(Some(Checkpoint::new(self.taken, KIND, state)));
        Ok(())
    }

    async fn durable(&mut self) -> Result<(), ObjectError> {
        self.file.flush().await.map_err(failed("store an object"))?;
        self.file.sync_all().await.map_err(failed("store an object"))
    }

    pub(super) async fn end(mut self) -> Result<Stored, ObjectError> {
        self.durable().await?;
        let Place { file, objects, object } = &self.at;
        let (from, objects, to) = (file.clone(), objects.clone(), object.clone());
        let placed = blocking(move || place_durably(&from, &objects, &to));
        placed.await.map_err(|error| match absent(&error) {
            // Somebody discarded it meanwhile.
            true => ObjectError::Forgotten,
            false => failed("store an object")(error),
        })?;
        Ok(Stored { size: self.taken, sha256: std::mem::take(&mut self.hash).end() })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the move there is nothing here, and the error says just that.
        if self.lasts == Lasts::WhileItIsWritten || self.kept.borrow().is_none() {
            let _ = fs::remove_file(&self.at.file);
        }
    }
}

#[async_trait]
impl PartialPut for Partial {
    fn taken(&self) -> u64 {
        self.taken
    }

    fn kept(&self) -> watch::Receiver<Option<Checkpoint>> {
        self.kept.subscribe()
    }

    async fn write(
        mut self: Box<Self>,
        body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<Box<dyn PartialPut>, ObjectError> {
        self.go(body, limit).await?;
        Ok(self)
    }

    async fn finish(self: Box<Self>) -> Result<Stored, ObjectError> {
        self.end().await
    }
}

enum Reopened {
    /// Cut to what was noted, and locked.
    Ready(fs::File),
    Held,
    Gone,
}

fn reopen(path: &Path, taken: u64) -> io::Result<Reopened> {
    let Some(file) = lock(path)? else { return Ok(Reopened::Held) };
    let Some(mut file) = file else { return Ok(Reopened::Gone) };
    if file.metadata()?.len() < taken {
        return Ok(Reopened::Gone);
    }
    file.set_len(taken)?;
    io::Seek::seek(&mut file, io::SeekFrom::Start(taken))?;
    Ok(Reopened::Ready(file))
}

/// Opens a file for its one writer. `None` when somebody else has it, `Some(None)` when it is not there.
fn lock(path: &Path) -> io::Result<Option<Option<fs::File>>> {
    let file = match fs::File::options().read(true).write(true).open(path) {
        Err(error) if absent(&error) => return Ok(Some(None)),
        other => other?,
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => return Ok(None),
        other => other?,
    }
    // It may have been finished, or discarded, before it was locked.
    let (named, locked) = (fs::metadata(path), file.metadata()?);
    let same = named.is_ok_and(|named| (named.dev(), named.ino()) == (locked.dev(), locked.ino()));
    Ok(Some(same.then_some(file)))
}

pub(super) async fn discard(
    store: &FilesystemObjects,
    key: &ObjectKey,
    checkpoint: &Checkpoint,
) -> Result<(), ObjectError> {
    let Some(state) = state(key, checkpoint) else { return Ok(()) };
    let path = store.partial.join(state.id.simple().to_string());
    // A writer that still has it writes on into a file without a name.
    let removed = blocking(move || match fs::remove_file(&path) {
        Err(error) if !absent(&error) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    });
    removed.await.map_err(failed("drop an unfinished object"))
}

fn state(key: &ObjectKey, checkpoint: &Checkpoint) -> Option<State> {
    checkpoint.read::<State>(KIND).filter(|state| state.key == key.as_str())
}

/// Removes what nobody has written to for so long.
pub(super) fn sweep(folder: &Path, older_than: Duration) -> io::Result<usize> {
    let now = SystemTime::now();
    let mut swept = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let written = match fs::metadata(&path).and_then(|meta| meta.modified()) {
            Err(error) if absent(&error) => continue,
            other => other?,
        };
        // One from the future is not old.
        if now.duration_since(written).is_ok_and(|age| age >= older_than)
            && let Some(Some(_locked)) = lock(&path)?
        {
            fs::remove_file(&path)?;
            swept += 1;
        }
    }
    Ok(swept)
}
