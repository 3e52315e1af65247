//! A backend in memory, for tests of what stands on the port.
//!
//! No program runs: a table that the test gives says what each one would do. Everything else, from
//! the order of outputs to the endings, keeps the port's promises; the conformance suite runs on it.

mod volume;

use super::{
    Access, Ending, ExecSpec, Exit, Limits, Mount, Output, Program, Progress, Sandbox,
    SandboxError, SandboxProvider, SandboxSpec, Standing, Volume, VolumeName, VolumePath,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use volume::FakeVolume;

/// One thing that a program would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Waits for a place; only before the other steps.
    Wait {
        ahead: u32,
        pause: Duration,
    },
    Stdout(Bytes),
    Stderr(Bytes),
    Record(Bytes),
    /// Writes a file at an absolute path of the sandbox.
    Write {
        path: String,
        body: Bytes,
    },
    Sleep(Duration),
    /// Ends it; a program that does not say ends with code 0.
    End(Ending),
}

/// A program that is about to run.
#[derive(Clone, Debug)]
pub struct Run {
    pub spec: ExecSpec,
    pub limits: Limits,
    /// The text of the script, when the program is one and it is there.
    pub script: Option<String>,
}

type Table = dyn Fn(&Run) -> Vec<Step> + Send + Sync;

/// Sandboxes that do what a table says.
#[derive(Clone)]
pub struct FakeSandboxes {
    table: Arc<Table>,
    volumes: Volumes,
}

type Volumes = Arc<Mutex<BTreeMap<VolumeName, Arc<FakeVolume>>>>;

impl FakeSandboxes {
    /// The table is asked once for each execution.
    pub fn new(table: impl Fn(&Run) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self { table: Arc::new(table), volumes: Volumes::default() }
    }

    fn open(&self, name: &VolumeName) -> Arc<FakeVolume> {
        lock(&self.volumes).entry(name.clone()).or_default().clone()
    }
}

#[async_trait]
impl SandboxProvider for FakeSandboxes {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn standing(&self) -> Standing {
        Standing { tier: Some('A'), summary: "nothing runs at all".into(), missing: Vec::new() }
    }

    async fn prepare(&self, _progress: Progress) -> Result<(), SandboxError> {
        Ok(())
    }

    async fn start(&self, spec: SandboxSpec) -> Result<Arc<dyn Sandbox>, SandboxError> {
        let SandboxSpec { mounts, limits, gpu: _, warmth: _ } = spec;
        let mounts = mounts.into_iter().map(|mount| (self.open(&mount.volume), mount)).collect();
        let (stop, alive) = (watch::Sender::new(0), watch::Sender::new(0));
        Ok(Arc::new(FakeSandbox { table: self.table.clone(), mounts, limits, stop, alive }))
    }

    async fn volume(&self, name: &VolumeName) -> Result<Arc<dyn Volume>, SandboxError> {
        Ok(self.open(name))
    }

    async fn delete_volume(&self, name: &VolumeName) -> Result<(), SandboxError> {
        lock(&self.volumes).remove(name);
        Ok(())
    }
}

struct FakeSandbox {
    table: Arc<Table>,
    mounts: Mounts,
    limits: Limits,
    /// Counts terminations.
    stop: watch::Sender<u64>,
    /// Counts executions that run.
    alive: watch::Sender<usize>,
}

type Mounts = Arc<[(Arc<FakeVolume>, Mount)]>;

#[async_trait]
impl Sandbox for FakeSandbox {
    async fn exec(&self, spec: ExecSpec) -> Result<BoxStream<'static, Output>, SandboxError> {
        let script = match &spec.program {
            Program::Script { path, .. } => find(&self.mounts, path)
                .and_then(|(volume, _, inner)| volume.bytes(&inner))
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            Program::Runner { .. } => None,
        };
        let limit = spec.timeout;
        let steps = (self.table)(&Run { spec, limits: self.limits, script });
        let (sink, inbox) = mpsc::channel(16);
        let mut stop = self.stop.subscribe();
        stop.mark_unchanged();
        let (mounts, left) = (self.mounts.clone(), self.limits.output_bytes);
        let alive = self.alive.clone();
        alive.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            let mut started = None;
            let mut play =
                Play { steps: steps.into(), mounts, sink: sink.clone(), left, dropped: 0 };
            let played = async {
                play.admission().await;
                started = Some(Instant::now());
                // A stream that nobody reads holds the program up, and not the clock.
                timeout(limit, play.all()).await.unwrap_or(Ending::TimedOut)
            };
            let ending = tokio::select! {
                ending = played => ending,
                _ = stop.changed() => Ending::Terminated,
                () = sink.closed() => Ending::Terminated,
            };
            alive.send_modify(|count| *count -= 1);
            let exit = Exit {
                ending,
                cpu_seconds: 0.0,
                peak_memory: None,
                dropped_output: play.dropped,
                wall: started.map_or(Duration::ZERO, |at| at.elapsed()),
                cost_usd: None,
            };
            // The consumer may have gone; then nobody is to be told.
            let _ = sink.send(Output::Exited(exit)).await;
        });
        Ok(Box::pin(ReceiverStream::new(inbox)))
    }

    async fn terminate(&self) {
        self.stop.send_modify(|count| *count += 1);
        // The sender lives as long as this sandbox, so waiting cannot fail.
        let _ = self.alive.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// One program while it runs.
struct Play {
    steps: VecDeque<Step>,
    mounts: Mounts,
    sink: mpsc::Sender<Output>,
    /// Bytes of output that are still handed on.
    left: u64,
    dropped: u64,
}

impl Play {
    async fn admission(&mut self) {
        let mut waited = false;
        while let Some(Step::Wait { ahead, pause }) = self.steps.front().cloned() {
            self.steps.pop_front();
            self.say(Output::Waiting { ahead }).await;
            sleep(pause).await;
            waited = true;
        }
        if waited {
            self.say(Output::Placed).await;
        }
    }

    async fn all(&mut self) -> Ending {
        for step in std::mem::take(&mut self.steps) {
            match step {
                Step::Stdout(bytes) => self.print(Output::Stdout, bytes).await,
                Step::Stderr(bytes) => self.print(Output::Stderr, bytes).await,
                Step::Record(bytes) => self.say(Output::Record(bytes)).await,
                Step::Sleep(pause) => sleep(pause).await,
                Step::End(ending) => return ending,
                Step::Wait { .. } => panic!("a program that runs waits for no place"),
                Step::Write { path, body } => match find(&self.mounts, &path) {
                    Some((volume, Access::ReadWrite, inner)) => volume.set(inner, body),
                    _ => {
                        let said = format!("OSError: Read-only file system: '{path}'\n");
                        self.print(Output::Stderr, said.into()).await;
                        return Ending::Code(1);
                    }
                },
            }
        }
        Ending::Code(0)
    }

    async fn print(&mut self, wrap: fn(Bytes) -> Output, mut bytes: Bytes) {
        let granted = self.left.min(bytes.len() as u64);
        self.left -= granted;
        self.dropped += bytes.len() as u64 - granted;
        bytes.truncate(granted as usize);
        while !bytes.is_empty() {
            let chunk = bytes.split_to(bytes.len().min(64 * 1024));
            self.say(wrap(chunk)).await;
        }
    }

    async fn say(&self, output: Output) {
        // When nobody listens any more the whole program is about to be stopped.
        let _ = self.sink.send(output).await;
    }
}

/// The volume that shows at a path, and the path inside it.
fn find(mounts: &Mounts, path: &str) -> Option<(Arc<FakeVolume>, Access, VolumePath)> {
    let shown = mounts.iter().filter_map(|(volume, mount)| {
        let inner = path.strip_prefix(mount.at.as_str())?.strip_prefix('/')?;
        Some((mount.at.len(), (volume.clone(), mount.access, VolumePath::parse(inner).ok()?)))
    });
    // A mount inside another one covers it.
    shown.max_by_key(|(depth, _)| *depth).map(|(_, found)| found)
}

/// A test that panicked elsewhere left whole values behind: nothing here is half changed.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
