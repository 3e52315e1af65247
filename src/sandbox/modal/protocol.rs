//! What the sidecar is asked and what it answers, as lines of JSON.
//!
//! One line asks and bears an id that no other has; lines with that id answer it: zero or more
//! events, then one `done` or `error`. Who gets bytes grants them, so neither side ever holds more
//! than [`CREDIT`] chunks of a call. `src/sandbox/python/modal` is the other side.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Of the lines; the sidecar says which it speaks.
pub(super) const PROTOCOL: u32 = 1;
/// Bytes of the longest line.
pub(super) const LINE: usize = 256 * 1024;
/// Bytes of the largest chunk.
pub(super) const CHUNK: usize = 64 * 1024;
/// Events that a call may be ahead of who reads it.
pub(super) const CREDIT: u32 = 16;

/// The first line of a sidecar.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hello {
    pub protocol: u32,
    pub sdk: Option<String>,
    pub error: Option<String>,
}

/// A line of the sidecar.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    Hello(Hello),
    Event(u64, Event),
    Done(u64, Value),
    Failed(u64, Problem),
}

/// Something on the way to the end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Stdout(Bytes),
    Stderr(Bytes),
    Data(Bytes),
    Entries(Vec<Entry>),
    Progress(String),
    /// The sidecar takes so many more chunks.
    Credit(u32),
}

/// A file of a volume, by its path in Modal's volume.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub path: String,
    pub size: u64,
    /// Seconds since 1970.
    pub modified: i64,
    /// What it is when it is no regular file.
    pub odd: Option<String>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Problem {
    pub kind: ProblemKind,
    /// One sentence.
    pub message: String,
}

/// The kinds of problems that are met in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ProblemKind {
    /// The tokens are wrong or may not do it.
    Token,
    /// Modal cannot be reached or does not answer.
    Away,
    /// This version of the SDK is no longer taken.
    Version,
    /// A limit of the workspace.
    Limit,
    /// What the call is about is not there any more.
    Absent,
    /// It cannot be done now.
    Conflict,
    /// Modal refuses it.
    Refused,
    NoFile,
    Cancelled,
    Fault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    hello: Option<Hello>,
    id: Option<u64>,
    event: Option<RawEvent>,
    done: Option<Value>,
    error: Option<Problem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvent {
    stdout: Option<String>,
    stderr: Option<String>,
    data: Option<String>,
    entries: Option<Vec<Entry>>,
    progress: Option<String>,
    credit: Option<u32>,
}

impl Line {
    /// Parses a line without its end.
    ///
    /// *Errors*: what is wrong with it, as the end of a sentence that begins with `a line that`.
    pub(super) fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let raw: Raw = serde_json::from_slice(line).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => "does not follow the protocol",
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => "is not JSON",
        })?;
        match raw {
            Raw { hello: Some(hello), id: None, event: None, done: None, error: None } => {
                Ok(Self::Hello(hello))
            }
            Raw { hello: None, id: Some(id), event: Some(event), done: None, error: None } => {
                Ok(Self::Event(id, event.read()?))
            }
            Raw { hello: None, id: Some(id), event: None, done: Some(value), error: None } => {
                Ok(Self::Done(id, value))
            }
            Raw { hello: None, id: Some(id), event: None, done: None, error: Some(problem) } => {
                Ok(Self::Failed(id, problem))
            }
            Raw { .. } => Err("does not follow the protocol"),
        }
    }
}

impl RawEvent {
    fn read(self) -> Result<Event, &'static str> {
        let bytes = |text: String| {
            let bytes = BASE64.decode(text).map_err(|_| "holds bytes that cannot be decoded")?;
            match bytes.len() {
                1..=CHUNK => Ok(Bytes::from(bytes)),
                _ => Err("holds a chunk of no or too many bytes"),
            }
        };
        let Self { stdout, stderr, data, entries, progress, credit } = self;
        match (stdout, stderr, data, entries, progress, credit) {
            (Some(text), None, None, None, None, None) => Ok(Event::Stdout(bytes(text)?)),
            (None, Some(text), None, None, None, None) => Ok(Event::Stderr(bytes(text)?)),
            (None, None, Some(text), None, None, None) => Ok(Event::Data(bytes(text)?)),
            (None, None, None, Some(entries), None, None) => Ok(Event::Entries(entries)),
            (None, None, None, None, Some(text), None) => Ok(Event::Progress(text)),
            (None, None, None, None, None, Some(count)) => Ok(Event::Credit(count)),
            _ => Err("does not follow the protocol"),
        }
    }
}

/// A line for a call that is under way, whole with its end.
pub(super) fn follow_up(id: u64, op: FollowUp<'_>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Said<'a> {
        id: u64,
        op: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a str>,
    }
    let said = |op, count, data| Said { id, op, count, data };
    let encoded;
    let said = match op {
        FollowUp::Credit(count) => said("credit", Some(count), None),
        FollowUp::Chunk(chunk) => {
            encoded = BASE64.encode(chunk);
            said("chunk", None, Some(&encoded))
        }
        FollowUp::End => said("end", None, None),
        FollowUp::Cancel => said("cancel", None, None),
    };
    line(&said)
}

/// What is told to a call that is under way.
pub(super) enum FollowUp<'a> {
    /// So many more events may come.
    Credit(u32),
    Chunk(&'a [u8]),
    End,
    Cancel,
}

/// A question, as a whole line.
pub(super) fn question(id: u64, op: &str, mut params: Value) -> Vec<u8> {
    if let Value::Object(fields) = &mut params {
        fields.insert("id".into(), id.into());
        fields.insert("op".into(), op.into());
    }
    line(&params)
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("plain values are always JSON");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(line: &str, expect: Result<Line, &'static str>) {
        assert_eq!(Line::parse(line.as_bytes()), expect, "{line}");
    }

    #[test]
    fn lines_are_read_or_refused_whole() {
        let hello = Hello { protocol: 1, sdk: Some("1.6.4".into()), error: None };
        check(r#"{"hello":{"protocol":1,"sdk":"1.6.4","error":null}}"#, Ok(Line::Hello(hello)));
        let out = Event::Stdout(Bytes::from_static(b"a\xff"));
        check(r#"{"id":7,"event":{"stdout":"Yf8="}}"#, Ok(Line::Event(7, out)));
        check(r#"{"id":7,"done":{"code":0}}"#, Ok(Line::Done(7, json!({"code": 0}))));
        let problem = Problem { kind: ProblemKind::NoFile, message: "no".into() };
        check(
            r#"{"id":7,"error":{"kind":"no_file","message":"no"}}"#,
            Ok(Line::Failed(7, problem)),
        );
        let refused = Err("does not follow the protocol");
        for wrong in [
            "{}",
            "[]",
            r#"{"id":7}"#,
            r#"{"id":-1,"done":{}}"#,
            r#"{"id":7,"done":{},"error":{"kind":"fault","message":""}}"#,
            r#"{"id":7,"event":{}}"#,
            r#"{"id":7,"event":{"stdout":"YQ==","stderr":"YQ=="}}"#,
            r#"{"id":7,"event":{"other":1}}"#,
            r#"{"id":7,"error":{"kind":"new","message":""}}"#,
            r#"{"id":7,"done":{},"extra":1}"#,
        ] {
            check(wrong, refused.clone());
        }
        for wrong in ["", "nonsense", "{\"id\":7,\"done\":{}", "{\"id\":7,\"done\":\"\u{0}\"}"] {
            check(wrong, Err("is not JSON"));
        }
        let not_utf8 = Line::parse(b"{\"id\":7,\"done\":{\"a\":\"\xff\"}}");
        assert!(not_utf8.is_err(), "{not_utf8:?}");
        check(r#"{"id":7,"event":{"data":"!"}}"#, Err("holds bytes that cannot be decoded"));
        check(r#"{"id":7,"event":{"data":""}}"#, Err("holds a chunk of no or too many bytes"));
        let large = BASE64.encode(vec![0; CHUNK + 1]);
        let large = format!(r#"{{"id":7,"event":{{"data":"{large}"}}}}"#);
        check(&large, Err("holds a chunk of no or too many bytes"));
    }

    #[test]
    fn questions_are_one_line() {
        let asked = question(3, "exec", json!({"argv": ["a\nb"]}));
        let asked = String::from_utf8(asked).unwrap();
        assert_eq!(asked, "{\"argv\":[\"a\\nb\"],\"id\":3,\"op\":\"exec\"}\n");
        let chunk = follow_up(3, FollowUp::Chunk(b"a\xff"));
        assert_eq!(chunk, b"{\"id\":3,\"op\":\"chunk\",\"data\":\"Yf8=\"}\n");
        assert!(follow_up(3, FollowUp::Chunk(&vec![0; CHUNK])).len() < LINE);
    }
}
