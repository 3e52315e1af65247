//! The web client, embedded in the binary, each page with a nonce of its own.

use super::AppState;
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use base64::{Engine, engine::general_purpose::STANDARD};
use rust_embed::RustEmbed;
use uuid::Uuid;

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Dist;

const PLACEHOLDER: &str = "__CSP_NONCE__";
const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Trainable</title>\
    <h1>Trainable</h1><p>The web client is not built: run <code>make web</code> and build again. \
    The GraphQL API is at <code>/graphql</code>.</p></html>";

/// A page of the client. Only its own routes lead here; everything else is 404.
pub async fn client(request: HttpRequest) -> HttpResponse {
    page(
        "index.html",
        |nonce, sockets| {
            format!(
                "default-src 'self'; style-src 'self' 'nonce-{nonce}'; script-src 'self' 'nonce-{nonce}'; \
             img-src 'self' data: blob:; font-src 'self'; worker-src 'self' blob:; \
             connect-src 'self'{sockets}; frame-src 'self'; object-src 'none'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'"
            )
        },
        &request,
    )
}

/// GraphiQL, bundled with the client; it loads nothing from another host either. Its editor sets
/// style attributes, which no nonce covers.
pub async fn graphiql(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    if !state.config.graphiql {
        return HttpResponse::NotFound().finish();
    }
    page(
        "graphiql.html",
        |nonce, sockets| {
            format!(
                "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'nonce-{nonce}'; \
             img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; \
             connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
            )
        },
        &request,
    )
}

fn page(name: &str, policy: impl Fn(&str, &str) -> String, request: &HttpRequest) -> HttpResponse {
    let nonce = STANDARD.encode(Uuid::new_v4().as_bytes());
    let html = match Dist::get(name) {
        Some(file) => String::from_utf8_lossy(&file.data).replace(PLACEHOLDER, &nonce),
        None => UNBUILT.to_owned(),
    };
    // Some browsers do not count a WebSocket of the same host as 'self'. The host is on the
    // allow-list by now; one that could end the directive is left out.
    let host =
        request.headers().get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let sockets = if !host.is_empty() && host.chars().all(plain) {
        format!(" ws://{host} wss://{host}")
    } else {
        String::new()
    };
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy(&nonce, &sockets)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html)
}

/// A file of the client. Names below `assets/` carry a hash of their content and never change.
pub async fn asset(request: HttpRequest) -> HttpResponse {
    let name = request.path().trim_start_matches('/');
    // Pages need a nonce, and the build's own notes are nobody's business.
    let hidden = name.ends_with(".html") || name.split('/').any(|part| part.starts_with('.'));
    let Some(file) = Dist::get(name).filter(|_| !hidden) else {
        return HttpResponse::NotFound().finish();
    };
    let tag = file.metadata.sha256_hash()[..16].iter().fold(String::from("\""), |mut tag, byte| {
        tag.push_str(&format!("{byte:02x}"));
        tag
    }) + "\"";
    let cache = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=0, must-revalidate"
    };
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let mut response = if known.is_some_and(|tags| tags.contains(&tag)) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::ETAG, tag.clone()))
        .insert_header((header::CACHE_CONTROL, cache));
    if known.is_some_and(|tags| tags.contains(&tag)) {
        return response.finish();
    }
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    response.content_type(kind.as_ref()).body(file.data.into_owned())
}
