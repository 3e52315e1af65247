//! What several providers do with a stream of deltas: queue for its start, see its end, cut a text into pieces.

use super::{Delta, Deltas, LlmError, LlmProvider, Request};
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// How often a turn that waits for its place gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// Waits for a place, starts the turn, and holds the place until the turn is over or dropped.
///
/// *Shape*: a `Working` every five seconds of the wait, then the deltas of the turn.
pub(super) fn queued<P: Send + 'static>(
    inner: Arc<dyn LlmProvider>,
    request: Request,
    place: impl Future<Output = P> + Send + 'static,
) -> Deltas {
    let waiting = Turn::Waiting(Box::new(Waiting { inner, request, place: place.boxed() }));
    stream::unfold(waiting, next).boxed()
}

/// Where a queued turn is.
enum Turn<P> {
    Waiting(Box<Waiting<P>>),
    Running { deltas: BoxStream<'static, Item>, place: P },
    Over,
}

struct Waiting<P> {
    inner: Arc<dyn LlmProvider>,
    request: Request,
    place: BoxFuture<'static, P>,
}

type Item = Result<Delta, LlmError>;

async fn next<P: Send>(turn: Turn<P>) -> Option<(Item, Turn<P>)> {
    match turn {
        Turn::Waiting(mut waiting) => tokio::select! {
            biased;
            place = &mut waiting.place => match waiting.inner.stream(waiting.request).await {
                Ok(deltas) => read(deltas, place).await,
                Err(error) => Some((Err(error), Turn::Over)),
            },
            () = sleep(SIGN_OF_LIFE) => Some((Ok(Delta::Working), Turn::Waiting(waiting))),
        },
        Turn::Running { deltas, place } => read(deltas, place).await,
        Turn::Over => None,
    }
}

/// The next delta. The place is free before the last one is seen.
async fn read<P>(mut deltas: Deltas, place: P) -> Option<(Item, Turn<P>)> {
    let item = deltas.next().await?;
    let turn = if is_last(&item) { Turn::Over } else { Turn::Running { deltas, place } };
    Some((item, turn))
}

/// Whether nothing may follow.
pub(super) fn is_last(item: &Result<Delta, LlmError>) -> bool {
    match item {
        Ok(Delta::Done(_)) | Err(_) => true,
        Ok(
            Delta::Text(_)
            | Delta::Working
            | Delta::Spent(_)
            | Delta::Note(_)
            | Delta::Again { .. },
        ) => false,
    }
}

/// A text in pieces that end after a line or, in long lines, after a word.
pub fn pieces(text: &str) -> impl Iterator<Item = String> {
    const LENGTH: usize = 80;
    let mut pieces = vec![String::new()];
    for c in text.chars() {
        let piece = pieces.last_mut().expect("there is always a last piece");
        piece.push(c);
        if c == '\n' || (c == ' ' && piece.len() >= LENGTH) {
            pieces.push(String::new());
        }
    }
    pieces.into_iter().filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_text_again() {
        let text = "One line.\n\n- a list of things that is rather long, so that it does not fit into one single piece\n- b";
        assert_eq!(pieces(text).collect::<String>(), text);
        assert!(pieces(text).count() > 3);
    }
}
