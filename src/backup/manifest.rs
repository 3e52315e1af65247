//! What a backup holds: written when all of it is there.

use super::{BackupError, DATABASE, FOLDERS};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::path::{Component, Path};

/// Its file, and the first of an archive.
pub(super) const MANIFEST: &str = "manifest.json";
/// Raised when older versions can no longer read it.
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version that made it.
    pub trainable: String,
    /// The database's last migration.
    pub schema: String,
    pub made_at: DateTime<Utc>,
    /// Sessions that were at work: they go on when a server starts on what was restored.
    pub at_work: Vec<String>,
    /// What lay in sessions' folders and was left out, as no server would serve it: links, sockets and the like.
    pub left_out: usize,
    pub folders: Vec<Folder>,
    pub files: Vec<File>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Relative to the data directory.
    pub path: String,
    pub mode: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Relative to the data directory.
    pub path: String,
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
}

impl Manifest {
    pub(super) fn new(schema: String, at_work: Vec<String>) -> Self {
        Self {
            format: FORMAT,
            trainable: env!("CARGO_PKG_VERSION").into(),
            schema,
            made_at: Utc::now(),
            at_work,
            left_out: 0,
            folders: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Reads a manifest, and refuses one that this version cannot restore.
    pub(super) fn parse(from: &Path, text: &[u8]) -> Result<Self, BackupError> {
        let whole = |why: String| BackupError::NotWhole(from.to_owned(), why);
        let manifest: Self =
            serde_json::from_slice(text).map_err(|error| whole(error.to_string()))?;
        if manifest.format > FORMAT || !crate::store::snapshot::knows(&manifest.schema) {
            return Err(BackupError::Newer(manifest.trainable));
        }
        let paths = manifest.files.iter().map(|file| &file.path);
        let paths = paths.chain(manifest.folders.iter().map(|folder| &folder.path));
        if let Some(stranger) = paths.clone().find(|path| !ours(path)) {
            return Err(whole(format!("`{stranger}` belongs to no data directory")));
        }
        if !paths.clone().any(|path| path == DATABASE) {
            return Err(whole("it holds no database".into()));
        }
        Ok(manifest)
    }
}

/// True for a plain path below what a data directory holds.
fn ours(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let first = parts.next().and_then(|part| part.as_os_str().to_str());
    let below = first.is_some_and(|first| FOLDERS.contains(&first));
    (path == DATABASE || below) && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::ours;

    #[track_caller]
    fn check(path: &str, expect: bool) {
        assert_eq!(ours(path), expect, "{path:?}");
    }

    #[test]
    fn only_what_a_data_directory_holds() {
        check("trainable.db", true);
        check("objects/objects/uploads/1.object", true);
        check("volumes/sessions/1/eda/my report.md", true);
        check("volumes", true);
        check("trainable.db/x", false);
        check("lock", false);
        check("/etc/passwd", false);
        check("volumes/../../etc/passwd", false);
        check("../volumes/x", false);
        check("", false);
    }
}
