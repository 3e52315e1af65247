//! Objects as files below one folder.
//!
//! ```text
//! {root}/objects/{key}.object   an object, whole
//! {root}/incoming/{id}          one that is still being written
//! ```
//!
//! An object appears by a rename after its bytes are on disk, so a reader sees it whole or not at
//! all, after a power cut too. The ending keeps `a` and `a/b` apart, which can both be keys.

use super::{ObjectError, ObjectKey, ObjectStore, Stored};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

/// The largest piece of an object that is read at once, in bytes.
const PIECE: u64 = 64 * 1024;

/// The object store on a local folder.
#[derive(Clone, Debug)]
pub struct FilesystemObjects {
    objects: PathBuf,
    incoming: PathBuf,
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
        let store = Self { objects: root.join("objects"), incoming: root.join(incoming) };
        let made = fs::create_dir_all(&store.objects)
            .and_then(|()| fs::create_dir_all(&store.incoming))
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
        mut body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<Stored, ObjectError> {
        let failed = failed("store an object");
        let incoming = Incoming(self.incoming.join(uuid::Uuid::now_v7().simple().to_string()));
        let mut file = File::create_new(&incoming.0).await.map_err(&failed)?;
        let mut hash = Sha256::new();
        let mut size = 0;
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(ObjectError::Broken)?;
            size += piece.len() as u64;
            if size > limit {
                return Err(ObjectError::TooLarge { limit });
            }
            hash.update(&piece);
            file.write_all(&piece).await.map_err(&failed)?;
        }
        file.flush().await.map_err(&failed)?;
        file.sync_all().await.map_err(&failed)?;
        drop(file);
        let (objects, place) = (self.objects.clone(), self.path(key));
        blocking(move || place_durably(&incoming.0, &objects, &place)).await.map_err(&failed)?;
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Stored { size, sha256 })
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

/// A file that is not an object yet; gone when dropped before its move.
struct Incoming(PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        // After the move there is nothing here, and the error says just that.
        let _ = fs::remove_file(&self.0);
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
