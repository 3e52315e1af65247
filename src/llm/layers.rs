//! The wrapping providers, stacked around an adapter.
//!
//! ```text
//! retry        outermost: every attempt queues anew, and a broken one holds no place while it waits
//! concurrency  a place for each turn at work
//! rate         so many requests and tokens per minute
//! timeouts     innermost: waiting for a place never counts as the provider's silence
//! ```

use super::{
    LlmProvider,
    concurrency::Concurrency,
    rate::{Rate, RateLimits},
    retry::{Retries, RetryPolicy},
    timeouts::{TimeLimits, Timeouts},
};
use std::{num::NonZeroUsize, sync::Arc};

/// How a provider is wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    pub retry: RetryPolicy,
    /// Turns at once; no limit when absent.
    pub at_once: Option<NonZeroUsize>,
    pub rate: RateLimits,
    pub timeouts: TimeLimits,
}

/// Wraps an adapter. The limits hold for all who share what comes back.
pub fn layered(adapter: Arc<dyn LlmProvider>, layers: &Layers) -> Arc<dyn LlmProvider> {
    let mut provider: Arc<dyn LlmProvider> = Arc::new(Timeouts::new(adapter, layers.timeouts));
    if !layers.rate.is_unlimited() {
        provider = Arc::new(Rate::new(provider, layers.rate));
    }
    if let Some(at_once) = layers.at_once {
        provider = Arc::new(Concurrency::new(provider, at_once));
    }
    Arc::new(Retries::new(provider, layers.retry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{
        ErrorKind,
        scripted::{
            Attempt::{Refused, Streams},
            Scripted,
            Step::{Say, Silent, Whole},
            check_delegates, error, request, watch, watch_since,
        },
    };
    use std::{num::NonZeroU32, time::Duration};
    use tokio::time::Instant;

    /// One at a time, four per minute; the first wait of a retry is nothing, so that the times are known.
    fn narrow() -> Layers {
        Layers {
            at_once: Some(NonZeroUsize::MIN),
            rate: RateLimits { requests_per_minute: NonZeroU32::new(4), ..RateLimits::default() },
            retry: RetryPolicy { base: Duration::ZERO, ..RetryPolicy::default() },
            ..Layers::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_place_is_not_the_provider_s_silence() {
        let steps = (0..10).flat_map(|_| [Say("a"), Silent(50)]).chain([Whole("a")]).collect();
        let provider = layered(Scripted::new([Streams(steps)]), &narrow());
        let (first, second) =
            tokio::join!(watch(&*provider, request(0)), watch(&*provider, request(0)));
        assert_eq!(first.last().map(String::as_str), Some("500 done a"));
        assert_eq!(second.last().map(String::as_str), Some("500 done"));
        assert!(second[..99].iter().all(|line| line.ends_with("working")), "{second:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_attempt_is_tried_again_and_another_turn_goes_first() {
        let inner = Scripted::new([
            Streams(vec![Say("a"), Silent(1000)]),
            Streams(vec![Silent(1), Whole("b")]),
            Streams(vec![Whole("c")]),
        ]);
        let provider = layered(inner.clone(), &narrow());
        let beginning = Instant::now();
        let (first, second) = tokio::join!(
            watch_since(beginning, &*provider, request(0)),
            watch_since(beginning, &*provider, request(0))
        );
        assert_eq!(
            first,
            [
                "0 text a",
                "60 again in 0 s: `scripted` fell silent in the middle of its answer for 60 s, the limit between two signs of life",
                "61 done c",
            ]
        );
        assert_eq!(second.last().map(String::as_str), Some("61 done b"));
        assert_eq!((inner.started(), inner.open()), (3, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn every_attempt_counts_for_the_rate() {
        let inner = Scripted::new(vec![Refused(0, error(ErrorKind::Overloaded)); 4]);
        let lines = watch(&*layered(inner, &narrow()), request(0)).await;
        let again = "0 again in 0 s: it is Overloaded";
        let expect = [again, again, again, again, "5 working", "10 working", "15 done"];
        assert_eq!(lines, expect);
    }

    #[tokio::test(start_paused = true)]
    async fn delegates() {
        for layers in [Layers::default(), narrow()] {
            check_delegates(&*layered(Scripted::new([]), &layers)).await;
        }
    }
}
