//! What a provider means when it says no: its words, the kind of error, when to come again.

use super::ErrorKind;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// The longest quotation of a provider, in characters.
const MAX_WORDS: usize = 300;
/// A provider that asks for more is not waited for that long anyway.
const MAX_RETRY_AFTER: u64 = 24 * 3600;

/// What a provider said in its error, whatever the shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) message: String,
    /// `type` and `code`, lower case, with a space around each.
    pub(super) labels: String,
    /// A status inside the words, where there is none around them.
    pub(super) status: Option<u16>,
}

impl Said {
    /// Reads `{error: {message, type, code}}`, `{error: "…"}`, `{message}`, `{detail}`, a list of
    /// one of these, or plain text.
    pub(super) fn read(body: &str) -> Self {
        match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::of(&value),
            // A page for browsers says nothing that people want to read here.
            Err(_) if body.trim_start().starts_with('<') => Self::default(),
            Err(_) => Self { message: body.trim().to_owned(), ..Self::default() },
        }
    }

    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Array(list) => list.first().map(Self::of).unwrap_or_default(),
            Value::String(text) => Self { message: text.clone(), ..Self::default() },
            Value::Object(map) => match map.get("error") {
                Some(error @ (Value::Object(_) | Value::String(_))) => Self::of(error),
                Some(_) | None => Self::of_object(value),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::default(),
        }
    }

    fn of_object(value: &Value) -> Self {
        let message = ["message", "detail", "msg"]
            .into_iter()
            .find_map(|name| match value.get(name)? {
                Value::String(text) => Some(text.clone()),
                Value::Null => None,
                other => Some(other.to_string()),
            })
            .unwrap_or_default();
        let mut labels = String::from(" ");
        for name in ["type", "code", "status"] {
            if let Some(label) = value.get(name).and_then(Value::as_str) {
                labels.push_str(&label.to_lowercase());
                labels.push(' ');
            }
        }
        let status = value
            .get("code")
            .and_then(Value::as_u64)
            .filter(|code| (400..600).contains(code))
            .map(|code| code as u16);
        Self { message, labels, status }
    }

    /// Whether the message holds one of these phrases, in any case.
    pub(super) fn mentions(&self, phrases: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        phrases.iter().any(|phrase| message.contains(phrase))
    }

    fn labelled(&self, labels: &[&str]) -> bool {
        labels.iter().any(|label| self.labels.contains(&format!(" {label} ")))
    }
}

/// The kind of an error. Labels and words count before the status, since gateways mix statuses up.
///
/// *Source*: platform.claude.com/docs/en/api/errors and the error codes of
/// developers.openai.com/api/docs/guides/error-codes, read 2026-11-25.
pub(super) fn kind(status: Option<u16>, said: &Said) -> ErrorKind {
    let status = status.or(said.status);
    if said.labelled(&["insufficient_quota", "billing_error", "billing_not_active"])
        || said.mentions(&["credit balance", "specified api usage limits", "insufficient credits"])
        || status == Some(402)
    {
        return ErrorKind::Quota;
    }
    if too_long(status, said) {
        return ErrorKind::ContextOverflow;
    }
    let denied = ["authentication_error", "permission_error", "invalid_api_key"];
    // A model that exists but is not this key's comes as 403 with the label of an unknown one.
    let withheld = status == Some(403) && said.labelled(&["model_not_found"]);
    if withheld || said.labelled(&denied) || said.mentions(&["api key not valid"]) {
        return ErrorKind::Access;
    }
    if said.labelled(&["not_found_error", "model_not_found"])
        || said.mentions(&["is not a valid model id"])
    {
        return ErrorKind::UnknownModel;
    }
    if said.labelled(&["rate_limit_error", "rate_limit_exceeded", "resource_exhausted"]) {
        return ErrorKind::RateLimited;
    }
    if said.labelled(&["overloaded_error"]) {
        return ErrorKind::Overloaded;
    }
    if said.labelled(&["api_error", "server_error", "timeout_error", "internal_error"]) {
        return ErrorKind::Unreachable;
    }
    match status {
        Some(401 | 403) => ErrorKind::Access,
        Some(404) => ErrorKind::UnknownModel,
        Some(408 | 500..=528 | 530..) => ErrorKind::Unreachable,
        Some(429) => ErrorKind::RateLimited,
        Some(529) => ErrorKind::Overloaded,
        Some(..400) => ErrorKind::Unusable,
        Some(400..=499) => ErrorKind::BadRequest,
        // Inside a stream without a word on why: as good as broken off.
        None if said.labelled(&["invalid_request_error"]) => ErrorKind::BadRequest,
        None => ErrorKind::Unreachable,
    }
}

fn too_long(status: Option<u16>, said: &Said) -> bool {
    let labels = ["context_length_exceeded", "request_too_large", "exceed_context_size_error"];
    let phrases = [
        "prompt is too long",
        "maximum context length",
        "exceed context limit",
        "exceeds the available context size",
        "exceeds the context window",
        "context length exceeded",
        "input is too long",
    ];
    let may_be = status.is_none_or(|s| matches!(s, 400 | 413 | 422 | 500));
    status == Some(413) || (may_be && (said.labelled(&labels) || said.mentions(&phrases)))
}

/// When to come again: `retry-after-ms`, or `retry-after` in seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let bounded = |seconds: f64| {
        (seconds.is_finite() && seconds >= 0.0)
            .then(|| Duration::from_secs_f64(seconds.min(MAX_RETRY_AFTER as f64)))
    };
    if let Some(ms) = text("retry-after-ms").and_then(|t| t.parse::<f64>().ok()) {
        return bounded(ms / 1000.0);
    }
    let value = text("retry-after")?;
    if let Ok(seconds) = value.parse::<f64>() {
        return bounded(seconds);
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    bounded((date.with_timezone(&Utc) - now).num_milliseconds().max(0) as f64 / 1000.0)
}

/// A quotation on one line, of bounded length and without a full stop at its end.
pub(super) fn shorten(words: &str) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    match line.char_indices().nth(MAX_WORDS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderName;
    use std::str::FromStr;

    #[track_caller]
    fn check(status: u16, body: &str, expect: ErrorKind) {
        let status = (status != 0).then_some(status);
        assert_eq!(kind(status, &Said::read(body)), expect, "{status:?} {body}");
    }

    #[test]
    fn errors_have_kinds() {
        use ErrorKind::*;
        let anthropic = |kind: &str, message: &str| {
            format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#)
        };
        let invalid = |message: &str| anthropic("invalid_request_error", message);
        check(400, &invalid("messages: field required"), BadRequest);
        check(400, &invalid("prompt is too long: 210000 tokens > 200000 maximum"), ContextOverflow);
        check(400, &invalid("Your credit balance is too low to access the API."), Quota);
        check(400, &invalid("You have reached your specified API usage limits."), Quota);
        check(401, &anthropic("authentication_error", "invalid x-api-key"), Access);
        check(403, &anthropic("permission_error", "not yours"), Access);
        check(402, &anthropic("billing_error", "pay"), Quota);
        check(404, &anthropic("not_found_error", "model: claude-9"), UnknownModel);
        check(413, &anthropic("request_too_large", "too many bytes"), ContextOverflow);
        check(413, "<html>nginx</html>", ContextOverflow);
        check(429, &anthropic("rate_limit_error", "slow down"), RateLimited);
        check(500, &anthropic("api_error", "oops"), Unreachable);
        check(504, &anthropic("timeout_error", "oops"), Unreachable);
        check(529, &anthropic("overloaded_error", "Overloaded"), Overloaded);
        check(0, &anthropic("overloaded_error", "Overloaded"), Overloaded);
        check(0, &anthropic("api_error", "oops"), Unreachable);
        check(0, &invalid("no"), BadRequest);
        for status in [500, 502, 503, 504, 408, 520] {
            check(status, "<html>bad gateway</html>", Unreachable);
        }
        check(302, "", Unusable);
        check(418, "teapot", BadRequest);
        let openai = |message: &str, kind: &str, code: &str| {
            format!(r#"{{"error":{{"message":"{message}","type":"{kind}","code":"{code}"}}}}"#)
        };
        check(429, &openai("You exceeded", "insufficient_quota", "insufficient_quota"), Quota);
        check(429, &openai("slow", "requests", "rate_limit_exceeded"), RateLimited);
        check(404, &openai("no", "invalid_request_error", "model_not_found"), UnknownModel);
        check(403, &openai("no", "invalid_request_error", "model_not_found"), Access);
        check(
            400,
            &openai("long", "invalid_request_error", "context_length_exceeded"),
            ContextOverflow,
        );
        check(401, &openai("Incorrect", "invalid_request_error", "invalid_api_key"), Access);
        check(400, r#"[{"error":{"code":400,"message":"API key not valid."}}]"#, Access);
        check(404, r#"{"error":{"message":"model \"x\" not found"}}"#, UnknownModel);
        check(400, r#"{"detail":"maximum context length is 8192"}"#, ContextOverflow);
        check(0, r#"{"error":{"code":502,"message":"upstream"}}"#, Unreachable);
        check(0, r#"{"error":{"code":429,"message":"upstream"}}"#, RateLimited);
        check(0, r#"{"error":"boom"}"#, Unreachable);
    }

    #[track_caller]
    fn check_retry(name: &str, value: &str, expect: Option<f64>) {
        let now = DateTime::parse_from_rfc3339("2026-11-25T10:00:00Z").unwrap().to_utc();
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_str(name).unwrap(), value.parse().unwrap());
        let expect = expect.map(Duration::from_secs_f64);
        assert_eq!(retry_after(&headers, now), expect, "{name}: {value}");
    }

    #[test]
    fn waits_are_read() {
        check_retry("retry-after", "7", Some(7.0));
        check_retry("retry-after", " 1.5 ", Some(1.5));
        check_retry("retry-after-ms", "250", Some(0.25));
        check_retry("retry-after", "Wed, 25 Nov 2026 10:00:30 GMT", Some(30.0));
        check_retry("retry-after", "Wed, 25 Nov 2026 09:00:00 GMT", Some(0.0));
        check_retry("retry-after", "-3", None);
        check_retry("retry-after", "inf", None);
        check_retry("retry-after", "soon", None);
        check_retry("retry-after", "1e300", Some(86400.0));
        check_retry("x-other", "7", None);
    }

    #[test]
    fn quotations_are_short() {
        assert_eq!(shorten("  one\n\ttwo.  "), "one two");
        assert_eq!(shorten(&"é".repeat(400)).chars().count(), MAX_WORDS + 1);
    }
}
