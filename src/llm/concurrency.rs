//! A wrapping provider that runs a limited number of turns at once, in the order in which they came.

use super::{Deltas, LlmError, LlmProvider, Request, deltas::queued};
use async_trait::async_trait;
use entity::vocab::Stage;
use std::{num::NonZeroUsize, sync::Arc};
use tokio::sync::Semaphore;

/// The provider. A turn holds its place until its stream ends or is dropped.
pub struct Concurrency {
    inner: Arc<dyn LlmProvider>,
    /// Fair: whoever came first gets the next place.
    places: Arc<Semaphore>,
}

impl Concurrency {
    pub fn new(inner: Arc<dyn LlmProvider>, at_once: NonZeroUsize) -> Self {
        let places = at_once.get().min(Semaphore::MAX_PERMITS);
        Self { inner, places: Arc::new(Semaphore::new(places)) }
    }
}

#[async_trait]
impl LlmProvider for Concurrency {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn default_model(&self) -> &str {
        self.inner.default_model()
    }

    fn converses(&self) -> bool {
        self.inner.converses()
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        self.inner.models().await
    }

    async fn recorded_answer(&self, model: &str, stage: Stage, call_id: &str) -> Option<String> {
        self.inner.recorded_answer(model, stage, call_id).await
    }

    /// *Shape*: a `Working` every few seconds of the wait, then the deltas. Every error comes in the stream.
    async fn stream(&self, request: Request) -> Result<Deltas, LlmError> {
        let places = self.places.clone();
        let place = async move { places.acquire_owned().await.expect("it is never closed") };
        Ok(queued(self.inner.clone(), request, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{
        ErrorKind,
        scripted::{
            Attempt::{self, Refused, Streams},
            Scripted,
            Step::{Fail, Say, Silent, Whole},
            check_delegates, error, request, watch,
        },
    };
    use futures::{StreamExt, future::join_all};
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    fn places(inner: &Arc<Scripted>, at_once: usize) -> Concurrency {
        Concurrency::new(inner.clone(), NonZeroUsize::new(at_once).unwrap())
    }

    /// All turns at once; what each shows, in their order.
    async fn check(at_once: usize, script: Vec<Attempt>, expect: &[&[&str]]) {
        let inner = Scripted::new(script);
        let provider = places(&inner, at_once);
        let turns = expect.iter().map(|_| watch(&provider, request(0)));
        assert_eq!(join_all(turns).await, expect);
        assert_eq!(inner.open(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn turns_wait_for_a_place_in_their_order() {
        let long = || Streams(vec![Say("a"), Silent(12), Whole("a")]);
        check(2, vec![long(), long()], &[&["0 text a", "12 done a"], &["0 text a", "12 done a"]])
            .await;
        check(
            1,
            vec![long(), long(), Streams(vec![Whole("c")])],
            &[
                &["0 text a", "12 done a"],
                &["5 working", "10 working", "12 text a", "24 done a"],
                &["5 working", "10 working", "15 working", "20 working", "24 done c"],
            ],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_breaks_frees_its_place() {
        let broken = error(ErrorKind::Broken);
        check(
            1,
            vec![
                Refused(1, broken.clone()),
                Streams(vec![Silent(1), Fail(broken)]),
                Streams(vec![Silent(1)]),
                Streams(vec![Whole("d")]),
            ],
            &[&["1 error it is Broken"], &["2 error it is Broken"], &[], &["3 done d"]],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_turn_frees_its_place_and_leaves_the_queue() {
        let inner = Scripted::new(vec![Streams(vec![Say("a"), Silent(1000)])]);
        let provider = places(&inner, 1);
        let beginning = Instant::now();
        let mut first = provider.stream(request(0)).await.unwrap();
        first.next().await;
        let mut second = provider.stream(request(0)).await.unwrap();
        second.next().await;
        let third = watch(&provider, request(0));
        let drops = async {
            sleep(Duration::from_secs(2)).await;
            drop(second);
            drop(first);
        };
        let (lines, ()) = tokio::join!(third, drops);
        assert_eq!(lines, ["2 done"]);
        assert_eq!(beginning.elapsed().as_secs(), 7);
        assert_eq!((inner.started(), inner.open()), (2, 0), "who left the queue never starts");
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_turn_frees_its_place_though_its_stream_is_kept() {
        let inner = Scripted::new([]);
        let provider = places(&inner, 1);
        let mut kept = provider.stream(request(0)).await.unwrap();
        kept.next().await;
        assert_eq!(watch(&provider, request(0)).await, ["0 done"]);
        assert!(kept.next().await.is_none());
    }

    #[tokio::test]
    async fn delegates() {
        check_delegates(&places(&Scripted::new([]), 1)).await;
    }
}
