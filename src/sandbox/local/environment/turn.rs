//! Who makes and who uses a folder of the root, across processes: a lock file beside each.
//!
//! A folder appears by a rename when it is whole, so what has a name can be used at once. Whoever
//! makes one holds its lock alone, whoever uses one shares it, and only what nobody holds is deleted.

use crate::sandbox::{
    Progress, SandboxError,
    local::{blocking, disk_error},
};
use rustix::{
    fd::OwnedFd,
    fs::{FlockOperation, Mode, OFlags},
    io::Errno,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How often is looked whether another process is done.
const EVERY: Duration = Duration::from_millis(250);
/// What the names of folders that are being made begin with.
const ASIDE: &str = ".building-";

/// A whole folder that nobody deletes for as long as this lives.
#[derive(Debug)]
pub(in crate::sandbox) struct Held {
    pub path: PathBuf,
    /// None where the root is read-only, and so nothing can be deleted.
    _lock: Option<OwnedFd>,
}

/// What a process gets that asks for a folder.
pub(super) enum Entered {
    Whole(Held),
    /// It is not there, and this process is the one to make it.
    Missing(Workshop),
}

/// A folder that is being made, by this process alone.
pub(super) struct Workshop {
    place: PathBuf,
    aside: PathBuf,
    /// What was downloaded for it, kept when it fails.
    pub downloads: PathBuf,
    /// Shared with the programs that are at work in it.
    pub lock: Arc<OwnedFd>,
}

/// Waits until a folder is whole, or is this process's to make.
pub(super) async fn enter(
    root: &Path,
    name: &str,
    progress: &Progress,
) -> Result<Entered, SandboxError> {
    let mut told = false;
    loop {
        let (from, wanted) = (root.to_owned(), name.to_owned());
        let tried = blocking("lock the Python environment", move || attempt(&from, &wanted));
        match tried.await? {
            Attempt::Entered(entered) => return Ok(entered),
            Attempt::Taken(maker) => {
                if !told {
                    progress(match maker {
                        Some(pid) => {
                            format!("waiting for process {pid}, which makes the same environment")
                        }
                        None => "waiting for a process that makes the same environment".to_owned(),
                    });
                    told = true;
                }
                tokio::time::sleep(EVERY).await;
            }
        }
    }
}

enum Attempt {
    Entered(Entered),
    /// By the process that said its id.
    Taken(Option<u32>),
}

fn attempt(root: &Path, name: &str) -> io::Result<Attempt> {
    let place = root.join(name);
    loop {
        let file = match open(root, name) {
            Ok(file) => file,
            // In a read-only root nothing is made and nothing deleted.
            Err(Errno::ROFS | Errno::ACCESS | Errno::PERM) if place.is_dir() => {
                return Ok(whole(place, None));
            }
            Err(error) => return Err(error.into()),
        };
        let how = match place.is_dir() {
            true => FlockOperation::NonBlockingLockShared,
            false => FlockOperation::NonBlockingLockExclusive,
        };
        match rustix::fs::flock(&file, how) {
            Ok(()) if !is_current(root, name, &file)? => {}
            Ok(()) => match (how, place.is_dir()) {
                (FlockOperation::NonBlockingLockShared, true) => {
                    return Ok(whole(place, Some(file)));
                }
                (FlockOperation::NonBlockingLockExclusive, false) => {
                    let workshop = Workshop::open(root, name, file)?;
                    return Ok(Attempt::Entered(Entered::Missing(workshop)));
                }
                // It came or went between the look and the lock.
                _ => {}
            },
            Err(Errno::WOULDBLOCK) if is_deserted(root, name, &file)? => {
                fs::remove_file(root.join(lock_name(name)))?;
            }
            Err(Errno::WOULDBLOCK) => {
                let said = fs::read_to_string(root.join(lock_name(name))).unwrap_or_default();
                return Ok(Attempt::Taken(said.trim().parse().ok()));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn whole(path: PathBuf, lock: Option<OwnedFd>) -> Attempt {
    Attempt::Entered(Entered::Whole(Held { path, _lock: lock }))
}

fn lock_name(name: &str) -> String {
    format!(".{name}.lock")
}

fn open(root: &Path, name: &str) -> rustix::io::Result<OwnedFd> {
    let path = root.join(lock_name(name));
    let (flags, mode) = (OFlags::CREATE | OFlags::CLOEXEC, Mode::from(0o644));
    match rustix::fs::open(&path, flags | OFlags::RDWR, mode) {
        // Another user's: it can be used all the same.
        Err(Errno::ACCESS) => rustix::fs::open(&path, OFlags::CLOEXEC | OFlags::RDONLY, mode),
        opened => opened,
    }
}

/// Whether a lock file is still the one with the name: it is deleted together with its folder.
fn is_current(root: &Path, name: &str, file: &OwnedFd) -> io::Result<bool> {
    let held = rustix::fs::fstat(file)?;
    match rustix::fs::stat(root.join(lock_name(name))) {
        Ok(named) => Ok((held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether all that hold a lock use a folder that somebody has deleted by hand.
fn is_deserted(root: &Path, name: &str, file: &OwnedFd) -> io::Result<bool> {
    let unmade = rustix::fs::flock(file, FlockOperation::NonBlockingLockShared).is_ok();
    Ok(unmade && !root.join(name).is_dir() && is_current(root, name, file)?)
}

impl Workshop {
    fn open(root: &Path, name: &str, lock: OwnedFd) -> io::Result<Self> {
        rustix::fs::ftruncate(&lock, 0)?;
        rustix::io::pwrite(&lock, std::process::id().to_string().as_bytes(), 0)?;
        // With the lock in hand, whatever is here was left by a process that died. A program of its
        // own may outlive it for a moment, so the new folder has another name.
        sweep(root, name);
        let aside = root.join(format!("{ASIDE}{name}-{}", uuid::Uuid::now_v7().simple()));
        super::make_readable(&aside)?;
        fs::create_dir(aside.join("tmp"))?;
        let downloads = root.join(downloads_name(name));
        Ok(Self { place: root.join(name), aside, downloads, lock: Arc::new(lock) })
    }

    /// Where the contents are put; it must be made.
    pub(super) fn contents(&self) -> PathBuf {
        self.aside.join("contents")
    }

    /// A folder for what programs need for a moment, on the disk that has been found large enough.
    pub(super) fn tmp(&self) -> PathBuf {
        self.aside.join("tmp")
    }

    /// Moves what was made in place, or clears what was not.
    pub(super) async fn close(self, made: Result<(), SandboxError>) -> Result<Held, SandboxError> {
        let contents = self.contents();
        let Self { place, aside, downloads, lock } = self;
        let good = made.is_ok();
        let closed = blocking("move the Python environment in place", move || {
            if good {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let opened = rustix::fs::open(&contents, flags, Mode::empty())?;
                // Its name promises that it is whole, after a power cut as well.
                rustix::fs::syncfs(&opened)?;
                fs::rename(&contents, &place)?;
                let _ = fs::remove_dir_all(downloads);
            }
            // Half of an environment is of no use. What cannot be deleted now is swept later.
            let _ = fs::remove_dir_all(aside);
            rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared)?;
            Ok((place, lock))
        });
        let closed = closed.await;
        // Why it was not made comes first.
        made?;
        let (path, lock) = closed?;
        let lock = Arc::try_unwrap(lock).map_err(|_| {
            disk_error("release the Python environment", io::Error::other("it is still at work"))
        })?;
        Ok(Held { path, _lock: Some(lock) })
    }
}

fn downloads_name(name: &str) -> String {
    format!(".downloads-{name}")
}

/// Deletes what was left half made.
fn sweep(root: &Path, name: &str) {
    let left = format!("{ASIDE}{name}-");
    let Ok(entries) = fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&left)
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(%error, "a folder that was left half made cannot be deleted");
        }
    }
}

/// Names of all that is in a root or was begun there.
pub(super) fn names(root: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<_> = fs::read_dir(root)?
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let begun = || name.strip_prefix('.')?.strip_suffix(".lock").map(str::to_owned);
            let whole = || entry.path().is_dir() && !name.starts_with('.');
            if whole() { Some(name) } else { begun() }
        })
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Deletes a folder and all that belongs to it, unless a process makes or uses it.
///
/// *Shape*: whether it did.
pub(super) fn delete(root: &Path, name: &str) -> io::Result<bool> {
    let file = open(root, name)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) if is_current(root, name, &file)? => {}
        // Somebody else deletes it.
        Ok(()) => return Ok(true),
        Err(Errno::WOULDBLOCK) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    sweep(root, name);
    // Out of its name at once: half deleted it would look whole.
    let aside = root.join(format!("{ASIDE}{name}-{}", uuid::Uuid::now_v7().simple()));
    match fs::rename(root.join(name), &aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
        Ok(()) => fs::remove_dir_all(&aside)?,
    }
    match fs::remove_dir_all(root.join(downloads_name(name))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::remove_file(root.join(lock_name(name)))?;
    Ok(true)
}
