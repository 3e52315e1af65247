//! What programs print, made fit for people, the log and the model.

/// Bytes of one output that the model is shown: this much of the head, and of the tail.
const SHOWN: usize = 8 * 1024;

/// Decodes UTF-8 that arrives in pieces. What is no UTF-8, and NUL, comes out as `\xNN`.
#[derive(Default)]
pub struct Decoder {
    /// The beginning of a character whose rest has not come.
    held: Vec<u8>,
}

impl Decoder {
    /// Text of the bytes so far that are whole characters.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let mut text = String::with_capacity(self.held.len());
        let mut rest = self.held.as_slice();
        let kept = loop {
            match std::str::from_utf8(rest) {
                Ok(good) => {
                    push_escaped(&mut text, good);
                    break 0;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    // Valid up to here, by the error's own word.
                    push_escaped(&mut text, std::str::from_utf8(good).unwrap_or_default());
                    match error.error_len() {
                        Some(length) => {
                            push_bytes(&mut text, &bad[..length]);
                            rest = &bad[length..];
                        }
                        None => break bad.len(),
                    }
                }
            }
        };
        self.held.drain(..self.held.len() - kept);
        text
    }

    /// Text of what is left when no more will come.
    pub fn finish(&mut self) -> String {
        let mut text = String::new();
        push_bytes(&mut text, &self.held);
        self.held.clear();
        text
    }
}

/// A piece of a file as text: where a character is cut at its end, that waits for the next piece.
/// Returns how many of the bytes are in the text.
pub(super) fn readable_piece(bytes: &[u8]) -> (String, usize) {
    let mut decoder = Decoder::default();
    let text = decoder.push(bytes);
    if text.is_empty() && !bytes.is_empty() {
        return (readable(bytes), bytes.len());
    }
    (text, bytes.len() - decoder.held.len())
}

/// All of some bytes as text, with what is no UTF-8 escaped.
pub(super) fn readable(bytes: &[u8]) -> String {
    let mut decoder = Decoder::default();
    let mut text = decoder.push(bytes);
    text.push_str(&decoder.finish());
    text
}

fn push_escaped(text: &mut String, good: &str) {
    for (n, part) in good.split('\0').enumerate() {
        if n > 0 {
            text.push_str("\\x00");
        }
        text.push_str(part);
    }
}

fn push_bytes(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push_str(&format!("\\x{byte:02x}"));
    }
}

/// Keeps the head and the tail of a text of any length, in bounded memory.
#[derive(Default)]
pub struct HeadTail {
    head: String,
    tail: String,
    cut: usize,
}

impl HeadTail {
    pub fn push(&mut self, text: &str) {
        let room = SHOWN.saturating_sub(self.head.len());
        let (first, rest) =
            split_at_char(text, if self.tail.is_empty() && self.cut == 0 { room } else { 0 });
        self.head.push_str(first);
        self.tail.push_str(rest);
        // Trimmed in big steps, so that long outputs cost little.
        if self.tail.len() > 4 * SHOWN {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let from = self.tail.len() - tail(&self.tail, SHOWN).len();
        self.cut += from;
        self.tail.drain(..from);
    }

    /// The text as the model is shown it; the cut is said.
    pub fn shown(mut self) -> String {
        if self.tail.len() > SHOWN {
            self.trim();
        }
        if self.cut == 0 {
            return self.head + &self.tail;
        }
        format!("{}\n… {} bytes cut here …\n{}", self.head, self.cut, self.tail)
    }
}

/// The beginning of a text, of at most so many bytes.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    split_at_char(text, bytes).0
}

/// The end of a text, of at most so many bytes.
pub(crate) fn tail(text: &str, bytes: usize) -> &str {
    let mut from = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn split_at_char(text: &str, at: usize) -> (&str, &str) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    text.split_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&[u8]], expect: &str) {
        let mut decoder = Decoder::default();
        let mut text: String = pieces.iter().map(|piece| decoder.push(piece)).collect();
        text.push_str(&decoder.finish());
        assert_eq!(text, expect);
    }

    #[test]
    fn decodes_in_pieces() {
        check(&[b"plain"], "plain");
        check(&["grö".as_bytes(), "ße 📈".as_bytes()], "größe 📈");
        check(&[b"\xf0\x9f", b"\x93\x88!"], "📈!");
        check(&[b"\xf0\x9f"], "\\xf0\\x9f");
        check(&[b"a\xffb\0c"], "a\\xffb\\x00c");
        check(&[b"\xc3", b"x"], "\\xc3x");
    }

    #[test]
    fn keeps_head_and_tail() {
        let mut short = HeadTail::default();
        short.push("abc");
        short.push("def");
        assert_eq!(short.shown(), "abcdef");

        let mut long = HeadTail::default();
        for n in 0..100_000 {
            long.push(&format!("line {n}\n"));
        }
        let shown = long.shown();
        assert!(shown.starts_with("line 0\n"));
        assert!(shown.ends_with("line 99999\n"));
        assert!(shown.contains("bytes cut here"));
        assert!(shown.len() < 2 * SHOWN + 100);
    }
}
