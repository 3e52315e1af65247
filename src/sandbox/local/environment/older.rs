//! Environments of other lock files: the one to fall back on, and those that nobody needs any more.

use super::{
    Interpreter,
    extras::Extra,
    turn::{self, Entered, Held},
};
use crate::sandbox::{Progress, SandboxError, local::blocking};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The newest whole environment that was made with the same interpreter.
pub(super) fn newest(root: &Path, interpreter: &Interpreter) -> Option<PathBuf> {
    let entries = fs::read_dir(root).ok()?.flatten();
    let environments = entries.filter(|entry| {
        entry.file_name().to_string_lossy().starts_with("env-")
            && is_of(&entry.path(), interpreter).unwrap_or(false)
    });
    environments
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .max()
        .map(|(_, path)| path)
}

/// Reads what the module `venv` notes.
fn is_of(environment: &Path, interpreter: &Interpreter) -> io::Result<bool> {
    let text = fs::read_to_string(environment.join("pyvenv.cfg"))?;
    let value = |key: &str| {
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(k, v)| (k.trim(), v.trim())).find(|(k, _)| *k == key).map(|(_, v)| v)
    };
    let real = |path: &Path| path.canonicalize().unwrap_or(path.to_owned());
    let same = value("executable")
        .is_some_and(|executable| real(Path::new(executable)) == real(&interpreter.path));
    let version = format!("{}.", interpreter.version);
    Ok(same && value("version").is_some_and(|found| found.starts_with(&version)))
}

/// Holds the newest environment of the same interpreter, when there is one.
pub(super) async fn hold(
    root: &Path,
    interpreter: &Interpreter,
    progress: &Progress,
) -> Result<Option<Held>, SandboxError> {
    let (from, of) = (root.to_owned(), interpreter.clone());
    let found = blocking("look for an older Python environment", move || Ok(newest(&from, &of)));
    let Some(found) = found.await? else { return Ok(None) };
    let name = found.file_name().unwrap_or_default().to_string_lossy();
    match turn::enter(root, &name, progress).await? {
        Entered::Whole(held) => Ok(Some(held)),
        // Somebody has just deleted it.
        Entered::Missing(workshop) => {
            let gone = SandboxError::Environment("an older environment is gone".into());
            let _ = workshop.close(Err(gone)).await;
            Ok(None)
        }
    }
}

/// What [`prune`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Names of folders.
    pub deleted: Vec<String>,
    /// Not needed by this version, but in use by a process.
    pub in_use: Vec<String>,
}

/// Deletes what is ours in a root, is not to be kept, and is not in use.
pub(super) fn prune(root: &Path, keep: &[String]) -> io::Result<Pruned> {
    let kinds = ["env", "sdk"].into_iter().chain(Extra::ALL.map(Extra::name));
    let kinds: Vec<_> = kinds.map(|kind| format!("{kind}-")).collect();
    let mut pruned = Pruned::default();
    for name in turn::names(root)? {
        let ours = kinds.iter().any(|kind| name.starts_with(kind));
        if !ours || keep.contains(&name) {
            continue;
        }
        match turn::delete(root, &name)? {
            true => pruned.deleted.push(name),
            false => pruned.in_use.push(name),
        }
    }
    Ok(pruned)
}
