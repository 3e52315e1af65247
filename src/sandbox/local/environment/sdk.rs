//! The SDK and the runners: carried in the server's binary and written out once per version.

use super::{Interpreter, SDK_AT, make_readable};
use crate::sandbox::{
    SandboxError,
    local::{blocking, hex},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

#[derive(RustEmbed)]
#[folder = "src/sandbox/python"]
#[include = "sdk/trainable/*"]
#[include = "runners/trainable_runners/*"]
#[include = "zygote/trainable_zygote/*"]
#[include = "requirements.lock"]
#[exclude = "*.pyc"]
struct Sources;

/// The lock file of the packages.
pub(super) fn lock() -> Result<Vec<u8>, SandboxError> {
    let missing = || SandboxError::Environment("this build carries no lock file".into());
    Ok(Sources::get("requirements.lock").ok_or_else(missing)?.data.into_owned())
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

/// Writes the modules and their bytecode, unless they are there.
///
/// *Shape*: the folder for Python's path.
pub(super) async fn install(
    folder: &Path,
    python: &Path,
    interpreter: &Interpreter,
) -> Result<PathBuf, SandboxError> {
    let modules = modules();
    let mut hash = Sha256::new();
    hash.update(&interpreter.version);
    for (path, file) in &modules {
        hash.update([0]);
        hash.update(path);
        hash.update([0]);
        hash.update(file.metadata.sha256_hash());
    }
    let place = folder.join(format!("sdk-{}", &hex(&hash.finalize())[..16]));
    if place.is_dir() {
        return Ok(place);
    }
    let aside = folder.join(format!(".sdk-{}", uuid::Uuid::now_v7().simple()));
    let python = python.to_owned();
    blocking("install the SDK for sandboxes", move || {
        let done = write(&aside, &modules).and_then(|()| compile(&aside, &python)).and_then(|()| {
            match fs::rename(&aside, &place) {
                // Another server was faster, with the same contents.
                Err(_) if place.is_dir() => Ok(()),
                other => other,
            }
        });
        // After the move there is nothing here any more.
        let _ = fs::remove_dir_all(&aside);
        done.map(|()| place)
    })
    .await
}

fn write(aside: &Path, modules: &[(String, EmbeddedFile)]) -> io::Result<()> {
    make_readable(aside)?;
    for (path, file) in modules {
        let path = aside.join(path);
        if let Some(parent) = path.parent() {
            make_readable(parent)?;
        }
        fs::write(&path, &file.data)?;
    }
    Ok(())
}

/// Bytecode that Python takes without asking whether the source is newer: it never is.
fn compile(aside: &Path, python: &Path) -> io::Result<()> {
    let done = Command::new(python)
        .args(["-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s"])
        .arg(aside)
        .args(["-p", SDK_AT])
        .arg(aside)
        .output()?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    Err(io::Error::other(format!("the modules do not compile: {said}")))
}
