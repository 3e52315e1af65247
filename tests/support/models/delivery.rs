//! How the bytes of a stream arrive: every awkward way that is allowed.

use std::time::Duration;

/// Where the bytes are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// One event in one write.
    #[default]
    Events,
    /// So many events in one write.
    Batches(usize),
    /// So many bytes in one write, wherever that falls: inside a line, a JSON string, a character.
    Bytes(usize),
    /// In the middle of every character of several bytes, and of every event's data line.
    Middles,
}

/// All properties of a delivery; they go together in any combination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    pub cut: Cut,
    /// Lines end with CR LF.
    pub crlf: bool,
    /// Ping events between the others; only Anthropic has them.
    pub pings: bool,
    /// Comment lines between events, and empty events.
    pub comments: bool,
    /// No space after the colon of a field, which is as right as one.
    pub tight: bool,
    /// A wait before each write.
    pub delay: Duration,
}

impl Delivery {
    /// Each awkward way by its name, and all at once.
    pub fn awkward() -> Vec<(&'static str, Self)> {
        let plain = Self::default;
        let slow = Duration::from_millis(3);
        vec![
            ("byte by byte", Self { cut: Cut::Bytes(1), ..plain() }),
            ("seven bytes at a time", Self { cut: Cut::Bytes(7), ..plain() }),
            ("split characters", Self { cut: Cut::Middles, ..plain() }),
            ("three events in one write", Self { cut: Cut::Batches(3), ..plain() }),
            ("everything in one write", Self { cut: Cut::Batches(usize::MAX), ..plain() }),
            ("CR LF", Self { crlf: true, ..plain() }),
            ("CR LF byte by byte", Self { crlf: true, cut: Cut::Bytes(1), ..plain() }),
            ("pings", Self { pings: true, ..plain() }),
            ("comments", Self { comments: true, ..plain() }),
            ("no space after the colon", Self { tight: true, ..plain() }),
            ("slow", Self { delay: slow, ..plain() }),
            (
                "all at once",
                Self {
                    cut: Cut::Bytes(5),
                    crlf: true,
                    pings: true,
                    comments: true,
                    tight: true,
                    delay: Duration::ZERO,
                },
            ),
        ]
    }

    /// The bytes of one event: its name, where it has one, and its data.
    pub fn event(&self, name: Option<&str>, data: &str) -> Vec<u8> {
        let end = if self.crlf { "\r\n" } else { "\n" };
        let gap = if self.tight { "" } else { " " };
        let mut text = String::new();
        if self.comments {
            text.push_str(&format!(": keep-alive{end}{end}:{end}{end}"));
        }
        if self.pings && name.is_some() {
            let ping = r#"{"type":"ping"}"#;
            text.push_str(&format!("event:{gap}ping{end}data:{gap}{ping}{end}{end}"));
        }
        if let Some(name) = name {
            text.push_str(&format!("event:{gap}{name}{end}"));
        }
        text.push_str(&format!("data:{gap}{data}{end}{end}"));
        text.into_bytes()
    }

    /// The writes of a stream of events.
    pub fn writes(&self, events: &[Vec<u8>]) -> Vec<Vec<u8>> {
        match self.cut {
            Cut::Events => events.to_vec(),
            Cut::Batches(size) => events.chunks(size.max(1)).map(<[_]>::concat).collect(),
            Cut::Bytes(size) => events.concat().chunks(size.max(1)).map(<[u8]>::to_vec).collect(),
            Cut::Middles => events.iter().flat_map(|event| middles(event)).collect(),
        }
    }
}

/// Cuts an event in the middle of each longer character and in the middle of the rest.
fn middles(event: &[u8]) -> Vec<Vec<u8>> {
    let half = event.len() / 2;
    let mut parts = vec![Vec::new()];
    for (at, &byte) in event.iter().enumerate() {
        let continues = byte & 0b1100_0000 == 0b1000_0000;
        if continues || at == half {
            parts.push(Vec::new());
        }
        parts.last_mut().expect("there is one").push(byte);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Pieces of a text as a model says it: a few characters each.
pub fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(9).map(|piece| piece.iter().collect()).collect()
}
