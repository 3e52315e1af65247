//! Sandboxes on this machine: bubblewrap, and in it a warm Python that forks for every execution.
//!
//! | tier | isolation by |
//! |---|---|
//! | A | bubblewrap, a system-call filter, and cgroups (v1 or v2) for memory, processes and CPU |
//! | B | bubblewrap, a system-call filter, and limits of single processes |
//!
//! Both have Landlock on top where the kernel has it.
//!
//! ```text
//! bubblewrap                one per sandbox: user, process, mount, IPC, network and cgroup namespaces
//! └ zygote                  trusted; has imported pandas and others, forks, never computes
//!   ├ process 1             one per execution: namespaces of its own
//!   │ └ the program         what a model wrote, in a cgroup of its own
//!   └ process 1, waiting    forked ahead of time for the next execution
//! ```
//!
//! Where neither can be had nothing runs: no program of a model ever runs outside of bubblewrap.
//!
//! ```text
//! {data}/volumes/{name}    what outlives sandboxes, owned by the user they run as
//! {data}/python/           the Python environment
//! {data}/run/              sockets of running executions, and the few files of a sandbox's /etc
//! ```

mod admission;
mod cgroup;
mod command;
mod disk;
pub(super) mod environment;
mod execution;
mod gpu;
mod launch;
mod probe;
mod process;
mod records;
mod request;
mod sandbox;
mod seccomp;
mod slots;
mod volume;
mod zygote;

use super::{
    Limits, Progress, Sandbox, SandboxError, SandboxLoad, SandboxProvider, SandboxSpec, Standing,
    Tier, Volume, VolumeName, Warmth,
};
use admission::{Admission, Budget};
use async_trait::async_trait;
use command::Places;
use environment::Environments;
pub use environment::{Extra, ExtraStanding, Pruned, Readiness};
use launch::Launcher;
use probe::Machine;
use rustix::fs::{Gid, Uid};
use slots::Slots;
use std::{
    fmt, fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};
use volume::{LocalVolume, Volumes, blocking, disk_error};
use zygote::Kind;

/// The user that sandboxes run as when the server is root. It needs no account: the number lies
/// between those that systemd and Debian hand out, and below the 65,536 that a container may have.
pub const SANDBOX_USER: u32 = 61_100;

/// Where this backend keeps things, and what to use in place of what it finds.
#[derive(Clone, Debug)]
pub struct LocalConfig {
    pub data_dir: PathBuf,
    /// Where volumes lie in place of the data directory, when several servers use the same; and how this one's own
    /// files in there are named.
    pub shared_volumes: Option<(PathBuf, String)>,
    /// A Python in place of the system's.
    pub python: Option<PathBuf>,
    /// An environment in place of the locked packages: a folder with `bin/python3`.
    pub environment: Option<PathBuf>,
    /// Where environments are kept, shared by servers with different data directories.
    pub environments_dir: Option<PathBuf>,
    /// A folder of lock files that win over the server's own of the same names.
    pub locks_dir: Option<PathBuf>,
    /// A bubblewrap in place of the system's.
    pub bwrap: Option<PathBuf>,
    /// The user of the sandboxes when the server is root.
    pub sandbox_user: u32,
    /// Warm sandboxes that are kept ready for nobody yet; each takes some 150 MB.
    pub slots: usize,
    /// Cores of the sandboxes that the slots are for.
    pub slot_cpus: u32,
    /// MiB of memory that all executions may take together.
    pub memory_mib: Option<u64>,
    /// Executions at once.
    pub at_once: NonZeroUsize,
    /// The lowest tier that programs are run in.
    pub floor: Tier,
    /// Where devices are looked for.
    pub devices: PathBuf,
}

impl LocalConfig {
    /// Everything as it is found, below one folder; no slots and no limits of all executions together.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            shared_volumes: None,
            python: None,
            environment: None,
            environments_dir: None,
            locks_dir: None,
            bwrap: None,
            sandbox_user: SANDBOX_USER,
            slots: 0,
            slot_cpus: Limits::default().cpus,
            memory_mib: None,
            at_once: NonZeroUsize::MAX,
            floor: Tier::B,
            devices: PathBuf::from("/dev"),
        }
    }
}

/// The backend on bubblewrap.
#[derive(Clone)]
pub struct LocalSandboxes {
    shared: Arc<Shared>,
}

struct Shared {
    standing: Standing,
    machine: Option<Machine>,
    environments: Environments,
    launcher: Launcher,
    volumes: Arc<Volumes>,
    places: Places,
    admission: Admission,
    slots: Slots,
    /// The user and group of the sandboxes, when it is not the server's own.
    owner: Option<(Uid, Gid)>,
    seccomp: Vec<u8>,
}

impl Shared {
    fn machine(&self) -> Result<&Machine, SandboxError> {
        self.machine
            .as_ref()
            .ok_or_else(|| SandboxError::Unavailable(self.standing.missing.join("; ")))
    }
}

impl LocalSandboxes {
    /// Tries what this machine gives, and sweeps what a server that died left behind.
    ///
    /// Takes some ten milliseconds and installs nothing. Whoever calls it holds the lock of the data
    /// directory, so that nobody else runs sandboxes in it. A machine that cannot isolate is no
    /// error here: its [`Standing`] says so, volumes work, and every start of a sandbox fails.
    ///
    /// *Errors*: [`SandboxError::Io`] and [`SandboxError::DiskFull`] for the data directory.
    pub fn new(config: LocalConfig) -> Result<Self, SandboxError> {
        let failed = |source: io::Error| disk_error("open the data directory", source);
        make_data_dir(&config.data_dir).map_err(failed)?;
        let data = config.data_dir.canonicalize().map_err(failed)?;
        let owner = rustix::process::geteuid()
            .is_root()
            .then(|| (Uid::from_raw(config.sandbox_user), Gid::from_raw(config.sandbox_user)));
        let (volumes_folder, seat) = match config.shared_volumes {
            Some((folder, seat)) => {
                make_data_dir(&folder).map_err(failed)?;
                (folder.canonicalize().map_err(failed)?, Some(seat))
            }
            None => (data.join("volumes"), None),
        };
        let volumes = Volumes::open(&volumes_folder, owner, seat.as_deref()).map_err(failed)?;
        let volumes = Arc::new(volumes);
        let run = data.join("run");
        let etc = make_run(&run, owner).map_err(failed)?;
        let seccomp = seccomp::program()
            .map_err(|source| SandboxError::Io { action: "make a system-call filter", source })?;
        let (machine, standing) = probe::probe(probe::Wanted {
            bwrap: config.bwrap,
            etc: &etc,
            user: owner,
            seccomp: &seccomp,
            memory_mib: config.memory_mib,
            floor: config.floor,
        });
        let absolute = |path: Option<PathBuf>| path.map(std::path::absolute).transpose();
        let environments = Environments::new(
            absolute(config.environments_dir)
                .map_err(failed)?
                .unwrap_or_else(|| data.join("python")),
            absolute(config.python).map_err(failed)?,
            absolute(config.environment).map_err(failed)?,
            absolute(config.locks_dir).map_err(failed)?,
            owner.map(|(uid, _)| uid.as_raw()),
        );
        let launcher = Launcher::new()
            .map_err(|source| SandboxError::Io { action: "start a thread", source })?;
        sweep(volumes.clone());
        Ok(Self {
            shared: Arc::new(Shared {
                standing,
                machine,
                environments,
                launcher,
                volumes,
                places: Places { etc, volumes: volumes_folder, run, devices: config.devices },
                admission: Admission::new(Budget {
                    memory_mib: config.memory_mib.unwrap_or(u64::MAX),
                    at_once: config.at_once,
                }),
                slots: Slots::new(
                    config.slots,
                    Kind {
                        cpus: config.slot_cpus.max(1),
                        devices: gpu::Devices::default(),
                        warmth: Warmth::Warm,
                    },
                ),
                owner,
                seccomp,
            }),
        })
    }

    /// Makes the Python environment ready, with these extras from now on and without those; where a part cannot be made
    /// nothing serves in its place.
    ///
    /// *Shape*: the extras that are on.
    ///
    /// *Errors*: [`SandboxError::Environment`]; what worked before still does.
    pub async fn install(
        &self,
        with: &[Extra],
        without: &[Extra],
        progress: Progress,
    ) -> Result<Vec<Extra>, SandboxError> {
        self.shared.environments.install(with, without, progress).await
    }

    /// Deletes Python environments that are neither this version's nor in use.
    pub async fn prune(&self) -> Result<Pruned, SandboxError> {
        self.shared.environments.prune().await
    }

    /// What an operator wants to know about this machine; makes nothing.
    pub async fn diagnose(&self) -> Diagnosis {
        Diagnosis {
            standing: self.shared.standing.clone(),
            environment: self.shared.environments.readiness().await,
            gpus: gpu::found(&self.shared.places.devices),
        }
    }
}

/// What this machine gives, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    pub standing: Standing,
    pub environment: Readiness,
    /// Devices of graphics processors.
    pub gpus: Vec<PathBuf>,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Standing { tier, summary, missing } = &self.standing;
        match tier {
            Some(tier) => writeln!(f, "sandbox: tier {tier}, {summary}")?,
            None => writeln!(f, "sandbox: refused, {summary}")?,
        }
        for why in missing {
            writeln!(f, "  missing: {why}")?;
        }
        self.environment.fmt(f)
    }
}

#[async_trait]
impl SandboxProvider for LocalSandboxes {
    fn name(&self) -> &'static str {
        "local"
    }

    fn standing(&self) -> Standing {
        self.shared.standing.clone()
    }

    fn load(&self) -> SandboxLoad {
        let counts = self.shared.admission.counts();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        SandboxLoad {
            running: number(counts.running),
            waiting: number(counts.waiting),
            slots_ready: number(self.shared.slots.warm()),
        }
    }

    async fn prepare(&self, progress: Progress) -> Result<(), SandboxError> {
        let ready = self.shared.environments.prepare(progress).await?;
        if self.shared.machine.is_some() {
            slots::fill(&self.shared, &ready);
        }
        Ok(())
    }

    async fn start(&self, spec: SandboxSpec) -> Result<Arc<dyn Sandbox>, SandboxError> {
        self.shared.machine()?;
        Ok(Arc::new(sandbox::LocalSandbox::start(self.shared.clone(), spec).await?))
    }

    async fn volume(&self, name: &VolumeName) -> Result<Arc<dyn Volume>, SandboxError> {
        let (volumes, name) = (self.shared.volumes.clone(), name.clone());
        let open = move || LocalVolume::open(volumes, &name);
        Ok(Arc::new(blocking("open a volume", open).await?))
    }

    async fn delete_volume(&self, name: &VolumeName) -> Result<(), SandboxError> {
        let (volumes, name) = (self.shared.volumes.clone(), name.clone());
        blocking("delete a volume", move || volumes.delete(&name)).await
    }

    fn close(&self) {
        if let Some(cgroups) = self.shared.machine.as_ref().and_then(|m| m.cgroups.as_ref()) {
            cgroups.end();
        }
        if let Err(error) = fs::remove_dir_all(&self.shared.places.run) {
            tracing::debug!(%error, "the next start clears the folder of what only lives while the server does");
        }
    }
}

/// Makes the data directory where it is missing, such that the sandboxes' user may pass through it.
fn make_data_dir(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    set_mode(folder, 0o711)
}

/// Makes the folder of what only lives while the server does, and the `/etc` of sandboxes in it.
fn make_run(run: &Path, owner: Option<(Uid, Gid)>) -> io::Result<PathBuf> {
    // One server at a time has a data directory, so what is here belongs to nobody.
    match fs::remove_dir_all(run) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir(run)?,
    }
    let etc = run.join("etc");
    fs::create_dir(&etc)?;
    let (uid, gid) =
        owner.unwrap_or_else(|| (rustix::process::geteuid(), rustix::process::getegid()));
    let (uid, gid) = (uid.as_raw(), gid.as_raw());
    let files = [
        ("passwd", format!("sandbox:x:{uid}:{gid}::/tmp:/bin/sh\n")),
        ("group", format!("sandbox:x:{gid}:\n")),
        ("hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n".to_owned()),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".to_owned()),
    ];
    for (name, text) in files {
        let path = etc.join(name);
        fs::write(&path, text)?;
        set_mode(&path, 0o644)?;
    }
    set_mode(&etc, 0o755)?;
    set_mode(run, 0o711)?;
    Ok(etc)
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Deletes what was half written or half deleted, on a thread of its own: it may be much.
fn sweep(volumes: Arc<Volumes>) {
    let swept = move || {
        if let Err(error) = volumes.sweep() {
            tracing::warn!(%error, "files that a former server left cannot be deleted");
        }
    };
    // Without a thread for it the next start tries again.
    let _ = std::thread::Builder::new().name("sandbox-sweep".into()).spawn(swept);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
