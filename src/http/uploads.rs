//! `PUT /uploads/{id}`: the bytes of a file, streamed to the object store.

use super::{AppState, auth::Authenticated, error::HttpError};
use crate::{
    objects::{ObjectError, ObjectKey},
    store,
};
use actix_web::{HttpRequest, HttpResponse, http::{StatusCode, header}, web};
use bytes::Bytes;
use chrono::Utc;
use entity::{ids::UploadId, vocab::UploadState};
use futures::StreamExt;
use serde_json::json;
use std::{
    collections::HashSet,
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;

/// A header that a page of another origin cannot send without a preflight, which is refused.
const MARK: &str = "x-trainable-upload";
/// How long a sender may pause.
const PAUSE: Duration = Duration::from_secs(60);
/// What is read and dropped of a refused body, so that its sender gets to read the answer.
const DRAIN_BYTES: usize = 8 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// The uploads that are being received now, so that no two write the same object.
#[derive(Default)]
pub struct Receiving(Mutex<HashSet<UploadId>>);

struct Slot<'a>(&'a Receiving, UploadId);

impl Receiving {
    fn enter(&self, id: UploadId) -> Option<Slot<'_>> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(id).then_some(Slot(self, id))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// Receives one file. A stored upload is never written again.
pub async fn put(
    state: web::Data<AppState>,
    Authenticated(principal): Authenticated,
    id: web::Path<String>,
    request: HttpRequest,
    mut body: web::Payload,
) -> Result<HttpResponse, HttpError> {
    let outcome = receive(&state, &principal, &id, &request, &mut body).await;
    if outcome.is_err() {
        drain(&mut body).await;
    }
    outcome
}

async fn receive(
    state: &AppState,
    principal: &entity::principal::Principal,
    id: &str,
    request: &HttpRequest,
    body: &mut web::Payload,
) -> Result<HttpResponse, HttpError> {
    if request.headers().get(MARK).is_none_or(|value| value != "1") {
        let message = format!("send the header `{MARK}: 1` with an upload");
        return Err(HttpError::new(StatusCode::FORBIDDEN, "HEADER_MISSING", message));
    }
    let id: UploadId = id.parse().map_err(|_| HttpError::not_found("upload"))?;
    let row = store::uploads::find(state.store.read(), principal, id)
        .await
        .map_err(|error| HttpError::internal("look up the upload", &error))?
        .ok_or_else(|| HttpError::not_found("upload"))?;
    if row.state == UploadState::Stored {
        return Err(conflict("this file is stored already; ask for another upload"));
    }
    let Some(_slot) = state.receiving.enter(id) else {
        return Err(conflict("this file is being sent by another request"));
    };
    let _counted = state.meters.uploads.enter();
    let limit = state.config.max_upload_bytes;
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > limit) {
        return Err(too_large(limit));
    }
    let key = ObjectKey::parse(&format!("uploads/{id}"))
        .ok_or_else(|| HttpError::not_found("upload"))?;
    // The object store is `Send` and the body of a request is not; a small channel joins them and
    // lets the disk slow the sender.
    let (pieces, received) = mpsc::channel::<io::Result<Bytes>>(4);
    let stored = state.objects.put(&key, ReceiverStream::new(received).boxed(), limit);
    let (stored, ()) = futures::join!(stored, pump(body, pieces));
    let stored = stored.map_err(|error| refused(error, limit))?;
    let mine = store::uploads::store(state.store.write(), id, &stored, Utc::now())
        .await
        .map_err(|error| HttpError::internal("record the upload", &error))?;
    if !mine {
        return Err(conflict("this file is stored already; ask for another upload"));
    }
    state.meters.uploaded(stored.size);
    tracing::info!(upload.id = %id, size_bytes = stored.size, "stored an upload");
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({"size": stored.size, "sha256": stored.sha256})))
}

/// Hands the body on until it ends, breaks off or nobody takes it any more.
async fn pump(body: &mut web::Payload, pieces: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let piece = match timeout(PAUSE, body.next()).await {
            Ok(None) => return,
            Ok(Some(Ok(bytes))) => Ok(bytes),
            Ok(Some(Err(error))) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string())),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "nothing came for too long")),
        };
        let last = piece.is_err();
        if pieces.send(piece).await.is_err() || last {
            return;
        }
    }
}

async fn drain(body: &mut web::Payload) {
    let mut left = DRAIN_BYTES;
    let _ = timeout(DRAIN_TIME, async {
        while let Some(Ok(bytes)) = body.next().await {
            left = left.saturating_sub(bytes.len());
            if left == 0 {
                break;
            }
        }
    })
    .await;
}

fn refused(error: ObjectError, limit: u64) -> HttpError {
    match error {
        ObjectError::TooLarge { .. } => too_large(limit),
        ObjectError::Broken(_) => {
            HttpError::new(StatusCode::BAD_REQUEST, "BROKEN_UPLOAD", error.to_string())
        }
        ObjectError::Full => {
            HttpError::new(StatusCode::INSUFFICIENT_STORAGE, "DISK_FULL", error.to_string())
        }
        ObjectError::NoObject(_) | ObjectError::Io { .. } => {
            HttpError::internal("store the upload", &error)
        }
    }
}

fn too_large(limit: u64) -> HttpError {
    let message = format!(
        "the file is larger than the limit of {}; upload a smaller one or raise the limit",
        crate::dataset::bytes_for_people(limit)
    );
    HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", message)
}

fn conflict(message: &str) -> HttpError {
    HttpError::new(StatusCode::CONFLICT, "CONFLICT", message)
}
