//! What a store that others reach too can do beside keeping objects: it is looked through, and hands out
//! addresses of its own.

use super::{LONGEST, ObjectError, ObjectKey};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use std::{fmt, time::Duration};

/// A store outside of this machine, in which our objects have a place of their own among others'.
#[async_trait]
pub trait RemoteObjects: Send + Sync {
    /// Where our objects are.
    fn place(&self) -> &Place;

    /// Asks whether it answers, takes our credentials and has the bucket.
    async fn check(&self) -> Result<(), ObjectError>;

    /// Asks whether it takes what is written, and leaves nothing there.
    async fn probe(&self) -> Result<(), ObjectError>;

    /// Deletes all of our objects below a key; nothing happens when there are none.
    async fn delete_below(&self, key: &ObjectKey) -> Result<(), ObjectError>;

    /// An address that gives one object to whoever has it, for so long. Nothing is asked of the store.
    async fn presign(
        &self,
        key: &ObjectKey,
        file_name: &str,
        expires: Duration,
    ) -> Result<String, ObjectError>;

    /// The buckets that our credentials may list. Where they may list none, the one that is set.
    async fn buckets(&self) -> Result<Vec<Bucket>, ObjectError>;

    /// One page of a bucket. What is ours is left out: it is reached by its experiment or session.
    async fn list(&self, listing: &Listing) -> Result<Listed, ObjectError>;

    /// Opens somebody's object to read all of it. What is ours is not there.
    async fn download(&self, from: &Uri) -> Result<Download, ObjectError>;
}

/// Where objects are, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address of the store; `None` for AWS.
    pub endpoint: Option<String>,
    pub bucket: String,
    /// Without a slash at its end; empty when the bucket is ours alone.
    pub prefix: String,
}

impl Place {
    /// The name of an object inside the bucket.
    pub fn name(&self, key: &str) -> String {
        if self.prefix.is_empty() { key.to_owned() } else { format!("{}/{key}", self.prefix) }
    }

    /// `s3://bucket/prefix/key`.
    pub fn uri(&self, key: &str) -> String {
        format!("s3://{}/{}", self.bucket, self.name(key))
    }

    /// Whether an object, or a whole folder, of a bucket is ours.
    pub fn owns(&self, bucket: &str, name: &str) -> bool {
        let inside = |rest: &str| rest.is_empty() || rest.starts_with('/');
        bucket == self.bucket
            && (self.prefix.is_empty() || name.strip_prefix(&self.prefix).is_some_and(inside))
    }
}

/// One bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    pub created: Option<DateTime<Utc>>,
}

/// Which page of a bucket is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub bucket: String,
    /// The beginning of all names that are wanted: a folder with its slash, or any text.
    pub prefix: String,
    pub search: Search,
    /// Where an earlier page ended: the store's own token, and how many entries after it were shown.
    pub after: Option<(Option<String>, usize)>,
    /// From 1 to 100.
    pub first: usize,
}

/// How deep a listing looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// What lies directly below the prefix, folders as one entry each.
    Folder,
    /// Everything below the prefix whose name holds this, whatever its case.
    Holding(String),
}

/// One page of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub found: Vec<Found>,
    /// There is more after the last one.
    pub more: bool,
    /// Where the next page begins when none was found on this one, but more can be looked through.
    pub resume: Option<(Option<String>, usize)>,
}

/// A folder or an object of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The whole name; a folder's ends with a slash.
    pub name: String,
    /// Bytes; `None` for a folder.
    pub size: Option<u64>,
    pub modified: Option<DateTime<Utc>>,
    /// Where the page after this entry begins, for [`Listing::after`].
    pub cursor: (Option<String>, usize),
}

/// An object that is being read.
pub struct Download {
    /// Bytes.
    pub size: u64,
    pub body: BoxStream<'static, std::io::Result<Bytes>>,
}

/// `s3://bucket/key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    bucket: String,
    key: String,
}

/// Why a text is no address of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no address of an object; give one such as `s3://bucket/folder/table.csv`")]
pub struct UriError;

impl Uri {
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let (bucket, key) = text
            .trim()
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(UriError)?;
        // A client, or a server, may take such steps for what they are in a path.
        let steps = key.split('/').any(|part| matches!(part, "." | ".."));
        let plain = !key.chars().any(char::is_control) && key.len() <= LONGEST && !steps;
        if !is_bucket(bucket) || key.is_empty() || key.ends_with('/') || !plain {
            return Err(UriError);
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// The last part of the key.
    pub fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Whether a text can name a bucket. It becomes part of a path or a host, so nothing else passes.
///
/// *Source*: the naming rules of general purpose buckets in the Amazon S3 User Guide, read on 2026-11-27;
/// upper case and `_` are of before 2018.
pub fn is_bucket(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (3..=63).contains(&name.len())
        && name.chars().all(plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<(&str, &str)>) {
        let found = Uri::parse(text).ok();
        assert_eq!(found.as_ref().map(|uri| (uri.bucket(), uri.key())), expect, "{text:?}");
    }

    #[test]
    fn addresses() {
        check("s3://bucket/a/b.csv", Some(("bucket", "a/b.csv")));
        check(" s3://my.bucket-1/größe 📈.csv ", Some(("my.bucket-1", "größe 📈.csv")));
        check("s3://bucket/.x/..y", Some(("bucket", ".x/..y")));
        check("s3://bucket/../x", None);
        check("s3://bucket/a/./x", None);
        check("s3://bucket/a/..", None);
        check("s3://bucket", None);
        check("s3://bucket/", None);
        check("s3://bucket/folder/", None);
        check("s3:///key", None);
        check("s3://a@b/key", None);
        check("s3://bucket/a\nb", None);
        check("https://bucket/key", None);
        check("", None);
    }

    #[test]
    fn what_is_ours() {
        let place =
            |prefix: &str| Place { endpoint: None, bucket: "ours".into(), prefix: prefix.into() };
        assert!(place("trainable").owns("ours", "trainable/uploads/1"));
        assert!(place("trainable").owns("ours", "trainable/"));
        assert!(!place("trainable").owns("ours", "trainable-data/x.csv"));
        assert!(!place("trainable").owns("theirs", "trainable/x.csv"));
        assert!(place("").owns("ours", "x.csv"));
        assert_eq!(place("a/b").uri("k"), "s3://ours/a/b/k");
        assert_eq!(place("").uri("k"), "s3://ours/k");
    }
}
