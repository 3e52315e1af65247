//! Processes of sandboxes: waiting for them, killing them, and what a process 1 says.

use super::cgroup::Group;
use rustix::{
    fd::OwnedFd,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use std::{io, os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, Interest, unix::AsyncFd},
    net::unix::pipe,
    process::Child,
    time::{Instant, sleep, timeout},
};

/// How long a kill may take before it is reported as a fault of the machine.
const KILL: Duration = Duration::from_secs(5);

/// bubblewrap, a zygote and all that runs below it; dropping it kills them.
pub(super) struct Processes {
    pub child: Child,
    /// Process 1 of the sandbox, once it is known. All others die with it.
    pub first: Option<OwnedFd>,
    pub group: Option<Group>,
}

impl Processes {
    /// Kills all of them, without waiting for it.
    pub(super) fn kill(&mut self) {
        // Each of these may have ended by itself just now, and that is what is wanted.
        match &self.first {
            // bubblewrap reaps it and ends. Killed as well, it would leave it to process 1 of the
            // machine, which in a container may be this server.
            Some(first) => {
                let _ = pidfd_send_signal(first, Signal::KILL);
            }
            None => self.kill_all(),
        }
    }

    fn kill_all(&mut self) {
        let _ = self.child.start_kill();
        if let Some(group) = &self.group {
            group.kill();
        }
    }

    /// Kills what still runs and waits until nothing is left.
    pub(super) async fn finish(&mut self) {
        let deadline = Instant::now() + KILL;
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() > deadline {
                break;
            }
            self.kill();
            if timeout(Duration::from_millis(50), self.child.wait()).await.is_err() {
                self.kill_all();
            }
        }
        emptied(self.group.as_ref(), deadline).await;
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Process 1 of an execution and all that runs below it; dropping it kills them.
pub(super) struct Tree {
    first: AsyncFd<OwnedFd>,
    pub group: Option<Group>,
}

impl Tree {
    /// Takes a descriptor of a process 1. Must be called where tokio runs.
    pub(super) fn new(first: OwnedFd, group: Option<Group>) -> io::Result<Self> {
        // SAFETY: an owned descriptor stays open, and the same, until its owner is dropped.
        let first = unsafe { AsyncFd::register_with_interest(first, Interest::READABLE) }?;
        Ok(Self { first, group })
    }

    /// Waits until all of them have ended: process 1 ends after every other.
    pub(super) async fn ended(&self) {
        // Readable when it has ended, and for ever after.
        let _ = self.first.readable().await;
    }

    /// Kills what still runs and waits until nothing is left.
    pub(super) async fn finish(&mut self) {
        let deadline = Instant::now() + KILL;
        loop {
            self.kill();
            let ended = timeout(Duration::from_millis(50), self.ended()).await;
            if ended.is_ok() || Instant::now() > deadline {
                break;
            }
        }
        emptied(self.group.as_ref(), deadline).await;
    }

    fn kill(&self) {
        // It may have ended by itself just now, and that is what is wanted.
        let _ = pidfd_send_signal(self.first.get_ref(), Signal::KILL);
        if let Some(group) = &self.group {
            group.kill();
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills whatever is in a group until it is empty.
async fn emptied(group: Option<&Group>, deadline: Instant) {
    while let Some(group) = group.filter(|group| !group.is_empty()) {
        if Instant::now() > deadline {
            tracing::error!("processes of a sandbox do not end although they were killed");
            return;
        }
        group.kill();
        sleep(Duration::from_millis(2)).await;
    }
}

/// Reads which process is the sandbox's first from what bubblewrap tells about itself.
pub(super) async fn first_process(info: &mut pipe::Receiver) -> Option<OwnedFd> {
    let mut text = Vec::new();
    loop {
        let more = info.read_buf(&mut text).await.ok()?;
        if let Some(pid) = child_pid(&text) {
            return pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok();
        }
        if more == 0 || text.len() > 4096 {
            return None;
        }
    }
}

/// The number in `{"child-pid": 123, …}`, once something follows it.
fn child_pid(text: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once("\"child-pid\":")?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..end].parse().ok()
}

/// What process 1 said at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Report {
    pub status: ExitStatus,
    pub cpu_seconds: f64,
    /// Bytes of the largest process.
    pub peak_memory: u64,
}

/// Reads the last line of process 1; `None` when it was killed before it could write one.
pub(super) async fn report(status: impl AsyncBufRead + Unpin) -> Option<Report> {
    // What says it was forked beside what a model wrote, so it is bounded.
    let mut lines = status.take(4096).lines();
    let mut last = None;
    while let Ok(Some(line)) = lines.next_line().await {
        last = parse_report(&line).or(last);
    }
    last
}

fn parse_report(line: &str) -> Option<Report> {
    let mut words = line.strip_prefix("ended ")?.split(' ');
    Some(Report {
        status: ExitStatus::from_raw(words.next()?.parse().ok()?),
        cpu_seconds: words.next()?.parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0)?,
        peak_memory: words.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_process_is_read_when_it_is_whole() {
        assert_eq!(child_pid(b"{\n    \"child-pid\": 12"), None);
        assert_eq!(child_pid(b"{\n    \"child-pid\": 123\n}\n"), Some(123));
        assert_eq!(child_pid(b"{\n    \"child-pid\": 123,\n    \"mnt"), Some(123));
        assert_eq!(child_pid(b"\xff"), None);
    }

    #[test]
    fn a_report_is_checked() {
        let report = |status, cpu_seconds, peak_memory| {
            Some(Report { status: ExitStatus::from_raw(status), cpu_seconds, peak_memory })
        };
        assert_eq!(parse_report("ended 9 0.250000 4096"), report(9, 0.25, 4096));
        assert_eq!(parse_report("ended 35584 1.5 0"), report(139 << 8, 1.5, 0));
        for odd in ["", "started", "ended 9 nan 1", "ended 9 -1 1", "ended x 1 1", "ended 9 1"] {
            assert_eq!(parse_report(odd), None, "{odd}");
        }
    }
}
