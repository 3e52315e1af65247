//! `GET /transcripts/{session}`: what a session's model said, to be played again.

use super::{AppState, auth::Authenticated, error::HttpError};
use crate::store;
use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Path},
};
use entity::ids::SessionId;

/// Serves one transcript, as a file to download.
pub async fn get(
    state: Data<AppState>,
    Authenticated(principal): Authenticated,
    session: Path<String>,
) -> Result<HttpResponse, HttpError> {
    let missing = || HttpError::not_found("transcript");
    let session: SessionId = session.parse().map_err(|_| missing())?;
    let owned = store::sessions::owned(state.store.read(), &principal, session).await;
    owned
        .map_err(|error| HttpError::internal("write the transcript", &error))?
        .ok_or_else(missing)?;
    let recording = state.transcripts.record(session).await;
    let recording = recording
        .map_err(|error| HttpError::internal("write the transcript", &error))?
        .ok_or_else(missing)?;
    let bytes =
        recording.write().map_err(|error| HttpError::internal("write the transcript", &error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"transcript-{session}.json\""),
        ))
        .body(bytes))
}
