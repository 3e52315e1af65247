//! What is left of the past in words: a tool result condensed, and turns as lines of one digest.
//!
//! Deterministic, and short whatever was said: only the ends of long texts are looked at.

use super::Said;
use crate::{
    llm::{Block, Message, ToolResult},
    stage, tool,
};
use serde_json::Value;
use std::{borrow::Cow, fmt::Write};

/// A result of up to this many bytes stays as it is.
const SHORT: usize = 1_500;
/// Bytes of each end of a stream or a file that stay of a condensed result.
const END: usize = 500;
/// Bytes of the list of files that stay of a condensed result.
const FILES: usize = 600;
/// Bytes at the end of a result in which its sections are looked for.
const LOOKED_AT: usize = 16 * 1024;
/// Characters that stay of what the agent said in a turn.
const WORDS: usize = 200;
/// Characters that stay of how a call ended, and of its path or slug.
const HOW: usize = 160;
/// Bytes of the turns' lines in a digest; older turns are only counted.
const TURNS: usize = 12 * 1024;
/// Bytes of one text of the user or the loop that stay whole in a digest.
const MESSAGE: usize = 4 * 1024;
/// Bytes of all of them; of older ones the beginning stays.
const MESSAGES: usize = 12 * 1024;

/// The calls that the results after them answer.
#[derive(Default)]
pub(super) struct Calls<'a>(Vec<(&'a str, &'a str, &'a Value)>);

impl<'a> Calls<'a> {
    pub(super) fn take_in(&mut self, message: &'a Message) {
        match message {
            Message::Assistant { blocks } => {
                self.0.clear();
                self.0.extend(blocks.iter().filter_map(|block| match block {
                    Block::ToolUse { id, name, input } => Some((id.as_str(), name.as_str(), input)),
                    Block::Text { .. } | Block::Opaque { .. } => None,
                }));
            }
            Message::User { .. } | Message::ToolResults { .. } => {}
        }
    }

    /// The tool and the input of a call.
    fn of(&self, call_id: &str) -> Option<(&'a str, &'a Value)> {
        self.0.iter().find(|(id, ..)| *id == call_id).map(|(_, name, input)| (*name, *input))
    }
}

/// A result with its first line, the ends of its streams and its files; whole when it is short or
/// the user's own answer.
pub(super) fn condensed(result: &ToolResult, calls: &Calls<'_>) -> ToolResult {
    let output = result.output.as_str();
    let tool = calls.of(&result.call_id).map_or("", |(tool, _)| tool);
    let output = match tool {
        "ask_user" => Cow::Borrowed(output),
        _ if output.len() <= SHORT => Cow::Borrowed(output),
        "execute_code" => Cow::Owned(execution(output)),
        _ => Cow::Owned(ends(output)),
    };
    ToolResult {
        call_id: result.call_id.clone(),
        output: output.into_owned(),
        is_error: result.is_error,
    }
}

/// What an execution came to, without most of what it printed.
fn execution(output: &str) -> String {
    let from = output.len() - tool::tail(output, LOOKED_AT).len();
    let (mut stderr, mut files) = (None, None);
    let mut printed = output.len();
    for (at, _) in output[from..].rmatch_indices("\n--- ") {
        let section = &output[from + at..];
        if section.starts_with("\n--- problems ---\n") && files.is_none() && stderr.is_none() {
            printed = from + at;
        } else if section.starts_with("\n--- files ---\n") && files.is_none() && stderr.is_none() {
            files = Some(&output[from + at + "\n--- files ---\n".len()..printed]);
            printed = from + at;
        } else if section.starts_with("\n--- stderr ---\n") {
            stderr = Some(&output[from + at + "\n--- stderr ---\n".len()..printed]);
            printed = from + at;
            break;
        }
    }
    let head = first_line(output);
    // Short sections come whole, so their own title may be in the last lines.
    let body = output.get(head.len() + 1..printed).unwrap_or_default();
    let last = last_lines(body);
    let mut parts = vec![("the end of what it printed", last)];
    parts.extend(stderr.map(|text| ("stderr", last_lines(text))));
    parts.extend(files.map(|text| ("files", first_lines(text))));
    let kept: usize = parts.iter().map(|(_, text)| text.len()).sum();
    let mut text =
        format!("{}\n{}", shortened(head, HOW), said_condensed(output, kept + head.len()));
    for (title, part) in parts.into_iter().filter(|(_, part)| !part.trim().is_empty()) {
        let _ = write!(text, "\n--- {title} ---\n{}", part.trim_end());
    }
    text
}

/// Both ends of a text.
fn ends(output: &str) -> String {
    let (head, tail) = (tool::head(output, END), last_lines(output));
    format!("{head}\n{}\n{tail}", said_condensed(output, head.len() + tail.len()))
}

fn said_condensed(output: &str, kept: usize) -> String {
    let bytes = output.len().saturating_sub(kept);
    format!("… {bytes} bytes condensed here; files can be read again, scripts run again …")
}

/// One digest of these messages, which are whole turns; `None` when there are none.
pub(super) fn digest(said: &[Said], through: u32) -> Option<String> {
    if said.is_empty() {
        return None;
    }
    let mut lines = Vec::new();
    let (mut turns_left, mut words_left) = (TURNS, MESSAGES);
    let mut counted = Counted::default();
    // The latest first: what is older gives way.
    let mut end = said.len();
    while end > 0 {
        let start = begin(said, end);
        let line = match &said[start].message {
            Message::User { text } => words(text, &mut words_left, &mut counted),
            Message::Assistant { .. } | Message::ToolResults { .. } => {
                turn(&said[start..end], &mut turns_left, &mut counted)
            }
        };
        lines.extend(line);
        end = start;
    }
    lines.extend(counted.said());
    lines.reverse();
    Some(format!(
        "The turns up to {through}, in short. The files that they left are all there and can be read \
         again. A `message` is what the user or the loop said then; what the user wished still \
         holds.\n{}",
        stage::marked("earlier_turns", &lines.join("\n"))
    ))
}

/// Where the piece begins that ends at `end`: one text of the user, or an answer with its results.
fn begin(said: &[Said], end: usize) -> usize {
    let results = said[..end]
        .iter()
        .rev()
        .take_while(|said| matches!(said.message, Message::ToolResults { .. }))
        .count();
    let before = end - results;
    match before.checked_sub(1).map(|at| &said[at].message) {
        Some(Message::Assistant { .. }) => before - 1,
        Some(Message::User { .. }) if results == 0 => before - 1,
        Some(Message::User { .. } | Message::ToolResults { .. }) | None => before,
    }
}

/// What is no longer said, only counted.
#[derive(Default)]
struct Counted {
    turns: usize,
    calls: usize,
    failed: usize,
    messages: usize,
}

impl Counted {
    fn said(&self) -> Option<String> {
        let Self { turns, calls, failed, messages } = self;
        let turns_said = (*turns > 0).then(|| {
            format!("{turns} turns before these, with {calls} calls, {failed} of them failed")
        });
        let messages_said = (*messages > 0).then(|| format!("{messages} older messages"));
        let both: Vec<String> = turns_said.into_iter().chain(messages_said).collect();
        (!both.is_empty()).then(|| format!("… {} …", both.join("; ")))
    }
}

/// A text of the user or of the loop: whole, then its beginning, then only counted.
fn words(text: &str, left: &mut usize, counted: &mut Counted) -> Option<String> {
    let text = text.trim();
    if *left == 0 {
        counted.messages += 1;
        return None;
    }
    let line = if text.len() <= MESSAGE.min(*left) {
        format!("message: {text}")
    } else if text.len() > MESSAGE && *left > MESSAGE {
        let (head, tail) = (tool::head(text, MESSAGE * 3 / 4), tool::tail(text, MESSAGE / 4));
        format!(
            "message: {head}\n… {} bytes left out …\n{tail}",
            text.len() - head.len() - tail.len()
        )
    } else {
        format!("message: {}", one_line(text, WORDS))
    };
    *left = left.saturating_sub(line.len());
    Some(line)
}

/// An answer and what came of its calls.
fn turn(said: &[Said], left: &mut usize, counted: &mut Counted) -> Option<String> {
    let mut calls = Calls::default();
    let mut agent = String::new();
    let mut lines = Vec::new();
    let (mut made, mut failed) = (0, 0);
    for Said { message, .. } in said {
        calls.take_in(message);
        match message {
            Message::Assistant { blocks } => {
                let texts = blocks.iter().filter_map(|block| match block {
                    Block::Text { text } => Some(text.as_str()),
                    Block::ToolUse { .. } | Block::Opaque { .. } => None,
                });
                agent = texts.map(|text| one_line(text, WORDS)).collect::<Vec<_>>().join(" ");
                agent = one_line(&agent, WORDS);
            }
            Message::ToolResults { results } => {
                made += results.len();
                failed += results.iter().filter(|result| result.is_error).count();
                lines.extend(results.iter().map(|result| call(result, &calls)));
            }
            Message::User { .. } => {}
        }
    }
    let number = said.first().map_or(0, |said| said.turn);
    let head = if agent.is_empty() {
        format!("turn {number}:")
    } else {
        format!("turn {number}: {agent}")
    };
    let text = std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n");
    if text.len() > *left {
        *left = 0;
        counted.turns += 1;
        counted.calls += made;
        counted.failed += failed;
        return None;
    }
    *left -= text.len();
    Some(text)
}

/// One call: the tool, what it was about, and how it ended.
fn call(result: &ToolResult, calls: &Calls<'_>) -> String {
    let (tool, input) = calls.of(&result.call_id).unwrap_or(("a call", &Value::Null));
    let about = ["slug", "path", "question"].iter().find_map(|field| input[*field].as_str());
    let about = about.map(|about| format!(" `{}`", one_line(about, HOW))).unwrap_or_default();
    let output = &result.output;
    let how = match tool {
        // The user's own words.
        "ask_user" => one_line(output, MESSAGE / 4),
        "execute_code" => one_line(first_line(output), HOW),
        _ if result.is_error => one_line(output, HOW),
        _ => "done".to_owned(),
    };
    let failed = if result.is_error { "failed: " } else { "" };
    format!("- {tool}{about}: {failed}{how}")
}

fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default()
}

/// Whole lines of the end of a text, or its last bytes when the last line is long.
fn last_lines(text: &str) -> &str {
    let text = text.trim_end();
    let end = tool::tail(text, END);
    match end.find('\n') {
        Some(at) if end.len() < text.len() => &end[at + 1..],
        Some(_) | None => end,
    }
}

fn first_lines(text: &str) -> &str {
    let head = tool::head(text, FILES);
    match head.rfind('\n') {
        Some(at) if head.len() < text.len() => &head[..at],
        Some(_) | None => head,
    }
}

/// A text on one line, of at most so many characters; only its beginning is looked at.
fn one_line(text: &str, most: usize) -> String {
    // Four bytes are the longest character, and some of what is looked at may be white space.
    let looked_at = tool::head(text, most * 8);
    let line = looked_at.split_whitespace().collect::<Vec<_>>().join(" ");
    match shortened(&line, most) {
        short if short.len() == line.len() && looked_at.len() < text.len() => format!("{short}…"),
        short => short,
    }
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
