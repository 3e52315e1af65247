//! Content negotiation of GraphQL over HTTP.
//!
//! *Source*: the GraphQL over HTTP draft, graphql.github.io/graphql-over-http (read 2026-11-23), and
//! RFC 9110 section 12.5.1.

use actix_web::http::header::{self, HeaderMap};

/// How a GraphQL response is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status says whether the request was executed.
    GraphqlResponse,
    /// `application/json`: every well-formed request is answered 200.
    Json,
}

impl Media {
    pub const fn content_type(self) -> &'static str {
        match self {
            Media::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Media::Json => "application/json; charset=utf-8",
        }
    }

    /// What the client asks for; `None` when it takes neither. Without a wish it is JSON, which
    /// every client reads.
    pub fn negotiate(headers: &HeaderMap) -> Option<Self> {
        let mut ranges = headers
            .get_all(header::ACCEPT)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|range| !range.is_empty())
            .peekable();
        if ranges.peek().is_none() {
            return Some(Media::Json);
        }
        let ranges: Vec<Range> = ranges.filter_map(Range::parse).collect();
        let graphql = quality(&ranges, "graphql-response+json");
        let json = quality(&ranges, "json");
        match (graphql, json) {
            (Some(a), Some(b)) if a.named && !b.named && a.q > 0.0 => Some(Media::GraphqlResponse),
            (Some(a), Some(b)) if b.named && !a.named && b.q > 0.0 => Some(Media::Json),
            (Some(a), Some(b)) if a.q > b.q || (a.named && b.named && a.q == b.q && a.q > 0.0) => {
                Some(Media::GraphqlResponse)
            }
            (_, Some(b)) if b.q > 0.0 => Some(Media::Json),
            (Some(a), _) if a.q > 0.0 => Some(Media::GraphqlResponse),
            (_, _) => None,
        }
    }
}

/// True for a body that is declared as JSON in UTF-8.
pub fn is_json(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        let mut parts = value.split(';').map(str::trim);
        parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
            && parts.all(utf8)
    })
}

struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    q: f32,
}

#[derive(Clone, Copy)]
struct Quality {
    q: f32,
    /// The range names the type itself, not `*/*`.
    named: bool,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut q = 1.0;
        for parameter in parts {
            match parameter.split_once('=') {
                Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => {
                    q = value.trim().parse().unwrap_or(0.0);
                }
                _ if !utf8(parameter) => return None,
                _ => {}
            }
        }
        Some(Self { kind, subtype, q })
    }
}

/// False for a charset that is not UTF-8; true for every other parameter.
fn utf8(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    }
}

/// The most specific range that covers `application/{subtype}`.
fn quality(ranges: &[Range<'_>], subtype: &str) -> Option<Quality> {
    let named = ranges.iter().find(|r| {
        r.kind.eq_ignore_ascii_case("application") && r.subtype.eq_ignore_ascii_case(subtype)
    });
    if let Some(range) = named {
        return Some(Quality { q: range.q, named: true });
    }
    let covering = |kind: &str| ranges.iter().find(|r| r.kind == kind && r.subtype == "*");
    covering("application")
        .or_else(|| covering("*"))
        .map(|range| Quality { q: range.q, named: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[track_caller]
    fn check(accept: &[&'static str], expect: Option<Media>) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        assert_eq!(Media::negotiate(&headers), expect, "{accept:?}");
    }

    #[test]
    fn negotiation() {
        use Media::{GraphqlResponse, Json};
        check(&[], Some(Json));
        check(&[""], Some(Json));
        check(&["*/*"], Some(Json));
        check(&["application/*"], Some(Json));
        check(&["application/json"], Some(Json));
        check(&["application/json; charset=utf-8"], Some(Json));
        check(&["application/json; charset=latin-1"], None);
        check(&["application/graphql-response+json"], Some(GraphqlResponse));
        check(&["application/graphql-response+json, application/json"], Some(GraphqlResponse));
        check(&["application/json, application/graphql-response+json"], Some(GraphqlResponse));
        check(&["application/json, application/graphql-response+json;q=0.5"], Some(Json));
        check(
            &["application/json;q=0.9", "application/graphql-response+json"],
            Some(GraphqlResponse),
        );
        check(
            &["application/graphql-response+json; charset=utf-8, */*;q=0.1"],
            Some(GraphqlResponse),
        );
        check(&["application/graphql-response+json, */*"], Some(GraphqlResponse));
        check(&["application/json;q=0, */*"], Some(GraphqlResponse));
        check(&["text/html"], None);
        check(&["text/html, */*;q=0.8"], Some(Json));
        check(&["application/json;q=0"], None);
        check(&["nonsense"], None);
    }

    #[test]
    fn bodies_are_json() {
        let is = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            is_json(&headers)
        };
        assert!(is("application/json"));
        assert!(is("Application/JSON; charset=\"UTF-8\""));
        assert!(!is("application/json; charset=utf-16"));
        assert!(!is("text/plain"));
        assert!(!is("application/x-www-form-urlencoded"));
        assert!(!is("multipart/form-data; boundary=x"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
