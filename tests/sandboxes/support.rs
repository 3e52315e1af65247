//! A provider with a data directory of its own, and ways to run Python in it.

use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use trainable::sandbox::{
    Access, Ending, ExecSpec, Exit, Gpu, Limits, Mount, Output, Program, Sandbox, SandboxProvider,
    SandboxSpec, Volume, VolumeName, VolumePath, Warmth,
    local::{LocalConfig, LocalSandboxes},
};

/// The local backend on a folder of its own, and what must be as it was before at the end.
pub struct Local {
    provider: Option<LocalSandboxes>,
    /// Whether it has processes although no sandbox is in use.
    has_slots: bool,
    data: tempfile::TempDir,
    descriptors: usize,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

/// Children and descriptors belong to the process, so tests that count them take turns in it.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Waits until no other test of this process counts what it has.
pub async fn turn() -> tokio::sync::MutexGuard<'static, ()> {
    TURN.lock().await
}

impl Local {
    /// Fails with the reason where this machine has no bubblewrap that works.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn with(change: impl FnOnce(&mut LocalConfig)) -> Self {
        let turn = TURN.lock().await;
        // Opened once per process and kept, so that they do not count as left behind.
        tokio::process::Command::new("true").status().await.unwrap();
        let descriptors = open_descriptors();
        let data = tempfile::tempdir().unwrap();
        fs::set_permissions(data.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let mut config = prepared(data.path()).await;
        change(&mut config);
        let has_slots = config.slots > 0;
        let provider = LocalSandboxes::new(config).unwrap();
        let standing = provider.standing();
        assert!(standing.tier.is_some(), "no sandbox can run here: {:?}", standing.missing);
        Self { provider: Some(provider), has_slots, data, descriptors, _turn: turn }
    }

    pub fn provider(&self) -> &LocalSandboxes {
        self.provider.as_ref().unwrap()
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Checks that nothing is left: no process, cgroup, socket or descriptor.
    pub async fn finish(mut self) {
        let data = self.data.path().canonicalize().unwrap();
        if self.has_slots {
            drop(self.provider.take());
        }
        let left = || processes_that_mount(&data);
        wait_until(|| left().is_empty()).await;
        assert_eq!(left(), Vec::<i32>::new(), "processes are left");
        let sockets = fs::read_dir(data.join("run")).unwrap().count();
        assert_eq!(sockets, 1, "only `etc` stays in the folder of what runs");
        drop(self.provider.take());
        wait_until(|| children().is_empty()).await;
        assert_eq!(children(), Vec::<i32>::new(), "children are left");
        wait_until(|| open_descriptors() <= self.descriptors + SLACK).await;
        let now = open_descriptors();
        assert!(now <= self.descriptors + SLACK, "{now} descriptors, {} before", self.descriptors);
        assert_eq!(cgroups_of_the_dead(), 0, "cgroups are left");
    }
}

/// The descriptors that tokio opens for itself, once, when first used.
const SLACK: usize = 4;

pub async fn open(data: &Path) -> LocalSandboxes {
    LocalSandboxes::new(prepared(data).await).unwrap()
}

/// With the prepared environment of the data directory where there is one, else with the system's
/// bare Python: the tests need no package.
pub async fn prepared(data: &Path) -> LocalConfig {
    let mut config = LocalConfig::new(data);
    if let Some(prepared) = std::env::var_os("TRAINABLE_DATA") {
        config.environments_dir = Some(PathBuf::from(prepared).join("python"));
        let provider = LocalSandboxes::new(config.clone()).unwrap();
        if provider.diagnose().await.environment.ready {
            return config;
        }
    }
    config.environment = Some(PathBuf::from("/usr"));
    config
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Programs of sandboxes that this process, or nobody any more, is the parent of.
fn children() -> Vec<i32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
            let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let orphan = parent == Some("1") && command.starts_with(b"/usr/bin/bwrap");
            orphan || parent == Some(&std::process::id().to_string())
        })
        .collect()
}

/// Processes whose mounts show this folder: every process of its sandboxes.
pub fn processes_that_mount(data: &Path) -> Vec<i32> {
    let shown = data.to_str().unwrap();
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            fs::read_to_string(format!("/proc/{pid}/mountinfo"))
                .is_ok_and(|mounts| mounts.contains(shown))
        })
        .collect()
}

/// Groups whose lock nobody holds; those of other tests that run now are locked.
pub fn cgroups_of_the_dead() -> usize {
    use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    let memory = own.lines().find_map(|line| line.split_once(":memory:")).map_or("", |(_, p)| p);
    let place = PathBuf::from("/sys/fs/cgroup/memory").join(memory.trim_start_matches('/'));
    let Ok(entries) = fs::read_dir(place) else { return 0 };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("trainable-"))
        .filter(|entry| {
            let folder = open(entry.path(), OFlags::RDONLY, Mode::empty());
            folder.is_ok_and(|fd| flock(&fd, FlockOperation::NonBlockingLockExclusive).is_ok())
                && entry.path().is_dir()
        })
        .count()
}

/// Polls for up to ten seconds; whoever calls it then asserts.
pub async fn wait_until(mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything that came out of an execution.
#[derive(Debug)]
pub struct Ran {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub records: Vec<Bytes>,
    pub exit: Exit,
}

impl Ran {
    #[track_caller]
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// What was printed, from a program that must have ended well.
    #[track_caller]
    pub fn printed(&self) -> String {
        let stderr = String::from_utf8_lossy(&self.stderr);
        assert_eq!(self.exit.ending, Ending::Code(0), "{stderr}");
        self.text().trim_end().to_owned()
    }
}

pub fn name(text: &str) -> VolumeName {
    VolumeName::parse(text).unwrap()
}

pub fn path(text: &str) -> VolumePath {
    VolumePath::parse(text).unwrap()
}

/// A small sandbox: quick to fill, and harmless to the machine that runs the tests.
pub fn small() -> Limits {
    Limits {
        memory_mib: 256,
        cpus: 1,
        processes: 64,
        disk_mib: 64,
        files: 1_000,
        output_bytes: 4 << 20,
        open_files: 256,
    }
}

/// The mount of a session as the server makes it.
pub fn session(volume: &str) -> Vec<Mount> {
    let at = "/data/sessions/s".to_owned();
    vec![Mount { volume: name(volume), at, access: Access::ReadWrite }]
}

pub async fn write(volume: &dyn Volume, at: &str, text: &[u8]) {
    let body = stream::iter([Ok(Bytes::copy_from_slice(text))]).boxed();
    volume.put(&path(at), body).await.unwrap();
}

pub async fn start(
    provider: &dyn SandboxProvider,
    mounts: Vec<Mount>,
    limits: Limits,
) -> Arc<dyn Sandbox> {
    provider
        .start(SandboxSpec { mounts, limits, gpu: Gpu::None, warmth: Warmth::Warm })
        .await
        .unwrap()
}

/// A script of the session's volume, as the server saves it before it runs it.
pub fn script(timeout: Duration) -> ExecSpec {
    ExecSpec {
        program: Program::Script { path: "/data/sessions/s/step.py".into(), args: vec![] },
        env: BTreeMap::new(),
        workdir: "/data/sessions/s".into(),
        timeout,
    }
}

pub const MINUTE: Duration = Duration::from_secs(60);

/// Runs Python in the session `sessions/one` with small limits.
pub async fn python(provider: &dyn SandboxProvider, code: &str) -> Ran {
    python_with(provider, code, small(), MINUTE).await
}

pub async fn python_with(
    provider: &dyn SandboxProvider,
    code: &str,
    limits: Limits,
    timeout: Duration,
) -> Ran {
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", code.as_bytes()).await;
    let sandbox = start(provider, session("sessions/one"), limits).await;
    collect(&*sandbox, script(timeout)).await
}

/// Reads an execution to its end and checks the shape that the port promises.
pub async fn collect(sandbox: &dyn Sandbox, spec: ExecSpec) -> Ran {
    let mut outputs = sandbox.exec(spec).await.unwrap();
    let (mut stdout, mut stderr, mut records, mut exit) = (vec![], vec![], vec![], None);
    while let Some(output) = outputs.next().await {
        assert!(exit.is_none(), "{output:?} after the end");
        match output {
            Output::Waiting { .. } | Output::Placed => {
                assert!(stdout.is_empty() && stderr.is_empty() && records.is_empty());
            }
            Output::Stdout(chunk) => {
                assert!((1..=64 * 1024).contains(&chunk.len()));
                stdout.extend(chunk);
            }
            Output::Stderr(chunk) => {
                assert!((1..=64 * 1024).contains(&chunk.len()));
                stderr.extend(chunk);
            }
            Output::Record(record) => records.push(record),
            Output::Exited(end) => exit = Some(end),
        }
    }
    Ran { stdout, stderr, records, exit: exit.expect("an execution ends with `Exited`") }
}
