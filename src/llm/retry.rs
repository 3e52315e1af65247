//! A wrapping provider that tries again what may pass: errors before the stream and in the middle of it.
//!
//! A turn has no effects, so another attempt never runs anything twice. What an attempt had said before it broke
//! is void; [`Delta::Again`] tells.

use super::{Delta, Deltas, ErrorKind, LlmError, LlmProvider, Request};
use async_trait::async_trait;
use entity::vocab::Stage;
use futures::{StreamExt, stream};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::time::sleep;

/// How often and how soon another attempt is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts of one turn, the first included.
    pub attempts: NonZeroU32,
    /// The longest wait after the first attempt; it doubles with every further one.
    pub base: Duration,
    /// Where the doubling ends.
    pub cap: Duration,
    /// The longest wait that a provider may ask for; a turn that had to wait longer ends.
    pub longest_asked: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: NonZeroU32::new(5).expect("not zero"),
            base: Duration::from_secs(1),
            cap: Duration::from_secs(60),
            longest_asked: Duration::from_secs(300),
        }
    }
}

/// Draws a time between zero and the given one.
pub type Jitter = Arc<dyn Fn(Duration) -> Duration + Send + Sync>;

/// The provider.
pub struct Retries {
    inner: Arc<dyn LlmProvider>,
    policy: RetryPolicy,
    jitter: Jitter,
}

impl Retries {
    /// With a jitter that is random.
    pub fn new(inner: Arc<dyn LlmProvider>, policy: RetryPolicy) -> Self {
        Self::with_jitter(inner, policy, Arc::new(|most| most.mul_f64(fastrand::f64())))
    }

    pub fn with_jitter(inner: Arc<dyn LlmProvider>, policy: RetryPolicy, jitter: Jitter) -> Self {
        Self { inner, policy, jitter }
    }
}

#[async_trait]
impl LlmProvider for Retries {
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

    /// *Shape*: the deltas of each attempt, `Again` between two of them. Every error comes in the stream.
    ///
    /// *Errors*: the last attempt's, with the number of attempts when there were several.
    async fn stream(&self, request: Request) -> Result<Deltas, LlmError> {
        let turn = Turn {
            inner: self.inner.clone(),
            request,
            policy: self.policy,
            jitter: self.jitter.clone(),
            attempts: 0,
            step: Step::Start,
        };
        Ok(stream::unfold(turn, Turn::next).boxed())
    }
}

/// One turn, over all its attempts.
struct Turn {
    inner: Arc<dyn LlmProvider>,
    request: Request,
    policy: RetryPolicy,
    jitter: Jitter,
    /// Attempts begun.
    attempts: u32,
    step: Step,
}

/// What a turn does next.
enum Step {
    Start,
    Read(Deltas),
    Wait(Duration),
    End,
}

impl Turn {
    async fn next(mut self) -> Option<(Result<Delta, LlmError>, Self)> {
        loop {
            // A step that is over is dropped before the next begins: a broken stream frees its place before the wait.
            match std::mem::replace(&mut self.step, Step::End) {
                Step::Start => {
                    self.attempts += 1;
                    match self.inner.stream(self.request.clone()).await {
                        Ok(deltas) => self.step = Step::Read(deltas),
                        Err(error) => return Some((self.broke(error), self)),
                    }
                }
                Step::Read(mut deltas) => match deltas.next().await {
                    Some(Ok(Delta::Done(done))) => return Some((Ok(Delta::Done(done)), self)),
                    Some(Ok(delta)) => {
                        self.step = Step::Read(deltas);
                        return Some((Ok(delta), self));
                    }
                    Some(Err(error)) => return Some((self.broke(error), self)),
                    None => {
                        let name = self.inner.name();
                        let error = LlmError::new(
                            ErrorKind::Broken,
                            format!("the answer of `{name}` ended before it was whole"),
                        );
                        return Some((self.broke(error), self));
                    }
                },
                Step::Wait(wait) => {
                    sleep(wait).await;
                    self.step = Step::Start;
                }
                Step::End => return None,
            }
        }
    }

    /// An attempt broke: another one follows, or the turn ends.
    fn broke(&mut self, mut error: LlmError) -> Result<Delta, LlmError> {
        let asked = error.retry_after;
        let too_long = asked.filter(|asked| *asked > self.policy.longest_asked);
        let passing = error.kind.is_passing();
        if passing && too_long.is_none() && self.attempts < self.policy.attempts.get() {
            let wait = match asked {
                // Jitter here too: those who were told the same time must not come back as one.
                Some(asked) => asked + (self.jitter)(self.policy.base),
                None => (self.jitter)(self.backoff()),
            };
            self.step = Step::Wait(wait);
            return Ok(Delta::Again { error, wait });
        }
        if let Some(asked) = too_long.filter(|_| passing) {
            error.message += &format!("; it asks to be left alone for {}", spoken(asked));
        }
        if self.attempts > 1 {
            error.message += &format!("; {} attempts were made", self.attempts);
        }
        Err(error)
    }

    /// The longest wait after as many attempts.
    fn backoff(&self) -> Duration {
        let doubled = 2_u32.checked_pow(self.attempts - 1);
        let wait = doubled.and_then(|factor| self.policy.base.checked_mul(factor));
        wait.map_or(self.policy.cap, |wait| wait.min(self.policy.cap))
    }
}

/// A time as people say it, rounded up.
fn spoken(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    match minutes {
        ..=1 => format!("{} s", time.as_secs()),
        2..=119 => format!("{minutes} minutes"),
        120.. => format!("{} hours", minutes.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::scripted::{
        Attempt::{self, Refused, Streams},
        Scripted,
        Step::{Fail, Say, Silent, Whole},
        asks, check_delegates, error, request, watch,
    };
    use ErrorKind::*;

    /// All of the time that may be waited, so that the waits are known.
    fn longest() -> Jitter {
        Arc::new(|most| most)
    }

    async fn check(script: Vec<Attempt>, expect: &[&str]) {
        let inner = Scripted::new(script);
        let provider = Retries::with_jitter(inner.clone(), RetryPolicy::default(), longest());
        assert_eq!(watch(&provider, request(0)).await, expect);
        assert_eq!(inner.open(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_again_what_may_pass() {
        check(vec![Streams(vec![Say("a"), Whole("a")])], &["0 text a", "0 done a"]).await;
        for kind in [RateLimited, Overloaded, Unreachable, TimedOut, Broken] {
            check(
                vec![Refused(0, error(kind)), Streams(vec![Whole("a")])],
                &[&format!("0 again in 1 s: it is {kind:?}"), "1 done a"],
            )
            .await;
        }
        // In the middle: what was shown is void.
        check(
            vec![
                Streams(vec![Say("a"), Silent(2), Fail(error(Broken))]),
                Streams(vec![Say("b"), Whole("b")]),
            ],
            &["0 text a", "2 again in 1 s: it is Broken", "3 text b", "3 done b"],
        )
        .await;
        // A stream that just ends is broken, too.
        check(
            vec![Streams(vec![Say("a")]), Streams(vec![Whole("b")])],
            &[
                "0 text a",
                "0 again in 1 s: the answer of `scripted` ended before it was whole",
                "1 done b",
            ],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn never_tries_again_what_cannot_pass() {
        for kind in [Access, UnknownModel, Quota, ContextOverflow, BadRequest, Unusable] {
            check(vec![Refused(0, error(kind))], &[&format!("0 error it is {kind:?}")]).await;
            check(
                vec![Streams(vec![Say("a"), Fail(error(kind))])],
                &["0 text a", &format!("0 error it is {kind:?}")],
            )
            .await;
        }
        check(
            vec![Refused(0, error(Overloaded)), Refused(0, asks(Quota, 900))],
            &["0 again in 1 s: it is Overloaded", "1 error it is Quota; 2 attempts were made"],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn waits_twice_as_long_each_time_and_gives_up() {
        check(
            vec![Refused(0, error(Overloaded)); 9],
            &[
                "0 again in 1 s: it is Overloaded",
                "1 again in 2 s: it is Overloaded",
                "3 again in 4 s: it is Overloaded",
                "7 again in 8 s: it is Overloaded",
                "15 error it is Overloaded; 5 attempts were made",
            ],
        )
        .await;
        let attempts = NonZeroU32::new(40).unwrap();
        let policy = RetryPolicy { attempts, ..RetryPolicy::default() };
        let inner = Scripted::new(vec![Refused(0, error(Overloaded)); 40]);
        let lines = watch(&Retries::with_jitter(inner, policy, longest()), request(0)).await;
        let capped = |line: &String| line.ends_with("again in 60 s: it is Overloaded");
        assert_eq!(lines.iter().filter(|line| capped(line)).count(), 40 - 1 - 6);
        let one = RetryPolicy { attempts: NonZeroU32::MIN, ..policy };
        let inner = Scripted::new([Refused(0, error(Overloaded))]);
        let lines = watch(&Retries::new(inner, one), request(0)).await;
        assert_eq!(lines, ["0 error it is Overloaded"]);
    }

    #[tokio::test(start_paused = true)]
    async fn honours_what_the_provider_asks_for() {
        check(
            vec![Refused(0, asks(RateLimited, 20)), Streams(vec![Whole("a")])],
            &["0 again in 21 s: it is RateLimited", "21 done a"],
        )
        .await;
        check(
            vec![Refused(0, asks(RateLimited, 300)), Streams(vec![Whole("a")])],
            &["0 again in 301 s: it is RateLimited", "301 done a"],
        )
        .await;
        let too_long = "it is RateLimited; it asks to be left alone for";
        for (seconds, spoken) in [(301, "6 minutes"), (1200, "20 minutes"), (9000, "3 hours")] {
            check(
                vec![Refused(0, asks(RateLimited, seconds))],
                &[&format!("0 error {too_long} {spoken}")],
            )
            .await;
        }
        check(
            vec![Refused(0, error(Broken)), Refused(0, asks(RateLimited, 600))],
            &[
                "0 again in 1 s: it is Broken",
                &format!("1 error {too_long} 10 minutes; 2 attempts were made"),
            ],
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_jitter_is_full_and_random() {
        let policy = RetryPolicy::default();
        let mut waits = Vec::new();
        for _ in 0..200 {
            let inner = Scripted::new([Refused(0, error(Overloaded))]);
            let mut deltas = Retries::new(inner, policy).stream(request(0)).await.unwrap();
            let Some(Ok(Delta::Again { wait, .. })) = deltas.next().await else { panic!() };
            waits.push(wait);
        }
        assert!(waits.iter().all(|wait| *wait <= policy.base), "{waits:?}");
        assert!(waits.iter().min() < Some(&Duration::from_millis(200)), "{waits:?}");
        assert!(waits.iter().max() > Some(&Duration::from_millis(800)), "{waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_turn_tries_nothing_more() {
        let inner = Scripted::new([
            Refused(0, error(Overloaded)),
            Streams(vec![Say("a"), Silent(10), Whole("a")]),
        ]);
        let provider = Retries::with_jitter(inner.clone(), RetryPolicy::default(), longest());
        let mut deltas = provider.stream(request(0)).await.unwrap();
        assert_eq!(inner.started(), 0, "nothing begins before somebody reads");
        deltas.next().await;
        assert_eq!(
            (inner.started(), inner.open()),
            (1, 0),
            "a broken attempt is gone while it waits"
        );
        deltas.next().await;
        assert_eq!((inner.started(), inner.open()), (2, 1));
        drop(deltas);
        sleep(Duration::from_secs(1000)).await;
        assert_eq!((inner.started(), inner.open()), (2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn delegates() {
        check_delegates(&Retries::new(Scripted::new([]), RetryPolicy::default())).await;
    }
}
