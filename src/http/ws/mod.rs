//! `/graphql/ws`: the graphql-transport-ws protocol.
//!
//! *Source*: github.com/enisdenjo/graphql-ws, PROTOCOL.md (read 2026-11-23).
//!
//! Close codes, beside those of the protocol: `1012` when the server stops and `1013` when the
//! reader is too slow. Both mean "come back": a client reconnects and subscribes again with the last
//! sequence it has seen, and misses nothing.

mod close;
mod connection;
mod message;
mod outbox;

use super::{AppState, auth::Access, error::HttpError, guard::TraceId};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use connection::Connection;
use std::time::Duration;

pub const PROTOCOL: &str = "graphql-transport-ws";

/// How sockets are held to their bounds.
#[derive(Clone, Debug)]
pub struct SocketLimits {
    /// How long a client may take to send `connection_init`.
    pub init: Duration,
    /// How often an idle connection is pinged.
    pub ping: Duration,
    /// How long a client may say nothing at all, pongs included.
    pub silence: Duration,
    /// How long the client may leave the outgoing buffer full.
    pub slow: Duration,
    /// Bytes that may wait to be sent before operations of the connection pause.
    pub buffer: u64,
    /// Operations at the same time on one connection.
    pub operations: usize,
    /// Connections at the same time.
    pub connections: usize,
    /// Bytes of one message from the client.
    pub message: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            init: Duration::from_secs(5),
            ping: Duration::from_secs(15),
            silence: Duration::from_secs(60),
            slow: Duration::from_secs(15),
            buffer: 1024 * 1024,
            operations: 64,
            connections: 10_000,
            message: 1024 * 1024,
        }
    }
}

/// Upgrades a request to a socket and serves it until it closes.
pub async fn serve(
    state: web::Data<AppState>,
    request: HttpRequest,
    trace: web::ReqData<TraceId>,
    body: web::Payload,
) -> Result<HttpResponse, HttpError> {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|v| v.to_str().ok());
    if !upgrade.is_some_and(|v| v.eq_ignore_ascii_case("websocket")) {
        return Err(HttpError::new(
            StatusCode::UPGRADE_REQUIRED,
            "UPGRADE_REQUIRED",
            "this address speaks the graphql-transport-ws protocol over a WebSocket",
        ));
    }
    if state.stopping.is_cancelled()
        || state.meters.sockets.now() >= state.config.sockets.connections
    {
        return Err(HttpError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "TOO_MANY_CONNECTIONS",
            "the server takes no more connections now; try again in a moment",
        ));
    }
    let spoken = speaks(&request);
    let header_principal = state.access.of(&request);
    let (response, session, messages) =
        actix_ws::handle_with_protocols(&request, body, &[PROTOCOL]).map_err(|error| {
            HttpError::new(StatusCode::BAD_REQUEST, "BAD_HANDSHAKE", error.to_string())
        })?;
    let (outbox, response) = outbox::Outbox::new(session, response, &state.config.sockets);
    let trace = trace.into_inner();
    actix_web::rt::spawn(async move {
        let connection = Connection::new(state, outbox, header_principal, trace);
        if spoken {
            connection.serve(messages).await;
        } else {
            connection.refuse_subprotocol().await;
        }
    });
    Ok(response)
}

fn speaks(request: &HttpRequest) -> bool {
    request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offered| offered.trim() == PROTOCOL)
}

/// The token in the payload of `connection_init`: `{"token"}` or `{"Authorization": "Bearer …"}`.
fn by_payload(
    access: &Access,
    payload: Option<&serde_json::Map<String, serde_json::Value>>,
) -> Option<entity::principal::Principal> {
    let text = |key: &str| payload?.get(key)?.as_str();
    let bearer = || {
        let value = text("Authorization").or_else(|| text("authorization"))?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    };
    access.by_token(text("token").or_else(bearer))
}
