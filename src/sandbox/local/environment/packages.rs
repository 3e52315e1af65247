//! Installing the locked packages with pip.

use super::Interpreter;
use crate::sandbox::{
    Progress, SandboxError,
    local::{blocking, disk_error},
};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Command,
};

/// What the packages and their downloads take, in bytes, with some room.
const SPACE: u64 = 2_500 << 20;
/// Packages whose loading shows that the machine has the libraries they need, by their modules.
const PROOFS: [(&str, &str); 6] = [
    ("pandas", "pandas"),
    ("scikit-learn", "sklearn"),
    ("lightgbm", "lightgbm"),
    ("xgboost-cpu", "xgboost"),
    ("pyarrow", "pyarrow"),
    ("matplotlib", "matplotlib.pyplot"),
];
/// What pip may know of the server's environment: how to reach a registry, and nothing secret of ours.
const PASSED: [&str; 16] = [
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
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

/// Installs the packages of a lock file aside and moves them to `place`.
///
/// *Errors*: [`SandboxError::Environment`] in words; what was downloaded is kept for a retry.
pub(super) async fn install(
    folder: &Path,
    place: &Path,
    interpreter: &Interpreter,
    lock: Vec<u8>,
    progress: Progress,
) -> Result<(), SandboxError> {
    let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let _turn = take_turn(&folder.join(format!(".{name}.lock")), &progress).await?;
    if place.is_dir() {
        return Ok(());
    }
    check_space(folder)?;
    // With the lock in hand, whatever is here was left by a server that died.
    let aside = folder.join(format!(".building-{name}"));
    clear(aside.clone()).await?;
    let built = build(folder, place, &aside, interpreter, lock, progress).await;
    // Half of an environment is of no use; a failure to say so comes first.
    built.and(clear(aside).await)
}

async fn clear(folder: PathBuf) -> Result<(), SandboxError> {
    let remove = move || match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    blocking("clear the folder of the Python environment", remove).await
}

async fn build(
    folder: &Path,
    place: &Path,
    aside: &Path,
    interpreter: &Interpreter,
    lock: Vec<u8>,
    progress: Progress,
) -> Result<(), SandboxError> {
    let packages = packages(&lock);
    let at = aside.to_owned();
    blocking("prepare the folder of the Python environment", move || {
        super::make_readable(&at)?;
        fs::write(at.join("requirements.lock"), lock)
    })
    .await?;

    progress(format!("making a Python {} environment", interpreter.version));
    let mut venv = Command::new(&interpreter.path);
    venv.args(["-I", "-m", "venv", "--clear"]).arg(aside.join("env"));
    run(venv, |_| {}).await?;

    let python = aside.join("env/bin/python");
    let mut pip = Command::new(&python);
    pip.args(["-I", "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"])
        .args(["--no-input", "--disable-pip-version-check", "--progress-bar", "off"])
        .args(["--root-user-action", "ignore", "--cache-dir"])
        .arg(folder.join("cache"))
        .arg("-r")
        .arg(aside.join("requirements.lock"));
    let mut fetched = 0;
    run(pip, |line| {
        if let Some(rest) = line.strip_prefix("Collecting ") {
            fetched += 1;
            let package = rest.split(['=', ' ']).next().unwrap_or(rest);
            progress(format!("fetching package {fetched} of {}: {package}", packages.len()));
        } else if line.starts_with("Installing collected packages") {
            progress(format!("installing {} packages", packages.len()));
        }
    })
    .await?;

    progress("checking that the packages load".into());
    let has = |package: &str| packages.iter().any(|name| name == package);
    let modules: Vec<_> =
        PROOFS.iter().filter(|(package, _)| has(package)).map(|(_, module)| *module).collect();
    if !modules.is_empty() {
        let mut check = Command::new(&python);
        check.args(["-I", "-c", &format!("import {}", modules.join(", "))]);
        run(check, |_| {}).await?;
    }
    let (env, place) = (aside.join("env"), place.to_owned());
    blocking("move the Python environment in place", move || {
        let opened = rustix::fs::open(&env, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        // Its name promises that it is whole, after a power cut as well.
        rustix::fs::syncfs(&opened)?;
        fs::rename(env, place)
    })
    .await
}

/// Waits until no other server builds the same environment.
async fn take_turn(path: &Path, progress: &Progress) -> Result<rustix::fd::OwnedFd, SandboxError> {
    let failed = |error: rustix::io::Errno| disk_error("lock the Python environment", error.into());
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::from(0o644)).map_err(failed)?;
    let mut told = false;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => {}
            Err(error) => return Err(failed(error)),
        }
        if !told {
            progress("waiting for another server that makes the same environment".into());
            told = true;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn check_space(folder: &Path) -> Result<(), SandboxError> {
    let stat = rustix::fs::statvfs(folder)
        .map_err(|error| disk_error("look for space on the disk", error.into()))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free >= SPACE {
        return Ok(());
    }
    Err(SandboxError::Environment(format!(
        "the Python environment needs {} MiB of disk and `{}` has {}; free space or choose \
         another data directory",
        SPACE >> 20,
        folder.display(),
        free >> 20
    )))
}

/// The names that a lock file pins.
fn packages(lock: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(lock);
    text.lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric()))
        .filter_map(|line| Some(line.split_once("==")?.0.to_owned()))
        .collect()
}

/// Runs one step and hands on its lines.
async fn run(mut command: Command, mut each: impl FnMut(&str)) -> Result<(), SandboxError> {
    let passed = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        PASSED.contains(&&*name) || name.starts_with("PIP_")
    });
    let mut child = command
        .env_clear()
        .envs(passed)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| disk_error("start Python to make its environment", error))?;
    let errors = child.stderr.take().map(last_lines);
    let mut last = VecDeque::new();
    if let Some(stdout) = child.stdout.take() {
        let errors = async {
            match errors {
                Some(errors) => errors.await,
                None => VecDeque::new(),
            }
        };
        let lines = async {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                each(line.trim());
                remember(&mut last, line);
            }
        };
        let (errors, ()) = tokio::join!(errors, lines);
        last.extend(errors);
    }
    let status = child
        .wait()
        .await
        .map_err(|error| disk_error("wait for Python to make its environment", error))?;
    if status.success() { Ok(()) } else { Err(SandboxError::Environment(explain(&last))) }
}

async fn last_lines(pipe: impl AsyncRead + Unpin) -> VecDeque<String> {
    let mut last = VecDeque::new();
    let mut lines = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        remember(&mut last, line);
    }
    last
}

fn remember(last: &mut VecDeque<String>, line: String) {
    if last.len() == 20 {
        last.pop_front();
    }
    last.push_back(line);
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

    #[test]
    fn packages_are_counted() {
        let lock = b"a==1 \\\n    --hash=sha256:0\n    # via b==2\nb-c==2\n";
        assert_eq!(packages(lock), ["a", "b-c"]);
    }
}
