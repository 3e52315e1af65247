//! One execution from its start to its last byte.
//!
//! A supervisor watches the process, the clock, the disk and the consumer, and never touches
//! output: it can always kill. Pumps move output into a bounded channel and wait when the consumer
//! is slow, which stops the program at its next write. Their memory does not grow.

use super::{
    admission::Permit,
    cgroup::Group,
    disk::Disk,
    process::{Report, Tree, report},
    records::{Records, SocketFolder},
    zygote::Zygote,
};
use crate::sandbox::{Ending, Exit, Output, SandboxError};
use bytes::Bytes;
use std::{
    future::pending,
    io,
    os::unix::process::ExitStatusExt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    net::unix::pipe,
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// The largest chunk, in bytes.
const CHUNK: usize = 64 * 1024;
/// Chunks that wait for the consumer.
pub(super) const WAITING: usize = 16;
/// How long a program may take to begin on a busy machine.
const START: Duration = Duration::from_secs(20);

/// The way to the consumer.
pub(super) type Sink = mpsc::Sender<Output>;

/// A program whose start was asked for; dropping it kills it and all it started.
pub(super) struct Execution {
    pub tree: Tree,
    pub stdout: pipe::Receiver,
    pub stderr: pipe::Receiver,
    /// What process 1 reports.
    pub status: BufReader<pipe::Receiver>,
    pub records: Records,
    pub socket: SocketFolder,
    pub disk: Disk,
    pub timeout: Duration,
    pub output_bytes: u64,
    pub started: Instant,
    /// Both are kept until nothing runs any more.
    pub permit: Permit,
    pub alive: Alive,
    /// Dies with its last sandbox and its last execution.
    pub zygote: Arc<Zygote>,
}

/// Counts the executions of a sandbox that still run.
pub(super) struct Alive(tokio::sync::watch::Sender<usize>);

impl Alive {
    pub(super) fn new(count: &tokio::sync::watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Execution {
    /// Waits until the program itself runs, and hands on its output from there.
    ///
    /// *Errors*: what process 1 said, when it could not make the place for the program.
    pub(super) async fn begin(
        mut self,
        sink: Sink,
        stop: CancellationToken,
    ) -> Result<(), SandboxError> {
        let mut line = String::new();
        let begun = timeout(START, self.status.read_line(&mut line)).await;
        if !matches!(begun, Ok(Ok(_)) if line == "started\n") {
            let said = line.trim_end();
            let said = said.strip_prefix("failed ").unwrap_or("its process ended before it began");
            let source = io::Error::other(said.to_owned());
            self.tree.finish().await;
            return Err(SandboxError::Io { action: "start a sandbox", source });
        }
        tokio::spawn(self.supervise(sink, stop));
        Ok(())
    }

    async fn supervise(self, sink: Sink, stop: CancellationToken) {
        let Self { mut tree, status, disk, .. } = self;
        let budget = Arc::new(Budget::new(self.output_bytes));
        let ended = CancellationToken::new();
        let mut pumps = JoinSet::new();
        pumps.spawn(pump(self.stdout, Output::Stdout, sink.clone(), budget.clone()));
        pumps.spawn(pump(self.stderr, Output::Stderr, sink.clone(), budget.clone()));
        pumps.spawn(self.records.pump(sink.clone(), ended.clone()));
        let report = tokio::spawn(report(status));

        let cut = tokio::select! {
            () = tree.ended() => None,
            () = stop.cancelled() => Some(Ending::Terminated),
            () = sink.closed() => Some(Ending::Terminated),
            () = until(self.started.checked_add(self.timeout)) => Some(Ending::TimedOut),
            () = disk.overflow() => Some(Ending::DiskFull),
        };
        tree.finish().await;
        let wall = self.started.elapsed();
        ended.cancel();
        let report = report.await.ok().flatten();
        let group = tree.group.take();
        let ending = match cut {
            Some(cut) => cut,
            None if disk.is_over().await => Ending::DiskFull,
            None => conclude(report, group.as_ref().is_some_and(Group::ran_out_of_memory)),
        };
        let of_group = group.as_ref();
        let cpu = of_group.and_then(Group::cpu_seconds).or(report.map(|r| r.cpu_seconds));
        let peak_memory = of_group.and_then(Group::peak_memory).or(report.map(|r| r.peak_memory));
        // All of the machine is given back before a slow consumer has read the rest.
        drop((group, tree, self.socket, disk, self.zygote, self.permit, self.alive));
        while pumps.join_next().await.is_some() {}
        let exit = Exit {
            ending,
            cpu_seconds: cpu.unwrap_or(0.0),
            peak_memory,
            dropped_output: budget.dropped.load(Ordering::Relaxed),
            wall,
            cost_usd: None,
        };
        // Nobody may be there any more, and then nobody is to be told.
        let _ = sink.send(Output::Exited(exit)).await;
    }
}

/// How a program that was not cut short ended.
fn conclude(report: Option<Report>, short_of_memory: bool) -> Ending {
    let own = match report {
        Some(Report { status, .. }) => match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Code(code),
            (None, signal) => Ending::Signal(signal.unwrap_or(libc::SIGKILL)),
        },
        // Process 1 itself was killed, and everything with it.
        None => Ending::Lost,
    };
    // A program that lost a worker and still ended well has dealt with it.
    if short_of_memory && own != Ending::Code(0) { Ending::OutOfMemory } else { own }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// How much output is still handed on.
struct Budget {
    left: AtomicU64,
    dropped: AtomicU64,
}

impl Budget {
    fn new(left: u64) -> Self {
        Self { left: AtomicU64::new(left), dropped: AtomicU64::new(0) }
    }

    /// How many of these bytes may go on; the rest is counted.
    fn admit(&self, bytes: usize) -> usize {
        let bytes = bytes as u64;
        let take = |left: u64| Some(left.saturating_sub(bytes));
        let before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        let granted = before.unwrap_or_else(|left| left).min(bytes);
        self.dropped.fetch_add(bytes - granted, Ordering::Relaxed);
        granted as usize
    }
}

/// Moves one pipe to the consumer until its end, or until the consumer has gone.
async fn pump(
    mut pipe: impl AsyncRead + Unpin,
    wrap: fn(Bytes) -> Output,
    sink: Sink,
    budget: Arc<Budget>,
) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        let admitted = budget.admit(read);
        if admitted > 0 {
            let chunk = Bytes::copy_from_slice(&buffer[..admitted]);
            if sink.send(wrap(chunk)).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitStatus;

    #[track_caller]
    fn check(report: Option<i32>, short_of_memory: bool, expect: Ending) {
        let report = report.map(|raw| Report {
            status: ExitStatus::from_raw(raw),
            cpu_seconds: 0.0,
            peak_memory: 0,
        });
        assert_eq!(conclude(report, short_of_memory), expect);
    }

    #[test]
    fn endings_are_told_apart() {
        check(Some(0), false, Ending::Code(0));
        check(Some(137 << 8), false, Ending::Code(137));
        check(Some(9), false, Ending::Signal(9));
        check(Some(9), true, Ending::OutOfMemory);
        check(Some(1 << 8), true, Ending::OutOfMemory);
        check(Some(0), true, Ending::Code(0));
        check(None, false, Ending::Lost);
        check(None, true, Ending::OutOfMemory);
    }

    #[test]
    fn output_past_the_cap_is_counted() {
        let budget = Budget::new(10);
        assert_eq!([budget.admit(6), budget.admit(6), budget.admit(6)], [6, 4, 0]);
        assert_eq!(budget.dropped.load(Ordering::Relaxed), 8);
    }
}
