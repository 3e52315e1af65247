//! What bubblewrap is told: what a zygote sees of the machine, and in which environment.

use super::{environment::Ready, launch, records, zygote::Kind};
use crate::sandbox::{Access, Warmth, program};
use rustix::fd::OwnedFd;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// A folder of the host and where a sandbox sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bind {
    pub source: PathBuf,
    pub at: String,
    pub access: Access,
}

/// Folders of this server that a zygote is shown.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The few files of a sandbox's `/etc`.
    pub etc: PathBuf,
    /// All volumes. An execution is shown its own, and the rest is unmounted before it runs.
    pub volumes: PathBuf,
    /// The folders with the records' sockets, likewise.
    pub run: PathBuf,
    /// Where the devices of graphics processors are.
    pub devices: PathBuf,
}

/// Where a zygote finds the volumes and the sockets: `view.py` knows the same names.
const VOLUMES_AT: &str = "/run/host/volumes";
const RUN_AT: &str = "/run/host/run";
/// MiB of what a zygote itself writes to `/tmp` and `/dev/shm`.
const SCRATCH_MIB: u64 = 64;

/// Arguments that take no part in what runs: namespaces, the system and empty folders.
///
/// The first program keeps the right to make namespaces and mounts inside of its own; it gives
/// it up before anything else runs. `--dev` would take that right away with a user namespace of
/// its own, so the devices are named here.
pub(super) fn isolation(etc: &Path) -> Vec<OsString> {
    let mut args = Args::default();
    args.all(["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]);
    args.all(["--unshare-net", "--unshare-cgroup-try", "--hostname", "sandbox"]);
    args.all(["--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SYS_RESOURCE"]);
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
    args.all(["--proc", "/proc", "--tmpfs", "/dev"]);
    for name in ["null", "zero", "full", "random", "urandom"] {
        let path = format!("/dev/{name}");
        args.all(["--dev-bind", &path, &path]);
    }
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        args.all(["--symlink", &format!("/proc/self/fd{target}"), &format!("/dev/{name}")]);
    }
    args.tmpfs("/dev/shm", SCRATCH_MIB);
    args.tmpfs("/tmp", SCRATCH_MIB);
    args.0
}

/// All arguments for one zygote.
pub(super) struct Shape<'a> {
    pub places: &'a Places,
    pub ready: &'a Ready,
    pub kind: &'a Kind,
    pub control: &'a OwnedFd,
    pub seccomp: &'a OwnedFd,
    pub info: &'a OwnedFd,
}

impl Shape<'_> {
    pub(super) fn args(self) -> Vec<OsString> {
        let Places { etc, volumes, run, devices } = self.places;
        let mut args = Args(isolation(etc));
        for device in &self.kind.devices.0 {
            let (from, at) = (devices.join(device), Path::new("/dev").join(device));
            args.all([OsString::from("--dev-bind"), from.into(), at.into()]);
        }
        for Bind { source, at, access } in &self.ready.binds {
            let how = match access {
                Access::ReadOnly => "--ro-bind",
                Access::ReadWrite => "--bind",
            };
            args.all([OsString::from(how), source.into(), at.into()]);
        }
        args.all([OsString::from("--bind"), volumes.into(), VOLUMES_AT.into()]);
        args.all([OsString::from("--ro-bind"), run.into(), RUN_AT.into()]);
        args.all(["--dir", records::FOLDER, "--dir", "/data"]);
        // Both are writable tmpfs of their own otherwise, without a size.
        args.all(["--remount-ro", "/", "--remount-ro", "/dev", "--chdir", "/"]);
        args.all(["--info-fd", &launch::number(self.info)]);
        args.all(["--clearenv"]);
        let mut env = environment(self.ready, self.kind.cpus, &BTreeMap::new());
        // Threads do not survive a fork, so the zygote has one; its children are told better.
        env.insert("OPENBLAS_NUM_THREADS".into(), "1".into());
        env.insert("JE_ARROW_MALLOC_CONF".into(), "background_thread:false".into());
        for (name, value) in env {
            args.all(["--setenv", &name, &value]);
        }
        // The folder of a script is not searched for modules: a `pandas.py` that lies beside the
        // data is not pandas.
        args.all(["--", &self.ready.python, "-P", "-m", "trainable_zygote"]);
        args.all([launch::number(self.control), launch::number(self.seccomp)]);
        args.all([match self.kind.warmth {
            Warmth::Warm => "warm",
            Warmth::Cold => "cold",
        }]);
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
pub(super) fn environment(
    ready: &Ready,
    cpus: u32,
    added: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut all = program::environment(cpus, added);
    let mut set = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
    set("PATH", &format!("{}:{}", ready.bin, program::PATH));
    set("TRAINABLE_RECORD_FD", "3");
    set("TRAINABLE_RECORD_SOCKET", records::SOCKET);
    all
}
