//! A wrapping provider that ends a turn whose provider falls silent.

use super::{Delta, Deltas, ErrorKind, LlmError, LlmProvider, Request, deltas::is_last};
use async_trait::async_trait;
use entity::vocab::Stage;
use futures::{StreamExt, stream};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout, timeout_at};

/// How long a provider may be silent. The connection has a limit of its own, in the adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// From the request to the first delta of any kind.
    pub first: Duration,
    /// From one delta of any kind to the next.
    pub between: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { first: Duration::from_secs(120), between: Duration::from_secs(60) }
    }
}

/// The provider. Time during which nobody reads the stream does not count.
pub struct Timeouts {
    inner: Arc<dyn LlmProvider>,
    limits: TimeLimits,
}

impl Timeouts {
    pub fn new(inner: Arc<dyn LlmProvider>, limits: TimeLimits) -> Self {
        Self { inner, limits }
    }
}

#[async_trait]
impl LlmProvider for Timeouts {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn default_model(&self) -> &str {
        self.inner.default_model()
    }

    fn converses(&self) -> bool {
        self.inner.converses()
    }

    /// *Errors*: `TimedOut` when the list is not there within the limit of a first delta.
    async fn models(&self) -> Result<Vec<String>, LlmError> {
        let limit = self.limits.first;
        timeout(limit, self.inner.models()).await.unwrap_or_else(|_| {
            Err(timed_out(format!(
                "`{}` did not list its models within {} s, the limit for a first sign of life",
                self.inner.name(),
                limit.as_secs_f64()
            )))
        })
    }

    async fn recorded_answer(&self, model: &str, stage: Stage, call_id: &str) -> Option<String> {
        self.inner.recorded_answer(model, stage, call_id).await
    }

    /// *Errors*: `TimedOut`, before the stream or in it. Another attempt is safe.
    async fn stream(&self, request: Request) -> Result<Deltas, LlmError> {
        let name = self.inner.name().to_owned();
        let limits = self.limits;
        let first = Instant::now() + limits.first;
        let deltas = match timeout_at(first, self.inner.stream(request)).await {
            Ok(started) => started?,
            Err(_) => return Err(no_start(&name, limits.first)),
        };
        let reading = Reading { name, limits, first: Some(first), deltas };
        Ok(stream::unfold(Some(reading), next).boxed())
    }
}

/// A turn under way.
struct Reading {
    name: String,
    limits: TimeLimits,
    /// When the first delta is due; `None` once it is there.
    first: Option<Instant>,
    deltas: Deltas,
}

async fn next(reading: Option<Reading>) -> Option<(Result<Delta, LlmError>, Option<Reading>)> {
    let mut reading = reading?;
    let next = reading.deltas.next();
    let item = match reading.first {
        Some(due) => match timeout_at(due, next).await {
            Ok(item) => item?,
            Err(_) => Err(no_start(&reading.name, reading.limits.first)),
        },
        None => match timeout(reading.limits.between, next).await {
            Ok(item) => item?,
            Err(_) => Err(silence(&reading.name, reading.limits.between)),
        },
    };
    reading.first = None;
    let rest = if is_last(&item) { None } else { Some(reading) };
    Some((item, rest))
}

fn no_start(name: &str, limit: Duration) -> LlmError {
    timed_out(format!(
        "`{name}` sent nothing within {} s of the request, the limit for a first sign of life",
        limit.as_secs_f64()
    ))
}

fn silence(name: &str, limit: Duration) -> LlmError {
    timed_out(format!(
        "`{name}` fell silent in the middle of its answer for {} s, the limit between two signs of life",
        limit.as_secs_f64()
    ))
}

fn timed_out(message: String) -> LlmError {
    LlmError::new(ErrorKind::TimedOut, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::scripted::{
        Attempt::{self, Refused, Streams},
        Scripted,
        Step::{Fail, Say, Silent, Whole, Work},
        check_delegates, error, request, watch,
    };

    async fn check(attempt: Attempt, expect: &[&str]) {
        let inner = Scripted::new([attempt]);
        let provider = Timeouts::new(inner.clone(), TimeLimits::default());
        assert_eq!(watch(&provider, request(0)).await, expect);
        assert_eq!(inner.open(), 0, "the silent stream is dropped");
    }

    const NO_START: &str =
        "`scripted` sent nothing within 120 s of the request, the limit for a first sign of life";
    const SILENCE: &str = "`scripted` fell silent in the middle of its answer for 60 s, the limit between two signs of life";

    #[tokio::test(start_paused = true)]
    async fn ends_a_turn_that_falls_silent() {
        let timed_out = |at: &str, what: &str| format!("{at} {what}");
        check(
            Streams(vec![Silent(119), Say("a"), Silent(59), Whole("a")]),
            &["119 text a", "178 done a"],
        )
        .await;
        // Any delta counts, those that show nothing too.
        check(
            Streams(vec![Work, Silent(59), Work, Silent(59), Whole("")]),
            &["0 working", "59 working", "118 done"],
        )
        .await;
        check(Streams(vec![Silent(600)]), &[&timed_out("120 error", NO_START)]).await;
        check(Refused(600, error(ErrorKind::Access)), &[&timed_out("120 refused", NO_START)]).await;
        check(
            Streams(vec![Say("a"), Silent(61), Whole("a")]),
            &["0 text a", &timed_out("60 error", SILENCE)],
        )
        .await;
        check(
            Streams(vec![Say("a"), Fail(error(ErrorKind::Broken))]),
            &["0 text a", "0 error it is Broken"],
        )
        .await;
        check(Refused(3, error(ErrorKind::Access)), &["3 refused it is Access"]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_limit_counts_from_the_request_on() {
        let inner = Scripted::new([Streams(vec![Silent(600)])]);
        let limits = TimeLimits { first: Duration::from_millis(1500), ..TimeLimits::default() };
        let provider = Timeouts::new(inner, limits);
        let expect = "1.5 error `scripted` sent nothing within 1.5 s of the request, the limit for a first sign of life";
        assert_eq!(watch(&provider, request(0)).await, [expect]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_not_the_provider_s_silence() {
        let inner = Scripted::new([Streams(vec![Say("a"), Silent(50), Say("b"), Whole("ab")])]);
        let provider = Timeouts::new(inner, TimeLimits::default());
        let mut deltas = provider.stream(request(0)).await.unwrap();
        let mut read = 0;
        while let Some(item) = deltas.next().await {
            item.unwrap();
            read += 1;
            tokio::time::sleep(Duration::from_secs(300)).await;
        }
        assert_eq!(read, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn delegates() {
        check_delegates(&Timeouts::new(Scripted::new([]), TimeLimits::default())).await;
    }
}
