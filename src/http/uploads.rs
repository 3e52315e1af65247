//! `PUT /uploads/{id}`: the bytes of a file, streamed to the object store.

use super::{AppState, auth::Authenticated, error::HttpError};
use crate::dataset::ReceiveError;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use bytes::Bytes;
use entity::ids::UploadId;
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
    let Some(_slot) = state.receiving.enter(id) else {
        return Err(conflict("this file is being sent by another request"));
    };
    let _counted = state.meters.uploads.enter();
    let limit = state.datasets.limits().upload_bytes;
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > limit) {
        return Err(refused(&ReceiveError::TooLarge { limit_mib: limit >> 20 }));
    }
    // The object store is `Send` and the body of a request is not; a small channel joins them and
    // lets the disk slow the sender.
    let (pieces, received) = mpsc::channel::<io::Result<Bytes>>(4);
    let stored = state.datasets.receive(principal, id, ReceiverStream::new(received).boxed());
    let (stored, ()) = futures::join!(stored, pump(body, pieces));
    let row = stored.map_err(|error| refused(&error))?;
    let size = row.size.unwrap_or(0);
    state.meters.uploaded(size.unsigned_abs());
    tracing::info!(upload.id = %id, size_bytes = size, "stored an upload");
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({"size": size, "sha256": row.sha256})))
}

/// Hands the body on until it ends, breaks off or nobody takes it any more.
async fn pump(body: &mut web::Payload, pieces: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let piece = match timeout(PAUSE, body.next()).await {
            Ok(None) => return,
            Ok(Some(Ok(bytes))) => Ok(bytes),
            Ok(Some(Err(error))) => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()))
            }
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

fn refused(error: &ReceiveError) -> HttpError {
    let (status, code) = match error {
        ReceiveError::NoUpload => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        ReceiveError::Stored => (StatusCode::CONFLICT, "CONFLICT"),
        ReceiveError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE"),
        ReceiveError::Broken => (StatusCode::BAD_REQUEST, "BROKEN_UPLOAD"),
        ReceiveError::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "DISK_FULL"),
        ReceiveError::StoreAway(_) | ReceiveError::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE")
        }
    };
    HttpError::new(status, code, error.to_string())
}

fn conflict(message: &str) -> HttpError {
    HttpError::new(StatusCode::CONFLICT, "CONFLICT", message)
}
