//! The lexical tokens of a document, as far as counting and comparing need them.
//!
//! It never refuses a text: what is no token of the language is passed on byte by byte, for the parser to refuse.
//!
//! *Source*: the GraphQL specification of September 2025, section 2.1.

/// The tokens of a text, without what the language ignores: white space, commas, comments, byte order marks.
pub fn tokens(text: &str) -> impl Iterator<Item = &[u8]> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        rest = &rest[ignored(rest)..];
        let length = match rest.first()? {
            b'"' => string(rest),
            b if is_name(*b) => run(rest, is_name),
            _ => 1,
        };
        let (token, tail) = rest.split_at(length);
        rest = tail;
        Some(token)
    })
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How many leading bytes mean nothing.
fn ignored(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        at += match rest {
            [b' ' | b'\t' | b'\r' | b'\n' | b',', ..] => 1,
            [b'#', ..] => run(rest, |b| b != b'\n' && b != b'\r'),
            [0xef, 0xbb, 0xbf, ..] => 3,
            _ => return at,
        };
    }
}

/// How many leading bytes fulfil a condition.
fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|b| is(**b)).count()
}

/// The length of the string or block string that starts here; an open one goes to the end.
fn string(bytes: &[u8]) -> usize {
    let block = bytes.starts_with(b"\"\"\"");
    let mut at = if block { 3 } else { 1 };
    while at < bytes.len() {
        let rest = &bytes[at..];
        at += match rest {
            _ if block && rest.starts_with(b"\\\"\"\"") => 4,
            _ if block && rest.starts_with(b"\"\"\"") => return at + 3,
            [b'\\', ..] if !block => 2,
            [b'"', ..] if !block => return at + 1,
            _ => 1,
        };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let found: Vec<_> = tokens(text).map(String::from_utf8_lossy).collect();
        assert_eq!(found, expect, "{text:?}");
    }

    #[test]
    fn texts_are_split() {
        check("", &[]);
        check("\u{feff} ,\r\n\t# only this", &[]);
        check("query A{a(b:1)}", &["query", "A", "{", "a", "(", "b", ":", "1", ")", "}"]);
        check("{a # b }\n c}", &["{", "a", "c", "}"]);
        check("...F@x", &[".", ".", ".", "F", "@", "x"]);
        check("\"a \\\" # b\" c", &["\"a \\\" # b\"", "c"]);
        check("\"\"\"a \\\"\"\" \" b\"\"\"c", &["\"\"\"a \\\"\"\" \" b\"\"\"", "c"]);
        check("\"\"", &["\"\""]);
        check("\"open", &["\"open"]);
        check("\"\\", &["\"\\"]);
        check("\"\"\"open\"", &["\"\"\"open\""]);
    }
}
