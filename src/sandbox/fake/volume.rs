//! A volume in memory.

use super::lock;
use crate::sandbox::{FileStat, Listing, SandboxError, Volume, VolumePath};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{TryStreamExt, stream::BoxStream};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, io, ops::Range, sync::Mutex};

#[derive(Debug, Default)]
pub(super) struct FakeVolume {
    files: Mutex<BTreeMap<VolumePath, File>>,
}

#[derive(Clone, Debug)]
struct File {
    body: Bytes,
    modified: DateTime<Utc>,
}

impl FakeVolume {
    pub(super) fn bytes(&self, path: &VolumePath) -> Option<Bytes> {
        lock(&self.files).get(path).map(|file| file.body.clone())
    }

    pub(super) fn set(&self, path: VolumePath, body: Bytes) {
        lock(&self.files).insert(path, File { body, modified: Utc::now() });
    }

    fn existing(&self, path: &VolumePath) -> Result<Bytes, SandboxError> {
        self.bytes(path).ok_or_else(|| SandboxError::NoFile(path.clone()))
    }
}

#[async_trait]
impl Volume for FakeVolume {
    async fn list(&self, under: Option<&VolumePath>) -> Result<Listing, SandboxError> {
        let files = lock(&self.files);
        let files = files.iter().filter(|(path, _)| under.is_none_or(|u| below(path, u).is_some()));
        let files = files.map(|(path, file)| stat(path, file)).collect();
        Ok(Listing { files, refused: Vec::new(), truncated: false })
    }

    async fn stat(&self, path: &VolumePath) -> Result<Option<FileStat>, SandboxError> {
        Ok(lock(&self.files).get(path).map(|file| stat(path, file)))
    }

    async fn read(&self, path: &VolumePath, range: Range<u64>) -> Result<Bytes, SandboxError> {
        let body = self.existing(path)?;
        let cut = |at: u64| at.min(body.len() as u64) as usize;
        let start = cut(range.start);
        Ok(body.slice(start..cut(range.end).max(start)))
    }

    async fn digest(&self, path: &VolumePath) -> Result<String, SandboxError> {
        let hash = Sha256::digest(self.existing(path)?);
        Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    async fn put(
        &self,
        path: &VolumePath,
        body: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<u64, SandboxError> {
        let failed =
            |source| SandboxError::Io { action: "read what is to be written to a volume", source };
        let pieces: Vec<Bytes> = body.try_collect().await.map_err(failed)?;
        let body = Bytes::from(pieces.concat());
        let size = body.len() as u64;
        self.set(path.clone(), body);
        Ok(size)
    }

    async fn rename(&self, from: &VolumePath, to: &VolumePath) -> Result<(), SandboxError> {
        let mut files = lock(&self.files);
        let moved: Vec<_> = files
            .keys()
            .filter_map(|path| Some((path.clone(), below(path, from)?.to_owned())))
            .collect();
        for (path, tail) in moved {
            let Some(file) = files.remove(&path) else { continue };
            let target = if tail.is_empty() { Ok(to.clone()) } else { to.join(&tail) };
            let target = target.map_err(|error| SandboxError::Io {
                action: "move a file of a volume",
                source: io::Error::new(io::ErrorKind::InvalidInput, error),
            })?;
            files.insert(target, file);
        }
        Ok(())
    }

    async fn delete(&self, path: &VolumePath) -> Result<(), SandboxError> {
        lock(&self.files).retain(|file, _| below(file, path).is_none());
        Ok(())
    }
}

/// What comes after a folder in a path, empty for the path itself.
fn below<'a>(path: &'a VolumePath, folder: &VolumePath) -> Option<&'a str> {
    let tail = path.as_str().strip_prefix(folder.as_str())?;
    if tail.is_empty() { Some(tail) } else { tail.strip_prefix('/') }
}

fn stat(path: &VolumePath, file: &File) -> FileStat {
    FileStat { path: path.clone(), size: file.body.len() as u64, modified: file.modified }
}
