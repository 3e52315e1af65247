//! Starting bubblewrap: from one thread, with nothing of the server's own.
//!
//! bubblewrap dies with the *thread* that started it, so every start happens on one thread that
//! lives as long as the backend does. Between fork and exec the child enters its cgroups, takes its
//! limits, drops the server's user and marks every descriptor but the wanted ones to be closed.

use rustix::{
    fd::{AsRawFd, OwnedFd},
    fs::{Gid, Mode, OFlags, Uid},
    io::{FdFlags, fcntl_setfd},
    process::{Resource, Rlimit, Signal},
};
use std::{
    ffi::OsString, io, os::unix::process::CommandExt, path::PathBuf, process::Stdio, thread,
};
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
};

/// What to start, and as whom.
pub(super) struct Plan {
    pub bwrap: PathBuf,
    pub args: Vec<OsString>,
    /// Descriptors that the child keeps under their present numbers.
    pub keep: Vec<OwnedFd>,
    /// `cgroup.procs` files to enter.
    pub cgroups: Vec<OwnedFd>,
    pub limits: Vec<(Resource, u64)>,
    /// The user to become; `None` stays the caller's.
    pub user: Option<(Uid, Gid)>,
}

/// The thread that starts programs.
pub(super) struct Launcher {
    jobs: std::sync::mpsc::Sender<Job>,
}

struct Job {
    plan: Plan,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

impl Launcher {
    /// Starts the thread; it ends, and all it started with it, when the launcher is dropped.
    pub(super) fn new() -> io::Result<Self> {
        let (jobs, inbox) = std::sync::mpsc::channel::<Job>();
        thread::Builder::new().name("sandbox-launcher".into()).spawn(move || {
            for Job { plan, runtime, reply } in inbox {
                let _entered = runtime.enter();
                // Nobody waits for the reply any more: the child dies with its handle.
                let _ = reply.send(spawn(plan));
            }
        })?;
        Ok(Self { jobs })
    }

    /// Starts a program, its stderr piped, killed when the handle is dropped.
    pub(super) async fn launch(&self, plan: Plan) -> io::Result<Child> {
        let (reply, answer) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts sandboxes has ended");
        self.jobs.send(Job { plan, runtime: Handle::current(), reply }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn spawn(plan: Plan) -> io::Result<Child> {
    let mut command = Command::from(command(plan));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    command.spawn()
}

/// A command that starts a plan; it holds the plan's descriptors until it is dropped.
pub(super) fn command(plan: Plan) -> std::process::Command {
    let mut command = std::process::Command::new(&plan.bwrap);
    command.args(&plan.args).env_clear().current_dir("/");
    // SAFETY: between fork and exec only system calls are made; nothing allocates or locks, and
    // the captured values are only read.
    unsafe { command.pre_exec(move || confine(&plan)) };
    command
}

fn confine(plan: &Plan) -> io::Result<()> {
    for procs in &plan.cgroups {
        rustix::io::write(procs, b"0")?;
    }
    // Descriptors in flight count for all sandboxes together against the limit of who sends: a low
    // one would let any program keep every zygote from passing its requests on.
    let most = rustix::process::getrlimit(Resource::Nofile).maximum;
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?;
    // The host's out-of-memory killer should take a sandbox before anything else, and its program,
    // which raises this to the most, before its zygote.
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    if let Ok(score) = rustix::fs::open(c"/proc/self/oom_score_adj", flags, Mode::empty()) {
        let _ = rustix::io::write(&score, b"500");
    }
    for (resource, most) in &plan.limits {
        limit(*resource, *most)?;
    }
    if let Some((uid, gid)) = plan.user {
        rustix::thread::set_thread_groups(&[])?;
        rustix::thread::set_thread_res_gid(gid, gid, gid)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    }
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    close_on_exec_from(3)?;
    for fd in &plan.keep {
        fcntl_setfd(fd, FdFlags::empty())?;
    }
    Ok(())
}

/// Never above what the server itself was given: an unprivileged server cannot raise it.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let given = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let most = Some(most.min(given));
    Ok(rustix::process::setrlimit(resource, Rlimit { current: most, maximum: most })?)
}

fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: the call changes flags of descriptors and touches no memory.
    let done =
        unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The number a descriptor will have in the child.
pub(super) fn number(fd: &impl AsRawFd) -> String {
    fd.as_raw_fd().to_string()
}

/// Makes a file in memory that a child can read from its start.
pub(super) fn memory_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let fd = rustix::fs::memfd_create("trainable", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = rustix::io::write(&fd, rest)?;
        rest = &rest[written..];
    }
    rustix::fs::seek(&fd, rustix::fs::SeekFrom::Start(0))?;
    Ok(fd)
}
