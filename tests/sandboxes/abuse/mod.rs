//! Attacks on the local sandbox, through its port: all that it must contain, and nothing left after.
//!
//! One process goes through every family with one provider ([`suite`]). `tiers` starts it as the
//! user that runs the tests and as an ordinary user, and looks for what is left after each.

mod bare;
mod bombs;
mod files;
mod kernel;
mod leaks;
mod network;
mod next;
mod output;
mod parallel;
mod scripts;
mod secrets;
mod sessions;
mod tiers;

use crate::support::*;
use futures::future::{BoxFuture, FutureExt};
use scripts::Script;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use trainable::sandbox::{
    Ending, ExecSpec, Gpu, Limits, Mount, Program, Sandbox, SandboxError, SandboxProvider,
    SandboxSpec, Volume, Warmth, local::LocalSandboxes,
};

/// What all secrets of the server look like; the programs know the pattern only.
const SECRET: &str = "S3CR3T-[0-9a-f]{32}";
/// Where the server's environment holds one.
const SECRET_VARIABLE: &str = "TRAINABLE_ABUSE_SECRET";
/// What is in another session's file.
const MARK: &str = "0THER-SESSION";

/// Processes of an execution that waits, forked ahead from a bare interpreter, for its program.
const IDLE: usize = 2;

/// The server under attack.
struct World {
    local: Local,
    /// Whether limits hold for all processes of an execution together, as in tier A.
    together: bool,
}

type Family = fn(Arc<World>) -> BoxFuture<'static, ()>;

const FAMILIES: &[(&str, Family)] = &[
    ("bare", |world| bare::all(world).boxed()),
    ("bombs", |world| bombs::all(world).boxed()),
    ("files", |world| files::all(world).boxed()),
    ("kernel", |world| kernel::all(world).boxed()),
    ("network", |world| network::all(world).boxed()),
    ("next", |world| next::all(world).boxed()),
    ("output", |world| output::all(world).boxed()),
    ("parallel", |world| parallel::all(world).boxed()),
    ("secrets", |world| secrets::all(world).boxed()),
    ("sessions", |world| sessions::all(world).boxed()),
];

/// Goes through all families, or one, each to its own end, and says which of them failed.
async fn suite(only: Option<&str>) -> Vec<&'static str> {
    let local = Local::new().await;
    let standing = local.provider().standing();
    println!("abuse: {standing:?}");
    let together = standing.tier == Some('A');
    let scratch = PathBuf::from(std::env::var_os("TMPDIR").unwrap());
    let groups = leaks::own_groups();
    assert_eq!(groups.is_empty(), !together, "{groups:?}");
    std::fs::write(scratch.join(tiers::GROUPS), groups.join("\n")).unwrap();
    let world = Arc::new(World { local, together });
    let mut failed = Vec::new();
    for (name, family) in FAMILIES.iter().filter(|(name, _)| only.is_none_or(|only| only == *name))
    {
        let begun = Instant::now();
        let ended = tokio::spawn(family(world.clone())).await;
        println!("abuse: {name} in {:.1} s", begun.elapsed().as_secs_f64());
        match ended {
            Ok(()) => {
                assert_eq!(world.volumes(), Vec::<String>::new(), "volumes of {name} are left")
            }
            // What it looked at is in the way of the next one.
            Err(_) => {
                failed.push(*name);
                for left in world.volumes() {
                    world.forget(&format!("sessions/{left}")).await;
                }
            }
        }
    }
    let world = Arc::into_inner(world).expect("no family runs any more");
    world.local.finish().await;
    failed
}

impl World {
    fn provider(&self) -> &LocalSandboxes {
        self.local.provider()
    }

    async fn volume(&self, session: &str) -> Arc<dyn Volume> {
        self.provider().volume(&name(session)).await.unwrap()
    }

    /// Where the host keeps a volume.
    fn host(&self, session: &str) -> PathBuf {
        self.local.data().canonicalize().unwrap().join("volumes").join(session)
    }

    /// The volumes of sessions that are there.
    fn volumes(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.host("sessions")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Saves a script to a session's volume, as the server does before it runs it.
    async fn save(&self, session: &str, script: &Script) {
        let volume = self.volume(session).await;
        write(&*volume, &format!("{}.py", script.name), script.code.as_bytes()).await;
    }

    /// A sandbox for one program: nothing is imported ahead.
    async fn start(
        &self,
        mounts: Vec<Mount>,
        limits: Limits,
    ) -> Result<Arc<dyn Sandbox>, SandboxError> {
        let spec = SandboxSpec { mounts, limits, gpu: Gpu::None, warmth: Warmth::Cold };
        self.provider().start(spec).await
    }

    /// Runs a script in a session of its own that is gone afterwards.
    async fn run(&self, script: &Script, limits: Limits, timeout: Duration) -> Ran {
        const SESSION: &str = "sessions/one";
        self.save(SESSION, script).await;
        let sandbox = self.start(session(SESSION), limits).await.unwrap();
        let ran = collect(&*sandbox, spec(script, None, timeout)).await;
        self.forget(SESSION).await;
        ran
    }

    /// Runs a script with what it is told, in a session that stays.
    async fn ran(&self, name: &str, script: &Script, told: Value) -> Ran {
        self.save(name, script).await;
        let sandbox = self.start(session(name), small()).await.unwrap();
        collect(&*sandbox, spec(script, Some(told), MINUTE)).await
    }

    /// What a script says that it achieved.
    async fn achieved(&self, name: &str, script: &Script, told: Value) -> Achieved {
        said(&self.ran(name, script, told).await)
    }

    async fn forget(&self, session: &str) {
        self.provider().delete_volume(&name(session)).await.unwrap();
    }

    /// Processes inside of executions: a sandbox's own are one namespace further out.
    fn executing(&self) -> usize {
        let data = self.local.data().canonicalize().unwrap();
        let shown = processes_that_mount(&data);
        let user = rustix::process::geteuid().as_raw();
        let pids = std::fs::read_dir("/proc").unwrap().flatten();
        pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
                let status = status.unwrap_or_default();
                let field = |name: &str| {
                    let line = status.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().split_whitespace()
                };
                // What closed itself to the server's user is known by its user alone.
                let own = user != 0 && field("Uid:").next() == Some(&user.to_string());
                field("NSpid:").count() > 2 && (own || shown.contains(pid))
            })
            .count()
    }

    /// Checks that no process of any sandbox is left.
    async fn is_quiet(&self) {
        let data = self.local.data().canonicalize().unwrap();
        wait_until(|| processes_that_mount(&data).is_empty()).await;
        assert_eq!(processes_that_mount(&data), Vec::<i32>::new(), "processes are left");
    }
}

/// How to run a script that was saved to the session.
fn spec(script: &Script, told: Option<Value>, timeout: Duration) -> ExecSpec {
    let given = script.args.iter().map(|arg| (*arg).to_owned());
    let path = format!("/data/sessions/s/{}.py", script.name);
    let args = given.chain(told.map(|told| told.to_string())).collect();
    ExecSpec { program: Program::Script { path, args }, ..crate::support::script(timeout) }
}

/// What each attempt of a script came to: `got …`, or how it was refused.
type Achieved = BTreeMap<String, String>;

/// Reads the last line of what a script printed.
#[track_caller]
fn said(ran: &Ran) -> Achieved {
    let printed = ran.printed();
    let line = printed.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

/// Checks that nothing was got, in as many attempts as were meant.
#[track_caller]
fn contained(achieved: &Achieved, attempts: usize) {
    let got: Vec<_> = achieved.iter().filter(|(_, outcome)| outcome.starts_with("got")).collect();
    assert!(got.is_empty(), "{got:#?}");
    assert!(achieved.len() >= attempts, "{} attempts only: {achieved:#?}", achieved.len());
}

/// Runs two programs of one sandbox side by side.
async fn both(sandbox: &dyn Sandbox, one: ExecSpec, other: ExecSpec) -> (Ran, Ran) {
    futures::future::join(collect(sandbox, one), collect(sandbox, other)).await
}

/// The ending, with what was written to stderr for whoever reads a failure.
#[track_caller]
fn ended(ran: &Ran, expect: Ending) {
    assert_eq!(ran.exit.ending, expect, "{}", String::from_utf8_lossy(&ran.stderr));
}
