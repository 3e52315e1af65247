//! Installing the locked packages with pip.

use super::{
    Interpreter, hex,
    locks::packages,
    program::run,
    turn::{self, Entered, Held, Workshop},
};
use crate::sandbox::{
    Progress, SandboxError,
    local::{blocking, disk_error},
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What the packages and their downloads take, in MiB, with some room.
const SPACE: u64 = 2_500;
/// What the names of their folders begin with.
const KIND: &str = "env";
/// Names the extras' folders on Python's path, after the packages; those that are not there are skipped.
const EXTRAS: (&str, &str) =
    ("trainable-extras.pth", "/opt/trainable/extras/torch\n/opt/trainable/extras/tensorflow\n");
/// Packages whose loading shows that the machine has the libraries they need, by their modules.
const PROOFS: [(&str, &str); 6] = [
    ("pandas", "pandas"),
    ("scikit-learn", "sklearn"),
    ("lightgbm", "lightgbm"),
    ("xgboost-cpu", "xgboost"),
    ("pyarrow", "pyarrow"),
    ("matplotlib", "matplotlib.pyplot"),
];

/// Runs the pip that Python brings along for new environments, as `ensurepip` does, without installing it: sandboxes
/// have no use for it, and installing it takes as long as all tiny packages together.
const PIP: &str = "\
import glob, os, runpy, sys, sysconfig, ensurepip
folders = sysconfig.get_config_var('WHEEL_PKG_DIR'), os.path.join(os.path.dirname(ensurepip.__file__), '_bundled')
wheels = [wheel for folder in folders if folder for wheel in sorted(glob.glob(folder + '/pip-*.whl'))]
sys.path[:0] = wheels[:1]
runpy.run_module('pip', run_name='__main__', alter_sys=True)
";

/// What the folder is called: by all that decides what gets installed.
pub(super) fn name(interpreter: &Interpreter, lock: &[u8]) -> String {
    name_as(KIND, interpreter, lock)
}

/// Likewise, for packages that are no sandbox's.
pub(super) fn name_as(kind: &str, interpreter: &Interpreter, lock: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(lock);
    for part in [
        interpreter.path.as_os_str().as_encoded_bytes(),
        interpreter.version.as_bytes(),
        EXTRAS.1.as_bytes(),
    ] {
        hash.update([0]);
        hash.update(part);
    }
    hash.update(std::env::consts::ARCH);
    format!("{kind}-{}", &hex(&hash.finalize())[..16])
}

/// Installs the packages of a lock file, unless they are there.
///
/// *Errors*: [`SandboxError::Environment`] in words; what was downloaded is kept for a retry.
pub(super) async fn install(
    root: &Path,
    interpreter: &Interpreter,
    lock: Vec<u8>,
    progress: &Progress,
) -> Result<Held, SandboxError> {
    install_as(KIND, SPACE, root, interpreter, lock, progress).await
}

/// Likewise, into a folder of another kind. `space`: MiB that it takes.
pub(super) async fn install_as(
    kind: &str,
    space: u64,
    root: &Path,
    interpreter: &Interpreter,
    lock: Vec<u8>,
    progress: &Progress,
) -> Result<Held, SandboxError> {
    match turn::enter(root, &name_as(kind, interpreter, &lock), progress).await? {
        Entered::Whole(held) => Ok(held),
        Entered::Missing(workshop) => {
            let made = make(root, space, &workshop, interpreter, lock, progress).await;
            workshop.close(made).await
        }
    }
}

async fn make(
    root: &Path,
    space: u64,
    workshop: &Workshop,
    interpreter: &Interpreter,
    lock: Vec<u8>,
    progress: &Progress,
) -> Result<(), SandboxError> {
    check_space(root, space)?;
    progress(format!("making a Python {} environment", interpreter.version));
    let env = workshop.contents();
    let mut venv = Command::new(&interpreter.path);
    venv.args(["-I", "-m", "venv", "--without-pip"]).arg(&env);
    run(workshop, venv, |_| {}).await?;

    let python = env.join("bin/python");
    let names = packages(&lock);
    pip(workshop, &python, lock, None, progress).await?;

    progress("checking that the packages load".into());
    let has = |package: &str| names.iter().any(|name| name == package);
    let modules: Vec<_> =
        PROOFS.iter().filter(|(package, _)| has(package)).map(|(_, module)| *module).collect();
    if !modules.is_empty() {
        let mut check = Command::new(&python);
        check.args(["-I", "-c", &format!("import {}", modules.join(", "))]);
        run(workshop, check, |_| {}).await?;
    }
    let site = env.join(format!("lib/python{}/site-packages", interpreter.version));
    blocking("finish the Python environment", move || fs::write(site.join(EXTRAS.0), EXTRAS.1))
        .await
}

/// Installs what a lock file names: into an environment, or into a folder beside it.
pub(super) async fn pip(
    workshop: &Workshop,
    python: &Path,
    lock: Vec<u8>,
    target: Option<PathBuf>,
    progress: &Progress,
) -> Result<(), SandboxError> {
    let count = packages(&lock).len();
    let file = workshop.tmp().join("requirements.lock");
    let written = file.clone();
    blocking("write the lock file", move || fs::write(written, lock)).await?;
    let mut pip = Command::new(python);
    pip.args(["-I", "-c", PIP, "install", "--require-hashes", "--only-binary", ":all:"])
        .args(["--no-input", "--disable-pip-version-check", "--progress-bar", "off"])
        .args(["--root-user-action", "ignore", "--cache-dir"])
        .arg(&workshop.downloads);
    if let Some(target) = target {
        // What it depends on lies in the environment, or is named in the lock file as well.
        pip.args(["--no-deps", "--target"]).arg(target);
    }
    pip.arg("-r").arg(file);
    let mut fetched = 0;
    run(workshop, pip, |line| {
        if let Some(rest) = line.strip_prefix("Collecting ") {
            fetched += 1;
            let package = rest.split(['=', ' ']).next().unwrap_or(rest);
            progress(format!("fetching package {fetched} of {count}: {package}"));
        } else if line.starts_with("Installing collected packages") {
            progress(format!("installing {count} packages"));
        }
    })
    .await
}

/// *Units*: MiB.
pub(super) fn check_space(root: &Path, needed: u64) -> Result<(), SandboxError> {
    let stat = rustix::fs::statvfs(root)
        .map_err(|error| disk_error("look for space on the disk", error.into()))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize) >> 20;
    if free >= needed {
        return Ok(());
    }
    Err(SandboxError::Environment(format!(
        "the Python environment needs {needed} MiB of disk and `{}` has {free}; free space or \
         choose another with TRAINABLE_PYTHON_ROOT",
        root.display()
    )))
}
