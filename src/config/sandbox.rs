//! What is set about executions: limits, places, the floor.

use super::Reader;
use crate::{
    event::Budgets,
    sandbox::{Capacity, Gpu, Limits, SandboxSettings, Tier},
};

const MOST_MIB: u64 = SandboxSettings::MOST_MIB;

/// On whose machine programs run.
#[derive(Clone, Copy)]
pub(super) enum Machine {
    /// The server's own, whose memory all executions share.
    Own(Capacity),
    /// One that is rented for each sandbox.
    Rented,
}

/// Reads the settings and the memory of one execution, which are limits of runs too.
pub(super) fn read(
    reader: &mut Reader<'_>,
    machine: Machine,
    budgets: &mut Budgets,
) -> SandboxSettings {
    let default = match machine {
        Machine::Own(capacity) => SandboxSettings::on(capacity),
        Machine::Rented => SandboxSettings::rented(),
    };
    let least = Limits::LEAST_MEMORY_MIB;
    let total_mib =
        reader.number("TRAINABLE_SANDBOX_TOTAL_MIB", "MiB", least..=MOST_MIB, default.total_mib);
    let total_mib = match machine {
        Machine::Own(_) => total_mib,
        // Nobody shares a rented machine's memory.
        Machine::Rented => default.total_mib,
    };
    let memory_mib = default.limits.memory_mib.min(total_mib);
    let memory_mib = reader.number("TRAINABLE_MEMORY_MIB", "MiB", least..=MOST_MIB, memory_mib);
    if memory_mib > total_mib {
        reader.problems.push(format!(
            "TRAINABLE_MEMORY_MIB is {memory_mib}, more than the {total_mib} MiB that all executions \
             together may use; lower it or raise TRAINABLE_SANDBOX_TOTAL_MIB"
        ));
    }
    budgets.memory_mib = memory_mib;
    let seconds = 10..=86_400;
    SandboxSettings {
        limits: Limits { memory_mib, ..limits(reader, default.limits) },
        runner_seconds: reader.number(
            "TRAINABLE_SANDBOX_RUNNER_SECONDS",
            "seconds",
            seconds,
            default.runner_seconds,
        ),
        total_mib,
        at_once: small(reader, "TRAINABLE_SANDBOX_AT_ONCE", "executions", 1, default.at_once),
        slots: small(reader, "TRAINABLE_SANDBOX_SLOTS", "sandboxes", 0, default.slots),
        floor: reader.choice(
            "TRAINABLE_SANDBOX_FLOOR",
            &[("A", Tier::A), ("B", Tier::B)],
            default.floor,
        ),
        gpu: reader.choice(
            "TRAINABLE_SANDBOX_GPU",
            &[("off", Gpu::None), ("on", Gpu::Any)],
            default.gpu,
        ),
    }
}

fn limits(reader: &mut Reader<'_>, default: Limits) -> Limits {
    let cpus = reader.number("TRAINABLE_CPUS", "cores", 1..=1024, default.cpus.into());
    let processes = reader.number(
        "TRAINABLE_SANDBOX_PROCESSES",
        "processes",
        16..=1_000_000,
        default.processes.into(),
    );
    let output = default.output_bytes >> 20;
    Limits {
        memory_mib: default.memory_mib,
        cpus: cpus as u32,
        processes: processes as u32,
        disk_mib: reader.number(
            "TRAINABLE_SANDBOX_DISK_MIB",
            "MiB",
            16..=MOST_MIB,
            default.disk_mib,
        ),
        files: reader.number("TRAINABLE_SANDBOX_FILES", "files", 100..=100_000_000, default.files),
        output_bytes: reader.number("TRAINABLE_SANDBOX_OUTPUT_MIB", "MiB", 1..=4096, output) << 20,
        open_files: reader.number(
            "TRAINABLE_SANDBOX_OPEN_FILES",
            "open files",
            64..=1_048_576,
            default.open_files,
        ),
    }
}

/// A count of executions or sandboxes.
fn small(reader: &mut Reader<'_>, name: &str, unit: &str, least: u64, default: u32) -> u32 {
    reader.number(name, unit, least..=SandboxSettings::MOST_AT_ONCE.into(), default.into()) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: Capacity = Capacity { cores: 2, memory_mib: 10_000 };

    #[track_caller]
    fn check(vars: &[(&str, &str)], expect: impl FnOnce(&mut SandboxSettings), problems: &[&str]) {
        let env = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let mut reader = Reader { env: &env, problems: Vec::new() };
        let mut budgets = Budgets::default();
        let found = read(&mut reader, Machine::Own(MACHINE), &mut budgets);
        let mut wanted = SandboxSettings::on(MACHINE);
        expect(&mut wanted);
        assert_eq!(found, wanted, "{vars:?}");
        assert_eq!(budgets.memory_mib, found.limits.memory_mib, "{vars:?}");
        assert_eq!(reader.problems, problems, "{vars:?}");
    }

    #[test]
    fn each_variable_sets_one_thing() {
        check(&[], |_| (), &[]);
        check(&[("TRAINABLE_MEMORY_MIB", "512")], |s| s.limits.memory_mib = 512, &[]);
        check(&[("TRAINABLE_CPUS", "1")], |s| s.limits.cpus = 1, &[]);
        check(&[("TRAINABLE_SANDBOX_PROCESSES", "64")], |s| s.limits.processes = 64, &[]);
        check(&[("TRAINABLE_SANDBOX_DISK_MIB", "100")], |s| s.limits.disk_mib = 100, &[]);
        check(&[("TRAINABLE_SANDBOX_FILES", "200")], |s| s.limits.files = 200, &[]);
        check(&[("TRAINABLE_SANDBOX_OUTPUT_MIB", "2")], |s| s.limits.output_bytes = 2 << 20, &[]);
        check(&[("TRAINABLE_SANDBOX_OPEN_FILES", "99")], |s| s.limits.open_files = 99, &[]);
        check(&[("TRAINABLE_SANDBOX_RUNNER_SECONDS", "30")], |s| s.runner_seconds = 30, &[]);
        check(&[("TRAINABLE_SANDBOX_SLOTS", "0")], |s| s.slots = 0, &[]);
        check(&[("TRAINABLE_SANDBOX_AT_ONCE", "3")], |s| s.at_once = 3, &[]);
        check(&[("TRAINABLE_SANDBOX_FLOOR", "A")], |s| s.floor = Tier::A, &[]);
        check(&[("TRAINABLE_SANDBOX_GPU", "on")], |s| s.gpu = Gpu::Any, &[]);
        check(&[("TRAINABLE_SANDBOX_TOTAL_MIB", "9000")], |s| s.total_mib = 9000, &[]);
    }

    #[test]
    fn one_execution_never_gets_more_than_all_together() {
        let little = |s: &mut SandboxSettings| (s.total_mib, s.limits.memory_mib) = (1024, 1024);
        check(&[("TRAINABLE_SANDBOX_TOTAL_MIB", "1024")], little, &[]);
        check(
            &[("TRAINABLE_SANDBOX_TOTAL_MIB", "1024"), ("TRAINABLE_MEMORY_MIB", "2048")],
            |s| (s.total_mib, s.limits.memory_mib) = (1024, 2048),
            &["TRAINABLE_MEMORY_MIB is 2048, more than the 1024 MiB that all executions together \
               may use; lower it or raise TRAINABLE_SANDBOX_TOTAL_MIB"],
        );
    }

    #[test]
    fn rented_machines_are_not_limited_by_the_servers_own() {
        let vars = [("TRAINABLE_SANDBOX_TOTAL_MIB", "512"), ("TRAINABLE_MEMORY_MIB", "65536")];
        let env = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let mut reader = Reader { env: &env, problems: Vec::new() };
        let mut budgets = Budgets::default();
        let found = read(&mut reader, Machine::Rented, &mut budgets);
        assert_eq!((found.limits.memory_mib, budgets.memory_mib), (65_536, 65_536));
        assert_eq!((found.limits.cpus, found.total_mib), (4, MOST_MIB));
        assert_eq!(reader.problems, [""; 0]);
    }

    #[test]
    fn every_bad_value_is_reported_with_the_others() {
        check(
            &[
                ("TRAINABLE_SANDBOX_SLOTS", "-1"),
                ("TRAINABLE_SANDBOX_AT_ONCE", "0"),
                ("TRAINABLE_SANDBOX_FLOOR", "C"),
                ("TRAINABLE_SANDBOX_GPU", "two"),
                ("TRAINABLE_SANDBOX_PROCESSES", "1.5"),
            ],
            |_| (),
            &[
                "TRAINABLE_SANDBOX_PROCESSES is `1.5`; give a whole number of processes from 16 to \
                 1000000",
                "TRAINABLE_SANDBOX_AT_ONCE is `0`; give a whole number of executions from 1 to 10000",
                "TRAINABLE_SANDBOX_SLOTS is `-1`; give a whole number of sandboxes from 0 to 10000",
                "TRAINABLE_SANDBOX_FLOOR is `C`; give `A` or `B`",
                "TRAINABLE_SANDBOX_GPU is `two`; give `off` or `on`",
            ],
        );
    }
}
