//! What every request passes and every response carries: the `Host` allow-list, the cross-site
//! check, its client's limits, the trace id and the security headers.

use super::{
    AppState,
    accept::Media,
    clients::{Seated, admit},
    error::HttpError,
    meters::Route,
};
use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header, header::HeaderMap, header::HeaderValue},
    middleware::Next,
    web,
};
use uuid::Uuid;

/// The id that ties a response to the log. Sent as `x-trace-id`.
#[derive(Clone, Debug)]
pub struct TraceId(pub String);

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// Headers that a page of another allowed origin may send.
const CORS_HEADERS: &str =
    "authorization, content-type, x-trainable-upload, tus-resumable, upload-offset, upload-length";
/// Headers that it may read.
const CORS_EXPOSED: &str = "x-trace-id, etag, content-range, tus-resumable, tus-version, tus-max-size, \
                            upload-offset, upload-length, upload-defer-length";

/// The one middleware around every route.
pub async fn guard<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Seated>, Error> {
    let trace = TraceId(Uuid::now_v7().simple().to_string());
    request.extensions_mut().insert(trace.clone());
    let Some(state) = request.app_data::<web::Data<AppState>>().cloned() else {
        return Err(actix_web::error::ErrorInternalServerError("no state"));
    };
    let route = Route::of(request.path());
    let origin = state.config.allowed_origin(request.headers());
    let refused = refusal(&state.config, &request);
    let admitted = refused.map_or_else(|| admit(&state, &request, route), Err);
    let mut response = match admitted {
        Err(error) => {
            let answer = refuse(&error, route, &request, &trace);
            request.into_response(answer).map_body(|_, body| Seated::new(body, None))
        }
        Ok(seat) if preflight(&request) => {
            let mut answer = HttpResponse::build(if origin.is_some() {
                StatusCode::NO_CONTENT
            } else {
                StatusCode::FORBIDDEN
            });
            request.into_response(answer.finish()).map_body(|_, body| Seated::new(body, seat))
        }
        Ok(seat) => {
            let answered = next.call(request).await?;
            answered.map_body(|_, body| Seated::new(body.boxed(), seat))
        }
    };
    state.meters.answered(route, response.status());
    if response.status().is_server_error() {
        tracing::warn!(trace.id = %trace.0, status = response.status().as_u16(), "answered an error");
    }
    let headers = response.headers_mut();
    secure(headers);
    if !state.config.allowed_origins.is_empty() {
        // A cache must not hand one origin's answer to another.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    if let Some(origin) = origin {
        allow_cross_origin(headers, origin);
    }
    if let Ok(value) = HeaderValue::from_str(&trace.0) {
        headers.insert(header::HeaderName::from_static("x-trace-id"), value);
    }
    Ok(response)
}

fn preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A refusal in the shape that the route's clients read.
fn refuse(
    error: &HttpError,
    route: Route,
    request: &ServiceRequest,
    trace: &TraceId,
) -> HttpResponse {
    match route {
        Route::Graphql => {
            let media = Media::negotiate(request.headers()).unwrap_or(Media::Json);
            error.to_graphql(media.content_type(), trace)
        }
        Route::Socket | Route::Upload | Route::File | Route::Probe | Route::Client => {
            error.error_response()
        }
    }
}

/// Why this request goes no further, when it does not.
fn refusal(config: &super::HttpConfig, request: &ServiceRequest) -> Option<HttpError> {
    let host = host(request);
    let Some(host) = host else {
        return Some(HttpError::new(
            StatusCode::BAD_REQUEST,
            "NO_HOST",
            "the request names no host",
        ));
    };
    if !config.serves(&host) {
        return Some(HttpError::new(
            StatusCode::FORBIDDEN,
            "HOST_NOT_ALLOWED",
            "this server is not configured for that host name; add it to the allowed hosts",
        ));
    }
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let socket = request.headers().contains_key(header::UPGRADE);
    if safe && !socket {
        // A page elsewhere cannot read the answer of a query, but it could make us work for it.
        // Browsers say where a request comes from; what is no browser need not.
        let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
        let elsewhere = matches!(site, Some("cross-site" | "same-site"));
        return (elsewhere && request.path() == "/graphql").then(|| {
            HttpError::new(
                StatusCode::FORBIDDEN,
                "ORIGIN_NOT_ALLOWED",
                "queries from pages of another site are not answered",
            )
        });
    }
    same_site(config, request.headers(), &host).then_some(()).map_or_else(
        || {
            Some(HttpError::new(
                StatusCode::FORBIDDEN,
                "ORIGIN_NOT_ALLOWED",
                "requests from pages of another origin are refused",
            ))
        },
        |()| None,
    )
}

/// The host a request names, lower case, with its port.
fn host(request: &ServiceRequest) -> Option<String> {
    let named = request.headers().get_all(header::HOST).collect::<Vec<_>>();
    match named.as_slice() {
        [one] => one.to_str().ok().map(str::to_ascii_lowercase),
        [] => request.uri().authority().map(|a| a.as_str().to_ascii_lowercase()),
        _ => None,
    }
}

/// True when a browser says that the request comes from our own page or an allowed one, and when
/// no browser speaks at all.
fn same_site(config: &super::HttpConfig, headers: &HeaderMap, host: &str) -> bool {
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            let own = origin
                .to_str()
                .ok()
                .and_then(|text| text.split_once("://"))
                .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
            own || config.allowed_origin(headers).is_some()
        }
        None => headers.get("sec-fetch-site").is_none_or(|site| {
            ["same-origin", "none"].contains(&site.to_str().unwrap_or_default())
        }),
    }
}

impl super::HttpConfig {
    /// True when requests that name this host are answered.
    fn serves(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
            _ => host,
        };
        LOOPBACK.contains(&name)
            || self.allowed_hosts.iter().any(|allowed| {
                let allowed = allowed.to_ascii_lowercase();
                allowed == host || allowed == name
            })
    }

    /// The request's origin when it is on the list of other origins.
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let text = origin.to_str().ok()?;
        self.allowed_origins.iter().any(|a| a.eq_ignore_ascii_case(text)).then(|| origin.clone())
    }
}

fn allow_cross_origin(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PATCH, POST, PUT"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, CORS_HEADERS),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, CORS_EXPOSED),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
}

/// Headers for every response; a route's own policy stands.
fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (
            header::PERMISSIONS_POLICY,
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
