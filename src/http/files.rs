//! `GET /files/sessions/{session}/{path}`: what a session's sandboxes left, in pieces.
//!
//! What a volume lacks comes from the object store, where it was synced.
//!
//! All of it was written by a model's code: it is served with a type from a table of ours, never
//! sniffed, and under a policy that takes it out of our origin.

use super::{
    AppState,
    auth::Authenticated,
    error::HttpError,
    range::{Wanted, etag, wanted},
};
use crate::{
    dataset::session_folder,
    objects::{ObjectError, ObjectKey, ObjectStore},
    sandbox::{FileStat, SandboxError, Volume, VolumeName, VolumePath},
    store,
};
use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::{StatusCode, header},
    web,
};
use bytes::Bytes;
use entity::{ids::SessionId, principal::Principal};
use futures::{Stream, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::{io, ops::Range, sync::Arc};

/// Bytes that are read at once.
const PIECE: u64 = 256 * 1024;
const ACTIVE: &str = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; \
    style-src 'unsafe-inline'; img-src data: blob:; frame-ancestors 'self'";
const PASSIVE: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";
/// What RFC 5987 lets stand in a `filename*`.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Serves one file.
pub async fn get(
    state: web::Data<AppState>,
    Authenticated(principal): Authenticated,
    request: HttpRequest,
) -> Result<HttpResponse, HttpError> {
    let (session, path) =
        address(request.uri().path()).ok_or_else(|| HttpError::not_found("file"))?;
    let volume = volume(&state, &principal, session).await?;
    let (stat, source) = match volume.stat(&path).await {
        Ok(Some(stat)) => (stat, Source::Volume(volume)),
        // The folder of another machine, or one that was lost: what was synced is there.
        Ok(None) => synced(&state, session, path).await?,
        Err(error) => match synced(&state, session, path).await {
            Ok(found) => found,
            Err(_) => return Err(unreadable(error)),
        },
    };
    let download = request.query_string().split('&').any(|part| part == "download=1");
    respond(&request, source, stat, download).await
}

/// Where a file's bytes come from.
enum Source {
    Volume(Arc<dyn Volume>),
    Objects(Arc<dyn ObjectStore>, ObjectKey),
}

/// A file of a finished stage as it stands in the object store.
async fn synced(
    state: &AppState,
    session: SessionId,
    path: VolumePath,
) -> Result<(FileStat, Source), HttpError> {
    let missing = || HttpError::not_found("file");
    let objects = state.datasets.objects();
    objects.remote().ok_or_else(missing)?;
    let row = store::synced::find(state.store.read(), session, &path.to_string()).await;
    let row = row.map_err(|error| HttpError::internal("look up the file", &error))?;
    let row = row.ok_or_else(missing)?;
    let key = ObjectKey::file(&session_folder(session), &path.to_string()).ok_or_else(missing)?;
    let stat = FileStat { path, size: row.size.unsigned_abs(), modified: row.synced_at };
    Ok((stat, Source::Objects(Arc::clone(objects), key)))
}

async fn respond(
    request: &HttpRequest,
    source: Source,
    stat: FileStat,
    download: bool,
) -> Result<HttpResponse, HttpError> {
    let tag = etag(&stat);
    let media = Media::of(&stat.path);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ETAG, tag.as_str()))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::CONTENT_TYPE, media.content_type))
        .insert_header((header::CONTENT_SECURITY_POLICY, media.policy()))
        .insert_header((
            header::CONTENT_DISPOSITION,
            disposition(&stat.path, download || !media.shown),
        ))
        .insert_header((
            header::LAST_MODIFIED,
            header::HttpDate::from(std::time::SystemTime::from(stat.modified)),
        ));
    let range = match wanted(request.headers(), &tag, stat.size) {
        Wanted::NotModified => return Ok(response.status(StatusCode::NOT_MODIFIED).finish()),
        Wanted::Unsatisfiable => {
            return Ok(response
                .status(StatusCode::RANGE_NOT_SATISFIABLE)
                .insert_header((header::CONTENT_RANGE, format!("bytes */{}", stat.size)))
                .finish());
        }
        Wanted::Whole => 0..stat.size,
        Wanted::Part(range) => {
            let value = format!("bytes {}-{}/{}", range.start, range.end - 1, stat.size);
            response
                .status(StatusCode::PARTIAL_CONTENT)
                .insert_header((header::CONTENT_RANGE, value));
            range
        }
    };
    let length = range.end - range.start;
    Ok(match source {
        Source::Volume(volume) => {
            response.body(SizedStream::new(length, pieces(volume, stat.path, range)))
        }
        Source::Objects(objects, key) => {
            let body = objects.get(&key, Some(range)).await.map_err(away)?;
            response.body(SizedStream::new(length, body))
        }
    })
}

fn away(error: ObjectError) -> HttpError {
    match error {
        ObjectError::NoObject(_) => HttpError::not_found("file"),
        ObjectError::Away(_)
        | ObjectError::Rejected(_)
        | ObjectError::Busy
        | ObjectError::Refused(_)
        | ObjectError::NoBucket(_)
        | ObjectError::Misplaced(_) => {
            HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", error.to_string())
        }
        ObjectError::TooLarge { .. }
        | ObjectError::Broken(_)
        | ObjectError::Damaged
        | ObjectError::Held
        | ObjectError::Forgotten
        | ObjectError::Full
        | ObjectError::Io { .. } => HttpError::internal("read the file", &error),
    }
}

/// The bytes of a range, a piece at a time. A file that shrinks meanwhile breaks the stream off,
/// so that nobody takes half of it for all.
fn pieces(
    volume: Arc<dyn Volume>,
    path: VolumePath,
    range: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + 'static {
    stream::try_unfold((volume, path, range), |(volume, path, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let until = range.end.min(range.start + PIECE);
        let bytes = volume
            .read(&path, range.start..until)
            .await
            .map_err(|error| io::Error::other(error.to_string()))?;
        if bytes.len() as u64 != until - range.start {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file changed"));
        }
        Ok(Some((bytes, (volume, path, until..range.end))))
    })
}

/// Opens the volume of a session that the principal may see.
async fn volume(
    state: &AppState,
    principal: &Principal,
    session: SessionId,
) -> Result<Arc<dyn Volume>, HttpError> {
    let internal = |error| HttpError::internal("look up the session", &error);
    let row =
        store::sessions::owned(state.store.read(), principal, session).await.map_err(internal)?;
    row.ok_or_else(|| HttpError::not_found("file"))?;
    let name = VolumeName::parse(&format!("sessions/{session}"))
        .map_err(|_| HttpError::not_found("file"))?;
    state.sandboxes.volume(&name).await.map_err(unreadable)
}

fn unreadable(error: SandboxError) -> HttpError {
    match error {
        SandboxError::NoFile(_) => HttpError::not_found("file"),
        SandboxError::Unavailable(_)
        | SandboxError::Environment(_)
        | SandboxError::DiskFull
        | SandboxError::Io { .. } => HttpError::internal("read the file", &error),
    }
}

/// The session and the path inside it, from the raw path of the request: decoded once, segment by
/// segment, so that an encoded slash never makes a folder.
fn address(raw: &str) -> Option<(SessionId, VolumePath)> {
    let (session, tail) = raw.strip_prefix("/files/sessions/")?.split_once('/')?;
    let mut segments = Vec::new();
    for segment in tail.split('/') {
        let segment = percent_decode_str(segment).decode_utf8().ok()?;
        if segment.contains(['/', '\\']) {
            return None;
        }
        segments.push(segment);
    }
    Some((session.parse().ok()?, VolumePath::parse(&segments.join("/")).ok()?))
}

fn disposition(path: &VolumePath, download: bool) -> String {
    let name = path.file_name();
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(name, ATTRIBUTE);
    let kind = if download { "attachment" } else { "inline" };
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

struct Media {
    content_type: &'static str,
    /// May run scripts of its own, out of our origin.
    active: bool,
    /// Shown in the browser; others are downloaded.
    shown: bool,
}

impl Media {
    fn of(path: &VolumePath) -> Self {
        let (content_type, active, shown) = match path.extension().as_deref() {
            Some("png") => ("image/png", false, true),
            Some("jpg" | "jpeg") => ("image/jpeg", false, true),
            Some("gif") => ("image/gif", false, true),
            Some("webp") => ("image/webp", false, true),
            Some("svg") => ("image/svg+xml", true, true),
            Some("html" | "htm") => ("text/html; charset=utf-8", true, true),
            Some("json" | "ipynb") => ("application/json; charset=utf-8", false, true),
            Some("csv") => ("text/csv; charset=utf-8", false, true),
            Some(
                "md" | "txt" | "log" | "py" | "sql" | "tsv" | "jsonl" | "yaml" | "yml" | "toml"
                | "ini",
            ) => ("text/plain; charset=utf-8", false, true),
            Some(_) | None => ("application/octet-stream", false, false),
        };
        Self { content_type, active, shown }
    }

    const fn policy(&self) -> &'static str {
        if self.active { ACTIVE } else { PASSIVE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expect: Option<&str>) {
        const ID: &str = "0192a000-0000-7000-8000-000000000000";
        let found = address(&format!("/files/sessions/{ID}/{raw}"));
        assert_eq!(found.map(|(_, path)| path.to_string()).as_deref(), expect, "{raw}");
    }

    #[test]
    fn addresses_stay_inside() {
        check("eda/report.md", Some("eda/report.md"));
        check("eda/gr%C3%B6%C3%9Fe%20%F0%9F%93%88.png", Some("eda/größe 📈.png"));
        check("a%2525.csv", Some("a%25.csv"));
        check("..%2f..%2fetc/passwd", None);
        check("%2e%2e/x", None);
        check("../x", None);
        check("eda//x", None);
        check("eda%5c..%5cx", None);
        check("a%00b", None);
        check("%ff", None);
        check("", None);
        assert!(address("/files/sessions/not-an-id/x").is_none());
    }

    #[test]
    fn names_are_quoted() {
        let path = VolumePath::parse("eda/a \"b\" größe.csv").expect("a path");
        assert_eq!(
            disposition(&path, true),
            "attachment; filename=\"a _b_ gr__e.csv\"; filename*=UTF-8''a%20%22b%22%20gr%C3%B6%C3%9Fe.csv"
        );
    }
}
