//! How an execution ended: as a fact, and in words that the model can act on.

use crate::{
    event::{self, EndingKind},
    sandbox::{Ending, Exit},
};
use std::fmt::Write;

/// The ending as a fact; without an exit nobody knows how it ended.
pub(super) fn ending(exit: Option<&Exit>) -> event::Ending {
    let Some(exit) = exit else {
        return event::Ending {
            how: EndingKind::Interrupted,
            code: None,
            duration_ms: 0,
            cpu_seconds: 0.0,
            peak_memory: None,
            dropped_output: 0,
        };
    };
    let (how, code) = match exit.ending {
        Ending::Code(code) => (EndingKind::Exited, Some(code)),
        Ending::Signal(signal) => (EndingKind::Signalled, Some(signal)),
        Ending::TimedOut => (EndingKind::TimedOut, None),
        Ending::OutOfMemory => (EndingKind::OutOfMemory, None),
        Ending::DiskFull => (EndingKind::DiskFull, None),
        Ending::Terminated => (EndingKind::Terminated, None),
    };
    event::Ending {
        how,
        code,
        duration_ms: exit.wall.as_millis() as u64,
        cpu_seconds: exit.cpu_seconds,
        peak_memory: exit.peak_memory,
        dropped_output: exit.dropped_output,
    }
}

/// Wall-clock seconds: what a script gets, and what it could have asked for.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    pub seconds: u64,
    pub most: u64,
}

/// How it ended, in words that the model can act on.
pub(super) fn said(ending: &event::Ending, allowed: Allowed, memory_mib: u64) -> String {
    let Allowed { seconds: timeout_s, most } = allowed;
    let seconds = ending.duration_ms as f64 / 1000.0;
    let code = ending.code.unwrap_or_default();
    let mut text = match ending.how {
        EndingKind::Exited => format!("exit code {code} in {seconds:.1} s"),
        EndingKind::Signalled => format!("killed by signal {code} after {seconds:.1} s"),
        EndingKind::TimedOut if timeout_s < most => format!(
            "timed out after {timeout_s} s; take less data or smaller steps, or pass `heavy`: true \
             for up to {most} s"
        ),
        EndingKind::TimedOut => {
            format!("timed out after {timeout_s} s; take less data, fewer trials or smaller steps")
        }
        EndingKind::OutOfMemory => format!(
            "killed: out of memory at {memory_mib} MiB; sample the rows, use smaller types, or DuckDB"
        ),
        EndingKind::DiskFull => "killed: the disk limit was reached; write less".into(),
        EndingKind::Terminated => "stopped before it ended".into(),
        EndingKind::Interrupted => {
            "interrupted: the sandbox went away; its outcome is unknown".into()
        }
    };
    if ending.dropped_output > 0 {
        let _ = write!(
            text,
            " ({} bytes of output beyond the cap were dropped)",
            ending.dropped_output
        );
    }
    text
}
