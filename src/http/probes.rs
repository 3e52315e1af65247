//! `/healthz`, `/readyz` and `/metrics`.

use super::{AppState, auth::Authenticated};
use actix_web::{HttpResponse, http::header, web};
use serde_json::json;
use std::time::Duration;

/// The process answers.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"ok": true}))
}

/// The database answers, so that requests can be served. Sandboxes that still get ready do not
/// hold this back: experiments can be read meanwhile.
pub async fn readyz(state: web::Data<AppState>) -> HttpResponse {
    let asked = tokio::time::timeout(Duration::from_secs(2), state.store.read().ping()).await;
    let ready = matches!(asked, Ok(Ok(()))) && !state.stopping.is_cancelled();
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"ready": ready}))
}

/// Counters for Prometheus.
pub async fn metrics(state: web::Data<AppState>, _: Authenticated) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(state.meters.text(state.directory.counts(), state.store.statements()))
}
