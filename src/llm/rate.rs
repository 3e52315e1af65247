//! A wrapping provider that keeps to a rate: requests and, if wanted, input tokens per minute.
//!
//! Two token buckets, each a minute deep, fill evenly, as those of the vendors do. Turns start in the order in which
//! they came. What waits gives signs of life.

use super::{Deltas, LlmError, LlmProvider, Message, Request, deltas::queued};
use async_trait::async_trait;
use entity::vocab::Stage;
use serde::Serialize;
use std::{io, num::NonZeroU32, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

/// What may be sent per minute; no limit where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    pub requests_per_minute: Option<NonZeroU32>,
    /// Estimated from the bytes of a request, four to a token.
    pub input_tokens_per_minute: Option<NonZeroU32>,
}

impl RateLimits {
    /// Whether there is anything to keep to.
    pub const fn is_unlimited(&self) -> bool {
        self.requests_per_minute.is_none() && self.input_tokens_per_minute.is_none()
    }
}

/// The provider.
pub struct Rate {
    inner: Arc<dyn LlmProvider>,
    /// Fair: whoever came first gets it next. The first in the queue holds it while it waits.
    buckets: Arc<Mutex<Buckets>>,
}

impl Rate {
    pub fn new(inner: Arc<dyn LlmProvider>, limits: RateLimits) -> Self {
        let now = Instant::now();
        let buckets = Buckets {
            requests: limits.requests_per_minute.map(|limit| Bucket::full(limit, now)),
            tokens: limits.input_tokens_per_minute.map(|limit| Bucket::full(limit, now)),
        };
        Self { inner, buckets: Arc::new(Mutex::new(buckets)) }
    }
}

#[async_trait]
impl LlmProvider for Rate {
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
        let buckets = self.buckets.clone();
        let tokens = input_tokens(&request);
        let place = async move { pass(&mut *buckets.lock().await, tokens).await };
        Ok(queued(self.inner.clone(), request, place))
    }
}

/// Waits until the buckets hold what a request takes, and takes it.
async fn pass(buckets: &mut Buckets, tokens: f64) {
    loop {
        let now = Instant::now();
        let missing = [(&mut buckets.requests, 1.0), (&mut buckets.tokens, tokens)]
            .into_iter()
            .filter_map(|(bucket, amount)| bucket.as_mut()?.missing(amount, now))
            .max();
        match missing {
            Some(wait) => sleep(wait).await,
            None => break,
        }
    }
    for (bucket, amount) in [(&mut buckets.requests, 1.0), (&mut buckets.tokens, tokens)] {
        if let Some(bucket) = bucket {
            bucket.level -= amount;
        }
    }
}

struct Buckets {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

struct Bucket {
    per_minute: f64,
    /// Below zero after a request that is larger than the whole bucket.
    level: f64,
    at: Instant,
}

impl Bucket {
    fn full(per_minute: NonZeroU32, at: Instant) -> Self {
        let per_minute = f64::from(per_minute.get());
        Self { per_minute, level: per_minute, at }
    }

    /// Fills up; how long it takes until the amount is there. A request larger than the bucket waits for a full one.
    fn missing(&mut self, amount: f64, now: Instant) -> Option<Duration> {
        let gained = now.duration_since(self.at).as_secs_f64() / 60.0 * self.per_minute;
        self.level = (self.level + gained).min(self.per_minute);
        self.at = now;
        let missing = amount.min(self.per_minute) - self.level;
        // The timer knows milliseconds: what is less than one is there.
        let wait = missing / self.per_minute * 60.0;
        (wait > 0.000_5).then(|| Duration::from_secs_f64(wait))
    }
}

/// The input of a request in tokens, by its bytes.
fn input_tokens(request: &Request) -> f64 {
    #[derive(Serialize)]
    struct Sent<'a> {
        system: &'a str,
        messages: &'a [Message],
        tools: &'a [super::ToolSpec],
    }
    let Request { system, messages, tools, .. } = request;
    let mut bytes = Counted(0);
    serde_json::to_writer(&mut bytes, &Sent { system, messages, tools })
        .expect("a request is JSON, and counting never fails");
    bytes.0 as f64 / 4.0
}

/// Counts what is written.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::scripted::{Scripted, check_delegates, request, watch_since};
    use futures::future::join_all;

    fn limits(requests: u32, tokens: u32) -> RateLimits {
        RateLimits {
            requests_per_minute: NonZeroU32::new(requests),
            input_tokens_per_minute: NonZeroU32::new(tokens),
        }
    }

    /// Turns of so many tokens, all asked for at once; when each is done.
    async fn check(limits: RateLimits, tokens: &[usize], expect: &[f64]) {
        let provider = Rate::new(Scripted::new([]), limits);
        let beginning = Instant::now();
        // What surrounds the system text is JSON, too.
        let around = (input_tokens(&request(0)) * 4.0) as usize;
        let turns = tokens
            .iter()
            .map(|tokens| watch_since(beginning, &provider, request(tokens * 4 - around)));
        let done: Vec<f64> = join_all(turns)
            .await
            .iter()
            .map(|lines| {
                let (waits, last) = lines.split_at(lines.len() - 1);
                assert!(waits.iter().all(|line| line.ends_with("working")), "{lines:?}");
                let seconds: f64 = last[0].strip_suffix(" done").unwrap().parse().unwrap();
                assert_eq!(waits.len(), ((seconds - 0.01) / 5.0) as usize, "{lines:?}");
                seconds
            })
            .collect();
        assert_eq!(done.iter().map(|at| at.round()).collect::<Vec<_>>(), expect);
    }

    #[tokio::test(start_paused = true)]
    async fn keeps_to_the_rate_in_order() {
        const SMALL: usize = 100;
        check(limits(0, 0), &[SMALL; 5], &[0.0; 5]).await;
        check(limits(4, 0), &[SMALL; 7], &[0.0, 0.0, 0.0, 0.0, 15.0, 30.0, 45.0]).await;
        check(limits(0, 1000), &[600, 400, 500, 100], &[0.0, 0.0, 30.0, 36.0]).await;
        // A small turn never overtakes a large one.
        check(limits(0, 1000), &[900, 900, 100], &[0.0, 48.0, 54.0]).await;
        // Both at once: the later of the two counts.
        check(limits(2, 1000), &[800, 800, 100], &[0.0, 36.0, 42.0]).await;
        // Larger than a minute holds: waits for a full bucket, and those after it pay the rest.
        check(limits(0, 1000), &[100, 2000, 100], &[0.0, 6.0, 72.0]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_fills_up_to_a_minute_s_worth_only() {
        let provider = Rate::new(Scripted::new([]), limits(2, 0));
        sleep(Duration::from_secs(3600)).await;
        let beginning = Instant::now();
        let turns = (0..3).map(|_| watch_since(beginning, &provider, request(0)));
        let lines: Vec<_> = join_all(turns).await.into_iter().flatten().collect();
        assert_eq!(lines[..2], ["0 done", "0 done"]);
        assert_eq!(lines.last().map(String::as_str), Some("30 done"));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_dropped_while_waiting_takes_nothing() {
        let provider = Rate::new(Scripted::new([]), limits(1, 0));
        let beginning = Instant::now();
        watch_since(beginning, &provider, request(0)).await;
        let waiting = watch_since(beginning, &provider, request(0));
        assert!(tokio::time::timeout(Duration::from_secs(30), waiting).await.is_err());
        let lines = watch_since(beginning, &provider, request(0)).await;
        assert_eq!(lines.last().map(String::as_str), Some("60 done"));
    }

    #[tokio::test]
    async fn delegates() {
        check_delegates(&Rate::new(Scripted::new([]), limits(1, 1))).await;
    }
}
