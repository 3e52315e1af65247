//! What a zygote is told of one execution, as JSON.

use super::{command, environment::Ready, probe::Machine};
use crate::sandbox::{Access, ExecSpec, Limits, Mount, Program};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Request<'a> {
    script: Option<&'a str>,
    runner: Option<String>,
    args: &'a [String],
    env: BTreeMap<String, String>,
    workdir: &'a str,
    mounts: Vec<Shown<'a>>,
    /// The folder of the records' socket, below the one that all have.
    records: &'a str,
    tmp_mib: u64,
    shm_mib: u64,
    cpus: u32,
    /// How many groups the execution must have entered before it begins.
    groups: usize,
    /// Limits of each process by the names of `setrlimit`; those of the whole execution are the
    /// cgroup's, where there is one.
    limits: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Shown<'a> {
    volume: &'a str,
    at: &'a str,
    write: bool,
}

impl<'a> Request<'a> {
    pub(super) fn new(
        spec: &'a ExecSpec,
        mounts: &'a [Mount],
        limits: &Limits,
        ready: &Ready,
        machine: &Machine,
        records: &'a str,
    ) -> Self {
        let (script, runner, args) = match &spec.program {
            Program::Script { path, args } => (Some(path.as_str()), None, args),
            Program::Runner { name, args } => {
                (None, Some(format!("trainable_runners.{name}")), args)
            }
        };
        let shown = |mount: &'a Mount| Shown {
            volume: mount.volume.as_str(),
            at: &mount.at,
            write: mount.access == Access::ReadWrite,
        };
        Self {
            script,
            runner,
            args,
            env: command::environment(ready, limits.cpus, &spec.env),
            workdir: &spec.workdir,
            mounts: mounts.iter().map(shown).collect(),
            records,
            tmp_mib: (limits.memory_mib / 2).max(16),
            shm_mib: (limits.memory_mib / 4).max(16),
            cpus: limits.cpus.max(1),
            groups: machine.cgroups.as_ref().map_or(0, |cgroups| cgroups.hierarchies()),
            limits: rlimits(limits, machine),
        }
    }
}

fn rlimits(limits: &Limits, machine: &Machine) -> BTreeMap<&'static str, u64> {
    let mib = |count: u64| count.saturating_mul(1 << 20);
    let mut all = BTreeMap::from([
        ("CORE", 0),
        ("NOFILE", limits.open_files),
        ("FSIZE", mib(limits.disk_mib)),
    ]);
    if machine.cgroups.is_none() {
        // Private memory rather than address space: threaded libraries reserve far more than they use.
        all.insert("DATA", mib(limits.memory_mib));
        if machine.processes_per_sandbox {
            // Counted together with the zygote, and with what waits and runs beside it.
            all.insert("NPROC", u64::from(limits.processes) + 4);
        }
    }
    all
}
