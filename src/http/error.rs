//! Errors of the plain HTTP routes: a status, a code for programs and one sentence for people.
//!
//! Never a path of the host, a text of the database or a secret.

use super::guard::TraceId;
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError, http::StatusCode};
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

    /// The same as the answer to a GraphQL request.
    pub fn to_graphql(&self, content_type: &'static str, trace: &TraceId) -> HttpResponse {
        let extensions = json!({"code": self.code, "traceId": trace.0});
        let errors = json!([{"message": self.message, "extensions": extensions}]);
        self.builder().content_type(content_type).body(json!({"errors": errors}).to_string())
    }

    fn builder(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status);
        match self.status {
            StatusCode::UNAUTHORIZED => {
                response.insert_header(("WWW-Authenticate", "Bearer realm=\"trainable\""));
            }
            StatusCode::TOO_MANY_REQUESTS => {
                response.insert_header(("Retry-After", "1"));
            }
            _ => {}
        }
        response.insert_header(("Cache-Control", "no-store"));
        response
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
        self.builder().json(json!({"error": {"message": self.message, "code": self.code}}))
    }
}
