//! What a launcher puts between the bytes that a program prints: a JSON text sequence (RFC 7464).
//!
//! A record separator, one line of JSON `[nonce, kind, value]`, a line feed. The program never
//! learns the nonce, so what it prints is never taken for one; what only looks like the beginning
//! of one goes on as it is.

use crate::sandbox::{Ending, Exit};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

const SEPARATOR: u8 = 0x1e;
/// Bytes of the largest record, as on a machine of our own.
const MAX_RECORD: usize = 1 << 20;
/// Bytes of the longest line: a record in base64 with what stands around it.
const MAX_LINE: usize = MAX_RECORD / 3 * 4 + 1024;

/// A part of what came over stdout.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Printed(Bytes),
    Told(Told),
}

/// What the launcher says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    /// The program is about to run; the launcher has this process id.
    Begun {
        pid: u32,
    },
    Record(Bytes),
    Ended(Report),
}

/// How the program ended, as the launcher saw it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Report {
    cut: Option<Cut>,
    code: Option<i32>,
    signal: Option<i32>,
    pub cpu_seconds: f64,
    peak_memory: u64,
    dropped: u64,
    /// Processes that outlived the launcher's attempts to kill them.
    pub survivors: u32,
    wall: f64,
}

/// Why the launcher ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cut {
    TimedOut,
    OutOfMemory,
    Terminated,
}

impl Report {
    /// The exit of a program that the server did not end.
    pub(super) fn exit(&self, cost_usd: Option<f64>) -> Exit {
        let ending = match (self.cut, self.code, self.signal) {
            (Some(Cut::TimedOut), ..) => Ending::TimedOut,
            (Some(Cut::OutOfMemory), ..) => Ending::OutOfMemory,
            // Nobody of ours asked the launcher to.
            (Some(Cut::Terminated), ..) => Ending::Lost,
            (None, Some(code), _) => Ending::Code(code),
            (None, None, Some(signal)) => Ending::Signal(signal),
            (None, None, None) => Ending::Lost,
        };
        Exit {
            ending,
            cpu_seconds: finite(self.cpu_seconds),
            peak_memory: Some(self.peak_memory),
            dropped_output: self.dropped,
            wall: Duration::from_secs_f64(finite(self.wall).min(1e9)),
            cost_usd,
        }
    }
}

fn finite(seconds: f64) -> f64 {
    if seconds.is_finite() { seconds.max(0.0) } else { 0.0 }
}

/// Takes the launcher's lines out of a stream of bytes.
pub(super) struct Stripper {
    /// What a line of the launcher's begins with.
    opening: Vec<u8>,
    /// The beginning of what may be such a line.
    held: Vec<u8>,
}

impl Stripper {
    pub(super) fn new(nonce: &str) -> Self {
        let mut opening = vec![SEPARATOR];
        opening.extend(format!("[\"{nonce}\",").as_bytes());
        Self { opening, held: Vec::new() }
    }

    /// The pieces that are whole, in order.
    pub(super) fn feed(&mut self, chunk: Bytes) -> Vec<Piece> {
        let mut all = match self.held.is_empty() {
            true => chunk,
            false => {
                self.held.extend_from_slice(&chunk);
                Bytes::from(std::mem::take(&mut self.held))
            }
        };
        let mut pieces = Vec::new();
        // Where the next separator is looked for.
        let mut from = 0;
        while let Some(at) = all[from..].iter().position(|byte| *byte == SEPARATOR) {
            let at = from + at;
            let rest = &all[at..];
            let shared = rest.len().min(self.opening.len());
            if rest[..shared] != self.opening[..shared] {
                from = at + 1;
                continue;
            }
            let end = rest.iter().position(|byte| *byte == b'\n');
            match end {
                Some(end) => {
                    let line = all.slice(at + 1..at + end);
                    printed(&mut pieces, all.split_to(at));
                    drop(all.split_to(end + 1));
                    from = 0;
                    pieces.extend(read(&line).map(Piece::Told));
                }
                // Nobody but a launcher gone wrong writes such a line.
                None if rest.len() > MAX_LINE => from = at + 1,
                None => {
                    self.held = all.split_off(at).to_vec();
                    break;
                }
            }
        }
        printed(&mut pieces, all);
        pieces
    }

    /// What was held back when no more comes.
    pub(super) fn finish(&mut self) -> Option<Bytes> {
        let held = std::mem::take(&mut self.held);
        (!held.is_empty()).then(|| Bytes::from(held))
    }
}

fn printed(pieces: &mut Vec<Piece>, bytes: Bytes) {
    if !bytes.is_empty() {
        pieces.push(Piece::Printed(bytes));
    }
}

/// Reads a line of the launcher's; `None` for one that it does not write.
fn read(line: &[u8]) -> Option<Told> {
    let (_, kind, value): (String, String, Value) = serde_json::from_slice(line).ok()?;
    match kind.as_str() {
        "begun" => Some(Told::Begun { pid: u32::try_from(value.get("pid")?.as_u64()?).ok()? }),
        "record" => {
            let record = BASE64.decode(value.as_str()?).ok()?;
            (record.len() <= MAX_RECORD).then(|| Told::Record(Bytes::from(record)))
        }
        "exit" => Some(Told::Ended(serde_json::from_value(value).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONCE: &str = "0123456789abcdef0123456789abcdef";

    fn told(kind: &str, value: &str) -> Vec<u8> {
        format!("\u{1e}[\"{NONCE}\",\"{kind}\",{value}]\n").into_bytes()
    }

    fn record(bytes: &[u8]) -> Vec<u8> {
        told("record", &format!("\"{}\"", BASE64.encode(bytes)))
    }

    /// Feeds it in pieces of this size: what was printed, and what was told.
    fn run(stream: &[u8], size: usize) -> (Vec<u8>, Vec<Told>) {
        let mut stripper = Stripper::new(NONCE);
        let (mut text, mut all) = (Vec::new(), Vec::new());
        for chunk in stream.chunks(size.max(1)) {
            for piece in stripper.feed(Bytes::copy_from_slice(chunk)) {
                match piece {
                    Piece::Printed(bytes) => text.extend(bytes),
                    Piece::Told(told) => all.push(told),
                }
            }
        }
        text.extend(stripper.finish().unwrap_or_default());
        (text, all)
    }

    #[track_caller]
    fn check(stream: &[u8], text: &[u8], expect: &[Told]) {
        for size in [1, 2, 7, 33, 64, 4096] {
            let (found, told) = run(stream, size);
            assert_eq!(found, text, "in pieces of {size}");
            assert_eq!(told, expect, "in pieces of {size}");
        }
    }

    #[test]
    fn lines_are_taken_out_wherever_they_stand() {
        check(b"", b"", &[]);
        check(b"plain\n", b"plain\n", &[]);
        let begun = told("begun", r#"{"pid":7}"#);
        check(&begun, b"", &[Told::Begun { pid: 7 }]);
        let stream = [b"a", &record(b"{}")[..], b"b\n", &record(b"\xff\n")[..], b"c"].concat();
        let records =
            [b"{}".as_slice(), b"\xff\n".as_slice()].map(|r| Told::Record(Bytes::from_static(r)));
        check(&stream, b"ab\nc", &records);
    }

    #[test]
    fn forged_lines_go_on_as_they_are() {
        let other = "\u{1e}[\"ffffffffffffffffffffffffffffffff\",\"exit\",{\"code\":0}]\n";
        check(other.as_bytes(), other.as_bytes(), &[]);
        for forged in ["\u{1e}", "\u{1e}\u{1e}[\"0", "\u{1e}[\"0123456789abcdef", "\u{1e}{}\n"] {
            check(forged.as_bytes(), forged.as_bytes(), &[]);
            // And what follows them is found all the same.
            let stream = [forged.as_bytes(), &record(b"x")].concat();
            check(&stream, forged.as_bytes(), &[Told::Record(Bytes::from_static(b"x"))]);
        }
    }

    #[test]
    fn lines_that_no_launcher_writes_are_dropped() {
        for (kind, value) in [
            ("begun", r#"{"pid":-1}"#),
            ("begun", "{}"),
            ("record", "\"!\""),
            ("exit", "{}"),
            ("other", "1"),
        ] {
            check(&told(kind, value), b"", &[]);
        }
        let too_large = run(&record(&vec![b'x'; MAX_RECORD + 1]), 65536);
        assert_eq!(too_large, (vec![], vec![]));
        let (text, all) = run(&record(&vec![b'x'; MAX_RECORD]), 65536);
        assert!(text.is_empty() && matches!(&all[..], [Told::Record(r)] if r.len() == MAX_RECORD));
    }

    #[test]
    fn a_line_without_an_end_is_not_held_for_ever() {
        let mut endless = told("record", "");
        endless.pop();
        endless.resize(3 << 20, b'x');
        let mut stripper = Stripper::new(NONCE);
        let mut printed = 0;
        for chunk in endless.chunks(65536) {
            for piece in stripper.feed(Bytes::copy_from_slice(chunk)) {
                let Piece::Printed(bytes) = piece else { panic!("{piece:?}") };
                printed += bytes.len();
            }
            assert!(stripper.held.len() <= MAX_LINE + 65536);
        }
        printed += stripper.finish().unwrap_or_default().len();
        assert_eq!(printed, endless.len());
    }

    #[track_caller]
    fn check_ending(report: &str, expect: Ending) {
        let fixed = r#""cpu_seconds":0.5,"peak_memory":7,"dropped":1,"survivors":0,"wall":2.0"#;
        let (_, all) = run(&told("exit", &format!("{{{report},{fixed}}}")), 4096);
        let [Told::Ended(report)] = &all[..] else { panic!("{all:?}") };
        let exit = report.exit(None);
        assert_eq!(exit.ending, expect, "{report:?}");
        assert_eq!((exit.cpu_seconds, exit.peak_memory, exit.dropped_output), (0.5, Some(7), 1));
    }

    #[test]
    fn endings_are_told_apart() {
        check_ending(r#""cut":null,"code":3,"signal":null"#, Ending::Code(3));
        check_ending(r#""cut":null,"code":137,"signal":null"#, Ending::Code(137));
        check_ending(r#""cut":null,"code":null,"signal":9"#, Ending::Signal(9));
        check_ending(r#""cut":"timed_out","code":null,"signal":9"#, Ending::TimedOut);
        check_ending(r#""cut":"out_of_memory","code":null,"signal":9"#, Ending::OutOfMemory);
        check_ending(r#""cut":"terminated","code":null,"signal":9"#, Ending::Lost);
        check_ending(r#""cut":null,"code":null,"signal":null"#, Ending::Lost);
    }

    proptest! {
        /// Whatever a program prints, cut wherever it may be, comes out as it went in.
        #[test]
        fn nothing_is_lost(
            parts in prop::collection::vec(prop_oneof![
                prop::collection::vec(prop_oneof![Just(SEPARATOR), Just(b'['), Just(b'"'), any::<u8>()], 0..40),
                Just(b"\x1e[\"0123456789abcdef0123456789abcde".to_vec()),
            ], 0..8),
            size in 1..50usize,
        ) {
            let (mut stream, mut text, mut count) = (Vec::<u8>::new(), Vec::<u8>::new(), 0);
            for part in &parts {
                // A part that holds the nonce would be the launcher's own.
                stream.extend(part);
                text.extend(part);
                stream.extend(record(part));
                count += 1;
            }
            let (found, all) = run(&stream, size);
            prop_assert_eq!(found, text);
            prop_assert_eq!(all.len(), count);
        }
    }
}
