//! Finding what was begun and never finished.

use super::{S3Objects, error::Answer, partial, rest};
use crate::objects::ObjectError;
use chrono::Utc;
use std::time::Duration;

/// Aborts uploads of ours that were begun so long ago, and deletes rests as old as that. Answers how many.
pub(super) async fn sweep(store: &S3Objects, older_than: Duration) -> Result<usize, ObjectError> {
    let age = i64::try_from(older_than.as_secs()).unwrap_or(i64::MAX);
    let before = Utc::now().timestamp().saturating_sub(age);
    // The rests too where uploads are not listed.
    let (uploads, rests) = (uploads(store, before).await, rests(store, before).await);
    Ok(uploads? + rests?)
}

async fn uploads(store: &S3Objects, before: i64) -> Result<usize, ObjectError> {
    let (mut key_marker, mut id_marker) = (None, None);
    let mut swept = 0;
    loop {
        let list = store
            .client()
            .list_multipart_uploads()
            .bucket(store.bucket())
            .prefix(store.0.place.name(""))
            .set_key_marker(key_marker.clone())
            .set_upload_id_marker(id_marker.clone());
        let listed = match list.send().await.map_err(|error| store.answer(error)) {
            // So some say that there are none.
            Err(Answer::NoUpload | Answer::NoKey) => return Ok(swept),
            listed => listed?,
        };
        for upload in listed.uploads() {
            let (Some(name), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
            // Whatever the store made of the prefix.
            if !store.0.place.owns(store.bucket(), name) {
                continue;
            }
            if upload.initiated().is_some_and(|at| at.secs() <= before) {
                partial::abort(store, name, id).await;
                swept += 1;
            }
        }
        let given = |marker: Option<String>| marker.filter(|marker| !marker.is_empty());
        let truncated = listed.is_truncated() == Some(true);
        let next = (given(listed.next_key_marker), given(listed.next_upload_id_marker));
        if !truncated || next == (None, None) || next == (key_marker, id_marker) {
            return Ok(swept);
        }
        (key_marker, id_marker) = next;
    }
}

async fn rests(store: &S3Objects, before: i64) -> Result<usize, ObjectError> {
    let folder = rest::folder(store);
    let mut token: Option<String> = None;
    let mut swept = 0;
    loop {
        let list = store.client().list_objects_v2().bucket(store.bucket()).prefix(&folder);
        let list = list.set_continuation_token(token.clone());
        let listed = list.send().await.map_err(|error| store.answer(error))?;
        for rest in listed.contents() {
            // Whatever the store made of the prefix.
            let Some(name) = rest.key().filter(|name| name.starts_with(&folder)) else { continue };
            if rest.last_modified().is_some_and(|at| at.secs() <= before) {
                store.delete_name(name).await?;
                swept += 1;
            }
        }
        let next = listed.next_continuation_token.filter(|next| !next.is_empty());
        if listed.is_truncated != Some(true) || next.is_none() || next == token {
            return Ok(swept);
        }
        token = next;
    }
}
