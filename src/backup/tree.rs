//! Copying folders that programs nobody trusts may be writing to at this moment.
//!
//! Each folder is opened by its name from the one above and no link is followed, so that whatever
//! such a program does, nothing outside of the folder gets into the copy.

use super::{
    BackupError, Progress, Step, failed,
    manifest::{File, Folder},
};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat},
    io::Errno,
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// Folders in folders that are entered; no honest program makes more.
const DEEPEST: usize = 64;
/// Bytes that are copied at once.
const PIECE: usize = 256 * 1024;

/// Copies trees, and remembers what it copied: a second time only what changed is read.
pub(super) struct Copier {
    pub to: PathBuf,
    pub stop: CancellationToken,
    pub progress: Progress,
    files: BTreeMap<String, (File, Stamp)>,
    folders: BTreeMap<String, Folder>,
    /// What this round has met.
    met: BTreeSet<String>,
    left_out: usize,
    bytes: u64,
}

/// What changes with a file's content, whoever wants to hide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: i64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        Self {
            inode: stat.st_ino,
            size: stat.st_size,
            changed: (stat.st_ctime, stat.st_ctime_nsec as i64),
        }
    }
}

impl Copier {
    pub fn new(to: PathBuf, stop: CancellationToken, progress: Progress) -> Self {
        Self {
            to,
            stop,
            progress,
            files: BTreeMap::new(),
            folders: BTreeMap::new(),
            met: BTreeSet::new(),
            left_out: 0,
            bytes: 0,
        }
    }

    /// Begins a round.
    pub fn begin(&mut self) {
        self.met.clear();
        self.folders.clear();
        self.left_out = 0;
    }

    /// Ends a round: what it did not meet is deleted.
    pub fn end(&mut self) -> Result<(), BackupError> {
        let gone = self.files.keys().filter(|path| !self.met.contains(*path));
        for path in gone.cloned().collect::<Vec<_>>() {
            self.files.remove(&path);
            clear(&self.to.join(path)).map_err(failed("delete what is gone"))?;
        }
        Ok(())
    }

    /// Everything that was copied: folders, files, and how much was left out.
    pub fn copied(&self) -> (Vec<Folder>, Vec<File>, usize) {
        let files = self.files.values().map(|(file, _)| file.clone()).collect();
        (self.folders.values().cloned().collect(), files, self.left_out)
    }

    /// Copies the tree below `path` of the data directory, if there is one.
    pub fn tree(&mut self, data: &OwnedFd, path: &str) -> Result<(), BackupError> {
        match self.enter(data, path)? {
            Some(folder) => self.walk(&folder, path, DEEPEST),
            None => Ok(()),
        }
    }

    /// Copies one file in a folder of the data directory. False when it is not there.
    pub fn file(&mut self, data: &OwnedFd, path: &str) -> Result<bool, BackupError> {
        let Some((folder, name)) = path.rsplit_once('/') else { return Ok(false) };
        let Some(folder) = self.enter(data, folder)? else { return Ok(false) };
        match open(&folder, name).map_err(|e| unreadable(path, e))? {
            Some((file, stat)) => self.regular(file, path, &stat).map(|()| true),
            None => Ok(false),
        }
    }

    /// The names in a folder of the data directory that are UTF-8.
    pub fn names(&mut self, data: &OwnedFd, path: &str) -> Result<Vec<String>, BackupError> {
        match self.enter(data, path)? {
            Some(folder) => self.list(&folder, path),
            None => Ok(Vec::new()),
        }
    }

    /// Opens a folder, and makes those on the way to it in the copy.
    fn enter(&mut self, data: &OwnedFd, path: &str) -> Result<Option<OwnedFd>, BackupError> {
        let mut folder = data.try_clone().map_err(failed("open the data directory"))?;
        for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let above = &path[..at];
            let name = above.rsplit('/').next().unwrap_or(above);
            let opened = open(&folder, name).map_err(|e| unreadable(above, e))?;
            match opened.filter(|(_, stat)| is(stat, FileType::Directory)) {
                Some((next, stat)) => {
                    self.folder(above, &stat)?;
                    folder = next;
                }
                None => return Ok(None),
            }
        }
        Ok(Some(folder))
    }

    fn list(&mut self, folder: &OwnedFd, path: &str) -> Result<Vec<String>, BackupError> {
        let mut names = Vec::new();
        for entry in Dir::read_from(folder).map_err(|e| unreadable(path, e))? {
            let entry = entry.map_err(|e| unreadable(path, e))?;
            match entry.file_name().to_str() {
                Ok("." | "..") => {}
                Ok(name) => names.push(name.to_owned()),
                Err(_) => self.left_out += 1,
            }
        }
        Ok(names)
    }

    fn walk(&mut self, folder: &OwnedFd, path: &str, deeper: usize) -> Result<(), BackupError> {
        for name in self.list(folder, path)? {
            let below = format!("{path}/{name}");
            let opened = match open(folder, &name) {
                // It vanished since the folder was read.
                Ok(None) => continue,
                Ok(Some(opened)) => Some(opened),
                Err(Errno::LOOP | Errno::ACCESS | Errno::NXIO) => None,
                Err(error) => return Err(unreadable(&below, error)),
            };
            match opened {
                Some((next, stat)) if is(&stat, FileType::Directory) && deeper > 0 => {
                    self.folder(&below, &stat)?;
                    self.walk(&next, &below, deeper - 1)?;
                }
                Some((file, stat)) if is(&stat, FileType::RegularFile) => {
                    self.regular(file, &below, &stat)?;
                }
                Some(_) | None => self.left_out += 1,
            }
        }
        Ok(())
    }

    fn folder(&mut self, path: &str, stat: &Stat) -> Result<(), BackupError> {
        if self.folders.contains_key(path) {
            return Ok(());
        }
        let place = self.to.join(path);
        if !place.is_dir() {
            clear(&place)
                .and_then(|()| std::fs::create_dir(&place))
                .map_err(failed("make a folder of the backup"))?;
        }
        let folder = Folder { path: path.to_owned(), mode: stat.st_mode & 0o777 };
        self.folders.insert(path.to_owned(), folder);
        Ok(())
    }

    fn regular(&mut self, from: OwnedFd, path: &str, stat: &Stat) -> Result<(), BackupError> {
        self.met.insert(path.to_owned());
        let stamp = Stamp::of(stat);
        if self.files.get(path).is_some_and(|(_, known)| *known == stamp) {
            return Ok(());
        }
        let place = self.to.join(path);
        let to = clear(&place).and_then(|()| create(&place));
        let to = to.map_err(failed("write a file of the backup"))?;
        let (size, sha256) = self.bytes(std::fs::File::from(from), to, path)?;
        self.bytes += size;
        let file = File { path: path.to_owned(), mode: stat.st_mode & 0o777, size, sha256 };
        self.files.insert(path.to_owned(), (file, stamp));
        (self.progress)(Step::Copying { files: self.files.len(), bytes: self.bytes });
        Ok(())
    }

    fn bytes(
        &self,
        from: std::fs::File,
        to: std::fs::File,
        path: &str,
    ) -> Result<(u64, String), BackupError> {
        copy(from, to, &self.stop).map_err(|error| match error {
            Copying::Interrupted => BackupError::Interrupted,
            Copying::Reading(error) => failed(format!("read `{path}`"))(error),
            Copying::Writing(error) => failed("write a file of the backup")(error),
        })
    }
}

/// Why a file was not copied.
pub(super) enum Copying {
    Interrupted,
    Reading(io::Error),
    Writing(io::Error),
}

/// Copies to the end, and answers bytes and digest of what was written.
pub(super) fn copy(
    mut from: impl Read,
    mut to: impl Write,
    stop: &CancellationToken,
) -> Result<(u64, String), Copying> {
    let (mut hash, mut size, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        if stop.is_cancelled() {
            return Err(Copying::Interrupted);
        }
        match from.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => {
                hash.update(&piece[..read]);
                to.write_all(&piece[..read]).map_err(Copying::Writing)?;
                size += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Copying::Reading(error)),
        }
    }
    to.flush().map_err(Copying::Writing)?;
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((size, sha256))
}

/// A new file that only its owner reads.
pub(super) fn create(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Deletes whatever is there.
pub(super) fn clear(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Opens an entry of a folder without following it; `None` when it is not there.
fn open(folder: impl AsFd, name: &str) -> rustix::io::Result<Option<(OwnedFd, Stat)>> {
    // A pipe would otherwise wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match fs::openat(&folder, name, flags, Mode::empty()) {
        Ok(opened) => {
            let stat = fs::fstat(&opened)?;
            Ok(Some((opened, stat)))
        }
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        // What others may not open is shown for what it is by its folder.
        Err(error) => match fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            Ok(_) | Err(_) => Err(error),
        },
    }
}

fn is(stat: &Stat, kind: FileType) -> bool {
    FileType::from_raw_mode(stat.st_mode) == kind
}

fn unreadable(path: &str, error: Errno) -> BackupError {
    failed(format!("read `{path}`"))(error.into())
}
