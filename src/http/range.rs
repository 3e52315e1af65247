//! Validators and ranges of RFC 9110, as pure functions.

use crate::sandbox::FileStat;
use actix_web::http::header::{self, HeaderMap};
use std::ops::Range;

/// Which bytes of a file are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The client has this version already.
    NotModified,
    Whole,
    Part(Range<u64>),
    Unsatisfiable,
}

/// The entity tag of a file: its size and the time it was changed, to the nanosecond.
pub fn etag(stat: &FileStat) -> String {
    let nanos = stat.modified.timestamp_nanos_opt().unwrap_or(0);
    format!("\"{:x}-{nanos:x}\"", stat.size)
}

/// Reads the conditions of a request.
pub fn wanted(headers: &HeaderMap, etag: &str, size: u64) -> Wanted {
    let text = |name| headers.get(name).and_then(|v: &header::HeaderValue| v.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|tags| matches(tags, etag)) {
        return Wanted::NotModified;
    }
    let Some(range) = text(header::RANGE) else { return Wanted::Whole };
    // A part of another version is of no use; a date is no strong validator here.
    if text(header::IF_RANGE).is_some_and(|tag| tag.trim() != etag) {
        return Wanted::Whole;
    }
    parse(range, size)
}

fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// One range of bytes. Several ranges, and what is no range of bytes, are answered whole.
fn parse(range: &str, size: u64) -> Wanted {
    let Some((unit, spec)) = range.split_once('=') else { return Wanted::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") || spec.contains(',') {
        return Wanted::Whole;
    }
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            None => Wanted::Whole,
            Some(0) => Wanted::Unsatisfiable,
            Some(_) if size == 0 => Wanted::Unsatisfiable,
            Some(count) => Wanted::Part(size.saturating_sub(count)..size),
        },
        (first, last) => {
            let Some(start) = number(first) else { return Wanted::Whole };
            let end = if last.is_empty() { Some(u64::MAX) } else { number(last) };
            match end {
                None => Wanted::Whole,
                Some(end) if end < start => Wanted::Whole,
                Some(_) if start >= size => Wanted::Unsatisfiable,
                Some(end) => Wanted::Part(start..end.saturating_add(1).min(size)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    #[track_caller]
    fn check(headers: &[(HeaderName, &'static str)], size: u64, expect: Wanted) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name.clone(), HeaderValue::from_static(value));
        }
        assert_eq!(wanted(&map, "\"tag\"", size), expect, "{headers:?}");
    }

    #[test]
    fn conditions_and_ranges() {
        use header::{IF_NONE_MATCH, IF_RANGE, RANGE};
        check(&[], 10, Wanted::Whole);
        check(&[(IF_NONE_MATCH, "\"tag\"")], 10, Wanted::NotModified);
        check(&[(IF_NONE_MATCH, "\"x\", W/\"tag\"")], 10, Wanted::NotModified);
        check(&[(IF_NONE_MATCH, "*")], 10, Wanted::NotModified);
        check(&[(IF_NONE_MATCH, "\"x\"")], 10, Wanted::Whole);
        check(&[(RANGE, "bytes=0-3")], 10, Wanted::Part(0..4));
        check(&[(RANGE, "bytes=5-")], 10, Wanted::Part(5..10));
        check(&[(RANGE, "bytes=-4")], 10, Wanted::Part(6..10));
        check(&[(RANGE, "bytes=-40")], 10, Wanted::Part(0..10));
        check(&[(RANGE, "bytes=8-99999999999999999999999")], 10, Wanted::Part(8..10));
        check(&[(RANGE, "bytes=10-")], 10, Wanted::Unsatisfiable);
        check(&[(RANGE, "bytes=-0")], 10, Wanted::Unsatisfiable);
        check(&[(RANGE, "bytes=0-")], 0, Wanted::Unsatisfiable);
        check(&[(RANGE, "bytes=-1")], 0, Wanted::Unsatisfiable);
        check(&[(RANGE, "bytes=3-1")], 10, Wanted::Whole);
        check(&[(RANGE, "bytes=0-1,3-4")], 10, Wanted::Whole);
        check(&[(RANGE, "bytes=x-1")], 10, Wanted::Whole);
        check(&[(RANGE, "bytes=")], 10, Wanted::Whole);
        check(&[(RANGE, "lines=0-3")], 10, Wanted::Whole);
        check(&[(RANGE, "bytes=0-3"), (IF_RANGE, "\"tag\"")], 10, Wanted::Part(0..4));
        check(&[(RANGE, "bytes=0-3"), (IF_RANGE, "\"old\"")], 10, Wanted::Whole);
        check(&[(RANGE, "bytes=0-3"), (IF_RANGE, "W/\"tag\"")], 10, Wanted::Whole);
    }
}
