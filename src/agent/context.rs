//! How much of the past the next request shows, so that it fits the model's window.
//!
//! Pure: no clock, no I/O. The log stays whole; what is shown less of is a [`Condensation`], recorded
//! as a fact, so that a restart shows the same. Older tool results are condensed first, then earlier
//! turns become one digest after the opening. It happens seldom and then thoroughly, for a provider's
//! cache holds only while the beginning of a request stays the same.

mod digest;
#[cfg(test)]
mod tests;

use crate::llm::{Block, Message};
use digest::Calls;
use serde_json::Value;
use std::borrow::Cow;

/// Turns whose results stay whole as long as that is possible at all.
const KEPT_TURNS: u32 = 4;
/// Per cent of the room beyond which the past is condensed.
const FULL: u64 = 80;
/// Per cent of the room that is left in use when older turns can give it.
const GOAL: u64 = 50;
/// The same when the latest turns must give it: they are worth more than a long peace.
const HARD_GOAL: u64 = 65;
/// Tokens of the system prompt and the tools, on the safe side.
const FIXED: u64 = 6_500;
/// Tokens that a message or a block takes beside its text.
const FRAME: u64 = 8;

/// One message with the turn that it belongs to; 0 is the opening. Turns never fall from one
/// message to the next, and the results of a turn belong to it as its answer does.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub turn: u32,
    pub message: Message,
}

/// How much less of the past is shown than there is. Recorded as a fact, so that a restart shows
/// the same.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Condensation {
    /// The results of the turns up to this one are condensed.
    pub results_through: u32,
    /// The turns up to this one are in the digest only.
    pub summary_through: u32,
}

/// What the provider counted for everything up to and including that turn's answer, with the
/// condensation that holds now. Whoever condenses further forgets it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Measured {
    pub turn: u32,
    pub tokens: u64,
}

/// Tokens of the model's window and of the longest answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Room {
    pub window: u64,
    pub answer: u64,
}

/// The messages of the next request.
pub(super) fn shown(said: &[Said], condensation: Condensation) -> Vec<Message> {
    pieces(said, condensation).map(Cow::into_owned).collect()
}

/// What to condense further when the next request would come too near the window; `None` when it
/// fits or nothing is left to condense.
pub(super) fn fit(
    said: &[Said],
    now: Condensation,
    measured: Option<Measured>,
    room: Room,
) -> Option<Condensation> {
    let usable = room.window.saturating_sub(room.answer).max(room.window / 4);
    let whole = FIXED + pieces(said, now).map(|message| tokens(&message)).sum::<u64>();
    let need = match measured {
        Some(measured) => measured.tokens + since(said, now, measured.turn),
        None => whole,
    };
    if need <= usable / 100 * FULL {
        return None;
    }
    let weights = Weights::of(said);
    // The provider counts otherwise than we estimate, by about the same factor everywhere.
    let fits = |condensation: Condensation, per_cent: u64| {
        let estimate = u128::from(weights.total(said, condensation));
        estimate * u128::from(need) / u128::from(whole) <= u128::from(usable / 100 * per_cent)
    };
    let chosen = further(said, now, fits);
    let smaller = weights.total(said, chosen) < whole;
    (chosen != now && smaller).then_some(chosen)
}

/// The least that brings the request down, gentlest means first; all there is when nothing does.
fn further(
    said: &[Said],
    now: Condensation,
    fits: impl Fn(Condensation, u64) -> bool,
) -> Condensation {
    let last = said.last().map_or(0, |said| said.turn);
    let kept = last.saturating_sub(KEPT_TURNS);
    let results = |through: u32| Condensation { results_through: through, ..now };
    if let Some(found) = least(now.results_through, kept, results, |c| fits(c, GOAL)) {
        return found;
    }
    let results = now.results_through.max(kept);
    let summary = |through: u32| Condensation {
        results_through: results.max(through),
        summary_through: through,
    };
    if let Some(found) = least(now.summary_through, kept, summary, |c| fits(c, GOAL)) {
        return found;
    }
    let summarised = now.summary_through.max(kept);
    let gentle = summary(summarised);
    if gentle != now && fits(gentle, HARD_GOAL) {
        return gentle;
    }
    let hard =
        |through: u32| Condensation { results_through: through, summary_through: summarised };
    if let Some(found) = least(results, last, hard, |c| fits(c, HARD_GOAL)) {
        return found;
    }
    let hardest = |through: u32| Condensation { results_through: last, summary_through: through };
    let end = last.saturating_sub(1).max(now.summary_through);
    least(summarised, end, hardest, |c| fits(c, HARD_GOAL)).unwrap_or_else(|| hardest(end))
}

/// The condensation of the lowest turn after `from` and up to `to` that fits.
fn least(
    from: u32,
    to: u32,
    condensation: impl Fn(u32) -> Condensation,
    fits: impl Fn(Condensation) -> bool,
) -> Option<Condensation> {
    let (mut low, mut high) = (from + 1, to);
    if high < low || !fits(condensation(high)) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if fits(condensation(middle)) { high = middle } else { low = middle + 1 }
    }
    Some(condensation(high))
}

/// Tokens of what came after a turn's answer: its results, and everything later.
fn since(said: &[Said], condensation: Condensation, turn: u32) -> u64 {
    let after = said
        .iter()
        .rposition(|said| said.turn <= turn && matches!(said.message, Message::Assistant { .. }))
        .map_or(0, |at| at + 1);
    let calls = Calls::default();
    let late = &said[after..];
    late.iter().map(|said| tokens(&piece(said, condensation, &calls))).sum()
}

/// What is shown of each message, without a copy of what is shown whole.
fn pieces(said: &[Said], condensation: Condensation) -> impl Iterator<Item = Cow<'_, Message>> {
    let Condensation { summary_through, .. } = condensation;
    let opening = said.iter().take_while(|said| said.turn == 0).count();
    let first = opening + said[opening..].partition_point(|said| said.turn <= summary_through);
    let digest = digest::digest(&said[opening..first], summary_through);
    let digest = digest.map(|text| Cow::Owned(Message::User { text }));
    let mut calls = Calls::default();
    let late = said[first..].iter().map(move |said| {
        calls.take_in(&said.message);
        piece(said, condensation, &calls)
    });
    said[..opening].iter().map(|said| Cow::Borrowed(&said.message)).chain(digest).chain(late)
}

fn piece<'a>(said: &'a Said, condensation: Condensation, calls: &Calls<'a>) -> Cow<'a, Message> {
    match &said.message {
        Message::ToolResults { results } if said.turn <= condensation.results_through => {
            let results = results.iter().map(|result| digest::condensed(result, calls)).collect();
            Cow::Owned(Message::ToolResults { results })
        }
        Message::User { .. } | Message::Assistant { .. } | Message::ToolResults { .. } => {
            Cow::Borrowed(&said.message)
        }
    }
}

/// Tokens that a request takes which shows this much, about.
pub(super) fn need(said: &[Said], condensation: Condensation) -> u64 {
    Weights::of(said).total(said, condensation)
}

/// What each message weighs whole and condensed, in tokens, counted once.
struct Weights(Vec<(u64, u64)>);

impl Weights {
    fn of(said: &[Said]) -> Self {
        let all = Condensation { results_through: u32::MAX, summary_through: 0 };
        let mut calls = Calls::default();
        let weights = said.iter().map(|said| {
            calls.take_in(&said.message);
            (tokens(&said.message), tokens(&piece(said, all, &calls)))
        });
        Self(weights.collect())
    }

    /// Tokens of a request that shows this much.
    fn total(&self, said: &[Said], condensation: Condensation) -> u64 {
        let Condensation { results_through, summary_through } = condensation;
        let opening = said.iter().take_while(|said| said.turn == 0).count();
        let first = opening + said[opening..].partition_point(|said| said.turn <= summary_through);
        let digest = digest::digest(&said[opening..first], summary_through);
        let digest = digest.map_or(0, |text| text_tokens(text.len()) + FRAME);
        let shown =
            self.0[..opening].iter().zip(said).chain(self.0[first..].iter().zip(&said[first..]));
        let weights = shown.map(
            |((whole, condensed), said)| {
                if said.turn <= results_through { condensed } else { whole }
            },
        );
        FIXED + digest + weights.sum::<u64>()
    }
}

fn tokens(message: &Message) -> u64 {
    match message {
        Message::User { text } => FRAME + text_tokens(text.len()),
        Message::Assistant { blocks } => FRAME + blocks.iter().map(block_tokens).sum::<u64>(),
        Message::ToolResults { results } => {
            results.iter().map(|result| FRAME * 2 + text_tokens(result.output.len())).sum()
        }
    }
}

fn block_tokens(block: &Block) -> u64 {
    FRAME
        + match block {
            Block::Text { text } => text_tokens(text.len()),
            Block::ToolUse { id, name, input } => {
                text_tokens(id.len() + name.len() + json_bytes(input))
            }
            Block::Opaque { value } => text_tokens(json_bytes(value)),
        }
}

/// Two tokens for five bytes: more than English, code or JSON take, about what digits do.
fn text_tokens(bytes: usize) -> u64 {
    (bytes as u64 * 2).div_ceil(5)
}

/// About the bytes of a value as JSON.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| json_bytes(item) + 1).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields.iter().map(|(name, v)| name.len() + json_bytes(v) + 4).sum::<usize>()
        }
    }
}
