//! What a store's answers mean.
//!
//! A server's own texts are never passed on: some repeat what they were sent. Its codes are.

use crate::objects::ObjectError;
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ConnectorError, ProvideErrorMetadata, SdkError},
};
use std::error::Error;

/// The longest cause that is shown, in characters.
const MAX_CAUSE: usize = 160;

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum Answer {
    NoKey,
    /// A multipart upload that is over: it was completed, or aborted.
    NoUpload,
    /// A multipart upload that has not the parts it should have.
    NoPart,
    /// The range begins behind the object's end.
    BeyondEnd,
    Other(ObjectError),
}

impl From<Answer> for ObjectError {
    /// For requests that name no object.
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::NoUpload | Answer::NoPart => ObjectError::Forgotten,
            Answer::NoKey | Answer::BeyondEnd => {
                ObjectError::Away("it forgot what it was given a moment ago".into())
            }
            Answer::Other(error) => error,
        }
    }
}

/// Reads an error of the client's. `at` is the store's address, for people.
pub(super) fn answer<E>(at: &str, bucket: &str, error: SdkError<E, HttpResponse>) -> Answer
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let away = |why: String| Answer::Other(ObjectError::Away(format!("`{at}`: {why}")));
    match &error {
        SdkError::ServiceError(service) => {
            let raw = service.raw();
            let region = raw.headers().get("x-amz-bucket-region").map(str::to_owned);
            said(at, bucket, raw.status().as_u16(), service.err().code(), region)
        }
        SdkError::TimeoutError(_) => away("it took too long".into()),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(error) if ConnectorError::is_timeout(error) => away("it took too long".into()),
            Some(error) => away(cause(error)),
            None => away("the connection broke".into()),
        },
        SdkError::ResponseError(response) => match response.raw().status().as_u16() {
            500.. => away("it is in trouble itself".into()),
            status => away(format!(
                "it answers with status {status}, but not as an S3 store does; check S3_ENDPOINT"
            )),
        },
        // The request could not even be made; and what a later version of the client adds.
        _ => away(cause(&error)),
    }
}

fn said(at: &str, bucket: &str, status: u16, code: Option<&str>, region: Option<String>) -> Answer {
    let refused = |why: &str| Answer::Other(ObjectError::Refused(why.to_owned()));
    let misplaced = |why: String| Answer::Other(ObjectError::Misplaced(why));
    match (code.unwrap_or_default(), status) {
        ("NoSuchBucket", _) => Answer::Other(ObjectError::NoBucket(bucket.to_owned())),
        ("NoSuchUpload", _) => Answer::NoUpload,
        ("InvalidPart", _) => Answer::NoPart,
        ("InvalidRange", _) | (_, 416) => Answer::BeyondEnd,
        ("NoSuchKey" | "NotFound", _) => Answer::NoKey,
        ("InvalidAccessKeyId", _) => refused("it does not know AWS_ACCESS_KEY_ID; set it again"),
        ("SignatureDoesNotMatch", _) => {
            refused("AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID; set both again")
        }
        ("ExpiredToken" | "TokenRefreshRequired", _) => {
            refused("AWS_SESSION_TOKEN has expired; set new credentials")
        }
        ("InvalidToken", _) => {
            refused("AWS_SESSION_TOKEN is not valid; set new credentials, or unset it")
        }
        ("RequestTimeTooSkewed" | "RequestExpired", _) => {
            refused("this machine's clock is wrong by minutes; set it")
        }
        (
            "PermanentRedirect"
            | "TemporaryRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException",
            _,
        )
        | (_, 301 | 307) => misplaced(match region.filter(|region| plain(region)) {
            Some(region) => {
                format!("bucket `{bucket}` is in the region `{region}`; set AWS_REGION to it")
            }
            None => format!("bucket `{bucket}` is in another region; set AWS_REGION to its own"),
        }),
        ("InvalidBucketName", _) => misplaced(format!(
            "the object store takes `{bucket}` for no name of a bucket; check S3_BUCKET"
        )),
        ("BadDigest" | "XAmzContentSHA256Mismatch" | "InvalidDigest" | "IncompleteBody", _) => {
            Answer::Other(ObjectError::Damaged)
        }
        ("QuotaExceeded" | "XMinioStorageFull" | "InsufficientStorage", _) | (_, 507) => {
            Answer::Other(ObjectError::Full)
        }
        (_, 401 | 403) => Answer::Other(ObjectError::Refused(format!(
            "they may not do this in bucket `{bucket}`; allow them to list, read, write and delete there, and to list and abort uploads in parts"
        ))),
        // Answers to HEAD have no code.
        ("", 404) => Answer::NoKey,
        (code, status) => {
            let code = if plain(code) { format!(" ({code})") } else { String::new() };
            let words = format!("`{at}`: it answers with status {status}{code}");
            Answer::Other(match status {
                // Too slow, or too often: that passes.
                408 | 425 | 429 => ObjectError::Away(words),
                400..=499 => ObjectError::Rejected(words),
                // It does not know the request.
                501 => ObjectError::Rejected(words),
                _ => ObjectError::Away(words),
            })
        }
    }
}

/// What is at the bottom of an error: `connection refused`, `invalid peer certificate …`.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let text = deepest.to_string();
    let line = text.lines().next().unwrap_or_default();
    // The number means nothing to people.
    let line = line.split(" (os error").next().unwrap_or_default();
    let line: String = line.chars().take(MAX_CAUSE).collect();
    if line.contains("certificate") {
        format!("{line}; its certificate must be one that this machine trusts")
    } else {
        line
    }
}

/// Whether a server's word is one: nothing that could be a text of somebody's.
fn plain(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, code: Option<&str>, region: Option<&str>, expect: &str) {
        let found = match said("http://store", "data", status, code, region.map(str::to_owned)) {
            Answer::Other(error) => error.to_string(),
            other => format!("{other:?}"),
        };
        assert!(found.contains(expect), "{found:?} lacks {expect:?}");
    }

    #[test]
    fn answers_are_told_apart() {
        check(404, Some("NoSuchKey"), None, "NoKey");
        check(404, None, None, "NoKey");
        check(404, Some("NoSuchBucket"), None, "no bucket `data`");
        check(404, Some("NoSuchUpload"), None, "NoUpload");
        check(400, Some("InvalidPart"), None, "NoPart");
        check(501, Some("NotImplemented"), None, "does not take this");
        check(416, Some("InvalidRange"), None, "BeyondEnd");
        check(403, Some("InvalidAccessKeyId"), None, "AWS_ACCESS_KEY_ID");
        check(403, Some("SignatureDoesNotMatch"), None, "AWS_SECRET_ACCESS_KEY");
        check(400, Some("ExpiredToken"), None, "has expired");
        check(403, None, None, "may not");
        check(301, Some("PermanentRedirect"), Some("eu-west-1"), "set AWS_REGION to it");
        check(400, Some("AuthorizationHeaderMalformed"), Some("a b"), "is in another region");
        check(
            503,
            Some("SlowDown"),
            None,
            "does not answer: `http://store`: it answers with status 503 (SlowDown)",
        );
        check(503, Some("secret words"), None, "status 503");
        check(429, Some("TooManyRequests"), None, "does not answer");
        check(400, Some("KeyTooLongError"), None, "does not take this");
        check(409, Some("InvalidObjectState"), None, "does not take this");
        check(400, Some("BadDigest"), None, "damaged");
        check(507, None, None, "full");
    }
}
