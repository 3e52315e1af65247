//! Running the programs that make an environment, and saying in words why one failed.

use super::turn::Workshop;
use crate::sandbox::{SandboxError, local::disk_error};
use rustix::{fs::Mode, pipe::PipeFlags, process::Signal};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Command, ExitStatus, Stdio},
    thread,
};
use tokio::sync::mpsc;

const ACTION: &str = "start Python to make its environment";
/// What a program may know of the server's environment: how to reach a registry, and nothing secret of ours.
const PASSED: [&str; 15] = [
    "PATH",
    "HOME",
    "LANG",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "XDG_CONFIG_HOME",
    "NETRC",
    "USER",
];

enum Told {
    Line(String),
    Ended(io::Result<ExitStatus>),
}

/// Runs one step and hands on its lines.
///
/// *Errors*: [`SandboxError::Environment`] with a way out.
pub(super) async fn run(
    workshop: &Workshop,
    mut command: Command,
    mut each: impl FnMut(&str),
) -> Result<(), SandboxError> {
    let passed = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        PASSED.contains(&&*name) || name.starts_with("PIP_")
    });
    command.env_clear().envs(passed).env("TMPDIR", workshop.tmp()).stdin(Stdio::null());
    let (tell, mut told) = mpsc::unbounded_channel();
    // A thread of its own, because the program dies with the thread that started it.
    let lock = workshop.lock.clone();
    let follow = move || {
        let ended = follow(command, &tell);
        drop(lock);
        let _ = tell.send(Told::Ended(ended));
    };
    thread::Builder::new()
        .name("python-environment".into())
        .spawn(follow)
        .map_err(|error| disk_error(ACTION, error))?;
    let mut last = VecDeque::new();
    let ended = loop {
        match told.recv().await {
            Some(Told::Line(line)) => {
                each(line.trim());
                if last.len() == 40 {
                    last.pop_front();
                }
                last.push_back(line);
            }
            Some(Told::Ended(ended)) => break ended,
            None => break Err(io::Error::other("the thread that follows it has ended")),
        }
    };
    let status = ended.map_err(|error| disk_error(ACTION, error))?;
    if status.success() { Ok(()) } else { Err(SandboxError::Environment(explain(&last))) }
}

/// Starts a program and reads what it says until its end.
fn follow(mut command: Command, tell: &mpsc::UnboundedSender<Told>) -> io::Result<ExitStatus> {
    let (output, input) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    command.stdout(input.try_clone()?).stderr(input);
    // SAFETY: between fork and exec only system calls are made.
    unsafe {
        command.pre_exec(|| {
            // Other users must be able to read what it makes, whatever the server's umask.
            rustix::process::umask(Mode::from(0o022));
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    // It holds the pipe's other end, which would never close.
    drop(command);
    let mut lines = BufReader::new(File::from(output));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line).into_owned();
        line.clear();
        if tell.send(Told::Line(text)).is_err() {
            // Nobody waits any more.
            child.kill()?;
        }
    }
    child.wait()
}

/// What went wrong in a sentence with a way out, and the tool's own last words.
fn explain(last: &VecDeque<String>) -> String {
    const CAUSES: [(&[&str], &str); 6] = [
        (
            &["ensurepip", "No module named venv"],
            "Python has no venv module; install it with `apt install python3-venv`",
        ),
        (
            &["No space left on device", "Disk quota exceeded"],
            "the disk is full; free space and try again",
        ),
        (
            &[
                "NewConnectionError",
                "NameResolutionError",
                "name resolution",
                "ConnectTimeout",
                "Network is unreachable",
                "Connection refused",
                "ProxyError",
                "Read timed out",
            ],
            "the package registry cannot be reached; check the network or `PIP_INDEX_URL` and try again",
        ),
        (
            &["DO NOT MATCH THE HASHES"],
            "a downloaded package is not the one that the lock file names; try again, or check the registry",
        ),
        (
            &["No matching distribution"],
            "the package registry cannot be reached, or has no build of a package for this \
             Python; check the network and `PIP_INDEX_URL`, and use CPython 3.11 to 3.13",
        ),
        (&["libgomp"], "a library is missing; install it with `apt install libgomp1`"),
    ];
    let all = last.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    let known = CAUSES.iter().find(|(signs, _)| signs.iter().any(|sign| all.contains(sign)));
    let why = known.map_or("the Python environment cannot be made", |(_, why)| why);
    let words: Vec<_> =
        last.iter().filter(|line| !line.trim().is_empty()).map(|l| l.trim()).collect();
    let tail = words[words.len().saturating_sub(3)..].join(" | ");
    let tail: String = tail.chars().take(600).collect();
    if tail.is_empty() { why.to_owned() } else { format!("{why} ({tail})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(said: &str, expect: &str) {
        let found = explain(&said.lines().map(str::to_owned).collect());
        assert!(found.starts_with(expect), "{found}");
    }

    #[test]
    fn failures_are_explained() {
        check(
            "The virtual environment was not created: ensurepip is not available.",
            "Python has no venv module",
        );
        check("ERROR: Could not install: [Errno 28] No space left on device", "the disk is full");
        check(
            "WARNING: Retrying (NewConnectionError('x'))\nERROR: No matching distribution found for a",
            "the package registry cannot be reached",
        );
        check(
            "ERROR: No matching distribution found for a==1",
            "the package registry cannot be reached, or",
        );
        check("boom", "the Python environment cannot be made (boom)");
    }
}
