//! Uploads: a row first, then the bytes, streamed to the object store and never held in memory.

use super::{CreateError, Datasets, object_key};
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

/// Why bytes were not taken. After any of these nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    #[error("there is no such upload; ask for a new address")]
    NoUpload,
    #[error("this upload is stored already; ask for a new address to send another file")]
    Stored,
    #[error(
        "the file is larger than the limit of {limit_mib} MiB; upload less of it, or compress it as Parquet"
    )]
    TooLarge { limit_mib: u64 },
    #[error("the upload broke off before its end; send it again")]
    Broken,
    #[error("the server's disk is full; free space and try again")]
    DiskFull,
    /// One sentence about the object store, for people.
    #[error("{0}")]
    StoreAway(String),
    #[error("the upload could not be stored; try again")]
    Unavailable,
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
        let row = crate::store::uploads::find(self.store.read(), id).await;
        let row = row.map_err(|error| unavailable(&error))?;
        let row = row.filter(|row| row.owner == principal.owner()).ok_or(UploadError::NoUpload)?;
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
        let row = Upload {
            id: UploadId::new(),
            owner: principal.owner().to_owned(),
            file_name: name,
            state: UploadState::Open,
            size: None,
            sha256: None,
            experiment_id: None,
            created_at: Utc::now(),
            stored_at: None,
        };
        uploads::insert(self.store.write(), &row).await?;
        Ok(row)
    }

    /// Takes the bytes of an upload: all of them or none.
    pub async fn receive(
        &self,
        principal: &Principal,
        id: UploadId,
        body: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> Result<Upload, ReceiveError> {
        let row = uploads::find(self.store.read(), id).await.map_err(unavailable)?;
        let mut row =
            row.filter(|row| row.owner == principal.owner()).ok_or(ReceiveError::NoUpload)?;
        if row.state == UploadState::Stored {
            return Err(ReceiveError::Stored);
        }
        let stored =
            self.objects.put(&object_key(id), body, self.limits.upload_bytes).await.map_err(
                |error| match error {
                    ObjectError::TooLarge { limit } => {
                        ReceiveError::TooLarge { limit_mib: limit >> 20 }
                    }
                    ObjectError::Broken(_) => ReceiveError::Broken,
                    ObjectError::Full => ReceiveError::DiskFull,
                    ObjectError::Away(_)
                    | ObjectError::Rejected(_)
                    | ObjectError::Busy
                    | ObjectError::Held
                    | ObjectError::Forgotten
                    | ObjectError::Refused(_)
                    | ObjectError::NoBucket(_)
                    | ObjectError::Misplaced(_)
                    | ObjectError::Damaged => {
                        tracing::error!(upload.id = %id, %error, "an upload was not stored");
                        ReceiveError::StoreAway(error.to_string())
                    }
                    ObjectError::NoObject(_) | ObjectError::Io { .. } => {
                        tracing::error!(upload.id = %id, %error, "an upload was not stored");
                        ReceiveError::Unavailable
                    }
                },
            )?;
        row.state = UploadState::Stored;
        row.size = Some(stored.size as i64);
        row.sha256 = Some(stored.sha256);
        row.stored_at = Some(Utc::now());
        if uploads::set_stored(self.store.write(), &row).await.map_err(unavailable)? {
            Ok(row)
        } else {
            // Another request stored the same upload in the meantime; the object is whole.
            Err(ReceiveError::Stored)
        }
    }
}

fn unavailable(error: StoreError) -> ReceiveError {
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
