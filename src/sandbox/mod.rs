//! The port to isolated execution, and its backends.
//!
//! A [`SandboxProvider`] starts sandboxes and opens volumes. Everything that leaves either is a
//! claim of whoever ran inside: sizes, paths and values are checked before use. This module knows
//! no session, event or database.

#[doc(hidden)]
pub mod fake;
pub mod local;
pub mod modal;
pub mod path;
mod program;
mod settings;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

pub use path::{PathError, VolumeName, VolumePath};
pub use settings::{Capacity, SandboxSettings};

/// Starts sandboxes and opens volumes.
#[async_trait]
pub trait SandboxProvider: Send + Sync {
    /// The name that settings and events use.
    fn name(&self) -> &'static str;

    /// What this machine gives: the tier, and what is missing in one sentence with the fix.
    fn standing(&self) -> Standing;

    /// What is at work and what waits, now. Zeros where the backend does not count.
    fn load(&self) -> SandboxLoad {
        SandboxLoad::default()
    }

    /// Makes the interpreter and its packages ready, once; cheap when they are.
    ///
    /// *Errors*: [`SandboxError::Environment`]; a retry is safe and keeps what was downloaded.
    async fn prepare(&self, progress: Progress) -> Result<(), SandboxError>;

    /// Starts a sandbox. Nothing runs in it until [`Sandbox::exec`].
    async fn start(&self, spec: SandboxSpec) -> Result<Arc<dyn Sandbox>, SandboxError>;

    /// Opens a volume, making it when it is not there. Works with no sandbox running.
    async fn volume(&self, name: &VolumeName) -> Result<Arc<dyn Volume>, SandboxError>;

    /// Deletes a volume and all it holds; nothing happens when it is not there.
    async fn delete_volume(&self, name: &VolumeName) -> Result<(), SandboxError>;

    /// Ends all that runs, for good: called before the process ends, which drops nothing for whoever
    /// still holds something. Blocks for half a second at most; harmless when called twice.
    fn close(&self) {}
}

/// One line of progress at a time, for people.
pub type Progress = Arc<dyn Fn(String) + Send + Sync>;

/// How well this machine isolates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `A` or `B` as in the documentation of the backend; `None` when it refuses to run.
    pub tier: Option<char>,
    /// What the tier rests on, in one sentence.
    pub summary: String,
    /// What is missing, each in one sentence with the fix.
    pub missing: Vec<String>,
}

impl Standing {
    /// Whether programs are run at all where this is the lowest tier that is accepted.
    pub fn meets(&self, floor: Tier) -> bool {
        match (self.tier, floor) {
            (Some('A'), Tier::A | Tier::B) | (Some('B'), Tier::B) => true,
            (Some(_) | None, Tier::A | Tier::B) => false,
        }
    }
}

/// How well programs are isolated, the best first. The lowest that an operator accepts is a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    A,
    B,
}

/// The executions of one provider, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SandboxLoad {
    /// Executions at work.
    pub running: u32,
    /// Executions that wait for a place.
    pub waiting: u32,
    /// Warm sandboxes that nobody has claimed.
    pub slots_ready: u32,
}

/// What a sandbox sees and how much it may take.
#[derive(Clone, Debug, PartialEq)]
pub struct SandboxSpec {
    pub mounts: Vec<Mount>,
    pub limits: Limits,
    pub gpu: Gpu,
    pub warmth: Warmth,
}

/// What a sandbox's interpreter has imported before the first program comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warmth {
    /// What most scripts import: it pays for sandboxes that run several.
    Warm,
    /// Nothing: for one program that is soon over.
    Cold,
}

/// The graphics processors that a sandbox asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gpu {
    #[default]
    None,
    /// Whatever the machine has; a machine without one refuses to start the sandbox.
    Any,
}

/// One volume, or a folder of it, inside a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub volume: VolumeName,
    /// Absolute path inside the sandbox: `/data/...`.
    pub at: String,
    pub access: Access,
}

/// What a sandbox may do with a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    ReadOnly,
    ReadWrite,
}

/// The most that one execution may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// MiB of memory, page cache of its own writes to tmpfs included.
    pub memory_mib: u64,
    /// Cores.
    pub cpus: u32,
    /// Processes and threads together.
    pub processes: u32,
    /// MiB that its read-write mounts may hold in all.
    pub disk_mib: u64,
    /// Files that its read-write mounts may hold in all.
    pub files: u64,
    /// Bytes of stdout and stderr together that are handed on; the rest is counted and dropped.
    pub output_bytes: u64,
    /// Open descriptors of a process.
    pub open_files: u64,
}

impl Limits {
    /// MiB without which Python and its packages do not even start.
    pub const LEAST_MEMORY_MIB: u64 = 256;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_mib: 4096,
            cpus: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
            processes: 512,
            disk_mib: 10 * 1024,
            files: 50_000,
            output_bytes: 4 * 1024 * 1024,
            open_files: 1024,
        }
    }
}

/// A place to run programs in.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// Runs one program.
    ///
    /// *Shape*: zero or more chunks of at most 64 KiB in the order they came, then exactly one
    /// [`Output::Exited`]. Dropping the stream kills the program and all it started.
    async fn exec(&self, spec: ExecSpec) -> Result<BoxStream<'static, Output>, SandboxError>;

    /// Kills whatever runs; harmless when nothing does, and when called twice.
    async fn terminate(&self);
}

/// One program to run.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecSpec {
    pub program: Program,
    /// Beside the fixed environment that the backend sets. Never secrets.
    pub env: BTreeMap<String, String>,
    /// Absolute path inside the sandbox.
    pub workdir: String,
    /// Wall-clock; the whole process tree is killed when it passes.
    pub timeout: Duration,
}

/// What to run, in the backend's own Python environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A script by its absolute path inside the sandbox.
    Script { path: String, args: Vec<String> },
    /// One of the trusted runners: `python -m trainable_runners.{name}`.
    Runner { name: &'static str, args: Vec<String> },
}

/// What comes out of an execution.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// It waits for a place behind `ahead` others that wait too: zero or more, before anything
    /// else. Neither its timeout nor [`Exit::wall`] counts the wait.
    Waiting {
        ahead: u32,
    },
    /// It has its place and begins: one after the last `Waiting`, none without.
    Placed,
    Stdout(Bytes),
    Stderr(Bytes),
    /// One record of the SDK: a JSON object, as bytes that nobody has checked.
    Record(Bytes),
    Exited(Exit),
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    pub ending: Ending,
    /// Of the whole process tree, user and system.
    pub cpu_seconds: f64,
    /// Bytes; `None` where the machine cannot tell.
    pub peak_memory: Option<u64>,
    /// Bytes of output that passed the cap and were dropped.
    pub dropped_output: u64,
    pub wall: Duration,
    /// USD that a rented sandbox has cost since its execution before; `None` where nobody is paid.
    pub cost_usd: Option<f64>,
}

impl Exit {
    /// Whether it was killed for want of memory that others held: well below its own limit.
    pub fn starved(&self, limits: &Limits) -> bool {
        let own = limits.memory_mib.saturating_mul(1 << 20);
        self.ending == Ending::OutOfMemory
            && self.peak_memory.is_some_and(|peak| peak < own / 4 * 3)
    }
}

/// The ways an execution can end, told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited by itself.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It passed its wall-clock limit.
    TimedOut,
    /// The kernel killed it for want of memory: its own limit's, or with a peak well below that, of
    /// all executions together.
    OutOfMemory,
    /// It passed its limit of bytes or files on disk.
    DiskFull,
    /// The sandbox was terminated.
    Terminated,
    /// It had waited for its place and could not be started then; stderr says why.
    NotStarted,
    /// All of the sandbox was killed from outside, so nobody saw how it ended.
    Lost,
}

/// Bytes of the largest file whose digest is computed: a program can claim any size at no cost.
pub const LARGEST_DIGEST: u64 = 4 << 30;

/// A folder that outlives the sandboxes that mount it.
///
/// Reads never follow a symbolic link and never leave the volume; only regular files are read.
#[async_trait]
pub trait Volume: Send + Sync {
    /// All regular files below a folder, sorted by path, and what was refused and why.
    async fn list(&self, under: Option<&VolumePath>) -> Result<Listing, SandboxError>;

    /// One file's size and time; `None` when there is no regular file.
    async fn stat(&self, path: &VolumePath) -> Result<Option<FileStat>, SandboxError>;

    /// Bytes of a file; the range is cut to what the file has.
    async fn read(&self, path: &VolumePath, range: Range<u64>) -> Result<Bytes, SandboxError>;

    /// SHA-256 of a file, lower-case hex, computed in pieces. One above [`LARGEST_DIGEST`] has none:
    /// [`SandboxError::NoFile`].
    async fn digest(&self, path: &VolumePath) -> Result<String, SandboxError>;

    /// Writes a whole file in place of what was there, making its folders. Atomic.
    async fn put(
        &self,
        path: &VolumePath,
        body: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> Result<u64, SandboxError>;

    /// Moves a file or folder inside the volume; nothing happens when it is not there.
    async fn rename(&self, from: &VolumePath, to: &VolumePath) -> Result<(), SandboxError>;

    /// Deletes a file or folder; nothing happens when it is not there.
    async fn delete(&self, path: &VolumePath) -> Result<(), SandboxError>;
}

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub files: Vec<FileStat>,
    /// Entries that are not served, each with the reason: links, devices, odd names.
    pub refused: Vec<(String, &'static str)>,
    /// True when the folder holds more than the listing's cap.
    pub truncated: bool,
}

/// One regular file of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStat {
    pub path: VolumePath,
    /// Bytes.
    pub size: u64,
    pub modified: DateTime<Utc>,
}

/// Why a sandbox or a volume did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// This machine cannot isolate; the sentence says what is missing and how to get it.
    #[error("{0}")]
    Unavailable(String),
    /// The Python environment cannot be made ready.
    #[error("{0}")]
    Environment(String),
    /// There is no regular file at this path.
    #[error("no file `{0}`")]
    NoFile(VolumePath),
    /// The disk under the volume is full; nothing was changed.
    #[error("the server's disk is full; free space and try again")]
    DiskFull,
    /// The operating system refused; a retry may help.
    #[error("{action}: {source}")]
    Io {
        action: &'static str,
        #[source]
        source: std::io::Error,
    },
}
