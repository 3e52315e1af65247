//! One zygote: a Python inside bubblewrap that has imported what most scripts import, and forks a
//! process for each execution of the one sandbox that it serves.
//!
//! Its own program is `python/zygote/trainable_zygote`. It never runs what a model wrote; an
//! execution has process, mount and IPC namespaces of its own and cannot reach it.

mod control;

use super::{
    Shared,
    cgroup::{Cgroups, Group, Weight},
    command,
    environment::Ready,
    gpu::Devices,
    launch::{self, Plan},
    process::{Processes, first_process},
};
use crate::sandbox::{Limits, Warmth};
use control::Control;
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    pipe::PipeFlags,
    process::Resource,
};
use serde::Deserialize;
use std::{
    io,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, BufReader},
    net::unix::pipe,
    process::ChildStderr,
    sync::{Mutex, mpsc, watch},
    time::timeout,
};

/// How long bubblewrap and Python may take to start on a busy machine, and a fork.
const START: Duration = Duration::from_secs(20);
/// How long the next execution's groups are not made for: the cores belong to the one that begins.
const PAUSE: Duration = Duration::from_millis(30);
/// What announces groups to enter; all other messages are requests.
const PREPARE: &[u8] = b"prepare";
/// Bytes of what a zygote wrote to stderr that are kept for the message when it dies.
const KEPT: usize = 4096;

/// What zygotes differ in: one serves only sandboxes that want the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub cpus: u32,
    pub devices: Devices,
    pub warmth: Warmth,
}

/// How far a zygote is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    /// It takes requests and imports between them.
    Up,
    /// It has imported all that it was to import.
    Ready,
    Gone,
}

/// A running zygote; dropping it kills it and every execution that it forked.
pub(super) struct Zygote {
    pub kind: Kind,
    /// What it has imported belongs to this environment.
    pub environment: Arc<Ready>,
    control: Arc<Control>,
    serving: Mutex<Serving>,
    cgroups: Option<Arc<Cgroups>>,
    state: watch::Receiver<State>,
    last_words: Arc<StdMutex<Vec<u8>>>,
    processes: Option<Processes>,
}

/// Held from a request to its answer, so that answers are told apart by their order.
struct Serving {
    answers: mpsc::Receiver<Result<OwnedFd, String>>,
    /// The group that the next execution enters, or has entered.
    ahead: Option<Group>,
}

/// Why an execution was not forked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ForkError {
    /// The zygote is no more; another one may do better.
    #[error("the warm Python of the sandbox has ended: {0}")]
    Gone(String),
    #[error("{0}")]
    Refused(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    Up(Up),
    Warm(serde::de::IgnoredAny),
    Forked(serde::de::IgnoredAny),
    Failed(String),
}

#[derive(Deserialize)]
struct Up {
    user_namespaces_forbidden: bool,
}

impl Zygote {
    /// Starts one and waits until it takes requests; its imports go on after that.
    ///
    /// *Errors*: what bubblewrap or Python said instead of starting.
    pub(super) async fn start(
        shared: &Shared,
        environment: Arc<Ready>,
        kind: Kind,
        weight: Weight,
    ) -> io::Result<Self> {
        let machine = shared.machine().map_err(io::Error::other)?;
        let (control, theirs) = Control::open()?;
        let (info, info_in) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let seccomp = launch::memory_file(&shared.seccomp)?;
        let group =
            machine.cgroups.as_ref().map(|all| all.zygote(kind.cpus, weight)).transpose()?;
        let args = command::Shape {
            places: &shared.places,
            ready: &environment,
            kind: &kind,
            control: &theirs,
            seccomp: &seccomp,
            info: &info_in,
        }
        .args();
        let entrances = group.as_ref().map(Group::entrances).transpose()?.unwrap_or_default();
        let plan = Plan {
            bwrap: machine.bwrap.clone(),
            args,
            keep: vec![theirs, seccomp, info_in],
            cgroups: entrances,
            limits: vec![(Resource::Core, 0)],
            user: shared.owner,
        };
        let child = shared.launcher.launch(plan).await?;
        let mut processes = Processes { child, first: None, group };
        let last_words = Arc::default();
        if let Some(stderr) = processes.child.stderr.take() {
            tokio::spawn(keep_last_words(stderr, Arc::clone(&last_words)));
        }
        let mut info = pipe::Receiver::from_owned_fd(info)?;
        processes.first = timeout(START, first_process(&mut info)).await.ok().flatten();
        let control = Arc::new(control);
        let (told, state) = watch::channel(State::Starting);
        let (answered, answers) = mpsc::channel(1);
        tokio::spawn(listen(Arc::clone(&control), told, answered));
        let zygote = Self {
            kind,
            environment,
            control,
            serving: Mutex::new(Serving { answers, ahead: None }),
            cgroups: machine.cgroups.clone(),
            state,
            last_words,
            processes: Some(processes),
        };
        zygote.up().await.map_err(io::Error::other)?;
        Ok(zygote)
    }

    async fn up(&self) -> Result<(), String> {
        let mut state = self.state.clone();
        let told = timeout(START, state.wait_for(|state| *state != State::Starting));
        let told = told.await.map(|told| told.map_or(State::Gone, |state| *state));
        match told {
            Ok(State::Up | State::Ready) => Ok(()),
            Ok(State::Starting | State::Gone) => Err(self.said().await),
            Err(_) => Err("the sandbox's Python does not answer".to_owned()),
        }
    }

    /// Takes its full share of the cores: somebody waits for it now.
    pub(super) fn hurry(&self) {
        let group = self.processes.as_ref().and_then(|processes| processes.group.as_ref());
        if let Some(Err(error)) = group.map(|group| group.weigh(Weight::Full)) {
            tracing::warn!(%error, "a claimed sandbox keeps a small share of the cores");
        }
    }

    /// Whether everything is imported.
    pub(super) fn is_warm(&self) -> bool {
        *self.state.borrow() == State::Ready
    }

    pub(super) fn is_gone(&self) -> bool {
        *self.state.borrow() == State::Gone
    }

    /// Waits until everything is imported, or the zygote has gone.
    pub(super) async fn settled(&self) {
        let mut state = self.state.clone();
        // The channel closes with the zygote, and then there is nothing to wait for either.
        let _ = state.wait_for(|state| matches!(state, State::Ready | State::Gone)).await;
    }

    /// Lets the next execution enter a group before it is asked for: with cgroups of version 1
    /// entering waits for the whole machine, and is most of what a start would cost.
    ///
    /// *Errors*: the zygote is no more, or the group cannot be made.
    pub(super) async fn prepare(&self, limits: &Limits) -> Result<(), ForkError> {
        self.prepare_for(&mut *self.serving.lock().await, limits).await
    }

    /// Like [`Zygote::prepare`], in a while and without being waited for.
    pub(super) fn prepare_soon(self: &Arc<Self>, limits: &Limits) {
        let (zygote, limits) = (Arc::downgrade(self), *limits);
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            let Some(zygote) = zygote.upgrade() else { return };
            // What goes wrong here goes wrong again in the next execution, where it is told.
            let _ = zygote.prepare(&limits).await;
        });
    }

    async fn prepare_for(&self, serving: &mut Serving, limits: &Limits) -> Result<(), ForkError> {
        let Some(cgroups) = self.cgroups.as_ref().filter(|_| serving.ahead.is_none()) else {
            return Ok(());
        };
        let (cgroups, limits) = (Arc::clone(cgroups), *limits);
        let made = tokio::task::spawn_blocking(move || {
            let group = cgroups.execution(&limits)?;
            group.entrances().map(|entrances| (group, entrances))
        });
        let made = made.await.unwrap_or_else(|ended| Err(io::Error::other(ended)));
        let (group, entrances) = made.map_err(|error| ForkError::Refused(error.to_string()))?;
        let entrances: Vec<_> = entrances.iter().map(AsFd::as_fd).collect();
        let sent = timeout(START, self.control.send(PREPARE, &entrances)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Err(ForkError::Gone(self.said().await));
        }
        serving.ahead = Some(group);
        Ok(())
    }

    /// Forks an execution and returns a descriptor of its process 1, and its group.
    ///
    /// The descriptors are stdout, stderr, records and status. All executions of a zygote have the
    /// same limits.
    pub(super) async fn fork(
        &self,
        request: &[u8],
        fds: &[BorrowedFd<'_>],
        limits: &Limits,
    ) -> Result<(OwnedFd, Option<Group>), ForkError> {
        let mut serving = self.serving.lock().await;
        self.prepare_for(&mut serving, limits).await?;
        let exchanged = timeout(START, async {
            self.control.send(request, fds).await.ok()?;
            serving.answers.recv().await
        });
        match exchanged.await {
            Ok(Some(answer)) => {
                // Whatever the answer is: a request uses up what was prepared for it.
                let group = serving.ahead.take();
                answer.map(|first| (first, group)).map_err(ForkError::Refused)
            }
            Ok(None) => Err(ForkError::Gone(self.said().await)),
            // It may still begin what was asked, so it ends and the request is not made again.
            Err(_) => {
                self.control.close();
                Err(ForkError::Refused("the sandbox's Python does not answer".to_owned()))
            }
        }
    }

    /// The last that was written to stderr.
    async fn said(&self) -> String {
        // What was written just before the end may still be on its way.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let kept = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        match String::from_utf8_lossy(&kept).trim() {
            "" => "it said nothing".to_owned(),
            said => said.to_owned(),
        }
    }
}

impl Drop for Zygote {
    fn drop(&mut self) {
        let Some(mut processes) = self.processes.take() else { return };
        processes.kill();
        let ahead = self.serving.get_mut().ahead.take();
        // Waited for, so that nothing of it is left when somebody looks; without a runtime the
        // handle's own drop does it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                processes.finish().await;
                drop(ahead);
            });
        }
    }
}

/// Sorts what a zygote says, until it says no more.
async fn listen(
    control: Arc<Control>,
    state: watch::Sender<State>,
    answers: mpsc::Sender<Result<OwnedFd, String>>,
) {
    while let Ok(Some((text, fd))) = control.receive().await {
        let message = serde_json::from_slice(&text);
        let answer = match (message, fd) {
            (Ok(Message::Up(up)), _) => {
                if !up.user_namespaces_forbidden {
                    tracing::warn!(
                        "the system-call filter alone forbids user namespaces in a sandbox"
                    );
                }
                state.send_replace(State::Up);
                continue;
            }
            (Ok(Message::Warm(_)), _) => {
                state.send_replace(State::Ready);
                continue;
            }
            (Ok(Message::Forked(_)), Some(fd)) => Ok(fd),
            (Ok(Message::Failed(why)), _) => Err(why),
            (Ok(Message::Forked(_)), None) => Err("an execution was forked out of reach".into()),
            (Err(_), _) => break,
        };
        if answers.send(answer).await.is_err() {
            break;
        }
    }
    state.send_replace(State::Gone);
}

async fn keep_last_words(stderr: ChildStderr, kept: Arc<StdMutex<Vec<u8>>>) {
    let mut stderr = BufReader::new(stderr);
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut piece).await {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&piece[..read]);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
}
