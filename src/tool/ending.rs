//! How an execution ended: as a fact, and in words that the model can act on.

use crate::{
    event::{self, EndingKind, amount, is_crash, signal},
    sandbox::{Ending, Exit, Limits},
};
use std::fmt::Write;

/// The ending as a fact; without an exit nobody knows how it ended.
pub(super) fn ending(exit: Option<&Exit>, limits: &Limits) -> event::Ending {
    let Some(exit) = exit else {
        return event::Ending::unmeasured(EndingKind::Interrupted, 0);
    };
    let (how, code) = match exit.ending {
        Ending::Code(code) => (EndingKind::Exited, Some(code)),
        Ending::Signal(signal) => (EndingKind::Signalled, Some(signal)),
        Ending::TimedOut => (EndingKind::TimedOut, None),
        Ending::OutOfMemory if exit.starved(limits) => (EndingKind::MachineOutOfMemory, None),
        Ending::OutOfMemory => (EndingKind::OutOfMemory, None),
        Ending::DiskFull => (EndingKind::DiskFull, None),
        Ending::Terminated => (EndingKind::Terminated, None),
        Ending::NotStarted => (EndingKind::NotStarted, None),
        Ending::Lost => (EndingKind::Interrupted, None),
    };
    event::Ending {
        how,
        code,
        duration_ms: exit.wall.as_millis() as u64,
        cpu_seconds: exit.cpu_seconds,
        peak_memory: exit.peak_memory,
        dropped_output: exit.dropped_output,
        cost_usd: exit.cost_usd,
    }
}

/// Wall-clock seconds: what a script gets, and what it could have asked for.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    pub seconds: u64,
    pub most: u64,
}

/// How it ended, in words that the model can act on.
pub(super) fn said(ending: &event::Ending, allowed: Allowed, limits: &Limits) -> String {
    let seconds = ending.duration_ms as f64 / 1000.0;
    let code = ending.code.unwrap_or_default();
    let memory = amount(limits.memory_mib << 20);
    let mut text = match ending.how {
        EndingKind::Exited => format!("exit code {code} in {seconds:.1} s{}", near(ending, limits)),
        EndingKind::Signalled => signalled(code, seconds),
        EndingKind::TimedOut => timed_out(allowed),
        EndingKind::OutOfMemory => format!(
            "killed: out of memory at {memory} after {seconds:.1} s; sample the rows, use smaller \
             types, or DuckDB"
        ),
        EndingKind::MachineOutOfMemory => format!(
            "interrupted after {seconds:.1} s: all executions together had used up the machine's \
             memory, this one held {} of its {memory}; run it again, alone in its turn",
            amount(ending.peak_memory.unwrap_or_default())
        ),
        EndingKind::DiskFull => format!(
            "killed: the folders that it writes to may hold {} and {} files; delete what is not \
             needed, write Parquet instead of CSV, fewer and smaller files",
            amount(limits.disk_mib << 20),
            limits.files
        ),
        EndingKind::Terminated => format!("stopped after {seconds:.1} s, before it ended"),
        EndingKind::NotStarted => "the sandbox could not be started; stderr says why".into(),
        EndingKind::Interrupted => {
            "interrupted: the sandbox went away; its outcome is unknown".into()
        }
    };
    if ending.dropped_output > 0 {
        let _ = write!(
            text,
            " ({} of output beyond the first {} were dropped: print less, write the rest to a file)",
            amount(ending.dropped_output),
            amount(limits.output_bytes)
        );
    }
    text
}

/// The peak of memory, where it came so near the limit that more data will not fit.
fn near(ending: &event::Ending, limits: &Limits) -> String {
    let limit = limits.memory_mib << 20;
    match ending.peak_memory {
        Some(peak) if peak >= limit / 2 => {
            format!(", {} of {} of memory at its peak", amount(peak), amount(limit))
        }
        Some(_) | None => String::new(),
    }
}

fn signalled(number: i32, seconds: f64) -> String {
    let name = signal(number).unwrap_or("of no name");
    let advice = match name {
        "SIGKILL" => {
            "; most often for want of memory: sample the rows, use smaller types, or DuckDB"
        }
        "SIGSYS" => "; it made a system call that the sandbox forbids",
        "SIGXFSZ" => "; a file became larger than is allowed",
        _ if is_crash(number) => {
            ": it crashed in native code, which Python cannot catch; take fewer rows, one thread or \
             another library"
        }
        _ => "",
    };
    format!("killed by signal {number} ({name}) after {seconds:.1} s{advice}")
}

fn timed_out(Allowed { seconds, most }: Allowed) -> String {
    if seconds < most {
        format!(
            "timed out after {seconds} s; take less data or smaller steps, or pass `heavy`: true \
             for up to {most} s"
        )
    } else {
        format!("timed out after {seconds} s; take less data, fewer trials or smaller steps")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LIMITS: Limits = Limits {
        memory_mib: 2048,
        cpus: 1,
        processes: 1,
        disk_mib: 10_240,
        files: 500,
        output_bytes: 4 << 20,
        open_files: 64,
    };

    /// What the model is told of an exit with this peak of memory, in MiB, and so much output lost.
    #[track_caller]
    fn check(end: Ending, peak_mib: u64, dropped_output: u64, expect: &str) {
        let exit = Exit {
            ending: end,
            cpu_seconds: 1.0,
            peak_memory: Some(peak_mib << 20),
            dropped_output,
            wall: Duration::from_millis(1500),
            cost_usd: None,
        };
        let allowed = Allowed { seconds: 600, most: 600 };
        assert_eq!(said(&ending(Some(&exit), &LIMITS), allowed, &LIMITS), expect);
    }

    #[test]
    fn the_model_is_told_what_to_do() {
        check(Ending::Code(0), 100, 0, "exit code 0 in 1.5 s");
        check(
            Ending::Code(1),
            1024,
            0,
            "exit code 1 in 1.5 s, 1.0 GiB of 2.0 GiB of memory at its peak",
        );
        check(
            Ending::OutOfMemory,
            2048,
            0,
            "killed: out of memory at 2.0 GiB after 1.5 s; sample the rows, use smaller types, or \
             DuckDB",
        );
        check(
            Ending::OutOfMemory,
            300,
            0,
            "interrupted after 1.5 s: all executions together had used up the machine's memory, \
             this one held 300 MiB of its 2.0 GiB; run it again, alone in its turn",
        );
        check(
            Ending::Signal(11),
            1,
            0,
            "killed by signal 11 (SIGSEGV) after 1.5 s: it crashed in native code, which Python \
             cannot catch; take fewer rows, one thread or another library",
        );
        check(Ending::Signal(15), 1, 0, "killed by signal 15 (SIGTERM) after 1.5 s");
        check(Ending::Signal(34), 1, 0, "killed by signal 34 (of no name) after 1.5 s");
        check(
            Ending::DiskFull,
            1,
            0,
            "killed: the folders that it writes to may hold 10.0 GiB and 500 files; delete what is \
             not needed, write Parquet instead of CSV, fewer and smaller files",
        );
        check(Ending::Terminated, 1, 0, "stopped after 1.5 s, before it ended");
        check(Ending::NotStarted, 1, 0, "the sandbox could not be started; stderr says why");
        check(Ending::Lost, 1, 0, "interrupted: the sandbox went away; its outcome is unknown");
        check(
            Ending::Code(0),
            1,
            5 << 20,
            "exit code 0 in 1.5 s (5 MiB of output beyond the first 4 MiB were dropped: print less, \
             write the rest to a file)",
        );
    }

    #[test]
    fn without_an_exit_nobody_knows() {
        assert_eq!(ending(None, &LIMITS).how, EndingKind::Interrupted);
    }
}
