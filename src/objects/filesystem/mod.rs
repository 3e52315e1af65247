//! Objects as files below one folder.
//!
//! ```text
//! {root}/objects/{key}.object   an object, whole
//! {root}/incoming/{id}          one that is still being written, and gone with its writer
//! {root}/partial/{id}           one that comes in several goes, which stays
//! ```
//!
//! An object appears by a rename after its bytes are on disk, so a reader sees it whole or not at
//! all, after a power cut too. The ending keeps `a` and `a/b` apart, which can both be keys.

mod partial;

use super::{Checkpoint, ObjectError, ObjectKey, ObjectStore, PartialPut, Stored, partial::Lasts};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use partial::Partial;
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};

/// The largest piece of an object that is read at once, in bytes.
const PIECE: u64 = 64 * 1024;

/// The object store on a local folder.
#[derive(Clone, Debug)]
pub struct FilesystemObjects {
    objects: PathBuf,
    incoming: PathBuf,
    partial: PathBuf,
}

impl FilesystemObjects {
    /// Opens the store, making its folders, and removes what a server that died left half written.
    ///
    /// Whoever calls it holds the lock of the data directory, so that nobody else writes there.
    pub fn open(root: &Path) -> Result<Self, ObjectError> {
        Self::with(root, "incoming")
    }

    /// The same in a folder that several servers use: `seat` names what this one is still writing.
    pub fn open_shared(root: &Path, seat: &str) -> Result<Self, ObjectError> {
        Self::with(root, &format!("incoming-{seat}"))
    }

    fn with(root: &Path, incoming: &str) -> Result<Self, ObjectError> {
        let root = std::path::absolute(root).map_err(failed("open the object store"))?;
        let store = Self {
            objects: root.join("objects"),
            incoming: root.join(incoming),
            partial: root.join("partial"),
        };
        let made = [&store.objects, &store.incoming, &store.partial];
        let made = made
            .into_iter()
            .try_for_each(fs::create_dir_all)
            .and_then(|()| sync(&root))
            .and_then(|()| clear(&store.incoming));
        made.map_err(failed("open the object store"))?;
        Ok(store)
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.objects.join(format!("{key}.object"))
    }
}

#[async_trait]
impl ObjectStore for FilesystemObjects {
    async fn put(
        &self,
        key: &ObjectKey,
        body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<Stored, ObjectError> {
        let mut whole = Partial::begin(self, key, Lasts::WhileItIsWritten).await?;
        whole.go(body, limit).await?;
        whole.end().await
    }

    async fn open(
        &self,
        key: &ObjectKey,
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn PartialPut>, ObjectError> {
        Ok(Box::new(match from {
            None => Partial::begin(self, key, Lasts::ForLater).await?,
            Some(checkpoint) => Partial::resume(self, key, checkpoint).await?,
        }))
    }

    async fn discard(&self, key: &ObjectKey, checkpoint: &Checkpoint) -> Result<(), ObjectError> {
        partial::discard(self, key, checkpoint).await
    }

    async fn sweep(&self, older_than: Duration) -> Result<usize, ObjectError> {
        let folder = self.partial.clone();
        let swept = blocking(move || partial::sweep(&folder, older_than));
        swept.await.map_err(failed("look at unfinished objects"))
    }

    async fn get(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, ObjectError> {
        let failed = failed("read an object");
        let mut file = match File::open(self.path(key)).await {
            Err(error) if absent(&error) => return Err(ObjectError::NoObject(key.clone())),
            other => other.map_err(&failed)?,
        };
        let size = file.metadata().await.map_err(&failed)?.len();
        let range = range.unwrap_or(0..size);
        let start = range.start.min(size);
        let left = range.end.min(size).saturating_sub(start);
        file.seek(io::SeekFrom::Start(start)).await.map_err(&failed)?;
        Ok(stream::try_unfold((file, left), next_piece).boxed())
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, ObjectError> {
        match tokio::fs::metadata(self.path(key)).await {
            Ok(meta) => Ok(Some(meta.len())),
            Err(error) if absent(&error) => Ok(None),
            Err(error) => Err(failed("look at an object")(error)),
        }
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        let place = self.path(key);
        let deleted = blocking(move || match fs::remove_file(&place) {
            Ok(()) => place.parent().map_or(Ok(()), sync),
            Err(error) if absent(&error) => Ok(()),
            Err(error) => Err(error),
        });
        deleted.await.map_err(failed("delete an object"))
    }
}

async fn next_piece((mut file, left): (File, u64)) -> io::Result<Option<(Bytes, (File, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let wanted = left.min(PIECE);
    let mut piece = BytesMut::with_capacity(wanted as usize);
    let read = (&mut file).take(wanted).read_buf(&mut piece).await?;
    if read == 0 {
        // Objects never change in place, so one that ends early was damaged from outside.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some((piece.freeze(), (file, left - read as u64))))
}

/// Moves a written file in its place; every folder on the way is on disk before this returns.
fn place_durably(incoming: &Path, objects: &Path, place: &Path) -> io::Result<()> {
    let folder = place.parent().unwrap_or(objects);
    fs::create_dir_all(folder)?;
    fs::rename(incoming, place)?;
    for folder in folder.ancestors().take_while(|folder| folder.starts_with(objects)) {
        sync(folder)?;
    }
    Ok(())
}

fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}

fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Tells a full disk apart from everything else.
fn failed(action: &'static str) -> impl Fn(io::Error) -> ObjectError {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ObjectError::Full,
        _ => ObjectError::Io { action, source },
    }
}
