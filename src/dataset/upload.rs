//! Uploads: a row first, then the bytes, streamed to the object store and never held in memory; here all at once,
//! and in `goes` in several goes.

use super::{CreateError, Datasets, goes::checkpoint, object_key};
use crate::{
    objects::ObjectError,
    store::{StoreError, Trouble, uploads},
};
use bytes::Bytes;
use chrono::Utc;
use entity::{ids::UploadId, principal::Principal, uploads::Model as Upload, vocab::UploadState};
use futures::{StreamExt, stream::BoxStream};

/// The longest file name that is kept, in characters.
const MAX_NAME: usize = 255;

/// Why bytes were not taken, or not all of them.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    #[error("there is no such upload; ask for a new address")]
    NoUpload,
    #[error("this upload is stored already; ask for a new address to send another file")]
    Stored,
    #[error("this upload is imported from a bucket; ask for a new address to send a file")]
    Imported,
    #[error(
        "the file is larger than the limit of {limit_mib} MiB; upload less of it, or compress it as Parquet"
    )]
    TooLarge { limit_mib: u64 },
    /// It was announced with another length, in bytes, than it has or than is said now.
    #[error(
        "this upload was announced with {length} bytes; ask for a new address to send another file"
    )]
    OtherLength { length: u64 },
    /// It goes on behind so many bytes.
    #[error("the upload has {received} bytes; go on behind them")]
    WrongOffset { received: u64 },
    /// Nothing is kept of what came all at once.
    #[error("the upload broke off before its end; send it again")]
    Broken,
    /// So many bytes are kept.
    #[error("the connection broke; {received} bytes are kept, go on behind them")]
    BrokenOff { received: u64 },
    #[error("another request sends this file by now")]
    TakenOver,
    #[error("the server's disk is full; free space and try again")]
    DiskFull,
    /// One sentence about the object store, for people.
    #[error("{0}")]
    StoreAway(String),
    #[error("the upload could not be stored; try again")]
    Unavailable,
}

impl ReceiveError {
    /// What the object store said of an upload.
    pub(super) fn of(id: UploadId, error: ObjectError) -> Self {
        match error {
            ObjectError::TooLarge { limit } => ReceiveError::TooLarge { limit_mib: limit >> 20 },
            ObjectError::Broken(_) => ReceiveError::Broken,
            ObjectError::Full => ReceiveError::DiskFull,
            ObjectError::Away(_)
            | ObjectError::Rejected(_)
            | ObjectError::Busy
            | ObjectError::Held
            | ObjectError::Refused(_)
            | ObjectError::NoBucket(_)
            | ObjectError::Misplaced(_)
            | ObjectError::Damaged => {
                tracing::error!(upload.id = %id, %error, "an upload was not stored");
                ReceiveError::StoreAway(error.to_string())
            }
            ObjectError::NoObject(_) | ObjectError::Forgotten | ObjectError::Io { .. } => {
                tracing::error!(upload.id = %id, %error, "an upload was not stored");
                ReceiveError::Unavailable
            }
        }
    }
}

/// Why an upload could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadError {
    /// There is none of this principal's, or it is not whole.
    NoUpload,
    TooLarge,
    Unavailable,
}

impl Datasets {
    /// The bytes of a small upload that is whole, at most `limit`.
    pub async fn read_upload(
        &self,
        principal: &Principal,
        id: UploadId,
        limit: u64,
    ) -> Result<Vec<u8>, UploadError> {
        let unavailable = |error: &dyn std::error::Error| {
            tracing::error!(%error, "an upload could not be read");
            UploadError::Unavailable
        };
        let row = self.upload(principal, id).await.map_err(|error| unavailable(&error))?;
        let row = row.ok_or(UploadError::NoUpload)?;
        let size = row.size.ok_or(UploadError::NoUpload)?;
        if size as u64 > limit {
            return Err(UploadError::TooLarge);
        }
        let pieces = self.objects.get(&object_key(id), None).await;
        let mut pieces = pieces.map_err(|error| unavailable(&error))?;
        let mut bytes = Vec::with_capacity(size as usize);
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| unavailable(&error))?);
        }
        Ok(bytes)
    }

    /// Makes a place for one file.
    pub async fn open_upload(
        &self,
        principal: &Principal,
        file_name: &str,
        size: Option<u64>,
    ) -> Result<Upload, CreateError> {
        let row = self.new_upload(principal, file_name, size)?;
        uploads::insert(self.store.write(), &row).await?;
        Ok(row)
    }

    /// The row of a new upload, which is not written yet.
    pub(super) fn new_upload(
        &self,
        principal: &Principal,
        file_name: &str,
        size: Option<u64>,
    ) -> Result<Upload, CreateError> {
        let name = plain_name(file_name).ok_or_else(|| CreateError::Invalid {
            field: "fileName",
            message: "the file needs a name".into(),
        })?;
        if let Some(size) = size.filter(|size| *size > self.limits.upload_bytes) {
            let limit = self.limits.upload_bytes >> 20;
            return Err(CreateError::Invalid {
                field: "size",
                message: format!(
                    "the file has {} MiB and the limit is {limit} MiB; upload less of it, or compress it as Parquet",
                    size >> 20
                ),
            });
        }
        Ok(Upload {
            id: UploadId::new(),
            owner: principal.owner().to_owned(),
            file_name: name,
            state: UploadState::Open,
            size: None,
            sha256: None,
            experiment_id: None,
            created_at: Utc::now(),
            stored_at: None,
            length: size.map(|size| size as i64),
            checkpoint: None,
            holder: None,
            source: None,
            problem: None,
            server_id: None,
        })
    }

    /// One of a principal's uploads.
    pub async fn upload(
        &self,
        principal: &Principal,
        id: UploadId,
    ) -> Result<Option<Upload>, StoreError> {
        let row = uploads::find(self.store.read(), id).await?;
        Ok(row.filter(|row| row.owner == principal.owner()))
    }

    /// One of a principal's uploads, which must be there.
    pub(super) async fn own(
        &self,
        principal: &Principal,
        id: UploadId,
    ) -> Result<Upload, ReceiveError> {
        let row = self.upload(principal, id).await.map_err(unavailable)?;
        row.ok_or(ReceiveError::NoUpload)
    }

    /// One of a principal's uploads that may be sent.
    pub(super) async fn open_one(
        &self,
        principal: &Principal,
        id: UploadId,
    ) -> Result<Upload, ReceiveError> {
        match self.own(principal, id).await? {
            Upload { state: UploadState::Stored, .. } => Err(ReceiveError::Stored),
            Upload { source: Some(_), .. } => Err(ReceiveError::Imported),
            row => Ok(row),
        }
    }

    /// Takes the bytes of an upload from its first one on: all of them or none.
    pub async fn receive(
        &self,
        principal: &Principal,
        id: UploadId,
        body: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> Result<Upload, ReceiveError> {
        self.open_one(principal, id).await?;
        let held = self.hold(id, None).await?;
        let key = object_key(id);
        let stored = tokio::select! {
            stored = self.objects.put(&key, body, self.limits.upload_bytes) => stored,
            () = held.lost(&self.store) => return Err(ReceiveError::TakenOver),
        };
        let before = checkpoint(&held.row);
        let row = self.stored(held, stored.map_err(|error| ReceiveError::of(id, error))?).await?;
        // What came of it in an earlier go is of no use any more.
        if let Some(before) = before
            && let Err(error) = self.objects.discard(&key, &before).await
        {
            tracing::warn!(upload.id = %id, %error, "a part of an upload is swept later");
        }
        Ok(row)
    }
}

pub(super) fn unavailable(error: StoreError) -> ReceiveError {
    tracing::error!(%error, "an upload's row could not be read or written");
    match error.trouble() {
        Some(Trouble::DiskFull) => ReceiveError::DiskFull,
        Some(Trouble::Locked | Trouble::Away) | None => ReceiveError::Unavailable,
    }
}

/// The last part of a name, without control characters; for people, never a path.
fn plain_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let text: String =
        last.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_NAME).collect();
    let text = text.trim();
    (!text.is_empty() && !text.chars().all(|c| c == '.')).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::plain_name;

    #[track_caller]
    fn check(name: &str, expect: Option<&str>) {
        assert_eq!(plain_name(name).as_deref(), expect, "{name:?}");
    }

    #[test]
    fn names_are_for_people() {
        check("data.csv", Some("data.csv"));
        check("../../etc/passwd", Some("passwd"));
        check("C:\\data\\my \"table\" 📈.csv", Some("my \"table\" 📈.csv"));
        check("a\nb\0c.csv", Some("a b c.csv"));
        check("..", None);
        check("folder/", None);
        check("  ", None);
    }
}
