//! Volumes as folders: `{data}/volumes/{name}`, owned by the user that sandboxes run as.
//!
//! What lies in them was written by programs that nobody trusts, so every path is resolved by the
//! kernel beneath the volume, no link is followed, and only regular files are read.

pub(super) mod beneath;
pub(super) mod listing;
mod removal;

use crate::sandbox::{
    FileStat, LARGEST_DIGEST, Listing, SandboxError, Volume, VolumeName, VolumePath,
};
use async_trait::async_trait;
use beneath::Owner;
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use rustix::{
    fd::OwnedFd,
    fs::{self, AtFlags, Mode, OFlags},
    io::Errno,
};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, Read},
    ops::Range,
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};
use tokio::io::AsyncWriteExt;

/// Bytes that a digest reads at a time.
const PIECE: usize = 256 * 1024;
/// The folder that all volumes lie in.
///
/// `.trash` and `.incoming` beside them are the server's own; no volume's name starts with a dot. Where several
/// servers use one folder, each has its own, with the name of its seat at the end.
pub(super) struct Volumes {
    root: OwnedFd,
    trash: OwnedFd,
    incoming: OwnedFd,
    owner: Owner,
    /// How the names of folders begin that wait to be deleted.
    old: String,
}

impl Volumes {
    /// Opens the folder, making it where it is missing. `seat` tells this server's own files from those of others.
    pub(super) fn open(folder: &Path, owner: Owner, seat: Option<&str>) -> io::Result<Self> {
        let own = |name: &str| seat.map_or(name.to_owned(), |seat| format!("{name}-{seat}"));
        let old = own(".old") + "-";
        std::fs::create_dir_all(folder)?;
        let root =
            fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        // Others may pass through to a volume that is theirs, and list nothing.
        fs::fchmod(&root, Mode::from(0o711))?;
        // What a server that died left here is put aside first: `sweep` may take its time then.
        for name in [own(".trash"), own(".incoming")] {
            match fs::renameat(&root, &name, &root, format!("{old}{}", unique())) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let trash = beneath::make_folders(&root, &own(".trash"), Mode::RWXU, None)?;
        let incoming = beneath::make_folders(&root, &own(".incoming"), Mode::RWXU, None)?;
        Ok(Self { root, trash, incoming, owner, old })
    }

    /// Deletes what a server that died left half written or half deleted.
    pub(super) fn sweep(&self) -> io::Result<()> {
        for entry in fs::Dir::read_from(&self.root)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_bytes().starts_with(self.old.as_bytes()) {
                removal::clear(&beneath::folder(&self.root, name)?)?;
                fs::unlinkat(&self.root, name, AtFlags::REMOVEDIR)?;
            }
        }
        Ok(())
    }

    /// Opens a volume, making it where it is missing.
    pub(super) fn make(&self, name: &VolumeName) -> io::Result<OwnedFd> {
        let (above, last) = beneath::split(name.as_str());
        let above = match above {
            "." => beneath::folder(&self.root, ".")?,
            above => beneath::make_folders(&self.root, above, Mode::from(0o711), None)?,
        };
        Ok(beneath::make_folders(above, last, Mode::RWXU, self.owner)?)
    }

    pub(super) fn delete(&self, name: &VolumeName) -> io::Result<()> {
        let (above, last) = beneath::split(name.as_str());
        match beneath::absent_as_none(beneath::folder(&self.root, above))? {
            Some(above) => Ok(removal::remove(&above, last, &self.trash)?),
            None => Ok(()),
        }
    }
}

/// One volume on the local disk.
#[derive(Clone)]
pub(super) struct LocalVolume {
    root: Arc<OwnedFd>,
    volumes: Arc<Volumes>,
}

impl LocalVolume {
    pub(super) fn open(volumes: Arc<Volumes>, name: &VolumeName) -> io::Result<Self> {
        Ok(Self { root: Arc::new(volumes.make(name)?), volumes })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Self) -> rustix::io::Result<T> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let this = self.clone();
        blocking(action, move || work(&this).map_err(io::Error::from)).await
    }

    async fn open_file(&self, path: &VolumePath) -> Result<(File, u64), SandboxError> {
        let wanted = path.clone();
        self.blocking("open a file of a volume", move |v| {
            beneath::regular(&v.root, wanted.as_str())
        })
        .await?
        .map(|(file, stat)| (file, u64::try_from(stat.st_size).unwrap_or(0)))
        .ok_or_else(|| SandboxError::NoFile(path.clone()))
    }

    /// Puts a finished file in its place and makes that durable.
    fn place(&self, temporary: &str, path: &VolumePath) -> rustix::io::Result<()> {
        let (folder, name) = beneath::split(path.as_str());
        let folder = self.make_parent(folder)?;
        fs::renameat(&self.volumes.incoming, temporary, &folder, name)?;
        fs::fsync(&folder)
    }

    fn make_parent(&self, folder: &str) -> rustix::io::Result<OwnedFd> {
        match folder {
            "." => beneath::folder(&self.root, "."),
            folder => {
                beneath::make_folders(&self.root, folder, Mode::from(0o755), self.volumes.owner)
            }
        }
    }

    fn move_within(&self, from: &str, to: &str) -> rustix::io::Result<()> {
        let (from_folder, from_name) = beneath::split(from);
        let (to_folder, to_name) = beneath::split(to);
        let source = beneath::absent_as_none(beneath::folder(&self.root, from_folder))?;
        let Some(source) = source else { return Ok(()) };
        let look = fs::statat(&source, from_name, AtFlags::SYMLINK_NOFOLLOW);
        if beneath::absent_as_none(look)?.is_none() {
            return Ok(());
        }
        let target = self.make_parent(to_folder)?;
        match fs::renameat(&source, from_name, &target, to_name) {
            Err(Errno::NOENT) => return Ok(()),
            other => other?,
        }
        fs::fsync(&target)?;
        fs::fsync(&source)
    }
}

#[async_trait]
impl Volume for LocalVolume {
    async fn list(&self, under: Option<&VolumePath>) -> Result<Listing, SandboxError> {
        let under = under.cloned();
        self.blocking("list a volume", move |v| listing::list(&v.root, under.as_ref())).await
    }

    async fn stat(&self, path: &VolumePath) -> Result<Option<FileStat>, SandboxError> {
        let path = path.clone();
        self.blocking("look at a file of a volume", move |v| {
            Ok(beneath::look(&v.root, path.as_str())?.map(|stat| FileStat {
                path,
                size: u64::try_from(stat.st_size).unwrap_or(0),
                modified: listing::modified(&stat),
            }))
        })
        .await
    }

    async fn read(&self, path: &VolumePath, range: Range<u64>) -> Result<Bytes, SandboxError> {
        let (file, size) = self.open_file(path).await?;
        blocking("read a file of a volume", move || {
            let start = range.start.min(size);
            let length = range.end.min(size).saturating_sub(start);
            let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
            let mut filled = 0;
            while filled < bytes.len() {
                match file.read_at(&mut bytes[filled..], start + filled as u64) {
                    // It became shorter since it was opened.
                    Ok(0) => break,
                    Ok(more) => filled += more,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            bytes.truncate(filled);
            Ok(Bytes::from(bytes))
        })
        .await
    }

    async fn digest(&self, path: &VolumePath) -> Result<String, SandboxError> {
        let (file, size) = self.open_file(path).await?;
        if size > LARGEST_DIGEST {
            return Err(SandboxError::NoFile(path.clone()));
        }
        blocking("read a file of a volume", move || {
            // What is appended meanwhile belongs to the next digest.
            let mut file = file.take(size);
            let mut hash = Sha256::new();
            let mut piece = vec![0; PIECE];
            loop {
                match file.read(&mut piece) {
                    Ok(0) => break,
                    Ok(read) => hash.update(&piece[..read]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(super::hex(&hash.finalize()))
        })
        .await
    }

    async fn put(
        &self,
        path: &VolumePath,
        mut body: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<u64, SandboxError> {
        const ACTION: &str = "write a file of a volume";
        let failed = |source| disk_error(ACTION, source);
        let temporary = self.blocking(ACTION, |v| Incoming::create(v.volumes.clone())).await?;
        let handle = temporary.file.try_clone().map_err(failed)?;
        let mut file = tokio::fs::File::from_std(handle);
        let mut size = 0;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|source| SandboxError::Io {
                action: "read what is to be written to a volume",
                source,
            })?;
            file.write_all(&bytes).await.map_err(failed)?;
            size += bytes.len() as u64;
        }
        file.flush().await.map_err(failed)?;
        file.sync_all().await.map_err(failed)?;
        let path = path.clone();
        self.blocking(ACTION, move |v| v.place(&temporary.name, &path)).await?;
        Ok(size)
    }

    async fn rename(&self, from: &VolumePath, to: &VolumePath) -> Result<(), SandboxError> {
        let (from, to) = (from.clone(), to.clone());
        self.blocking("move a file of a volume", move |v| v.move_within(from.as_str(), to.as_str()))
            .await
    }

    async fn delete(&self, path: &VolumePath) -> Result<(), SandboxError> {
        let path = path.clone();
        self.blocking("delete a file of a volume", move |v| {
            let (folder, name) = beneath::split(path.as_str());
            match beneath::absent_as_none(beneath::folder(&v.root, folder))? {
                Some(folder) => removal::remove(&folder, name, &v.volumes.trash),
                None => Ok(()),
            }
        })
        .await
    }
}

/// A file that is being written where no sandbox sees it; gone when dropped before its move.
struct Incoming {
    file: File,
    name: String,
    volumes: Arc<Volumes>,
}

impl Incoming {
    fn create(volumes: Arc<Volumes>) -> rustix::io::Result<Self> {
        let name = unique();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from(0o644);
        let fd = fs::openat(&volumes.incoming, name.as_str(), flags, mode)?;
        let made = Self { file: File::from(fd), name, volumes };
        fs::fchmod(&made.file, mode)?;
        beneath::give(&made.file, made.volumes.owner)?;
        Ok(made)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After the move there is nothing by this name, and the error says just that.
        let _ = fs::unlinkat(&self.volumes.incoming, self.name.as_str(), AtFlags::empty());
    }
}

fn unique() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// Runs file work off the event loop.
pub(super) async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, SandboxError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)
        .and_then(|done| done)
        .map_err(|source| disk_error(action, source))
}

/// Tells a full disk apart from everything else.
pub(super) fn disk_error(action: &'static str, source: io::Error) -> SandboxError {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    match source.kind() {
        StorageFull | QuotaExceeded => SandboxError::DiskFull,
        _ => SandboxError::Io { action, source },
    }
}
