//! Restoring a backup into a data directory that holds nothing.

use super::{
    BackupError, DATABASE, FOLDERS, Manifest, Progress, Step, archive, failed,
    manifest::{File, MANIFEST},
    tree::{Copying, clear, copy, create},
};
use crate::sandbox::local::SANDBOX_USER;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// Stands in a data directory while it is being restored: no server may start there.
pub const BROKEN_OFF: &str = ".restoring";
/// What may be in a data directory that was never served from.
const HARMLESS: [&str; 3] = ["lock", "python", "runs"];
/// The largest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 1 << 30;

/// Restores a backup, a folder or an archive. Whoever calls it holds the lock of the data
/// directory. Each file is compared with the manifest.
///
/// *Errors*: what was restored until then is deleted.
pub fn restore(
    from: &Path,
    data: &Path,
    stop: &CancellationToken,
    progress: &Progress,
) -> Result<Manifest, BackupError> {
    let archive = from.is_file();
    let manifest = if archive { first(from)? } else { read(from)? };
    let marker = data.join(BROKEN_OFF);
    if marker.exists() {
        // Of a restore that was killed: nothing else has been here since.
        undo(data).map_err(failed("delete what an earlier restore left"))?;
    }
    empty(data)?;
    create(&marker).map_err(failed("write to the data directory"))?;
    let mut restoring = Restoring {
        data,
        stop,
        progress,
        missing: manifest.files.iter().map(|file| (file.path.as_str(), file)).collect(),
        bytes: 0,
    };
    let restored = restoring.all(from, archive, &manifest);
    if restored.is_err()
        && let Err(error) = undo(data)
    {
        tracing::warn!(%error, "what was restored is not deleted");
    }
    restored.map(|()| manifest)
}

/// The manifest of a backup that is a folder.
fn read(from: &Path) -> Result<Manifest, BackupError> {
    let text = fs::read(from.join(MANIFEST)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            BackupError::NotWhole(from.to_owned(), format!("it has no `{MANIFEST}`"))
        }
        _ => failed("read the manifest")(error),
    })?;
    Manifest::parse(from, &text)
}

/// The manifest of an archive.
fn first(from: &Path) -> Result<Manifest, BackupError> {
    let mut found = None;
    let walked = archive::unpack(from, |path, content| {
        let mut text = Vec::new();
        if path == MANIFEST {
            let read = content.take(MAX_MANIFEST).read_to_end(&mut text);
            read.map_err(failed("read the manifest"))?;
            found = Some(Manifest::parse(from, &text));
        }
        // One entry is enough.
        Err(BackupError::Interrupted)
    });
    match (found, walked) {
        (Some(manifest), _) => manifest,
        (None, Ok(()) | Err(BackupError::Interrupted)) => {
            Err(BackupError::NotWhole(from.to_owned(), format!("it has no `{MANIFEST}`")))
        }
        (None, Err(error)) => Err(error),
    }
}

fn empty(data: &Path) -> Result<(), BackupError> {
    let entries = fs::read_dir(data).map_err(failed("read the data directory"))?;
    for entry in entries {
        let name = entry.map_err(failed("read the data directory"))?.file_name();
        if !HARMLESS.iter().any(|harmless| name == *harmless) {
            let name = name.to_string_lossy().into_owned();
            return Err(BackupError::NotEmpty(data.to_owned(), name));
        }
    }
    Ok(())
}

/// Deletes everything that a restore wrote, its mark last.
fn undo(data: &Path) -> io::Result<()> {
    for name in FOLDERS.into_iter().chain([DATABASE, BROKEN_OFF]) {
        clear(&data.join(name))?;
    }
    Ok(())
}

struct Restoring<'a> {
    data: &'a Path,
    stop: &'a CancellationToken,
    progress: &'a Progress,
    /// Files that have not been restored yet.
    missing: BTreeMap<&'a str, &'a File>,
    bytes: u64,
}

impl Restoring<'_> {
    fn all(&mut self, from: &Path, archive: bool, manifest: &Manifest) -> Result<(), BackupError> {
        let write = || failed("write to the data directory");
        for folder in &manifest.folders {
            let place = self.data.join(&folder.path);
            fs::DirBuilder::new().recursive(true).mode(0o700).create(place).map_err(write())?;
        }
        if archive {
            archive::unpack(from, |path, content| match path {
                MANIFEST => Ok(()),
                path => self.one(path, content),
            })?;
        } else {
            for file in &manifest.files {
                let content = fs::File::open(from.join(&file.path));
                let mut content = content.map_err(|error| damaged(&file.path, error))?;
                self.one(&file.path, &mut content)?;
            }
        }
        if let Some(path) = self.missing.keys().next() {
            return Err(BackupError::Damaged((*path).to_owned()));
        }
        for folder in manifest.folders.iter().rev() {
            self.hand_over(&folder.path, folder.mode).map_err(write())?;
        }
        let data = fs::File::open(self.data).map_err(write())?;
        rustix::fs::syncfs(&data).map_err(|error| write()(error.into()))?;
        fs::remove_file(self.data.join(BROKEN_OFF)).map_err(write())?;
        data.sync_all().map_err(write())
    }

    /// Restores one file and compares it with the manifest.
    fn one(&mut self, path: &str, content: &mut dyn Read) -> Result<(), BackupError> {
        let Some(file) = self.missing.remove(path) else {
            return Err(BackupError::Damaged(path.to_owned()));
        };
        let to = create(&self.data.join(path)).map_err(failed("write to the data directory"))?;
        let (size, sha256) = copy(content, to, self.stop).map_err(|error| match error {
            Copying::Interrupted => BackupError::Interrupted,
            Copying::Reading(error) => damaged(path, error),
            Copying::Writing(error) => failed("write to the data directory")(error),
        })?;
        if size != file.size || sha256 != file.sha256 {
            return Err(BackupError::Damaged(path.to_owned()));
        }
        self.hand_over(path, file.mode).map_err(failed("write to the data directory"))?;
        self.bytes += size;
        let files = self.missing.len();
        (self.progress)(Step::Verified { files, bytes: self.bytes });
        Ok(())
    }

    /// Gives a file or folder its mode, and what belongs to sandboxes to their user.
    fn hand_over(&self, path: &str, mode: u32) -> io::Result<()> {
        let place: PathBuf = self.data.join(path);
        // `volumes/{kind}/{id}`, and everything below it.
        let sandboxed = path.starts_with("volumes/") && path.matches('/').count() >= 2;
        if sandboxed && rustix::process::geteuid().is_root() {
            chown(&place, Some(SANDBOX_USER), Some(SANDBOX_USER))?;
        }
        fs::set_permissions(&place, fs::Permissions::from_mode(mode & 0o777))
    }
}

fn damaged(path: &str, error: io::Error) -> BackupError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => {
            BackupError::Damaged(path.to_owned())
        }
        _ => failed(format!("read `{path}` of the backup"))(error),
    }
}
