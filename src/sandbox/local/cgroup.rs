//! Limits that hold for a whole execution: memory, processes and CPU, by cgroups.
//!
//! Each server has a folder of its own in every hierarchy, `trainable-{id}`, and holds a lock on
//! it; each execution has one below. A folder whose lock is free belongs to a server that died, and
//! the next one to start kills what is left in it.

mod hierarchy;

use crate::sandbox::Limits;
use hierarchy::{Places, Version};
use rustix::{
    fd::OwnedFd,
    fs::{FlockOperation, Mode, OFlags},
    process::{Pid, Signal},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const PREFIX: &str = "trainable-";
/// How long the end of all groups may take.
const END: Duration = Duration::from_millis(500);
/// The period that a share of CPU is counted over, in microseconds.
const PERIOD: u64 = 100_000;

/// MiB that a zygote may take: its imports, what its waiting child has touched, and each process 1.
const ZYGOTE_MIB: u64 = 2048;
/// Processes of a zygote: itself, bubblewrap, what waits ahead, and the process 1 of each execution,
/// of which there are as many as the operator lets run at once.
const ZYGOTE_PROCESSES: u32 = 16_384;

/// The share of the cores that a group gets when others want them too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// What it does nobody waits for.
    Small,
    Full,
}

/// This server's place in the hierarchies.
pub(super) struct Cgroups {
    version: Version,
    places: Places,
    /// Held as long as the server lives.
    _lock: OwnedFd,
}

impl Cgroups {
    /// Finds writable hierarchies and makes a place in them, for so many MiB in all if limited.
    ///
    /// *Errors*: what is missing and how to get it, in one sentence.
    pub(super) fn claim(memory_mib: Option<u64>) -> Result<Self, String> {
        let (version, above) = hierarchy::find()?;
        sweep(&above);
        let refused = |error: io::Error| {
            format!(
                "cgroups are not writable ({error}); start the server as root, or give it a \
                 delegated cgroup: `systemd-run --user --scope -p Delegate=yes trainable serve`; in \
                 a container, make /sys/fs/cgroup writable"
            )
        };
        for _ in 0..8 {
            let id = uuid::Uuid::new_v4().simple().to_string();
            let places = above.below(&format!("{PREFIX}{}", &id[..12]));
            places.create().map_err(refused)?;
            // A server that starts at this moment may take it for a dead one's and delete it.
            if let Some(lock) = try_lock(&places.memory).filter(|_| places.memory.is_dir()) {
                if version == Version::Two {
                    hierarchy::enable(&places.memory).map_err(refused)?;
                }
                let claimed = Self { version, places, _lock: lock };
                if let Some(mib) = memory_mib {
                    limit_memory(version, &claimed.places.memory, mib).map_err(refused)?;
                }
                return Ok(claimed);
            }
        }
        Err("cgroups are being cleared by another server; start this one again".into())
    }

    /// `v1` or `v2`, and the controllers.
    pub(super) fn summary(&self) -> String {
        let cpu = if self.places.cpu.is_some() { ", pids and cpu" } else { " and pids" };
        match self.version {
            Version::One => format!("cgroups v1 (memory{cpu})"),
            Version::Two => format!("cgroups v2 (memory{cpu})"),
        }
    }

    pub(super) fn has_cpu(&self) -> bool {
        self.places.cpu.is_some()
    }

    /// Makes the group of one execution.
    pub(super) fn execution(self: &Arc<Self>, limits: &Limits) -> io::Result<Group> {
        self.group(limits.memory_mib, limits.processes, limits.cpus)
    }

    /// Makes the group of a zygote. Programs leave it before they begin; each process 1 stays.
    pub(super) fn zygote(self: &Arc<Self>, cpus: u32, weight: Weight) -> io::Result<Group> {
        let group = self.group(ZYGOTE_MIB, ZYGOTE_PROCESSES, cpus)?;
        group.weigh(weight)?;
        Ok(group)
    }

    /// How many hierarchies a process enters.
    pub(super) fn hierarchies(&self) -> usize {
        self.places.each().count()
    }

    /// Kills everything in every group and removes them all, whoever still holds one: none can be made
    /// afterwards.
    pub(super) fn end(&self) {
        let deadline = Instant::now() + END;
        while !self.places.remove() && Instant::now() < deadline {
            for group in self.places.each().flat_map(|place| children(place)) {
                let group = self.places.below(&group);
                if !group.remove() {
                    group.kill();
                }
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn group(self: &Arc<Self>, memory_mib: u64, processes: u32, cpus: u32) -> io::Result<Group> {
        let name = uuid::Uuid::now_v7().simple().to_string();
        let group = Group { all: Arc::clone(self), places: self.places.below(&name) };
        group.places.create()?;
        group.limit(memory_mib, processes, cpus)?;
        Ok(group)
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        // The kernel may still be taking the last group below it apart.
        self.places.clear();
    }
}

/// One group; whatever is left in it is killed when it is dropped.
pub(super) struct Group {
    /// Outlives its groups, so that it can be removed.
    all: Arc<Cgroups>,
    places: Places,
}

impl Group {
    fn limit(&self, memory_mib: u64, processes: u32, cpus: u32) -> io::Result<()> {
        let Places { memory, pids, cpu, .. } = &self.places;
        fs::write(pids.join("pids.max"), processes.to_string())?;
        limit_memory(self.all.version, memory, memory_mib)?;
        let Some(cpu) = cpu else { return Ok(()) };
        let quota = u64::from(cpus.max(1)) * PERIOD;
        match self.all.version {
            Version::One => {
                fs::write(cpu.join("cpu.cfs_period_us"), PERIOD.to_string())?;
                fs::write(cpu.join("cpu.cfs_quota_us"), quota.to_string())
            }
            Version::Two => fs::write(cpu.join("cpu.max"), format!("{quota} {PERIOD}")),
        }
    }

    pub(super) fn weigh(&self, weight: Weight) -> io::Result<()> {
        let Some(cpu) = &self.places.cpu else { return Ok(()) };
        let (file, value) = match (self.all.version, weight) {
            (Version::One, Weight::Small) => ("cpu.shares", "20"),
            (Version::One, Weight::Full) => ("cpu.shares", "1024"),
            (Version::Two, Weight::Small) => ("cpu.weight", "2"),
            (Version::Two, Weight::Full) => ("cpu.weight", "100"),
        };
        fs::write(cpu.join(file), value)
    }

    /// The files through which a process enters: write `0` to each.
    pub(super) fn entrances(&self) -> io::Result<Vec<OwnedFd>> {
        self.places
            .each()
            .map(|place| {
                let flags = OFlags::WRONLY | OFlags::CLOEXEC;
                Ok(rustix::fs::open(place.join("cgroup.procs"), flags, Mode::empty())?)
            })
            .collect()
    }

    /// Kills every process in it, once; a fork that just happened may need another call.
    pub(super) fn kill(&self) {
        if self.all.version == Version::Two
            && fs::write(self.places.memory.join("cgroup.kill"), "1").is_ok()
        {
            return;
        }
        for process in processes(&self.places.pids) {
            // It may have ended since it was listed, and that is what was wanted.
            let _ = rustix::process::kill_process(process, Signal::KILL);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        processes(&self.places.pids).is_empty()
    }

    /// Whether the kernel killed something in it for want of memory.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        let file = match self.all.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        field(&self.places.memory.join(file), "oom_kill").is_some_and(|kills| kills > 0)
    }

    /// Bytes at the highest.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let file = match self.all.version {
            Version::One => "memory.max_usage_in_bytes",
            Version::Two => "memory.peak",
        };
        fs::read_to_string(self.places.memory.join(file)).ok()?.trim().parse().ok()
    }

    /// User and system time of everything that ever ran in it.
    pub(super) fn cpu_seconds(&self) -> Option<f64> {
        match self.all.version {
            Version::One => {
                let text = fs::read_to_string(self.places.cpuacct.as_ref()?.join("cpuacct.usage"));
                Some(text.ok()?.trim().parse::<u64>().ok()? as f64 / 1e9)
            }
            Version::Two => {
                let micros = field(&self.places.memory.join("cpu.stat"), "usage_usec")?;
                Some(micros as f64 / 1e6)
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.places.remove() {
            return;
        }
        // Something is left in it, and the kernel takes its time: not on a thread that others need.
        let left = Left { places: self.places.clone(), _all: Arc::clone(&self.all) };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || drop(left));
        }
    }
}

/// A group that something is left in. Cleared by its drop, so that a runtime which ends and runs
/// nothing more clears it too.
struct Left {
    places: Places,
    /// Outlives its groups, so that it can be removed.
    _all: Arc<Cgroups>,
}

impl Drop for Left {
    fn drop(&mut self) {
        self.places.clear();
    }
}

/// Limits what all processes of a group may take together; none of it is swapped out.
fn limit_memory(version: Version, place: &Path, mib: u64) -> io::Result<()> {
    let bytes = mib.saturating_mul(1 << 20).to_string();
    match version {
        Version::One => {
            fs::write(place.join("memory.limit_in_bytes"), &bytes)?;
            // Absent where the kernel does not account swap; then it must not swap at all.
            if fs::write(place.join("memory.memsw.limit_in_bytes"), &bytes).is_err() {
                fs::write(place.join("memory.swappiness"), "0")?;
            }
            Ok(())
        }
        Version::Two => {
            fs::write(place.join("memory.max"), &bytes)?;
            optional(fs::write(place.join("memory.swap.max"), "0"))
        }
    }
}

impl Places {
    /// Kills whatever is inside and removes the folders; waits for the kernel for up to a second.
    fn clear(&self) {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.remove() && Instant::now() < deadline {
            self.kill();
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn kill(&self) {
        for process in self.each().flat_map(|place| processes(place)) {
            // It may have ended since it was listed, and that is what was wanted.
            let _ = rustix::process::kill_process(process, Signal::KILL);
        }
    }
}

/// Kills and removes what servers left that no longer live.
fn sweep(above: &Places) {
    for name in children(&above.memory) {
        if !name.starts_with(PREFIX) {
            continue;
        }
        let dead = above.below(&name);
        let Some(_lock) = try_lock(&dead.memory) else { continue };
        for execution in dead.each().flat_map(|place| children(place)) {
            dead.below(&execution).clear();
        }
        dead.clear();
    }
}

fn try_lock(folder: &Path) -> Option<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(folder, flags, Mode::empty()).ok()?;
    rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(fd)
}

fn children(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The processes of a group. A process that this server cannot see is listed as 0 and left out:
/// 0 and 1 would mean something else altogether to `kill`.
fn processes(place: &Path) -> Vec<Pid> {
    let text = fs::read_to_string(place.join("cgroup.procs")).unwrap_or_default();
    text.lines()
        .filter_map(|line| Pid::from_raw(line.parse().ok()?))
        .filter(|p| !p.is_init())
        .collect()
}

/// One value of a file of `name value` lines.
fn field(file: &PathBuf, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

fn optional(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
