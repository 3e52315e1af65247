//! The port to the object store, where uploads and synced artifacts rest, and its backends.
//!
//! It knows keys and bytes; no session, event or database.

mod digest;
pub mod filesystem;
pub mod moved;
mod partial;
mod remote;
pub mod s3;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::{fmt, ops::Range, time::Duration};

pub use partial::{Checkpoint, PartialPut};
pub use remote::{
    Bucket, Download, Found, Listed, Listing, Place, RemoteObjects, Search, Uri, UriError,
    is_bucket,
};

/// Bytes that the name of an object may have.
///
/// *Source*: "Naming Amazon S3 objects" of the Amazon S3 User Guide, read on 2026-11-27.
const LONGEST: usize = 1024;

/// Keeps bytes by key.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Stores a stream under a key, whole or not at all, never held in memory.
    ///
    /// *Errors*: [`ObjectError::TooLarge`] as soon as `limit` bytes are passed,
    /// [`ObjectError::Broken`] when the stream ends in an error. After any error nothing is kept.
    async fn put(
        &self,
        key: &ObjectKey,
        body: BoxStream<'static, std::io::Result<Bytes>>,
        limit: u64,
    ) -> Result<Stored, ObjectError>;

    /// Begins an object that comes in several goes, or goes on with one. Until it is finished nobody sees it, and
    /// an object that stands under the key stays as it is.
    ///
    /// *Errors*: [`ObjectError::Forgotten`] when what the checkpoint speaks of is gone (swept, finished or
    /// discarded, or of another store): begin anew. [`ObjectError::Held`] while another writer has it, where the
    /// store can tell.
    async fn open(
        &self,
        key: &ObjectKey,
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn PartialPut>, ObjectError>;

    /// Drops what was taken of an unfinished object. Nothing happens when there is nothing.
    ///
    /// *Errors*: those of a store that is away; a retry is safe.
    async fn discard(&self, key: &ObjectKey, checkpoint: &Checkpoint) -> Result<(), ObjectError>;

    /// Drops unfinished objects that nobody has gone on with for so long. Answers how many.
    async fn sweep(&self, older_than: Duration) -> Result<usize, ObjectError>;

    /// The bytes of an object, in pieces; the range is cut to what the object has.
    async fn get(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>, ObjectError>;

    /// An object's size in bytes; `None` when there is none.
    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, ObjectError>;

    /// Deletes an object; nothing happens when it is not there.
    async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError>;

    /// What a store can do that others reach too; `None` for one inside the data directory.
    fn remote(&self) -> Option<&dyn RemoteObjects> {
        None
    }
}

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// A key made of plain segments: `uploads/0192…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Parses a key made of segments of `a-z`, `0-9`, `-`, `_` and `.`; no segment starts with a dot.
    pub fn parse(key: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let good = |s: &str| {
            !s.is_empty() && s.len() <= 128 && !s.starts_with('.') && s.chars().all(plain)
        };
        (key.len() <= 512 && key.split('/').all(good)).then(|| Self(key.to_owned()))
    }

    /// The key of a file below a plain one. Users' programs name files, so any text that is a path
    /// without steps upwards will do, up to the 1,024 bytes that a bucket takes. With its prefix an object's
    /// name may be longer: then the store says so.
    pub fn file(folder: &ObjectKey, path: &str) -> Option<Self> {
        let good = |s: &str| !matches!(s, "" | "." | "..") && !s.chars().any(char::is_control);
        let key = format!("{folder}/{path}");
        (key.len() <= LONGEST && path.split('/').all(good)).then_some(Self(key))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the object store did not do what it was asked. No text holds a key or a token.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("no object `{0}`")]
    NoObject(ObjectKey),
    #[error("larger than the limit of {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the upload broke off before its end; send it again")]
    Broken(#[source] std::io::Error),
    #[error("the server's disk is full; free space and try again")]
    Full,
    /// It does not answer, or says that it is too busy. A retry is safe.
    #[error("the object store does not answer: {0}")]
    Away(String),
    /// It answers, and does not take just this. A retry is refused too.
    #[error("the object store does not take this: {0}")]
    Rejected(String),
    /// Too much is on its way to it from here already. A retry is safe.
    #[error("too many files are on their way to the object store; try again in a moment")]
    Busy,
    /// Another writer is at this object. A retry is safe, and will do once that one has ended.
    #[error("somebody else is still sending this file; try again in a moment")]
    Held,
    /// What was taken of an unfinished object is gone. Only its first byte can be next.
    #[error("what had been sent of this file is gone; send it again from its beginning")]
    Forgotten,
    /// It answers, and refuses who we are.
    #[error("the object store refuses the credentials: {0}")]
    Refused(String),
    #[error("the object store has no bucket `{0}`; make it, or set S3_BUCKET to one that is there")]
    NoBucket(String),
    /// It answers, but not to what it is set to.
    #[error("{0}")]
    Misplaced(String),
    /// Bytes arrived other than they were sent; nothing of them is kept. A retry is safe.
    #[error("bytes were damaged on their way to the object store; try again")]
    Damaged,
    #[error("{action}: {source}")]
    Io {
        action: &'static str,
        #[source]
        source: std::io::Error,
    },
}
