//! `/uploads/{id}`: the bytes of a file, streamed to the object store. `PUT` brings all of them; `HEAD` and `PATCH` are
//! those of tus, and go on where a connection broke.

use super::{
    AppState,
    auth::Authenticated,
    error::HttpError,
    tus::{self, Patch},
};
use crate::dataset::{ReceiveError, received};
use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    http::{StatusCode, header},
    web,
};
use bytes::Bytes;
use entity::{ids::UploadId, principal::Principal, uploads::Model as Upload, vocab::UploadState};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde_json::json;
use std::{io, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

/// A header that a page of another origin cannot send without a preflight, which is refused; so is that of tus.
const MARK: &str = "x-trainable-upload";
/// How long a sender may pause.
const PAUSE: Duration = Duration::from_secs(60);
/// What is read and dropped of a refused body, so that its sender gets to read the answer.
const DRAIN_BYTES: usize = 8 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Receives one file, from its first byte on. A stored upload is never written again.
pub async fn put(
    state: web::Data<AppState>,
    Authenticated(principal): Authenticated,
    id: web::Path<String>,
    request: HttpRequest,
    mut body: web::Payload,
) -> HttpResponse {
    let outcome = receive(&state, principal, &id, &request, &mut body).await;
    if outcome.is_err() {
        drain(&mut body).await;
    }
    outcome.unwrap_or_else(Refused::response)
}

/// Receives what follows the bytes that are kept.
pub async fn patch(
    state: web::Data<AppState>,
    Authenticated(principal): Authenticated,
    id: web::Path<String>,
    request: HttpRequest,
    mut body: web::Payload,
) -> HttpResponse {
    let outcome = append(&state, principal, &id, &request, &mut body).await;
    // Also what follows the last byte of one that was found to be stored.
    drain(&mut body).await;
    tagged(outcome.unwrap_or_else(Refused::response))
}

/// How far an upload is.
pub async fn head(
    state: web::Data<AppState>,
    Authenticated(principal): Authenticated,
    id: web::Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let outcome = standing(&state, principal, &id, &request).await;
    tagged(outcome.unwrap_or_else(Refused::response))
}

/// What is spoken here.
pub async fn options(state: web::Data<AppState>, _: Authenticated) -> HttpResponse {
    tagged(
        HttpResponse::NoContent()
            .insert_header((tus::VERSIONS, tus::VERSION))
            .insert_header((tus::MAX_SIZE, tus::bytes(state.datasets.limits().upload_bytes)))
            .finish(),
    )
}

/// An answer in the version that is spoken.
fn tagged(mut answer: HttpResponse) -> HttpResponse {
    let headers = answer.headers_mut();
    headers.insert(tus::RESUMABLE, header::HeaderValue::from_static(tus::VERSION));
    answer
}

async fn receive(
    state: &AppState,
    principal: Principal,
    id: &str,
    request: &HttpRequest,
    body: &mut web::Payload,
) -> Result<HttpResponse, Refused> {
    marked(request)?;
    let id = parse(id)?;
    let _counted = state.meters.uploads.enter();
    let limit = state.datasets.limits().upload_bytes;
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > limit) {
        return Err(ReceiveError::TooLarge { limit_mib: limit >> 20 }.into());
    }
    let datasets = state.datasets.clone();
    let work = async move |body| datasets.receive(&principal, id, body).await;
    // It has the grace period for its end: nothing of it would be kept.
    let row = carry(body, CancellationToken::new(), work).await?;
    let size = row.size.unwrap_or(0);
    count(state, &row);
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({"size": size, "sha256": row.sha256})))
}

async fn append(
    state: &AppState,
    principal: Principal,
    id: &str,
    request: &HttpRequest,
    body: &mut web::Payload,
) -> Result<HttpResponse, Refused> {
    marked(request)?;
    let id = parse(id)?;
    let Patch { offset, length } = Patch::read(request.headers())?;
    let _counted = state.meters.uploads.enter();
    let datasets = state.datasets.clone();
    let work = async move |body| datasets.append(&principal, id, offset, length, body).await;
    let row = carry(body, state.stopping.clone(), work).await?;
    count(state, &row);
    Ok(HttpResponse::NoContent().insert_header((tus::OFFSET, tus::bytes(received(&row)))).finish())
}

async fn standing(
    state: &AppState,
    principal: Principal,
    id: &str,
    request: &HttpRequest,
) -> Result<HttpResponse, Refused> {
    tus::spoken(request.headers())?;
    let id = parse(id)?;
    let datasets = state.datasets.clone();
    let asked = tokio::spawn(async move { datasets.standing(&principal, id).await });
    let row = ended(asked.await)?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((tus::OFFSET, tus::bytes(received(&row))));
    match row.size.or(row.length) {
        Some(length) => answer.insert_header((tus::LENGTH, tus::bytes(length.unsigned_abs()))),
        None => answer.insert_header((tus::DEFER_LENGTH, "1")),
    };
    Ok(answer.finish())
}

fn count(state: &AppState, row: &Upload) {
    if row.state == UploadState::Stored {
        let size = row.size.unwrap_or(0);
        state.meters.uploaded(size.unsigned_abs());
        tracing::info!(upload.id = %row.id, size_bytes = size, "stored an upload");
    }
}

fn parse(id: &str) -> Result<UploadId, HttpError> {
    id.parse().map_err(|_| HttpError::not_found("upload"))
}

/// Whether a page of another site could not have sent this.
fn marked(request: &HttpRequest) -> Result<(), HttpError> {
    let spoken = tus::spoken(request.headers())?;
    if spoken || request.headers().get(MARK).is_some_and(|value| value == "1") {
        return Ok(());
    }
    let (mark, version) = (MARK, tus::VERSION);
    let message =
        format!("send the header `{mark}: 1`, or `Tus-Resumable: {version}`, with an upload");
    Err(HttpError::new(StatusCode::FORBIDDEN, "HEADER_MISSING", message))
}

/// Bytes on their way to the object store; the last of them is none.
type Piece = io::Result<Option<Bytes>>;

/// Gives a body to work that goes on when its request is dropped: what arrived of a connection that broke is kept.
///
/// It breaks off when `stopping` is cancelled.
async fn carry<F>(
    body: &mut web::Payload,
    stopping: CancellationToken,
    work: impl FnOnce(BoxStream<'static, io::Result<Bytes>>) -> F,
) -> Result<Upload, Refused>
where
    F: Future<Output = Result<Upload, ReceiveError>> + Send + 'static,
{
    // The object store is `Send` and the body of a request is not; a small channel joins them and lets the disk slow
    // the sender.
    let (pieces, arrived) = mpsc::channel(4);
    let working = tokio::spawn(work(whole(arrived)));
    let (done, ()) = futures::join!(working, pump(body, pieces, stopping));
    ended(done)
}

fn ended(
    done: Result<Result<Upload, ReceiveError>, tokio::task::JoinError>,
) -> Result<Upload, Refused> {
    let done = done.unwrap_or_else(|error| {
        tracing::error!(%error, "an upload was dropped");
        Err(ReceiveError::Unavailable)
    });
    Ok(done?)
}

/// What arrives, which breaks off when its sender is dropped before it said that this is the end.
fn whole(arrived: mpsc::Receiver<Piece>) -> BoxStream<'static, io::Result<Bytes>> {
    let next = async |arrived: Option<mpsc::Receiver<Piece>>| {
        let mut arrived = arrived?;
        match arrived.recv().await {
            Some(Ok(Some(piece))) => Some((Ok(piece), Some(arrived))),
            Some(Ok(None)) => None,
            Some(Err(error)) => Some((Err(error), None)),
            None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
        }
    };
    stream::unfold(Some(arrived), next).boxed()
}

/// Hands the body on until it ends or breaks off, or nobody takes it any more.
async fn pump(body: &mut web::Payload, pieces: mpsc::Sender<Piece>, stopping: CancellationToken) {
    loop {
        let piece = tokio::select! {
            piece = timeout(PAUSE, body.next()) => piece,
            () = pieces.closed() => return,
            () = stopping.cancelled() => Ok(Some(Err(actix_web::error::PayloadError::Incomplete(None)))),
        };
        let piece = match piece {
            Ok(None) => Ok(None),
            Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
            Ok(Some(Err(error))) => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string()))
            }
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "nothing came for too long")),
        };
        let last = !matches!(piece, Ok(Some(_)));
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

/// Why a request was refused, and from where it could go on.
struct Refused {
    error: HttpError,
    offset: Option<u64>,
}

impl From<HttpError> for Refused {
    fn from(error: HttpError) -> Self {
        Self { error, offset: None }
    }
}

impl From<ReceiveError> for Refused {
    fn from(error: ReceiveError) -> Self {
        let (status, code, offset) = match &error {
            ReceiveError::NoUpload => (StatusCode::NOT_FOUND, "NOT_FOUND", None),
            ReceiveError::Stored | ReceiveError::Imported | ReceiveError::TakenOver => {
                (StatusCode::CONFLICT, "CONFLICT", None)
            }
            ReceiveError::WrongOffset { received } => {
                (StatusCode::CONFLICT, "WRONG_OFFSET", Some(*received))
            }
            ReceiveError::TooLarge { .. } | ReceiveError::OtherLength { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", None)
            }
            ReceiveError::Broken => (StatusCode::BAD_REQUEST, "BROKEN_UPLOAD", None),
            // Clients of tus come back after this one.
            ReceiveError::BrokenOff { received } => {
                (StatusCode::SERVICE_UNAVAILABLE, "BROKEN_UPLOAD", Some(*received))
            }
            ReceiveError::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "DISK_FULL", None),
            ReceiveError::StoreAway(_) | ReceiveError::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", None)
            }
        };
        Self { error: HttpError::new(status, code, error.to_string()), offset }
    }
}

impl Refused {
    fn response(self) -> HttpResponse {
        let mut answer = self.error.error_response();
        let headers = answer.headers_mut();
        if let Some(offset) = self.offset {
            headers.insert(tus::OFFSET, tus::bytes(offset));
        }
        if answer.status() == StatusCode::PRECONDITION_FAILED {
            answer
                .headers_mut()
                .insert(tus::VERSIONS, header::HeaderValue::from_static(tus::VERSION));
        }
        answer
    }
}
