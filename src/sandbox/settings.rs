//! What an operator sets about executions, and the defaults that a machine's size gives.
//!
//! The one place that holds these defaults: configuration overrides them by name, backends and those
//! who start sandboxes take them from here.

use super::{Gpu, Limits, Tier};
use std::{fs, path::Path};

/// Everything that is set about executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxSettings {
    /// The most that one execution may take.
    pub limits: Limits,
    /// Wall-clock seconds of one of the server's own runners.
    pub runner_seconds: u64,
    /// MiB of memory that all executions may use together.
    pub total_mib: u64,
    /// Executions at once; more of them wait.
    pub at_once: u32,
    /// Warm sandboxes that are kept ready before anybody asks; 0 keeps none.
    pub slots: u32,
    /// The lowest tier in which programs are run at all.
    pub floor: Tier,
    /// What agents' sandboxes ask for.
    pub gpu: Gpu,
}

impl SandboxSettings {
    /// Most MiB that any limit of memory or disk may be.
    pub const MOST_MIB: u64 = 16_777_216;
    /// Most executions that may be allowed at once.
    pub const MOST_AT_ONCE: u32 = 10_000;

    /// The defaults on a machine of this size.
    pub fn on(capacity: Capacity) -> Self {
        let total_mib = (capacity.memory_mib / 5 * 4).max(Limits::LEAST_MEMORY_MIB);
        let default = Limits::default();
        Self {
            limits: Limits {
                memory_mib: default.memory_mib.min(total_mib),
                cpus: capacity.cores,
                ..default
            },
            runner_seconds: 900,
            total_mib,
            // They share the cores fairly; what runs short first is memory, which is counted apart.
            at_once: capacity.cores.saturating_mul(16),
            slots: 1,
            floor: Tier::B,
            gpu: Gpu::None,
        }
    }

    /// The defaults where machines are rented: whatever the server itself runs on says nothing about
    /// them, and each execution brings its own memory.
    pub fn rented() -> Self {
        Self {
            limits: Limits { memory_mib: 4096, cpus: 4, ..Limits::default() },
            runner_seconds: 900,
            total_mib: Self::MOST_MIB,
            at_once: Self::MOST_AT_ONCE,
            slots: 0,
            floor: Tier::B,
            gpu: Gpu::None,
        }
    }
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self::on(Capacity::read())
    }
}

/// What this process may use of its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    pub cores: u32,
    pub memory_mib: u64,
}

impl Capacity {
    /// Reads it: the machine's, or the limits of the server's own cgroup where those are lower.
    pub fn read() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let groups = read("/proc/self/cgroup");
        let limits = memory_files(&groups).into_iter().filter_map(|file| {
            // A limit that cannot be read is none that we know of.
            fs::read_to_string(Path::new("/sys/fs/cgroup").join(file)).ok()?.trim().parse().ok()
        });
        let machine = total_bytes(&read("/proc/meminfo")).unwrap_or(4 << 30);
        let bytes: u64 = limits.fold(machine, u64::min);
        Self {
            cores: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
            memory_mib: bytes >> 20,
        }
    }
}

/// Bytes of memory that `/proc/meminfo` tells of.
fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// The files below `/sys/fs/cgroup` that may limit the memory of who has this `/proc/self/cgroup`: of
/// its group and of all above it, in either version.
fn memory_files(groups: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("", "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("memory/", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        // A container may see the path of its host, of which it has only the root.
        for folder in Path::new(path.trim_start_matches('/')).ancestors() {
            files.push(format!("{root}{}", folder.join(file).display()));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_files(groups: &str, expect: &[&str]) {
        assert_eq!(memory_files(groups), expect, "{groups}");
    }

    #[test]
    fn a_group_is_limited_by_all_above_it() {
        check_files("0::/\n", &["memory.max"]);
        let nested = ["a/b.service/memory.max", "a/memory.max", "memory.max"];
        check_files("0::/a/b.service\n", &nested);
        let old = ["memory/docker/1/memory.limit_in_bytes", "memory/docker/memory.limit_in_bytes"];
        let old = [&old[..], &["memory/memory.limit_in_bytes"]].concat();
        check_files("5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n", &old);
        check_files("nonsense", &[]);
    }

    #[track_caller]
    fn check(cores: u32, memory_mib: u64, expect: (u64, u64, u32)) {
        let settings = SandboxSettings::on(Capacity { cores, memory_mib });
        let found = (settings.total_mib, settings.limits.memory_mib, settings.at_once);
        assert_eq!(found, expect);
    }

    #[test]
    fn defaults_follow_the_size_of_the_machine() {
        check(2, 10_000, (8000, 4096, 32));
        check(1, 2000, (1600, 1600, 16));
        check(64, 512_000, (409_600, 4096, 1024));
        check(1, 100, (256, 256, 16));
    }

    #[test]
    fn the_machines_memory_is_read() {
        assert_eq!(total_bytes("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
        assert_eq!(total_bytes("nothing"), None);
        let found = Capacity::read();
        assert!(found.cores >= 1 && found.memory_mib >= 64, "{found:?}");
    }
}
