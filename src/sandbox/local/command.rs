//! What bubblewrap is told: what a sandbox sees of the machine, and in which environment.

use super::{environment::Ready, launch, records};
use crate::sandbox::{Access, ExecSpec, Limits, Program};
use rustix::fd::OwnedFd;
use std::{collections::BTreeMap, ffi::OsString, path::Path};

/// A folder of the host and where a sandbox sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bind {
    pub source: std::path::PathBuf,
    pub at: String,
    pub access: Access,
}

/// What the kernel of this machine and its bubblewrap can do beyond the floor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Abilities {
    /// `--disable-userns`, from bubblewrap 0.8 on.
    pub disable_userns: bool,
}

/// Arguments that take no part in what runs: namespaces, the system and empty folders.
pub(super) fn isolation(etc: &Path, abilities: Abilities, limits: &Limits) -> Vec<OsString> {
    let mut args = Args::default();
    args.all(["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]);
    args.all(["--unshare-net", "--unshare-cgroup-try", "--hostname", "sandbox"]);
    if abilities.disable_userns {
        args.all(["--disable-userns"]);
    }
    args.all(["--die-with-parent", "--new-session", "--as-pid-1"]);
    args.all(["--ro-bind", "/usr", "/usr"]);
    for name in ["bin", "sbin", "lib", "lib32", "lib64"] {
        let path = format!("/{name}");
        match std::fs::read_link(&path) {
            Ok(target) => args.all([OsString::from("--symlink"), target.into(), path.into()]),
            Err(_) => args.all(["--ro-bind-try", &path, &path]),
        }
    }
    // Nothing of the machine's own users, hosts or secrets; what libraries cannot do without.
    for name in ["ld.so.cache", "alternatives", "fonts", "localtime"] {
        let path = format!("/etc/{name}");
        args.all(["--ro-bind-try", &path, &path]);
    }
    for name in ["passwd", "group", "hosts", "nsswitch.conf"] {
        args.all([
            OsString::from("--ro-bind"),
            etc.join(name).into(),
            format!("/etc/{name}").into(),
        ]);
    }
    args.all(["--proc", "/proc", "--dev", "/dev"]);
    args.tmpfs("/dev/shm", limits.memory_mib / 4);
    args.tmpfs("/tmp", limits.memory_mib / 2);
    args.0
}

/// All arguments for one execution.
pub(super) struct Shape<'a> {
    pub isolation: Vec<OsString>,
    pub ready: &'a Ready,
    pub binds: &'a [Bind],
    pub socket: &'a Path,
    pub limits: &'a Limits,
    pub spec: &'a ExecSpec,
    pub seccomp: &'a OwnedFd,
    pub status: &'a OwnedFd,
    pub info: &'a OwnedFd,
    pub record: &'a OwnedFd,
    /// Whether the number of processes is limited in the sandbox's own user namespace as well.
    pub limit_processes: bool,
}

impl Shape<'_> {
    pub(super) fn args(self) -> Vec<OsString> {
        let mut args = Args(self.isolation);
        for Bind { source, at, access } in self.ready.binds.iter().chain(self.binds) {
            let how = match access {
                Access::ReadOnly => "--ro-bind",
                Access::ReadWrite => "--bind",
            };
            args.all([OsString::from(how), source.into(), at.into()]);
        }
        args.all([OsString::from("--ro-bind"), self.socket.into(), records::SOCKET.into()]);
        // Both are writable tmpfs of their own otherwise, without a size.
        args.all(["--remount-ro", "/", "--remount-ro", "/dev"]);
        args.all(["--chdir", &self.spec.workdir]);
        args.all(["--seccomp", &launch::number(self.seccomp)]);
        args.all(["--info-fd", &launch::number(self.info)]);
        args.all(["--clearenv"]);
        for (name, value) in environment(self.ready, self.limits, &self.spec.env) {
            args.all(["--setenv", &name, &value]);
        }
        args.all(["--", &self.ready.python, "-I", "-S", "-c", include_str!("init.py")]);
        args.all([launch::number(self.status), launch::number(self.record)]);
        let processes = if self.limit_processes { self.limits.processes + 2 } else { 0 };
        args.all([processes.to_string()]);
        // The folder of a script is not searched for modules: a `pandas.py` that lies beside the
        // data is not pandas.
        args.all([&self.ready.python, "-P"]);
        match &self.spec.program {
            Program::Script { path, args: given } => {
                args.all([path]);
                args.all(given);
            }
            Program::Runner { name, args: given } => {
                args.all(["-m".to_owned(), format!("trainable_runners.{name}")]);
                args.all(given);
            }
        }
        args.0
    }
}

#[derive(Default)]
struct Args(Vec<OsString>);

impl Args {
    fn all<T: Into<OsString>>(&mut self, args: impl IntoIterator<Item = T>) {
        self.0.extend(args.into_iter().map(Into::into));
    }

    fn tmpfs(&mut self, at: &str, mib: u64) {
        // bubblewrap knows no tmpfs of size 0.
        let bytes = mib.max(16).saturating_mul(1 << 20).to_string();
        self.all(["--perms", "1777", "--size", &bytes, "--tmpfs", at]);
    }
}

/// The fixed environment, which wins over what the caller adds.
fn environment(
    ready: &Ready,
    limits: &Limits,
    added: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut all = added.clone();
    let mut set = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
    set("PATH", &format!("{}:/usr/local/bin:/usr/bin:/bin", ready.bin));
    set("HOME", "/tmp");
    set("TMPDIR", "/tmp");
    set("LANG", "C.UTF-8");
    set("TZ", "UTC");
    set("USER", "sandbox");
    set("MPLBACKEND", "Agg");
    set("MPLCONFIGDIR", "/tmp/matplotlib");
    set("PYTHONPATH", super::environment::SDK_AT);
    set("PYTHONUNBUFFERED", "1");
    set("PYTHONDONTWRITEBYTECODE", "1");
    set("PYTHONHASHSEED", "0");
    set("PYTHONNOUSERSITE", "1");
    // For the Pythons that a program starts itself.
    set("PYTHONSAFEPATH", "1");
    set("TRAINABLE_RECORD_FD", "3");
    set("TRAINABLE_RECORD_SOCKET", records::SOCKET);
    let cpus = limits.cpus.max(1).to_string();
    for name in [
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "LOKY_MAX_CPU_COUNT",
        "PYTHON_CPU_COUNT",
    ] {
        set(name, &cpus);
    }
    // Threads that spin while they wait take the shared cores from the ones that work.
    set("OMP_WAIT_POLICY", "PASSIVE");
    all
}
