//! Backups: a consistent copy of a data directory beside the server that uses it, and its way back.
//!
//! ```text
//! {backup}/manifest.json   version, schema, and the size and SHA-256 of every file; written last
//! {backup}/trainable.db    the database at one moment
//! {backup}/objects/…       what rests in the object store
//! {backup}/volumes/…       the datasets' and the sessions' folders
//! ```
//!
//! The database is copied first, the files after it: files are written before the rows that name
//! them, and deleted after. So what the copied rows name was there at their moment, and is missing
//! afterwards only where something was deleted since. Then, and when a session went on meanwhile,
//! everything is brought up to date with a new copy of the database, which takes a moment: only
//! what changed is read again. A session at rest is in the backup exactly as it was. One at work
//! is there with its log as of one moment and its files as of that moment or a little later, just
//! as a crash would leave it, and goes on the same way.

mod archive;
mod manifest;
mod restore;
mod take;
mod tree;

use crate::store::StoreError;
pub use manifest::Manifest;
pub use restore::{BROKEN_OFF, restore};
use std::{io, path::PathBuf, sync::Arc};
pub use take::take;

/// The database's file, here and in the data directory.
const DATABASE: &str = "trainable.db";
/// The folders that are copied.
const FOLDERS: [&str; 2] = ["objects", "volumes"];

/// What is being done, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Database,
    /// Files and bytes so far.
    Copying {
        files: usize,
        bytes: u64,
    },
    /// This many sessions went on meanwhile: once more.
    Again {
        moved: usize,
    },
    Packing,
    /// Files and bytes that were restored and are what the manifest says.
    Verified {
        files: usize,
        bytes: u64,
    },
}

/// Told of every step, often.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// Why there is no backup, or nothing was restored. One sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("there is no database in `{0}`; name the data directory with --data")]
    Nothing(PathBuf),
    #[error("`{0}` is there already; choose another name")]
    Taken(PathBuf),
    #[error("another backup to `{0}` is at work")]
    Busy(PathBuf),
    #[error("files were deleted faster than they could be copied; try again")]
    Moving,
    #[error("`{0}` is no backup, or none that was finished: {1}")]
    NotWhole(PathBuf, String),
    #[error("the backup is damaged: `{0}` is not what the manifest says; nothing was restored")]
    Damaged(String),
    #[error("the backup was made by a newer version of trainable ({0}); restore it with that one")]
    Newer(String),
    #[error("`{0}` holds `{1}`; restore into a new data directory")]
    NotEmpty(PathBuf, String),
    #[error("interrupted")]
    Interrupted,
    #[error("the disk is full; free space and try again")]
    Full,
    #[error("the database cannot be read: {0}")]
    Database(#[from] StoreError),
    #[error("cannot {action}: {source}")]
    Io {
        action: String,
        #[source]
        source: io::Error,
    },
}

/// Tells a full disk apart from everything else.
fn failed(action: impl Into<String>) -> impl FnOnce(io::Error) -> BackupError {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BackupError::Full,
        _ => BackupError::Io { action: action.into(), source },
    }
}
