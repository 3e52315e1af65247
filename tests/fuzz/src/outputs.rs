//! What programs print: the same text however it is cut, and all that is kept of it.

use crate::allocation::peak;
use trainable::tool::output::{Decoder, HeadTail};

pub const WORDS: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\xf0\x9f\x93\x88",
    b"\xf0\x9f",
    b"\xe2\x82\xac",
    b"\xc3\xb6",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\x80",
    b"\x1b[31m",
    b"\\x00",
];

/// The first byte says how long the pieces are, the rest is what was printed.
pub fn check(input: &[u8]) {
    let Some((first, printed)) = input.split_first() else { return };
    let expect = reference(printed);
    let uneven = usize::from(*first).max(1);
    for length in [1, 2, 3, uneven, printed.len().max(1)] {
        let (text, held) = peak(|| decoded(printed.chunks(length)));
        assert_eq!(text, expect, "in pieces of {length}");
        assert!(held <= 16 * printed.len() + 4096, "{held} bytes for {}", printed.len());
    }
    kept(&expect, uneven);
}

fn decoded<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> String {
    let mut decoder = Decoder::default();
    let mut text = String::new();
    for piece in pieces {
        text.push_str(&decoder.push(piece));
    }
    text.push_str(&decoder.finish());
    assert_eq!(decoder.finish(), "", "nothing comes twice");
    text
}

fn reference(printed: &[u8]) -> String {
    let mut text = String::new();
    for chunk in printed.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\0', "\\x00"));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The model is shown the whole of a short text, and the head and tail of a long one.
fn kept(part: &str, length: usize) {
    // Long texts from short inputs: the interesting ones are just around the limits.
    let text = part.repeat(1 + length * 32_768 / 255 / part.len().max(1));
    let mut kept = HeadTail::default();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let mut at = (length * 37).min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        kept.push(&rest[..at]);
        rest = &rest[at..];
    }
    let shown = kept.shown();
    if shown == text {
        return;
    }
    assert!(text.len() > 16_000, "{} bytes were cut", text.len());
    assert!(shown.len() < 17_000, "{} bytes are shown", shown.len());
    let (head, rest) = shown.split_once("\n… ").expect("the cut is said");
    // The text itself may say the same words; ours come first after the head or not at all.
    if let Some((cut, tail)) = rest.split_once(" bytes cut here …\n")
        && let Ok(cut) = cut.parse::<usize>()
    {
        assert!(text.starts_with(head) && text.ends_with(tail));
        assert_eq!(head.len() + cut + tail.len(), text.len());
    }
}
