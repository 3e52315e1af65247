//! What this machine gives: found out by running the real thing once.

use super::{
    cgroup::Cgroups,
    command,
    launch::{self, Plan},
};
use crate::sandbox::{Standing, Tier};
use rustix::{
    fd::OwnedFd,
    fs::{Gid, Uid},
};
use std::{
    ffi::OsString,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What the backend runs with.
pub(super) struct Machine {
    pub bwrap: PathBuf,
    pub cgroups: Option<Arc<Cgroups>>,
    /// Whether a limit of processes counts one sandbox only, as it does from Linux 5.14 on.
    pub processes_per_sandbox: bool,
}

/// What is looked for.
pub(super) struct Wanted<'a> {
    pub bwrap: Option<PathBuf>,
    pub etc: &'a Path,
    pub user: Option<(Uid, Gid)>,
    pub seccomp: &'a [u8],
    /// MiB of memory that all sandboxes may take together.
    pub memory_mib: Option<u64>,
    /// The lowest tier that is accepted.
    pub floor: Tier,
}

/// Looks for what isolates, tries it, and says how well it does.
///
/// *Shape*: no machine where nothing may run; the standing then says why.
pub(super) fn probe(wanted: Wanted<'_>) -> (Option<Machine>, Standing) {
    let Wanted { bwrap, etc, user, seccomp, memory_mib, floor } = wanted;
    let bwrap = match bwrap.or_else(|| on_path("bwrap")) {
        Some(bwrap) if bwrap.is_file() => bwrap,
        _ => return refused("bubblewrap is missing; install it with `apt install bubblewrap`"),
    };
    if let Some(wall) = user.and_then(|(uid, _)| wall(etc, uid.as_raw())) {
        return refused(&format!(
            "the data directory lies behind `{}`, which the user of the sandboxes cannot enter; \
             choose another with `--data`, outside of a home folder",
            wall.display()
        ));
    }
    let attempt = Attempt { bwrap: &bwrap, etc, user };
    if let Err(said) = attempt.namespaces().and_then(|()| attempt.filter(seccomp)) {
        return refused(&explain(&said));
    }
    if let Err(why) = openat2() {
        return refused(&why);
    }
    let mut missing = Vec::new();
    let cgroups = match Cgroups::claim(memory_mib) {
        Ok(cgroups) => Some(Arc::new(cgroups)),
        Err(why) if floor == Tier::A => return refused(&why),
        Err(why) => {
            missing.push(why);
            None
        }
    };
    let whom = match user {
        Some((uid, _)) => format!("user {}", uid.as_raw()),
        None => "the server's own user".to_owned(),
    };
    let (tier, limits) = match &cgroups {
        Some(cgroups) => {
            if !cgroups.has_cpu() {
                missing.push("no cpu controller: sandboxes share the cores without limits".into());
            }
            ('A', cgroups.summary())
        }
        None => ('B', "limits of single processes".to_owned()),
    };
    let landlock = match landlock() {
        0 => {
            missing.push(
                "the kernel has no Landlock, which would forbid writes a second time; boot with \
                 `lsm=landlock,…`"
                    .into(),
            );
            String::new()
        }
        version => format!(", Landlock {version}"),
    };
    let summary = format!("bubblewrap as {whom}, a system-call filter{landlock} and {limits}");
    let machine = Machine { bwrap, cgroups, processes_per_sandbox: kernel() >= (5, 14) };
    (Some(machine), Standing { tier: Some(tier), summary, missing })
}

/// The version of Landlock that this kernel has; 0 where there is none.
fn landlock() -> i64 {
    const ASK_FOR_VERSION: libc::c_uint = 1;
    let nothing = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the call reads and writes no memory.
    let version = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, ASK_FOR_VERSION)
    };
    version.max(0)
}

fn refused(why: &str) -> (Option<Machine>, Standing) {
    let summary = "this machine cannot isolate programs, so none is run".to_owned();
    (None, Standing { tier: None, summary, missing: vec![why.to_owned()] })
}

/// Runs of nothing in a sandbox, which return what was said where they failed.
struct Attempt<'a> {
    bwrap: &'a Path,
    etc: &'a Path,
    user: Option<(Uid, Gid)>,
}

impl Attempt<'_> {
    /// Makes the sandbox, and in it what each execution has of its own.
    fn namespaces(&self) -> Result<(), String> {
        let nested = "/usr/bin/unshare --mount --ipc --pid --fork --mount-proc /usr/bin/true";
        self.run(&[], nested, None)
    }

    fn filter(&self, seccomp: &[u8]) -> Result<(), String> {
        let file = launch::memory_file(seccomp).map_err(|error| error.to_string())?;
        self.run(&["--seccomp", &launch::number(&file)], "/usr/bin/true", Some(file))
    }

    fn run(&self, more: &[&str], command: &str, keep: Option<OwnedFd>) -> Result<(), String> {
        let mut args = command::isolation(self.etc);
        args.extend(["--remount-ro", "/"].iter().chain(more).chain(&["--"]).map(OsString::from));
        args.extend(command.split(' ').map(OsString::from));
        let plan = Plan {
            bwrap: self.bwrap.to_owned(),
            args,
            keep: keep.into_iter().collect(),
            cgroups: Vec::new(),
            limits: Vec::new(),
            user: self.user,
        };
        let done = launch::command(plan).output().map_err(|error| error.to_string())?;
        if done.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&done.stderr).trim().chars().take(500).collect())
    }
}

/// Turns what bubblewrap said into a sentence with the fix.
fn explain(said: &str) -> String {
    let is = |file: &str, value: &str| {
        fs::read_to_string(Path::new("/proc/sys").join(file)).is_ok_and(|v| v.trim() == value)
    };
    let namespaces = ["namespace", "uid map", "gid map", "Operation not permitted"];
    let fix = if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        "AppArmor forbids user namespaces; allow them with \
         `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or give bwrap a profile"
    } else if is("kernel/unprivileged_userns_clone", "0") {
        "the kernel forbids user namespaces; allow them with \
         `sysctl -w kernel.unprivileged_userns_clone=1`"
    } else if is("user/max_user_namespaces", "0") {
        "the kernel forbids user namespaces; allow them with \
         `sysctl -w user.max_user_namespaces=10000`"
    } else if said.contains("mount proc") || said.contains("mount /proc failed") {
        "the container hides parts of /proc; start it with `--security-opt systempaths=unconfined`"
    } else if namespaces.iter().any(|sign| said.contains(sign)) {
        "user namespaces are forbidden here; a container needs a seccomp profile that allows \
         them, such as `--security-opt seccomp=unconfined`"
    } else {
        "bubblewrap does not work on this machine"
    };
    format!("{fix} (bubblewrap said: {said})")
}

fn openat2() -> Result<(), String> {
    super::volume::beneath::folder(rustix::fs::CWD, ".").map(drop).map_err(|error| {
        format!(
            "files cannot be opened safely (openat2: {error}); use Linux 5.6 or newer, and a \
             seccomp profile that allows it"
        )
    })
}

/// The first folder on the way to a path that a user without any rights of its own cannot enter.
pub(super) fn wall(path: &Path, user: u32) -> Option<PathBuf> {
    let real = path.canonicalize().ok()?;
    let closed = |folder: &Path| {
        fs::metadata(folder).is_ok_and(|meta| {
            let mine = meta.uid() == user && meta.mode() & 0o100 != 0;
            meta.is_dir() && meta.mode() & 0o001 == 0 && !mine
        })
    };
    let mut folders: Vec<&Path> = real.ancestors().collect();
    folders.reverse();
    folders.into_iter().find(|folder| closed(folder)).map(Path::to_owned)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/bin", "/bin", "/usr/local/bin"].map(PathBuf::from);
    system
        .into_iter()
        .chain(std::env::split_paths(&search))
        .map(|f| f.join(name))
        .find(|p| p.is_file())
}

/// The kernel's version, `(6, 1)`; zeros where it does not say.
fn kernel() -> (u32, u32) {
    let text = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
