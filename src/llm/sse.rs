//! Server-sent events into deltas: what both wires have in common.
//!
//! Bytes that make no event yet (half an event, a comment that keeps the line alive) are a sign of
//! life, so that whoever measures silence does not cut a slow answer.

use super::{Delta, Deltas, ErrorKind, LlmError};
use bytes::Bytes;
use eventsource_stream::{Event, EventStream};
use futures::{FutureExt, Stream, StreamExt, channel::mpsc, stream};
use serde_json::Value;
use std::{collections::VecDeque, convert::Infallible};

/// Bytes that may come without making an event: more than any answer's longest, whole call.
const MAX_EVENT: usize = 1 << 20;

/// Builds a turn from the events of one wire.
pub(super) trait Assemble: Send + 'static {
    /// Takes in one event. After a [`Delta::Done`] no more are offered.
    fn take(&mut self, event: &Event) -> Result<Vec<Delta>, LlmError>;

    /// The stream ended before a `Done`.
    fn end(&mut self) -> Result<Vec<Delta>, LlmError>;
}

/// Follows a body to the turn's end.
pub(super) fn follow<B, A>(body: B, assemble: A) -> Deltas
where
    B: Stream<Item = Result<Bytes, LlmError>> + Send + Unpin + 'static,
    A: Assemble,
{
    let (feed, fed) = mpsc::unbounded();
    let state = Following {
        body,
        feed: Some(feed),
        events: EventStream::new(fed),
        assemble,
        ready: VecDeque::new(),
        unmade: 0,
        fresh: false,
        silent: true,
        over: false,
    };
    stream::unfold(state, |mut state| async move {
        let delta = state.next().await?;
        Some((delta, state))
    })
    .boxed()
}

/// A whole JSON answer as the one event of a stream.
pub(super) async fn one_event(
    mut body: impl Stream<Item = Result<Bytes, LlmError>> + Unpin,
) -> Result<impl Stream<Item = Result<Bytes, LlmError>> + Send + Unpin + 'static, LlmError> {
    let mut whole = Vec::new();
    while let Some(piece) = body.next().await {
        whole.extend_from_slice(&piece?);
        if whole.len() > MAX_EVENT {
            let words = "the answer is longer than any answer can be";
            return Err(LlmError::new(ErrorKind::Broken, words));
        }
    }
    let value: Value = serde_json::from_slice(&whole).unwrap_or_default();
    Ok(stream::iter([Ok(Bytes::from(format!("data: {value}\n\n")))]))
}

struct Following<B, A> {
    body: B,
    feed: Option<mpsc::UnboundedSender<Result<Bytes, Infallible>>>,
    events: EventStream<mpsc::UnboundedReceiver<Result<Bytes, Infallible>>>,
    assemble: A,
    ready: VecDeque<Delta>,
    /// Bytes since the last event.
    unmade: usize,
    /// Bytes came since the last event.
    fresh: bool,
    /// No event has come.
    silent: bool,
    over: bool,
}

impl<B, A> Following<B, A>
where
    B: Stream<Item = Result<Bytes, LlmError>> + Send + Unpin + 'static,
    A: Assemble,
{
    async fn next(&mut self) -> Option<Result<Delta, LlmError>> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                if matches!(delta, Delta::Done(_)) {
                    self.over = true;
                    self.ready.clear();
                }
                return Some(Ok(delta));
            }
            if self.over {
                return None;
            }
            if let Err(error) = self.advance().await {
                self.over = true;
                return Some(Err(error));
            }
        }
    }

    /// One event, or one piece of the body.
    async fn advance(&mut self) -> Result<(), LlmError> {
        // The parser only ever waits for what is fed below, so it answers at once.
        match self.events.next().now_or_never() {
            Some(Some(Ok(event))) => {
                self.fresh = false;
                self.silent = false;
                self.unmade = 0;
                self.ready.extend(self.assemble.take(&event)?);
            }
            Some(Some(Err(_))) => {
                return Err(LlmError::new(ErrorKind::Broken, "the answer is no stream of events"));
            }
            Some(None) if self.silent => {
                let words = "the answer held nothing: the address may be wrong, or the conversation \
                             longer than the model's window";
                return Err(LlmError::new(ErrorKind::Broken, words));
            }
            Some(None) => {
                self.over = true;
                self.ready.extend(self.assemble.end()?);
            }
            None if std::mem::take(&mut self.fresh) => self.ready.push_back(Delta::Working),
            None => match self.body.next().await {
                Some(piece) => {
                    let piece = piece?;
                    self.fresh = true;
                    self.unmade += piece.len();
                    if self.unmade > MAX_EVENT {
                        let words = "the answer holds an event without an end";
                        return Err(LlmError::new(ErrorKind::Broken, words));
                    }
                    if let Some(feed) = &self.feed {
                        // The other end lives in this very struct.
                        let _ = feed.unbounded_send(Ok(piece));
                    }
                }
                None => self.feed = None,
            },
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! Streams as data: what was sent, in which pieces, and what came of it.

    use super::*;

    /// Feeds a text in pieces of `size` bytes, which cut characters and lines wherever they like;
    /// signs of life are left out, neighbouring texts joined.
    pub(crate) async fn play(
        text: &str,
        size: usize,
        assemble: impl Assemble,
    ) -> Vec<Result<Delta, LlmError>> {
        let pieces: Vec<_> =
            text.as_bytes().chunks(size).map(|b| Ok(Bytes::copy_from_slice(b))).collect();
        let mut all: Vec<Result<Delta, LlmError>> = Vec::new();
        let mut deltas = follow(stream::iter(pieces), assemble);
        while let Some(delta) = deltas.next().await {
            match (all.last_mut(), delta) {
                (_, Ok(Delta::Working | Delta::Spent(_))) => {}
                (Some(Ok(Delta::Text(before))), Ok(Delta::Text(more))) => before.push_str(&more),
                (_, delta) => all.push(delta),
            }
        }
        all
    }
}
