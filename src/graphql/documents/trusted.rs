//! Trusted documents: those that the operator lists, and those of the web client inside this binary.

use super::{hex, sha256};
use crate::graphql::{Limits, tokens::tokens};
use async_graphql::parser::parse_query;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, sync::Arc};

/// What the web client sends, written by its code generation.
const OURS: &str = include_str!("../../../web/src/api/gql/trusted-documents.json");

/// A list of documents, found by their ids, their hashes or their texts.
#[derive(Debug, Default)]
pub struct Trusted {
    ids: HashMap<String, Arc<str>>,
    /// By the SHA-256 of the text.
    hashes: HashMap<String, Arc<str>>,
    /// By the SHA-256 of the tokens: white space, commas and comments make no difference.
    tokens: HashMap<String, Arc<str>>,
}

/// Why a manifest cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadManifest {
    #[error(
        "it is not a JSON object of documents by their hash, such as `{{\"1a2b\": \"query A {{ … }}\"}}`"
    )]
    Shape,
    #[error("its document `{id}` cannot be used: {why}")]
    Document { id: String, why: String },
}

impl Trusted {
    /// The documents of the web client.
    pub fn ours() -> Self {
        let mut trusted = Self::default();
        for (_, text) in manifest(OURS).unwrap_or_default() {
            trusted.list(None, text);
        }
        trusted
    }

    /// Adds the documents of a manifest: one JSON object of texts by their ids, as GraphQL Code Generator and
    /// Relay's compiler write it.
    ///
    /// *Errors*: a document that does not parse, or that no request could run because of the limits.
    pub fn add(&mut self, json: &str, limits: &Limits) -> Result<(), BadManifest> {
        for (id, text) in manifest(json)? {
            let bad = |why: String| BadManifest::Document {
                id: id.chars().filter(|c| !c.is_control()).take(80).collect(),
                why: why.lines().next().unwrap_or_default().trim().to_owned(),
            };
            limits.check_text(&text).map_err(|error| bad(error.message))?;
            let document =
                parse_query(&text).map_err(|_| bad("it is no GraphQL document".into()))?;
            limits.check_document(&document).map_err(|error| bad(error.message))?;
            self.list(Some(id), text);
        }
        Ok(())
    }

    pub fn by_id(&self, id: &str) -> Option<Arc<str>> {
        self.ids.get(id).cloned()
    }

    pub fn by_hash(&self, hash: &str) -> Option<Arc<str>> {
        self.hashes.get(hash).cloned()
    }

    pub fn by_text(&self, text: &str) -> Option<Arc<str>> {
        self.tokens.get(&of_tokens(text)).cloned()
    }

    fn list(&mut self, id: Option<String>, text: String) {
        let text: Arc<str> = text.into();
        self.hashes.insert(sha256(text.as_bytes()), Arc::clone(&text));
        self.tokens.insert(of_tokens(&text), Arc::clone(&text));
        if let Some(id) = id {
            self.ids.insert(id, text);
        }
    }
}

fn manifest(json: &str) -> Result<Vec<(String, String)>, BadManifest> {
    let Ok(Value::Object(all)) = serde_json::from_str(json) else { return Err(BadManifest::Shape) };
    let texts = all.into_iter().map(|(id, text)| match text {
        Value::String(text) => Ok((id, text)),
        _ => Err(BadManifest::Shape),
    });
    texts.collect()
}

fn of_tokens(text: &str) -> String {
    let mut hash = Sha256::new();
    for token in tokens(text) {
        // With their lengths, so that no two lists of tokens are written alike.
        hash.update(token.len().to_le_bytes());
        hash.update(token);
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expect: &str) {
        let limits = Limits { tokens: 20, aliases: 1, ..Limits::default() };
        let said = Trusted::default().add(json, &limits).map_err(|error| error.to_string());
        match said {
            Ok(()) => assert_eq!(expect, "", "{json}"),
            Err(said) => assert!(!expect.is_empty() && said.contains(expect), "{json}: {said}"),
        }
    }

    #[test]
    fn manifests_are_read_whole_or_not() {
        check("{}", "");
        check(r#"{"a": "{ b }", "c": "fragment F on Q { x } { ...F }"}"#, "");
        for json in
            ["", "{", "[]", "null", r#"["{ a }"]"#, r#"{"a": {"text": "{ a }"}}"#, r#"{"a": null}"#]
        {
            check(json, "not a JSON object of documents");
        }
        check(
            r#"{"a": "{ b }", "bad\n": "{ b"}"#,
            "`bad` cannot be used: it is no GraphQL document",
        );
        check(r#"{"long": "{ a a a a a a a a a a a a a a a a a a a a }"}"#, "more than 20 tokens");
        check(r#"{"wide": "{ a: x b: x }"}"#, "more than 1 aliases");
    }

    #[test]
    fn the_web_client_is_on_its_own_list() {
        let all = manifest(OURS).expect("a manifest");
        assert!(all.len() > 20, "{}", all.len());
        Trusted::default().add(OURS, &Limits::default()).expect("documents within the limits");
        let ours = Trusted::ours();
        for (hash, text) in all {
            assert_eq!(hash, sha256(text.as_bytes()));
            assert!(ours.by_hash(&hash).is_some() && ours.by_text(&text).is_some(), "{text}");
        }
    }
}
