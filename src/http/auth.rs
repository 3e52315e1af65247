//! Who asks: the [`Principal`] of a request.
//!
//! Without a token everybody who reaches the server is [`Principal::Local`]; the listener is bound
//! to loopback then. With a token it comes as a bearer token, or as the cookie that `/login` sets.

use super::{AppState, error::HttpError};
use actix_web::{
    FromRequest, HttpRequest, HttpResponse, cookie::Cookie, cookie::SameSite, dev::Payload,
    http::header, web,
};
use entity::principal::Principal;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use subtle::ConstantTimeEq;

const COOKIE: &str = "trainable_session";
/// Seconds that a sign-in lasts.
const SIGNED_IN: i64 = 30 * 24 * 3600;

/// The server's token, kept as a digest.
pub struct Access {
    key: Option<[u8; 32]>,
}

impl Access {
    pub fn new(token: Option<&str>) -> Self {
        Self { key: token.map(digest) }
    }

    /// True when a token is asked for.
    pub fn guarded(&self) -> bool {
        self.key.is_some()
    }

    /// The principal of somebody who presents this token, or none.
    pub fn by_token(&self, presented: Option<&str>) -> Option<Principal> {
        let Some(key) = &self.key else { return Some(Principal::Local) };
        let same: bool = digest(presented?).ct_eq(key).into();
        same.then_some(Principal::Token)
    }

    /// The principal of a request, by its header or its cookie.
    pub fn of(&self, request: &HttpRequest) -> Option<Principal> {
        let bearer = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        self.by_token(bearer).or_else(|| self.by_cookie(request))
    }

    fn by_cookie(&self, request: &HttpRequest) -> Option<Principal> {
        let key = self.key.as_ref()?;
        let cookie = request.cookie(COOKIE)?;
        let (until, seal) = cookie.value().split_once('.')?;
        let alive = until.parse::<i64>().ok()? > chrono::Utc::now().timestamp();
        let same: bool = seal.as_bytes().ct_eq(sealed(key, until).as_bytes()).into();
        (alive && same).then_some(Principal::Token)
    }

    fn cookie(&self, secure: bool) -> Option<Cookie<'static>> {
        let key = self.key.as_ref()?;
        let until = (chrono::Utc::now().timestamp() + SIGNED_IN).to_string();
        let value = format!("{until}.{}", sealed(key, &until));
        Some(
            Cookie::build(COOKIE, value)
                .path("/")
                .http_only(true)
                .same_site(SameSite::Strict)
                .secure(secure)
                .max_age(actix_web::cookie::time::Duration::seconds(SIGNED_IN))
                .finish(),
        )
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// HMAC-SHA-256 of a text, in hex. *Source*: RFC 2104; a key of 32 bytes is below the block size.
fn sealed(key: &[u8; 32], text: &str) -> String {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(b, k)| *b ^= k);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text.as_bytes()).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Extracts the principal; answers 401 when there is none.
pub struct Authenticated(pub Principal);

impl FromRequest for Authenticated {
    type Error = HttpError;
    type Future = Ready<Result<Self, HttpError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = request
            .app_data::<web::Data<AppState>>()
            .and_then(|state| state.access.of(request))
            .map(Authenticated)
            .ok_or_else(HttpError::unauthenticated);
        ready(found)
    }
}

/// What a client sends to sign in.
#[derive(Deserialize)]
pub struct Login {
    token: String,
}

/// `POST /login`: trades the token for a cookie that scripts cannot read, so that images, downloads
/// and the WebSocket of the web client are authenticated too.
pub async fn login(
    state: web::Data<AppState>,
    request: HttpRequest,
    body: web::Json<Login>,
) -> Result<HttpResponse, HttpError> {
    state.access.by_token(Some(&body.token)).ok_or_else(HttpError::unauthenticated)?;
    let secure = request
        .headers()
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"https:"));
    let mut response = HttpResponse::Ok();
    if let Some(cookie) = state.access.cookie(secure) {
        response.cookie(cookie);
    }
    Ok(response.json(json!({"required": state.access.guarded(), "authenticated": true})))
}

/// `GET /login`: whether this server asks for a token, and whether this client has given it.
pub async fn status(state: web::Data<AppState>, request: HttpRequest) -> HttpResponse {
    let authenticated = state.access.of(&request).is_some();
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({"required": state.access.guarded(), "authenticated": authenticated}))
}

/// `DELETE /login`: forgets the cookie.
pub async fn logout() -> HttpResponse {
    let mut gone = Cookie::build(COOKIE, "").path("/").http_only(true).finish();
    gone.make_removal();
    HttpResponse::NoContent().cookie(gone).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn hmac_is_the_standard_one() {
        // By Python's `hmac` module.
        let key: [u8; 32] = std::array::from_fn(|i| i as u8);
        assert_eq!(
            sealed(&key, "What do ya want for nothing?"),
            "9854e6bdeecf2edfd1389c479b8529f19cf9ca33640ed83bd103453f22f80ce1"
        );
    }

    #[track_caller]
    fn check(access: &Access, header: Option<(&str, &str)>, expect: Option<Principal>) {
        let mut request = TestRequest::default();
        if let Some(header) = header {
            request = request.insert_header(header);
        }
        assert_eq!(access.of(&request.to_http_request()), expect);
    }

    #[test]
    fn who_asks() {
        let open = Access::new(None);
        check(&open, None, Some(Principal::Local));
        check(&open, Some(("Authorization", "Bearer anything")), Some(Principal::Local));
        let closed = Access::new(Some("secret"));
        check(&closed, None, None);
        check(&closed, Some(("Authorization", "Bearer secret")), Some(Principal::Token));
        check(&closed, Some(("Authorization", "bearer  secret ")), Some(Principal::Token));
        check(&closed, Some(("Authorization", "Bearer secre")), None);
        check(&closed, Some(("Authorization", "Basic secret")), None);
        let cookie = closed.cookie(false).map(|c| format!("{}={}", c.name(), c.value()));
        check(&closed, cookie.as_deref().map(|c| ("Cookie", c)), Some(Principal::Token));
        let other = Access::new(Some("other"));
        check(&other, cookie.as_deref().map(|c| ("Cookie", c)), None);
        check(&closed, Some(("Cookie", "trainable_session=99999999999.00")), None);
    }
}
