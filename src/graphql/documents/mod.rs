//! Which document a request means: by its text, by the id of a trusted one, or by the hash of one that was
//! sent before.
//!
//! Whatever is found goes through the same limits, parser and validation as a text that comes along.
//!
//! *Source*: Apollo's protocol of automatic persisted queries, and the appendix "Persisted Documents" of
//! GraphQL over HTTP (both read 2026-11-26).

mod persisted;
mod trusted;

use super::{
    error::{ApiError, Code},
    request::Parameters,
};
use persisted::Persisted;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;

pub use trusted::{BadManifest, Trusted};

/// The documents that a server knows beside those that come with requests.
#[derive(Debug)]
pub struct Documents {
    trusted: Trusted,
    /// Nothing but trusted documents is run.
    only: bool,
    persisted: Persisted,
}

/// The text of a document, and the hash under which to keep it once it is known to be good.
#[derive(Debug)]
pub struct Found {
    pub text: String,
    keep: Option<String>,
}

impl Documents {
    /// `bytes`: memory for automatic persisted queries; zero turns them off.
    pub fn new(trusted: Trusted, only: bool, bytes: usize) -> Self {
        Self { trusted, only, persisted: Persisted::new(bytes) }
    }

    /// Finds the document of a request.
    pub fn find(&self, parameters: &Parameters) -> Result<Found, ApiError> {
        let text = parameters.text();
        if let Some(id) = parameters.document_id.as_deref() {
            return match text {
                Some(_) => Err(bad("send `query` or `documentId`, not both")),
                None => self.by_id(id),
            };
        }
        let hash = persisted_query(parameters)?;
        match (text, hash) {
            (Some(text), hash) => self.by_text(text, hash),
            (None, Some(hash)) => self.by_hash(&hash),
            (None, None) => Err(bad("the parameter `query` is missing")),
        }
    }

    /// Keeps the text of a document that passed the limits, when its sender wants to name it by its hash.
    pub fn keep(&self, found: &Found) {
        if let Some(hash) = &found.keep {
            self.persisted.put(hash, &found.text);
        }
    }

    fn by_id(&self, id: &str) -> Result<Found, ApiError> {
        let hash = id.strip_prefix("sha256:");
        let found = self.trusted.by_id(id).or_else(|| self.trusted.by_hash(hash?));
        found.map(|text| known(&text)).ok_or_else(|| {
            ApiError::new(
                Code::DocumentNotFound,
                "no document of that `documentId` is on this server's list",
            )
        })
    }

    fn by_hash(&self, hash: &str) -> Result<Found, ApiError> {
        if let Some(text) = self.trusted.by_hash(hash).or_else(|| self.persisted.get(hash)) {
            return Ok(known(&text));
        }
        // Clients know these two by their messages: after the first they send the text, after the second always.
        Err(if self.persisted.is_off() {
            ApiError::new(Code::PersistedQueryNotSupported, "PersistedQueryNotSupported")
        } else {
            ApiError::new(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
        })
    }

    fn by_text(&self, text: &str, hash: Option<String>) -> Result<Found, ApiError> {
        if hash.as_ref().is_some_and(|hash| *hash != sha256(text.as_bytes())) {
            return Err(bad("provided sha does not match query"));
        }
        if !self.only {
            return Ok(Found { text: text.to_owned(), keep: hash });
        }
        // What runs is the text on the list, not the one that looks like it.
        let listed = self.trusted.by_text(text).ok_or_else(|| {
            ApiError::new(
                Code::DocumentNotTrusted,
                "this server runs only the documents on its list, and this one is not on it",
            )
        })?;
        Ok(Found { text: listed.to_string(), keep: hash })
    }
}

impl Default for Documents {
    /// Any document is run, and 8 MiB of them are kept by their hash.
    fn default() -> Self {
        Self::new(Trusted::default(), false, 8 << 20)
    }
}

fn known(text: &Arc<str>) -> Found {
    Found { text: text.to_string(), keep: None }
}

/// The hash in `extensions.persistedQuery`, in lower case.
fn persisted_query(parameters: &Parameters) -> Result<Option<String>, ApiError> {
    let extension = parameters.extensions.as_ref().and_then(|all| all.get("persistedQuery"));
    let Some(extension) = extension.filter(|value| !value.is_null()) else { return Ok(None) };
    if extension.get("version").and_then(Value::as_u64) != Some(1) {
        return Err(bad("Unsupported persisted query version"));
    }
    let hash = extension.get("sha256Hash").and_then(Value::as_str).map(str::to_ascii_lowercase);
    let hash = hash.filter(|h| h.len() == 64 && h.bytes().all(|b| b.is_ascii_hexdigit()));
    hash.map(Some).ok_or_else(|| bad("`persistedQuery.sha256Hash` must be 64 hexadecimal digits"))
}

fn bad(message: &str) -> ApiError {
    ApiError::new(Code::BadRequest, message)
}

/// In lower-case hex.
fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = "{ __typename }";

    /// What a request comes to: a text, or a code and a part of the message.
    #[track_caller]
    fn check(documents: &Documents, request: Value, expect: Result<&str, (Code, &str)>) {
        let parameters: Parameters = serde_json::from_value(request.clone()).expect("parameters");
        match (documents.find(&parameters), expect) {
            (Ok(found), Ok(text)) => {
                assert_eq!(found.text, text, "{request}");
                documents.keep(&found);
            }
            (Err(error), Err((code, part))) => {
                assert_eq!(error.code, code, "{request}: {}", error.message);
                assert!(error.message.contains(part), "{request}: {}", error.message);
            }
            (found, _) => panic!("{request}: {found:?}"),
        }
    }

    fn by_hash(text: &str) -> Value {
        json!({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.as_bytes())}}})
    }

    fn both(text: &str) -> Value {
        let mut request = by_hash(text);
        request["query"] = json!(text);
        request
    }

    #[test]
    fn automatic_persisted_queries() {
        let open = Documents::default();
        let unknown = Err((Code::PersistedQueryNotFound, "PersistedQueryNotFound"));
        check(&open, by_hash(TEXT), unknown);
        let mut wrong = both(TEXT);
        wrong["query"] = json!("{ a }");
        check(&open, wrong, Err((Code::BadRequest, "provided sha does not match query")));
        check(&open, by_hash(TEXT), unknown);
        check(&open, both(TEXT), Ok(TEXT));
        check(&open, by_hash(TEXT), Ok(TEXT));
        let mut empty = by_hash(TEXT);
        empty["query"] = json!("");
        check(&open, empty, Ok(TEXT));
        let extension = |value: Value| json!({"extensions": {"persistedQuery": value}});
        for (value, part) in [
            (json!({"version": 2, "sha256Hash": sha256(b"")}), "version"),
            (json!({"sha256Hash": sha256(b"")}), "version"),
            (json!("x"), "version"),
            (json!({"version": 1}), "64 hexadecimal"),
            (json!({"version": 1, "sha256Hash": "ab"}), "64 hexadecimal"),
            (json!(null), "`query` is missing"),
        ] {
            check(&open, extension(value), Err((Code::BadRequest, part)));
        }
        check(&open, json!({}), Err((Code::BadRequest, "`query` is missing")));
        let off = Documents::new(Trusted::default(), false, 0);
        check(&off, both(TEXT), Ok(TEXT));
        let unsupported = "PersistedQueryNotSupported";
        check(&off, by_hash(TEXT), Err((Code::PersistedQueryNotSupported, unsupported)));
    }

    #[test]
    fn trusted_documents() {
        let listed = "query A { server { version } }";
        let manifest = json!({"a1": listed}).to_string();
        let list = || {
            let mut trusted = Trusted::default();
            trusted.add(&manifest, &super::super::Limits::default()).expect("a good manifest");
            trusted
        };
        let closed = Documents::new(list(), true, 1 << 20);
        let untrusted = Err((Code::DocumentNotTrusted, "only the documents on its list"));
        check(&closed, json!({"query": TEXT}), untrusted);
        check(&closed, both(TEXT), untrusted);
        check(&closed, json!({"query": listed}), Ok(listed));
        // White space, commas and comments make no other document; what runs is the one listed.
        let loose = "query A # mine\n{ server, { version } }";
        check(&closed, json!({"query": loose}), Ok(listed));
        check(&closed, both(loose), Ok(listed));
        check(&closed, by_hash(loose), Ok(listed));
        check(&closed, json!({"query": "query A { server { version: __typename } }"}), untrusted);
        check(&closed, json!({"documentId": "a1"}), Ok(listed));
        check(
            &closed,
            json!({"documentId": format!("sha256:{}", sha256(listed.as_bytes()))}),
            Ok(listed),
        );
        check(&closed, json!({"documentId": "a2"}), Err((Code::DocumentNotFound, "documentId")));
        check(&closed, by_hash(listed), Ok(listed));
        check(
            &closed,
            json!({"documentId": "a1", "query": listed}),
            Err((Code::BadRequest, "not both")),
        );
        let open = Documents::new(list(), false, 1 << 20);
        check(&open, json!({"query": TEXT}), Ok(TEXT));
        check(&open, json!({"documentId": "a1"}), Ok(listed));
    }
}
