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
    thread,
    time::{Duration, Instant},
};

const PREFIX: &str = "trainable-";
/// The period that a share of CPU is counted over, in microseconds.
const PERIOD: u64 = 100_000;

/// This server's place in the hierarchies.
pub(super) struct Cgroups {
    version: Version,
    places: Places,
    /// Held as long as the server lives.
    _lock: OwnedFd,
}

impl Cgroups {
    /// Finds writable hierarchies and makes a place in them.
    ///
    /// *Errors*: what is missing and how to get it, in one sentence.
    pub(super) fn claim() -> Result<Self, String> {
        let (version, above) = hierarchy::find()?;
        sweep(&above);
        let refused = |error: io::Error| {
            format!(
                "cgroups are not writable ({error}); start the server as root, or give it a \
                 delegated cgroup: `systemd-run --user --scope -p Delegate=yes trainable serve`"
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
                return Ok(Self { version, places, _lock: lock });
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
    pub(super) fn group(&self, limits: &Limits) -> io::Result<Group> {
        let name = uuid::Uuid::now_v7().simple().to_string();
        let group = Group { version: self.version, places: self.places.below(&name) };
        group.places.create()?;
        group.limit(limits)?;
        Ok(group)
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        self.places.remove();
    }
}

/// The group of one execution; whatever is left in it is killed when it is dropped.
pub(super) struct Group {
    version: Version,
    places: Places,
}

impl Group {
    fn limit(&self, limits: &Limits) -> io::Result<()> {
        let memory = limits.memory_mib.saturating_mul(1 << 20).to_string();
        let Places { memory: at_memory, pids, cpu, .. } = &self.places;
        // Two more than the program may have: bubblewrap itself and process 1.
        fs::write(pids.join("pids.max"), (u64::from(limits.processes) + 2).to_string())?;
        let quota = u64::from(limits.cpus.max(1)) * PERIOD;
        match self.version {
            Version::One => {
                fs::write(at_memory.join("memory.limit_in_bytes"), &memory)?;
                // Absent where the kernel does not account swap; then it must not swap at all.
                if fs::write(at_memory.join("memory.memsw.limit_in_bytes"), &memory).is_err() {
                    fs::write(at_memory.join("memory.swappiness"), "0")?;
                }
                if let Some(cpu) = cpu {
                    fs::write(cpu.join("cpu.cfs_period_us"), PERIOD.to_string())?;
                    fs::write(cpu.join("cpu.cfs_quota_us"), quota.to_string())?;
                }
            }
            Version::Two => {
                fs::write(at_memory.join("memory.max"), &memory)?;
                optional(fs::write(at_memory.join("memory.swap.max"), "0"))?;
                if let Some(cpu) = cpu {
                    fs::write(cpu.join("cpu.max"), format!("{quota} {PERIOD}"))?;
                }
            }
        }
        Ok(())
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
        if self.version == Version::Two
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
        let file = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        field(&self.places.memory.join(file), "oom_kill").is_some_and(|kills| kills > 0)
    }

    /// Bytes at the highest.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        let file = match self.version {
            Version::One => "memory.max_usage_in_bytes",
            Version::Two => "memory.peak",
        };
        fs::read_to_string(self.places.memory.join(file)).ok()?.trim().parse().ok()
    }

    /// User and system time of everything that ever ran in it.
    pub(super) fn cpu_seconds(&self) -> Option<f64> {
        match self.version {
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
        self.places.clear();
    }
}

impl Places {
    /// Kills whatever is inside and removes the folders; waits for the kernel for up to a second.
    fn clear(&self) {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.remove() && Instant::now() < deadline {
            for process in self.each().flat_map(|place| processes(place)) {
                let _ = rustix::process::kill_process(process, Signal::KILL);
            }
            thread::sleep(Duration::from_millis(2));
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
