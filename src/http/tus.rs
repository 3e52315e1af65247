//! The words of tus 1.0.0, the open protocol for uploads that go on after a broken connection: its core, at an address
//! that `createUpload` hands out.
//!
//! *Source*: tus.io/protocols/resumable-upload, version 1.0.0 of 2016-03-25, read on 2026-11-27.

use super::error::HttpError;
use actix_web::http::{
    StatusCode,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};

/// The one version that is spoken here.
pub const VERSION: &str = "1.0.0";
pub const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
pub const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub const DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const MEDIA: &str = "application/offset+octet-stream";

/// What a `PATCH` says of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Bytes before its first one.
    pub offset: u64,
    /// Bytes of the whole, where they are said only now.
    pub length: Option<u64>,
}

/// Whether a client speaks tus.
///
/// *Errors*: it speaks another version.
pub fn spoken(headers: &HeaderMap) -> Result<bool, HttpError> {
    match headers.get(RESUMABLE) {
        None => Ok(false),
        Some(version) if version == VERSION => Ok(true),
        Some(_) => Err(HttpError::new(
            StatusCode::PRECONDITION_FAILED,
            "VERSION_NOT_SUPPORTED",
            format!("this server speaks tus {VERSION}; send `Tus-Resumable: {VERSION}`"),
        )),
    }
}

impl Patch {
    pub fn read(headers: &HeaderMap) -> Result<Self, HttpError> {
        let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.map(|value| value.split(';').next().unwrap_or(value).trim());
        if !media.is_some_and(|media| media.eq_ignore_ascii_case(MEDIA)) {
            return Err(HttpError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                format!("send the bytes with `Content-Type: {MEDIA}`"),
            ));
        }
        let offset = number(headers, OFFSET)?.ok_or_else(|| {
            invalid("say behind how many bytes these go on: `Upload-Offset`; `HEAD` answers it")
        })?;
        Ok(Self { offset, length: number(headers, LENGTH)? })
    }
}

fn number(headers: &HeaderMap, name: HeaderName) -> Result<Option<u64>, HttpError> {
    let Some(value) = headers.get(&name) else { return Ok(None) };
    // More than this no column holds.
    let number = value.to_str().ok().filter(|text| text.chars().all(|c| c.is_ascii_digit()));
    let number = number.and_then(|text| text.parse::<i64>().ok()).map(i64::unsigned_abs);
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(invalid(&format!("`{name}` must be a number of bytes"))),
    }
}

fn invalid(message: &str) -> HttpError {
    HttpError::new(StatusCode::BAD_REQUEST, "INVALID_INPUT", message)
}

/// A number of bytes as a header.
pub fn bytes(number: u64) -> HeaderValue {
    HeaderValue::from(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError;

    fn headers(set: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in set {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[track_caller]
    fn check(set: &[(&'static str, &'static str)], expect: Result<(u64, Option<u64>), u16>) {
        let found = Patch::read(&headers(set));
        let found = found.map(|patch| (patch.offset, patch.length));
        assert_eq!(found.map_err(|error| error.status_code().as_u16()), expect, "{set:?}");
    }

    #[test]
    fn what_a_patch_says() {
        let media = ("content-type", MEDIA);
        check(&[media, ("upload-offset", "0")], Ok((0, None)));
        check(&[media, ("upload-offset", "7"), ("upload-length", "9")], Ok((7, Some(9))));
        check(
            &[("content-type", "Application/Offset+Octet-Stream; x=y"), ("upload-offset", "7")],
            Ok((7, None)),
        );
        check(&[("upload-offset", "0")], Err(415));
        check(&[("content-type", "application/octet-stream"), ("upload-offset", "0")], Err(415));
        check(&[media], Err(400));
        for bad in ["", "-1", "+1", "1.5", "0x1", "9223372036854775808", "one"] {
            check(&[media, ("upload-offset", bad)], Err(400));
            check(&[media, ("upload-offset", "0"), ("upload-length", bad)], Err(400));
        }
    }

    #[test]
    fn versions() {
        let spoken = |set| spoken(&headers(set)).map_err(|error| error.status_code().as_u16());
        assert_eq!(spoken(&[]), Ok(false));
        assert_eq!(spoken(&[("tus-resumable", "1.0.0")]), Ok(true));
        assert_eq!(spoken(&[("tus-resumable", "0.2.2")]), Err(412));
    }
}
