//! Prompt caching: what a request reads from earlier ones, by its breakpoints.
//!
//! *Source*: <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>: entries are
//! written at breakpoints only; a breakpoint looks back over at most 20 blocks for an entry; prefixes
//! below a minimum are not kept. Entries here live as long as the server.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Tokens that a prefix needs to be kept.
const MINIMUM: u64 = 1024;
/// Blocks that a breakpoint looks back over.
const LOOKBACK: usize = 20;

/// Tokens of a prompt, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    pub fresh: u64,
    pub read: u64,
    pub written: u64,
}

/// The prefixes that are kept, with their tokens.
#[derive(Debug, Default)]
pub struct Cache {
    kept: HashMap<[u8; 32], u64>,
}

/// A prefix of the prompt that ends with some block.
struct Prefix {
    digest: [u8; 32],
    tokens: u64,
    breakpoint: bool,
}

impl Cache {
    /// Counts a prompt and keeps its prefixes.
    pub fn prompt(&mut self, body: &Value) -> Prompt {
        let prefixes = prefixes(body);
        let total = prefixes.last().map_or(0, |prefix| prefix.tokens);
        let marked: Vec<usize> = (0..prefixes.len()).filter(|&n| prefixes[n].breakpoint).collect();
        let read = marked.iter().filter_map(|&n| self.find(&prefixes, n)).max().unwrap_or(0);
        let mut covered = read;
        for &n in &marked {
            if prefixes[n].tokens >= MINIMUM {
                self.kept.insert(prefixes[n].digest, prefixes[n].tokens);
                covered = covered.max(prefixes[n].tokens);
            }
        }
        Prompt { fresh: total - covered, read, written: covered - read }
    }

    fn find(&self, prefixes: &[Prefix], breakpoint: usize) -> Option<u64> {
        let earliest = breakpoint.saturating_sub(LOOKBACK);
        let near = prefixes[earliest..=breakpoint].iter().rev();
        near.filter_map(|prefix| self.kept.get(&prefix.digest)).next().copied()
    }
}

/// The blocks in the order in which they are cached: tools, system, messages.
fn prefixes(body: &Value) -> Vec<Prefix> {
    let mut found = Vec::new();
    // What changes the whole prompt stands before its first block.
    let mut digest: [u8; 32] =
        Sha256::digest(format!("{}{}", body["model"], body["tool_choice"])).into();
    let mut tokens = 0;
    let mut take = |place: &str, block: &Value| {
        let mut bare = block.clone();
        let mark = bare.as_object_mut().and_then(|fields| fields.shift_remove("cache_control"));
        let text = bare.to_string();
        let mut hasher = Sha256::new();
        hasher.update(digest);
        hasher.update(place);
        hasher.update(&text);
        digest = hasher.finalize().into();
        tokens += text.len().div_ceil(4) as u64;
        let breakpoint = mark.is_some_and(|mark| !mark.is_null());
        found.push(Prefix { digest, tokens, breakpoint });
    };
    for tool in body["tools"].as_array().unwrap_or(&Vec::new()) {
        take("tool", tool);
    }
    for block in blocks(&body["system"]) {
        take("system", &block);
    }
    for message in body["messages"].as_array().unwrap_or(&Vec::new()) {
        for block in blocks(&message["content"]) {
            take(message["role"].as_str().unwrap_or_default(), &block);
        }
    }
    found
}

/// The blocks of a content; a string is one of text.
fn blocks(content: &Value) -> Vec<Value> {
    match content {
        Value::String(text) => vec![serde_json::json!({"type": "text", "text": text})],
        Value::Array(blocks) => blocks.clone(),
        _ => Vec::new(),
    }
}
