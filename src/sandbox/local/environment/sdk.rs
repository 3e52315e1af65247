//! The SDK and the runners: carried in the server's binary and written out once per version.

use super::{
    Interpreter, hex, make_readable,
    program::run,
    turn::{self, Entered, Held, Workshop},
};
use crate::sandbox::{Progress, SandboxError, local::blocking, program::SDK_AT};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use std::{fs, io, os::unix::fs::PermissionsExt, path::Path, process::Command};

#[derive(RustEmbed)]
#[folder = "src/sandbox/python"]
#[include = "sdk/trainable/*"]
#[include = "runners/trainable_runners/*"]
#[include = "zygote/trainable_zygote/*"]
#[include = "launch/trainable_launch/*"]
#[include = "*.lock"]
#[exclude = "*.pyc"]
struct Sources;

/// A lock file of this build.
pub(super) fn carried(lock: &str) -> Result<Vec<u8>, SandboxError> {
    let missing = || SandboxError::Environment(format!("this build carries no `{lock}`"));
    Ok(Sources::get(lock).ok_or_else(missing)?.data.into_owned())
}

/// The files by their paths below the folder that is put on Python's path.
fn modules() -> Vec<(String, EmbeddedFile)> {
    let mut modules: Vec<_> = Sources::iter()
        .filter_map(|path| {
            let (_, inner) = path.split_once('/')?;
            let inner = inner.to_owned();
            Some((inner, Sources::get(&path)?))
        })
        .collect();
    modules.sort_by(|a, b| a.0.cmp(&b.0));
    modules
}

/// What the folder is called: by its contents, and the Python that its bytecode is for.
pub(super) fn name(interpreter: &Interpreter) -> String {
    let mut hash = Sha256::new();
    hash.update(&interpreter.version);
    for (path, file) in modules() {
        hash.update([0]);
        hash.update(path);
        hash.update([0]);
        hash.update(file.metadata.sha256_hash());
    }
    format!("sdk-{}", &hex(&hash.finalize())[..16])
}

/// Writes the modules and their bytecode, unless they are there.
///
/// *Shape*: the folder for Python's path.
pub(super) async fn install(
    root: &Path,
    python: &Path,
    interpreter: &Interpreter,
    progress: &Progress,
) -> Result<Held, SandboxError> {
    match turn::enter(root, &name(interpreter), progress).await? {
        Entered::Whole(held) => Ok(held),
        Entered::Missing(workshop) => {
            let made = make(&workshop, python).await;
            workshop.close(made).await
        }
    }
}

async fn make(workshop: &Workshop, python: &Path) -> Result<(), SandboxError> {
    let contents = workshop.contents();
    let at = contents.clone();
    blocking("install the SDK for sandboxes", move || write(&at, &modules())).await?;
    // Bytecode that Python takes without asking whether the source is newer: it never is. `-B` leaves a Python that is
    // somebody else's as it is.
    let mut compile = Command::new(python);
    compile
        .args(["-I", "-B", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s"])
        .arg(&contents)
        .args(["-p", SDK_AT])
        .arg(&contents);
    run(workshop, compile, |_| {}).await
}

fn write(contents: &Path, modules: &[(String, EmbeddedFile)]) -> io::Result<()> {
    make_readable(contents)?;
    for (path, file) in modules {
        let path = contents.join(path);
        if let Some(parent) = path.parent() {
            make_readable(parent)?;
        }
        fs::write(&path, &file.data)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}
