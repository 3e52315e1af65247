//! What came behind the last whole part of an unfinished object: a small object beside it.

use super::{S3Objects, error::Answer, read};
use crate::objects::{ObjectError, digest::hex};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use std::io;
use uuid::Uuid;

/// Where rests are. No key of anybody's begins so.
const UNFINISHED: &str = "unfinished";

/// What came behind the last whole part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rest {
    /// Bytes.
    pub size: u64,
    pub md5: String,
}

/// The rest as it was kept; `None` when it is not there, or another one. A later go that was not noted has put a longer
/// one there, which begins with it.
pub(super) async fn fetch(
    store: &S3Objects,
    name: &str,
    rest: &Rest,
) -> Result<Option<Bytes>, ObjectError> {
    let range = Some(0..rest.size);
    let mut body = match read::open(store, store.bucket(), name, range).await {
        Ok(opened) if opened.size == rest.size => opened.body,
        Ok(_) | Err(Answer::NoKey | Answer::BeyondEnd) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let mut bytes = BytesMut::new();
    while let Some(piece) = body.next().await {
        let broke = |error: io::Error| ObjectError::Away(error.to_string());
        bytes.extend_from_slice(&piece.map_err(broke)?);
    }
    let same = bytes.len() as u64 == rest.size && hex(&Md5::digest(&bytes)) == rest.md5;
    Ok(same.then(|| bytes.freeze()))
}

/// What the names of all rests begin with.
pub(super) fn folder(store: &S3Objects) -> String {
    store.0.place.name(&format!("{UNFINISHED}/"))
}

pub(super) fn name(store: &S3Objects, id: Uuid) -> String {
    format!("{}{}", folder(store), id.simple())
}
