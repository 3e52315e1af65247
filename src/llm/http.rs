//! One provider's place on the net: the client, its headers, and what came back.
//!
//! It never waits beyond connecting, never tries twice and follows no redirect: a key goes where it
//! was meant to go.

use super::{
    ErrorKind, LlmError,
    refusal::{self, Said},
    secret::{Secret, scrub_shapes},
};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use reqwest::{
    Client, RequestBuilder, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;
use std::{error::Error, time::Duration};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest answer, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024 * 1024;
/// What is read of an answer that says no, in bytes.
const MAX_REFUSAL: usize = 64 * 1024;

/// How a provider presents itself.
pub(super) struct Identity<'a> {
    /// The provider's name, for people.
    pub(super) name: &'a str,
    pub(super) base_url: &'a str,
    /// The variable that sets `base_url`.
    pub(super) base_variable: &'static str,
    pub(super) key: Option<&'a Secret>,
    /// The variable that sets the key.
    pub(super) key_variable: &'static str,
}

/// Where a provider is reached, and as whom.
#[derive(Clone)]
pub(super) struct Endpoint {
    client: Client,
    base: Url,
    headers: HeaderMap,
    key: Option<Secret>,
    name: String,
    base_variable: &'static str,
    key_variable: &'static str,
}

impl Endpoint {
    /// *Errors*: [`ErrorKind::Unusable`] for an address or a key that cannot be sent.
    pub(super) fn new(identity: &Identity<'_>) -> Result<Self, LlmError> {
        let unusable = |why: String| LlmError::new(ErrorKind::Unusable, why);
        let variable = identity.base_variable;
        let base = Url::parse(identity.base_url.trim().trim_end_matches('/'))
            .ok()
            .filter(|url| {
                matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
            })
            .ok_or_else(|| unusable(format!("`{variable}` is no http or https address")))?;
        let client = client(&base).map_err(|e| {
            unusable(format!("no connection can be made to `{}`: {}", identity.name, cause(&e)))
        })?;
        Ok(Self {
            client,
            base,
            headers: HeaderMap::new(),
            key: identity.key.cloned(),
            name: identity.name.to_owned(),
            base_variable: variable,
            key_variable: identity.key_variable,
        })
    }

    /// Adds a header to every request. A key's value is kept out of debug texts.
    pub(super) fn with_header(mut self, name: &'static str, value: &str) -> Result<Self, LlmError> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            let variable = self.key_variable;
            LlmError::new(
                ErrorKind::Unusable,
                format!("`{variable}` holds a character that no key has"),
            )
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The address's host, lower case.
    pub(super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.url(path)).headers(self.headers.clone()).json(body)
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).headers(self.headers.clone())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// Sends a request; an answer that says no is an error with the provider's own words.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Refused> {
        let response = request.send().await.map_err(|e| Refused::untold(self.unsent(e)))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let retry_after = refusal::retry_after(response.headers(), chrono::Utc::now());
        let body = read_start(response).await;
        let said = Said::read(&String::from_utf8_lossy(&body));
        Err(Refused { error: self.refusal(Some(status), &said, retry_after), said: Some(said) })
    }

    /// A small answer as JSON.
    pub(super) async fn json(&self, request: RequestBuilder) -> Result<Value, LlmError> {
        let response = self.send(request).await.map_err(|refused| refused.error)?;
        let mut body = BytesMut::new();
        let mut bytes = self.bytes(response);
        while let Some(piece) = bytes.next().await {
            body.extend_from_slice(&piece?);
        }
        serde_json::from_slice(&body).map_err(|_| {
            let words = format!("`{}` gave an answer that is no JSON", self.name);
            LlmError::new(ErrorKind::Broken, words)
        })
    }

    /// The bytes of an answer, up to [`MAX_BODY`].
    pub(super) fn bytes(
        &self,
        response: Response,
    ) -> impl Stream<Item = Result<Bytes, LlmError>> + Send + Unpin + use<> {
        let name = self.name.clone();
        let mut total = 0;
        response.bytes_stream().map(move |piece| match piece {
            Ok(piece) => {
                total += piece.len();
                if total <= MAX_BODY {
                    return Ok(piece);
                }
                let words = format!("`{name}` gave an answer of more than 64 MiB");
                Err(LlmError::new(ErrorKind::Broken, words))
            }
            Err(error) => {
                let words = format!("the answer of `{name}` broke off: {}", cause(&error));
                Err(LlmError::new(ErrorKind::Broken, words))
            }
        })
    }

    /// A provider's words without anything that is or looks like a key.
    pub(super) fn scrubbed(&self, words: &str) -> String {
        scrub_shapes(&match &self.key {
            Some(key) => key.scrub(words),
            None => words.to_owned(),
        })
    }

    /// What a provider's no means. The status is unknown inside a stream.
    pub(super) fn refusal(
        &self,
        status: Option<u16>,
        said: &Said,
        retry_after: Option<Duration>,
    ) -> LlmError {
        let kind = refusal::kind(status, said);
        let words = refusal::shorten(&self.scrubbed(&said.message));
        let told = if words.is_empty() { String::new() } else { format!(": {words}") };
        let place = self.base_variable;
        let http = status.map_or(String::new(), |s| format!(" (HTTP {s})"));
        let name = &self.name;
        let message = match kind {
            ErrorKind::Access if self.key.is_none() => {
                format!("`{name}` asks for a key; set `{}`{told}", self.key_variable)
            }
            ErrorKind::Access => {
                format!("`{name}` did not accept the key; check `{}`{told}", self.key_variable)
            }
            ErrorKind::UnknownModel => {
                format!("`{name}` knows no such model, or `{place}` is wrong{told}")
            }
            ErrorKind::Quota => format!("the account at `{name}` has no credit left{told}"),
            ErrorKind::ContextOverflow => {
                format!("the conversation is longer than the model's window{told}")
            }
            ErrorKind::BadRequest => format!("`{name}` did not take the request{http}{told}"),
            ErrorKind::Unusable => format!("`{name}` is not where `{place}` says{http}{told}"),
            ErrorKind::RateLimited => format!("`{name}` asks for fewer requests{http}{told}"),
            ErrorKind::Overloaded => format!("`{name}` has too much to do{http}{told}"),
            ErrorKind::Unreachable | ErrorKind::TimedOut | ErrorKind::Broken => {
                format!("`{name}` had an error of its own{http}{told}")
            }
        };
        LlmError { kind, message, retry_after }
    }

    /// A request that got no answer at all.
    fn unsent(&self, error: reqwest::Error) -> LlmError {
        let name = &self.name;
        if error.is_builder() {
            let words = format!("the request to `{name}` cannot be sent: {}", cause(&error));
            return LlmError::new(ErrorKind::Unusable, words);
        }
        let why = match error.is_timeout() {
            true => format!("no connection within {} s", CONNECT.as_secs()),
            false => cause(&error),
        };
        let origin = self.base.origin().ascii_serialization();
        LlmError::new(
            ErrorKind::Unreachable,
            format!("`{name}` could not be reached at `{origin}`: {why}"),
        )
    }
}

/// A request that came to nothing, with the provider's own words if it had any.
pub(super) struct Refused {
    pub(super) error: LlmError,
    pub(super) said: Option<Said>,
}

impl Refused {
    fn untold(error: LlmError) -> Self {
        Self { error, said: None }
    }
}

/// Whether an answer comes whole, as JSON, rather than as a stream of events.
pub(super) fn is_json(response: &Response) -> bool {
    response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.trim_start().starts_with("application/json"))
}

fn client(base: &Url) -> reqwest::Result<Client> {
    // Whoever comes first installs it; a second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("trainable/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(Policy::none());
    if base.scheme() == "http" {
        // A model on one's own machine needs no certificates, and may have none to read.
        builder = builder.tls_certs_only([]);
    }
    if matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// The beginning of an answer; whatever breaks only makes it shorter.
async fn read_start(response: Response) -> Vec<u8> {
    let mut start = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        start.extend_from_slice(&piece);
        if start.len() >= MAX_REFUSAL {
            start.truncate(MAX_REFUSAL);
            break;
        }
    }
    start
}

/// The innermost cause of a failure: outer ones repeat the address, which may hold a password.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    match inner.downcast_ref::<reqwest::Error>() {
        Some(_) => "the connection failed".to_owned(),
        None => {
            // The number is for programmers.
            let said = inner.to_string();
            said.split(" (os error ").next().unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
