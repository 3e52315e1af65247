//! One sandbox: the folders it sees, its zygote, and the executions that run in it.

use super::{
    Shared,
    admission::{Entry, Key, Permit, Turn},
    blocking,
    cgroup::{Group, Weight},
    disk::Disk,
    environment::Ready,
    execution::{Alive, Execution, Sink, WAITING},
    gpu,
    process::Tree,
    records,
    request::Request,
    slots,
    volume::listing::Usage,
    zygote::{ForkError, Kind, Zygote},
};
use crate::sandbox::{
    Access, Ending, ExecSpec, Exit, Limits, Mount, Output, Sandbox, SandboxError, SandboxSpec,
    Warmth,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    pipe::PipeFlags,
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::BufReader,
    net::unix::pipe,
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

const ACTION: &str = "start a sandbox";
/// How long [`Sandbox::terminate`] waits for what it killed.
const GONE: Duration = Duration::from_secs(6);

pub(super) struct LocalSandbox {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    /// Who takes turns with other sandboxes.
    key: Key,
    mounts: Vec<Mount>,
    /// The folders that it may write to.
    writable: Arc<Vec<OwnedFd>>,
    limits: Limits,
    kind: Kind,
    /// Serves this sandbox and no other.
    zygote: tokio::sync::Mutex<Option<Arc<Zygote>>>,
    /// Replaced by each termination, so that what is started later is not stopped by it.
    stop: Mutex<CancellationToken>,
    alive: watch::Sender<usize>,
}

impl LocalSandbox {
    /// Checks what is asked for and opens the folders. A Python is made warm meanwhile, when there
    /// is an environment to take it from.
    pub(super) async fn start(
        shared: Arc<Shared>,
        spec: SandboxSpec,
    ) -> Result<Self, SandboxError> {
        let SandboxSpec { mut mounts, limits, gpu, warmth } = spec;
        // A mount inside another one must come after it.
        mounts.sort_by_key(|mount| mount.at.matches('/').count());
        for mount in &mounts {
            check_target(mount)?;
        }
        let kind = Kind {
            cpus: limits.cpus.max(1),
            devices: gpu::devices(gpu, &shared.places.devices)?,
            warmth,
        };
        let volumes = shared.volumes.clone();
        let wanted: Vec<_> = mounts.iter().map(|m| (m.volume.clone(), m.access)).collect();
        let writable = blocking("open the volumes of a sandbox", move || {
            let mut writable = Vec::new();
            for (volume, access) in wanted {
                let opened = volumes.make(&volume)?;
                if access == Access::ReadWrite {
                    writable.push(opened);
                }
            }
            Ok(Arc::new(writable))
        })
        .await?;
        let inner = Arc::new(Inner {
            shared,
            key: Key::new_v4(),
            mounts,
            writable,
            limits,
            kind,
            zygote: tokio::sync::Mutex::default(),
            stop: Mutex::new(CancellationToken::new()),
            alive: watch::Sender::new(0),
        });
        if let Some(ready) = inner.shared.environments.made() {
            let inner = Arc::clone(&inner);
            // What goes wrong here goes wrong again in the first execution, where it is told.
            tokio::spawn(async move {
                let zygote = inner.zygote(&ready).await?;
                zygote.prepare(&inner.limits).await.map_err(io::Error::other).map_err(failed)
            });
        }
        Ok(Self { inner })
    }
}

/// What an execution has on its side of each way.
struct Ends {
    stdout: OwnedFd,
    stderr: OwnedFd,
    record: OwnedFd,
    status: OwnedFd,
}

impl Ends {
    fn all(&self) -> [BorrowedFd<'_>; 4] {
        [&self.stdout, &self.stderr, &self.record, &self.status].map(AsFd::as_fd)
    }
}

impl Inner {
    /// The zygote of this sandbox, another one when the last has gone.
    async fn zygote(&self, ready: &Arc<Ready>) -> Result<Arc<Zygote>, SandboxError> {
        let mut held = self.zygote.lock().await;
        if let Some(zygote) = held.as_ref().filter(|zygote| !zygote.is_gone()) {
            return Ok(Arc::clone(zygote));
        }
        let zygote = match self.shared.slots.claim(ready, &self.kind) {
            Some(zygote) => zygote,
            None => {
                let kind = self.kind.clone();
                let started = Zygote::start(&self.shared, Arc::clone(ready), kind, Weight::Full);
                Arc::new(started.await.map_err(failed)?)
            }
        };
        slots::fill(&self.shared, ready);
        *held = Some(Arc::clone(&zygote));
        Ok(zygote)
    }

    /// Forks a process 1; a zygote that died since it was last seen is replaced once.
    async fn fork(
        &self,
        ready: &Arc<Ready>,
        request: &[u8],
        ends: &Ends,
    ) -> Result<(Arc<Zygote>, OwnedFd, Option<Group>), SandboxError> {
        let zygote = self.zygote(ready).await?;
        let error = match zygote.fork(request, &ends.all(), &self.limits).await {
            Ok((first, group)) => return Ok((zygote, first, group)),
            Err(error) => error,
        };
        if matches!(error, ForkError::Refused(_)) {
            return Err(failed(io::Error::other(error)));
        }
        tracing::warn!(%error, "a sandbox gets another warm Python");
        self.zygote.lock().await.take_if(|held| Arc::ptr_eq(held, &zygote));
        let zygote = self.zygote(ready).await?;
        let forked = zygote.fork(request, &ends.all(), &self.limits).await;
        let (first, group) = forked.map_err(io::Error::other).map_err(failed)?;
        Ok((zygote, first, group))
    }

    async fn launch(
        &self,
        spec: &ExecSpec,
        permit: Permit,
        alive: Alive,
    ) -> Result<Execution, SandboxError> {
        let ready = self.shared.environments.prepare(Arc::new(|_| {})).await?;
        let started = Instant::now();
        let machine = self.shared.machine()?;
        let owner = self.shared.owner;
        let (records, record, socket) =
            records::open(&self.shared.places.run, owner).map_err(failed)?;
        let (stdout, stdout_in) = way().map_err(failed)?;
        let (stderr, stderr_in) = way().map_err(failed)?;
        let (status, status_in) = way().map_err(failed)?;
        let ends = Ends { stdout: stdout_in, stderr: stderr_in, record, status: status_in };
        let request =
            Request::new(spec, &self.mounts, &self.limits, &ready, machine, socket.name());
        let request = serde_json::to_vec(&request).map_err(io::Error::from).map_err(failed)?;
        let (zygote, first, group) = self.fork(&ready, &request, &ends).await?;
        if self.kind.warmth == Warmth::Warm {
            zygote.prepare_soon(&self.limits);
        }
        let most =
            Usage { bytes: self.limits.disk_mib.saturating_mul(1 << 20), files: self.limits.files };
        Ok(Execution {
            tree: Tree::new(first, group).map_err(failed)?,
            stdout,
            stderr,
            status: BufReader::new(status),
            records,
            socket,
            disk: Disk { folders: self.writable.clone(), most },
            timeout: spec.timeout,
            output_bytes: self.limits.output_bytes,
            started,
            permit,
            alive,
            zygote,
        })
    }

    /// Waits for a place with the stream open already, so that whoever reads it sees the queue.
    async fn wait(
        &self,
        spec: ExecSpec,
        mut ahead: usize,
        mut entry: Entry,
        alive: Alive,
        sink: Sink,
        stop: CancellationToken,
    ) {
        let permit = loop {
            let ahead_now = u32::try_from(ahead).unwrap_or(u32::MAX);
            if sink.send(Output::Waiting { ahead: ahead_now }).await.is_err() {
                return;
            }
            let turn = tokio::select! {
                turn = entry.next() => turn,
                () = sink.closed() => return,
                () = stop.cancelled() => None,
            };
            match turn {
                Some(Turn::Waiting { ahead: now }) => ahead = now,
                Some(Turn::Entered(permit)) => break permit,
                None => {
                    let _ = sink.send(unstarted(Ending::Terminated)).await;
                    return;
                }
            }
        };
        if sink.send(Output::Placed).await.is_err() {
            return;
        }
        let begun = match self.launch(&spec, permit, alive).await {
            Ok(execution) => execution.begin(sink.clone(), stop).await,
            Err(error) => Err(error),
        };
        if let Err(error) = begun {
            let said = Bytes::from(format!("{error}\n"));
            let _ = sink.send(Output::Stderr(said)).await;
            let _ = sink.send(unstarted(Ending::NotStarted)).await;
        }
    }
}

#[async_trait]
impl Sandbox for LocalSandbox {
    async fn exec(&self, spec: ExecSpec) -> Result<BoxStream<'static, Output>, SandboxError> {
        let inner = self.inner.clone();
        // Taken first: a termination from here on is meant for this one too.
        let stop = inner.stop.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let alive = Alive::new(&inner.alive);
        let (sink, inbox) = mpsc::channel(WAITING);
        let mut entry = inner.shared.admission.enter(inner.key, inner.limits.memory_mib);
        match entry.next().await {
            Some(Turn::Entered(permit)) => {
                // A task of its own, so that a start is never broken off half way. When nobody
                // waits for the stream any more it is dropped, and that kills what was started.
                let begun = tokio::spawn(async move {
                    inner.launch(&spec, permit, alive).await?.begin(sink, stop).await
                });
                begun.await.unwrap_or_else(|ended| Err(failed(io::Error::other(ended))))?;
            }
            Some(Turn::Waiting { ahead }) => {
                tokio::spawn(async move {
                    inner.wait(spec, ahead, entry, alive, sink, stop).await;
                });
            }
            None => return Err(failed(io::Error::other("the queue for a place has ended"))),
        }
        Ok(Box::pin(ReceiverStream::new(inbox)))
    }

    async fn terminate(&self) {
        let stop = {
            let mut stop = self.inner.stop.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *stop)
        };
        stop.cancel();
        let mut alive = self.inner.alive.subscribe();
        // What outlasts this was logged as a fault of the machine by who tried to kill it.
        let _ = tokio::time::timeout(GONE, alive.wait_for(|count| *count == 0)).await;
    }
}

fn failed(source: io::Error) -> SandboxError {
    super::disk_error(ACTION, source)
}

/// The end of an execution that never began.
fn unstarted(ending: Ending) -> Output {
    Output::Exited(Exit {
        ending,
        cpu_seconds: 0.0,
        peak_memory: None,
        dropped_output: 0,
        wall: Duration::ZERO,
        cost_usd: None,
    })
}

/// A pipe whose other end goes into the sandbox.
fn way() -> io::Result<(pipe::Receiver, OwnedFd)> {
    let (ours, theirs) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    Ok((pipe::Receiver::from_owned_fd(ours)?, theirs))
}

/// Volumes appear below `/data` and nowhere else, so that none covers the system.
fn check_target(mount: &Mount) -> Result<(), SandboxError> {
    let inner = mount.at.strip_prefix("/data/");
    if inner.is_some_and(|path| crate::sandbox::VolumePath::parse(path).is_ok()) {
        return Ok(());
    }
    let why = format!("a volume cannot appear at `{}`; choose a path below /data", mount.at);
    let source = io::Error::new(io::ErrorKind::InvalidInput, why);
    Err(SandboxError::Io { action: "open the volumes of a sandbox", source })
}
