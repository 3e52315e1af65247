//! A key, and how it is kept out of every text.

use std::fmt;

/// What stands where a key stood.
const MARK: &str = "[key]";
/// Shorter keys are no secrets: local servers take any word.
const SHORTEST: usize = 8;

/// A key. It has no `Display`, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Space around a pasted key is no part of it.
    pub fn new(key: impl AsRef<str>) -> Self {
        Self(key.as_ref().trim().to_owned())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key itself, for the header that carries it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// A text of somebody else's without this key, or a long beginning or end of it.
    pub(super) fn scrub(&self, text: &str) -> String {
        if self.0.len() < SHORTEST || !self.0.is_ascii() {
            return text.to_owned();
        }
        let head = &self.0[..SHORTEST];
        let tail = &self.0[self.0.len() - SHORTEST..];
        let whole = text.replace(&self.0, MARK);
        cut_words(&cut_words(&whole, head), tail)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A text without anything that looks like a key of a well-known provider. They like to repeat a
/// wrong key half masked, which is still half a key.
pub(super) fn scrub_shapes(text: &str) -> String {
    ["sk-", "***"].into_iter().fold(text.to_owned(), |text, part| cut_words(&text, part))
}

/// Replaces each run of key characters that holds `part`.
fn cut_words(text: &str, part: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(part) {
        let start = rest[..at].rfind(|c| !of_a_key(c)).map_or(0, |i| i + width(rest, i));
        let after = at + part.len();
        let end = rest[after..].find(|c| !of_a_key(c)).map_or(rest.len(), |i| after + i);
        // `sk-` inside a word, as in `task-force`, is no key.
        let word = part == "sk-" && (start != at || end - start < SHORTEST);
        out.push_str(&rest[..start]);
        out.push_str(if word { &rest[start..end] } else { MARK });
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

fn of_a_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_*+/=~".contains(c)
}

fn width(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-test-0123456789abcdef";

    #[track_caller]
    fn check(said: &str, shown: &str) {
        assert_eq!(scrub_shapes(&Secret::new(KEY).scrub(said)), shown);
    }

    #[test]
    fn keys_are_cut_out() {
        check("nothing of the kind", "nothing of the kind");
        check("bad key sk-test-0123456789abcdef.", "bad key [key].");
        check("{\"k\":\"sk-test-0123456789abcdef\"}", "{\"k\":\"[key]\"}");
        check("begins with sk-test-01… they say", "begins with [key]… they say");
        check("ends in 89abcdef, they say", "ends in [key], they say");
        check("Incorrect API key provided: sk-other***wxyz.", "Incorrect API key provided: [key].");
        check("Bearer sk-ant-api03-zzzzzzzzzz é", "Bearer [key] é");
        check("a task-force, sk-1", "a task-force, sk-1");
        check("é89abcdef", "é[key]");
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new(format!(" {KEY}\n"))), "Secret(…)");
        assert_eq!(Secret::new("ollama").scrub("ollama is not running"), "ollama is not running");
    }
}
