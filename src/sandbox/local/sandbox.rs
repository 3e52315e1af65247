//! One sandbox: the folders it sees, and the executions that run in it.

use super::{
    Shared, blocking,
    cgroup::Group,
    command::{Bind, Shape},
    disk::Disk,
    execution::{Alive, Execution},
    launch::{self, Plan},
    probe::Machine,
    process::Processes,
    records,
    volume::listing::Usage,
};
use crate::sandbox::{Access, ExecSpec, Limits, Mount, Output, Sandbox, SandboxError, SandboxSpec};
use async_trait::async_trait;
use futures::stream::BoxStream;
use rustix::{fd::OwnedFd, pipe::PipeFlags, process::Resource};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{io::BufReader, net::unix::pipe, sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

const ACTION: &str = "start a sandbox";
/// How long [`Sandbox::terminate`] waits for what it killed.
const GONE: Duration = Duration::from_secs(6);

pub(super) struct LocalSandbox {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    binds: Vec<Bind>,
    /// The folders that it may write to.
    writable: Arc<Vec<OwnedFd>>,
    limits: Limits,
    /// Replaced by each termination, so that what is started later is not stopped by it.
    stop: Mutex<CancellationToken>,
    alive: watch::Sender<usize>,
}

impl LocalSandbox {
    /// Checks what is asked for and opens the folders; starts nothing.
    pub(super) async fn start(
        shared: Arc<Shared>,
        spec: SandboxSpec,
    ) -> Result<Self, SandboxError> {
        let SandboxSpec { mut mounts, limits, gpu: _ } = spec;
        // A mount inside another one must come after it.
        mounts.sort_by_key(|mount| mount.at.matches('/').count());
        for mount in &mounts {
            check_target(mount)?;
        }
        let volumes = shared.volumes.clone();
        let folder = shared.volumes_folder.clone();
        let (binds, writable) = blocking("open the volumes of a sandbox", move || {
            let mut binds = Vec::new();
            let mut writable = Vec::new();
            for Mount { volume, at, access } in mounts {
                let opened = volumes.make(&volume)?;
                if access == Access::ReadWrite {
                    writable.push(opened);
                }
                binds.push(Bind { source: folder.join(volume.as_str()), at, access });
            }
            Ok((binds, Arc::new(writable)))
        })
        .await?;
        let stop = Mutex::new(CancellationToken::new());
        let alive = watch::Sender::new(0);
        let inner = Inner { shared, binds, writable, limits, stop, alive };
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl Inner {
    async fn launch(&self, spec: &ExecSpec) -> Result<Execution, SandboxError> {
        let failed = |source: io::Error| super::disk_error(ACTION, source);
        let errno = |error: rustix::io::Errno| super::disk_error(ACTION, error.into());
        let started = Instant::now();
        let alive = Alive::new(&self.alive);
        let ready = self.shared.environments.prepare(Arc::new(|_| {})).await?;
        let machine = self.shared.machine()?;

        let owner = self.shared.owner;
        let (records, record, socket) = records::open(&self.shared.run, owner).map_err(failed)?;
        let (status, status_in) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(errno)?;
        let (info, info_in) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(errno)?;
        let seccomp = launch::memory_file(&self.shared.seccomp).map_err(failed)?;
        let group = match &machine.cgroups {
            Some(cgroups) => Some(cgroups.group(&self.limits).map_err(failed)?),
            None => None,
        };
        let path = socket.socket();
        let isolation =
            super::command::isolation(&self.shared.etc, machine.abilities, &self.limits);
        let shape = Shape {
            isolation,
            ready: &ready,
            binds: &self.binds,
            socket: &path,
            limits: &self.limits,
            spec,
            seccomp: &seccomp,
            status: &status_in,
            info: &info_in,
            record: &record,
            limit_processes: machine.processes_per_sandbox,
        };
        let plan = Plan {
            bwrap: machine.bwrap.clone(),
            args: shape.args(),
            keep: vec![seccomp, status_in, info_in, record],
            cgroups: group
                .as_ref()
                .map(Group::entrances)
                .transpose()
                .map_err(failed)?
                .unwrap_or_default(),
            limits: rlimits(&self.limits, machine),
            user: owner,
        };
        let child = self.shared.launcher.launch(plan).await.map_err(failed)?;
        let most =
            Usage { bytes: self.limits.disk_mib.saturating_mul(1 << 20), files: self.limits.files };
        Ok(Execution {
            processes: Processes { child, first: None, group },
            status: BufReader::new(pipe::Receiver::from_owned_fd(status).map_err(failed)?),
            info: pipe::Receiver::from_owned_fd(info).map_err(failed)?,
            records,
            socket,
            disk: Disk { folders: self.writable.clone(), most },
            timeout: spec.timeout,
            output_bytes: self.limits.output_bytes,
            started,
            alive,
        })
    }
}

#[async_trait]
impl Sandbox for LocalSandbox {
    async fn exec(&self, spec: ExecSpec) -> Result<BoxStream<'static, Output>, SandboxError> {
        let inner = self.inner.clone();
        // Taken first: a termination from here on is meant for this one too.
        let stop = inner.stop.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A task of its own, so that a start is never broken off: bubblewrap, killed between making
        // process 1 and telling of it, would leave it behind. When nobody waits for the stream any
        // more it is dropped, and that kills what was started.
        let begun = tokio::spawn(async move { inner.launch(&spec).await?.begin(stop).await });
        begun.await.unwrap_or_else(|ended| {
            Err(SandboxError::Io { action: ACTION, source: io::Error::other(ended) })
        })
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

/// Limits of each process; those of the whole execution are the cgroup's, where there is one.
fn rlimits(limits: &Limits, machine: &Machine) -> Vec<(Resource, u64)> {
    let mib = |count: u64| count.saturating_mul(1 << 20);
    let mut all = vec![
        (Resource::Core, 0),
        (Resource::Nofile, limits.open_files),
        (Resource::Fsize, mib(limits.disk_mib)),
    ];
    if machine.cgroups.is_none() {
        // Private memory rather than address space: threaded libraries reserve far more than they use.
        all.push((Resource::Data, mib(limits.memory_mib)));
    }
    all
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
