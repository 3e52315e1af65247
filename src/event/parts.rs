//! What events carry: files, metric points, records, plans and endings.

use entity::vocab::{ArtifactType, Stage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How an execution ended, with what it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    pub how: EndingKind,
    /// The exit code, or the number of the signal.
    pub code: Option<i32>,
    pub duration_ms: u64,
    pub cpu_seconds: f64,
    /// Bytes; `None` where the machine cannot tell.
    pub peak_memory: Option<u64>,
    /// Bytes of output beyond the cap.
    pub dropped_output: u64,
    /// USD that a rented sandbox has cost since its execution before; `None` where nobody is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

impl Ending {
    /// One that nobody measured.
    pub const fn unmeasured(how: EndingKind, duration_ms: u64) -> Self {
        Self {
            how,
            code: None,
            duration_ms,
            cpu_seconds: 0.0,
            peak_memory: None,
            dropped_output: 0,
            cost_usd: None,
        }
    }

    /// How it ended, for people: the end of a sentence that begins with the program.
    pub fn words(&self) -> String {
        let code = self.code.unwrap_or_default();
        match self.how {
            EndingKind::Exited => format!("exited with code {code}"),
            EndingKind::Signalled => match (signal(code), is_crash(code)) {
                (Some(name), true) => format!("crashed in native code ({name})"),
                (Some(name), false) => format!("was killed by {name}"),
                (None, _) => format!("was killed by signal {code}"),
            },
            EndingKind::TimedOut => "ran out of time".into(),
            EndingKind::OutOfMemory => "ran out of memory".into(),
            EndingKind::MachineOutOfMemory => {
                "was killed because all executions together had used up the machine's memory".into()
            }
            EndingKind::DiskFull => "filled the disk that it may use".into(),
            EndingKind::Terminated => "was stopped".into(),
            EndingKind::NotStarted => "could not be started".into(),
            EndingKind::Interrupted => {
                "was interrupted when its sandbox went away; what it did by then is unknown".into()
            }
        }
    }
}

/// The name of a signal of Linux; `None` for real-time signals and numbers that are none.
pub fn signal(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}

/// Whether a signal is what the kernel sends to a program whose native code went wrong.
pub fn is_crash(number: i32) -> bool {
    matches!(signal(number), Some("SIGILL" | "SIGABRT" | "SIGBUS" | "SIGFPE" | "SIGSEGV"))
}

/// Bytes of memory or disk as people read them: `312 MiB`, `2.0 GiB`.
pub fn amount(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib >= 1000.0 {
        format!("{:.1} GiB", mib / 1024.0)
    } else {
        format!("{:.0} MiB", mib.ceil())
    }
}

/// The ways an execution ends, told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    Exited,
    Signalled,
    TimedOut,
    /// It passed the memory of one execution.
    OutOfMemory,
    /// It had less than that, but all executions together had used up the machine's.
    MachineOutOfMemory,
    DiskFull,
    /// The user or a budget stopped it.
    Terminated,
    /// The sandbox could not be started.
    NotStarted,
    /// The server or the sandbox went away while it ran; its outcome is unknown.
    Interrupted,
}

/// Which of a program's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    Stdout,
    Stderr,
}

/// A file that a stage left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Relative to the session folder: `eda/figures/age.png`.
    pub path: String,
    pub name: String,
    pub stage: Stage,
    #[serde(rename = "artifact_type")]
    pub kind: ArtifactType,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
}

/// An entry of a stage's folder that is not kept as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedFile {
    /// Relative to the session folder; what no path may hold is escaped.
    pub path: String,
    /// Why, such as `is a symbolic link`.
    pub reason: String,
}

/// One metric point. Points are stored once, in `metrics`; see `store::event`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    pub step: i64,
    pub name: String,
    #[serde(with = "extended_float")]
    pub value: f64,
    pub run: Option<String>,
}

/// One chart of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    pub title: String,
    pub metrics: Vec<String>,
    /// `line`, `bar` …: a hint; unknown ones are drawn as lines.
    #[serde(rename = "chart_type")]
    pub kind: String,
}

/// Something logged that is no number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub kind: RecordKind,
    pub name: String,
    pub step: Option<i64>,
    pub run: Option<String>,
    pub data: Value,
}

/// The kinds of records that the SDK logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    Image,
    Table,
    ConfusionMatrix,
    Roc,
    Pr,
    Histogram,
    Text,
}

/// One step of the agent's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    pub title: String,
    pub status: PlanStatus,
}

/// How a step of the plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    Pending,
    InProgress,
    Done,
}

/// What Prep made, as claimed by its metadata and checked against the files' presence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessedDataset {
    pub columns: Value,
    pub feature_columns: Vec<String>,
    pub target_column: String,
    pub train_rows: i64,
    pub val_rows: i64,
    pub test_rows: i64,
    pub quality_stats: Value,
}

/// Text of a turn as it arrives: live only, provisional, never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDelta {
    pub turn: u32,
    pub attempt: u32,
    /// Characters of this attempt before this text.
    pub offset: u64,
    pub text: String,
}

/// Floats as JSON, with NaN and the infinities as texts, so that they survive a replay.
mod extended_float {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            to.serialize_f64(*value)
        } else if value.is_nan() {
            to.serialize_str("NaN")
        } else if *value > 0.0 {
            to.serialize_str("Infinity")
        } else {
            to.serialize_str("-Infinity")
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(f64),
            Text(String),
        }
        match Either::deserialize(from)? {
            Either::Number(value) => Ok(value),
            Either::Text(text) => match text.as_str() {
                "NaN" => Ok(f64::NAN),
                "Infinity" => Ok(f64::INFINITY),
                "-Infinity" => Ok(f64::NEG_INFINITY),
                other => Err(D::Error::custom(format!("`{other}` is no number"))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(how: EndingKind, code: Option<i32>, expect: &str) {
        assert_eq!(Ending { code, ..Ending::unmeasured(how, 0) }.words(), expect);
    }

    #[test]
    fn endings_are_told_apart() {
        check(EndingKind::Exited, Some(3), "exited with code 3");
        check(EndingKind::Signalled, Some(11), "crashed in native code (SIGSEGV)");
        check(EndingKind::Signalled, Some(15), "was killed by SIGTERM");
        check(EndingKind::Signalled, Some(40), "was killed by signal 40");
        check(EndingKind::OutOfMemory, None, "ran out of memory");
    }

    #[test]
    fn amounts_are_read_at_a_glance() {
        let read = |bytes| amount(bytes);
        assert_eq!([read(0), read(1), read(300 << 20)], ["0 MiB", "1 MiB", "300 MiB"]);
        assert_eq!([read(1023 << 20), read(5 << 29)], ["1.0 GiB", "2.5 GiB"]);
    }
}
