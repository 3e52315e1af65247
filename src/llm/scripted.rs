//! A provider that follows a script, and what came of a turn as lines of text: the tests of the wrapping providers.

use super::{
    Block, Brief, Completion, Delta, Deltas, ErrorKind, LlmError, LlmProvider, Request, StopReason,
    Usage,
};
use async_trait::async_trait;
use entity::vocab::Stage;
use futures::{StreamExt, stream};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

/// What an attempt does, one step after another.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Say(&'static str),
    Work,
    /// Nothing for so many seconds.
    Silent(u64),
    Fail(LlmError),
    /// The whole turn, with this text.
    Whole(&'static str),
}

/// One attempt: refused before the stream, after so many seconds; or a stream.
#[derive(Clone, Debug)]
pub(super) enum Attempt {
    Refused(u64, LlmError),
    Streams(Vec<Step>),
}

/// The provider. Once the script is at its end, every attempt is whole at once.
#[derive(Default)]
pub(super) struct Scripted {
    script: Mutex<VecDeque<Attempt>>,
    open: Arc<AtomicUsize>,
    started: AtomicUsize,
}

impl Scripted {
    pub(super) fn new(script: impl IntoIterator<Item = Attempt>) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(script.into_iter().collect()), ..Self::default() })
    }

    /// Streams that have neither ended nor been dropped.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Attempts begun.
    pub(super) fn started(&self) -> usize {
        self.started.load(Ordering::SeqCst)
    }
}

/// Counts an open stream.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl LlmProvider for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn default_model(&self) -> &str {
        "scripted-1"
    }

    fn converses(&self) -> bool {
        false
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(vec!["scripted-1".to_owned(), "scripted-0".to_owned()])
    }

    async fn recorded_answer(&self, _: &str, _: Stage, call_id: &str) -> Option<String> {
        Some(format!("the answer of {call_id}"))
    }

    async fn stream(&self, _: Request) -> Result<Deltas, LlmError> {
        self.started.fetch_add(1, Ordering::SeqCst);
        let attempt = self.script.lock().unwrap().pop_front();
        match attempt.unwrap_or_else(|| Attempt::Streams(vec![Step::Whole("")])) {
            Attempt::Refused(seconds, error) => {
                sleep(Duration::from_secs(seconds)).await;
                Err(error)
            }
            Attempt::Streams(steps) => {
                self.open.fetch_add(1, Ordering::SeqCst);
                let state = (VecDeque::from(steps), Open(self.open.clone()));
                Ok(stream::unfold(state, play).boxed())
            }
        }
    }
}

type Playing = (VecDeque<Step>, Open);

async fn play((mut steps, open): Playing) -> Option<(Result<Delta, LlmError>, Playing)> {
    let item = loop {
        match steps.pop_front()? {
            Step::Silent(seconds) => sleep(Duration::from_secs(seconds)).await,
            Step::Say(text) => break Ok(Delta::Text(text.to_owned())),
            Step::Work => break Ok(Delta::Working),
            Step::Fail(error) => break Err(error),
            Step::Whole(text) => break Ok(Delta::Done(whole(text))),
        }
    };
    Some((item, (steps, open)))
}

fn whole(text: &str) -> Completion {
    Completion {
        blocks: vec![Block::Text { text: text.to_owned() }],
        stop: StopReason::EndTurn,
        usage: Usage::default(),
    }
}

pub(super) fn error(kind: ErrorKind) -> LlmError {
    LlmError::new(kind, format!("it is {kind:?}"))
}

pub(super) fn asks(kind: ErrorKind, seconds: u64) -> LlmError {
    LlmError { retry_after: Some(Duration::from_secs(seconds)), ..error(kind) }
}

/// A request of about so many bytes.
pub(super) fn request(bytes: usize) -> Request {
    Request {
        model: "scripted-1".to_owned(),
        system: "x".repeat(bytes),
        messages: Vec::new(),
        tools: Vec::new(),
        brief: Brief {
            stage: Stage::Eda,
            dataset_dir: "/dataset".to_owned(),
            session_dir: "/session".to_owned(),
            stage_dir: "/session/eda".to_owned(),
            dataset: Value::Null,
            target: None,
            instructions: String::new(),
            earlier: Vec::new(),
            seed: 7,
            turns_left: 30,
            execution_timeout_s: 600,
            memory_mib: 4096,
            cpus: 2,
        },
        turn: 1,
        max_tokens: 1000,
        effort: None,
    }
}

/// What a turn shows, a line per delta: the seconds since the beginning, and what came.
pub(super) async fn watch(provider: &dyn LlmProvider, request: Request) -> Vec<String> {
    watch_since(Instant::now(), provider, request).await
}

/// As [`watch`], from a beginning of its own. A turn that never ends is a failure, not a test that hangs.
pub(super) async fn watch_since(
    beginning: Instant,
    provider: &dyn LlmProvider,
    request: Request,
) -> Vec<String> {
    let day = Duration::from_secs(24 * 3600);
    timeout(day, lines(beginning, provider, request)).await.expect("a turn ends within a day")
}

async fn lines(beginning: Instant, provider: &dyn LlmProvider, request: Request) -> Vec<String> {
    let mut lines = Vec::new();
    let mut deltas = match provider.stream(request).await {
        Ok(deltas) => deltas,
        Err(error) => return vec![line(beginning, "refused", &error.message)],
    };
    while let Some(item) = deltas.next().await {
        lines.push(match item {
            Ok(Delta::Text(text)) => line(beginning, "text", &text),
            Ok(Delta::Working) => line(beginning, "working", ""),
            Ok(Delta::Spent(_)) => line(beginning, "spent", ""),
            Ok(Delta::Note(note)) => line(beginning, "note", &note),
            Ok(Delta::Again { error, wait }) => {
                line(beginning, "again", &format!("in {} s: {error}", wait.as_secs_f64()))
            }
            Ok(Delta::Done(done)) => {
                let Block::Text { text } = &done.blocks[0] else { panic!("{done:?}") };
                line(beginning, "done", text)
            }
            Err(error) => line(beginning, "error", &error.message),
        });
    }
    lines
}

fn line(beginning: Instant, what: &str, text: &str) -> String {
    let seconds = beginning.elapsed().as_millis() as f64 / 1000.0;
    format!("{seconds} {what} {text}").trim_end().to_owned()
}

/// Every method but `stream` gives the inner provider's answer.
pub(super) async fn check_delegates(wrapped: &dyn LlmProvider) {
    assert_eq!(wrapped.name(), "scripted");
    assert_eq!(wrapped.default_model(), "scripted-1");
    assert!(!wrapped.converses());
    assert_eq!(wrapped.models().await.unwrap(), ["scripted-1", "scripted-0"]);
    let answer = wrapped.recorded_answer("m", Stage::Prep, "call-3").await;
    assert_eq!(answer.as_deref(), Some("the answer of call-3"));
}
