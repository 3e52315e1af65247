//! Errors of the plain HTTP routes: a status, a code for programs and one sentence for people.
//!
//! Never a path of the host, a text of the database or a secret.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde_json::json;

/// `{"error": {"message", "code"}}` with a status.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct HttpError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl HttpError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("there is no such {what}"))
    }

    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "this server asks for its token: send `Authorization: Bearer …` or sign in",
        )
    }

    /// For failures that are ours: the cause goes to the log, the caller gets a sentence.
    pub fn internal(action: &'static str, cause: &dyn std::error::Error) -> Self {
        tracing::error!(action, error = %cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL",
            format!("the server could not {action}; its log says why"),
        )
    }
}

impl ResponseError for HttpError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header(("WWW-Authenticate", "Bearer realm=\"trainable\""));
        }
        response
            .insert_header(("Cache-Control", "no-store"))
            .json(json!({"error": {"message": self.message, "code": self.code}}))
    }
}
