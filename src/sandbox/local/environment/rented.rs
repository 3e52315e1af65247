//! What a backend elsewhere needs of this machine: its own program with the packages for it, and what
//! its containers get.

use super::{
    Environments, hex,
    interpreter::Interpreter,
    make_readable, packages, sdk,
    turn::{self, Entered, Held, Workshop},
};
use crate::sandbox::{Progress, SandboxError, local::blocking};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The lock of the packages that the sidecar imports.
const LOCK: &str = "modal.lock";
/// Packages for it and their downloads, in MiB.
const SPACE: u64 = 300;

#[derive(RustEmbed)]
#[folder = "src/sandbox/python/modal"]
#[include = "trainable_modal/*"]
#[exclude = "*.pyc"]
struct Sources;

/// Folders that are whole, and kept from being deleted.
pub(in crate::sandbox) struct Rented {
    /// The Python that runs the sidecar.
    pub python: PathBuf,
    /// The folder of the sidecar's module.
    pub sidecar: Held,
    /// The SDK, the runners and the launcher.
    pub sdk: Held,
    /// The lock files of an image, in the order in which they are installed.
    pub locks: Vec<PathBuf>,
    _held: Vec<Held>,
}

impl Environments {
    /// Makes everything ready that is not. The packages are left out where others stand in for them.
    pub(in crate::sandbox) async fn rented(
        &self,
        with_packages: bool,
        progress: &Progress,
    ) -> Result<Rented, SandboxError> {
        let inner = &self.inner;
        let interpreter = inner.find().await?;
        inner.make_root().await?;
        let mut held = Vec::new();
        let mut python = interpreter.path.clone();
        if with_packages {
            let lock = inner.locks.named(LOCK)?;
            let packages =
                packages::install_as("modal", SPACE, &inner.root, &interpreter, lock, progress)
                    .await?;
            python = packages.path.join("bin/python");
            held.push(packages);
        }
        let sdk = sdk::install(&inner.root, &interpreter.path, &interpreter, progress).await?;
        let sidecar = write("sidecar", &inner.root, modules(), progress).await?;
        let mut files = vec![("base.lock".to_owned(), inner.locks.base()?)];
        for extra in super::extras::remembered(&inner.root)? {
            files.push((format!("{}.lock", extra.name()), inner.locks.extra(extra)?));
        }
        let names: Vec<_> = files.iter().map(|(name, _)| name.clone()).collect();
        let image = write("image", &inner.root, files, progress).await?;
        let locks = names.iter().map(|name| image.path.join(name)).collect();
        held.push(image);
        Ok(Rented { python, sidecar, sdk, locks, _held: held })
    }
}

/// The name of the packages' folder.
pub(super) fn name(interpreter: &Interpreter, lock: &[u8]) -> String {
    packages::name_as("modal", interpreter, lock)
}

/// The lock that names it.
pub(super) fn lock(locks: &super::Locks) -> Result<Vec<u8>, SandboxError> {
    locks.named(LOCK)
}

fn modules() -> Vec<(String, Vec<u8>)> {
    let found = |path: std::borrow::Cow<'static, str>| {
        let file = Sources::get(&path)?;
        Some((path.into_owned(), file.data.into_owned()))
    };
    Sources::iter().filter_map(found).collect()
}

/// Writes files into a folder that is named by what they hold, unless it is there.
async fn write(
    kind: &str,
    root: &Path,
    mut files: Vec<(String, Vec<u8>)>,
    progress: &Progress,
) -> Result<Held, SandboxError> {
    files.sort();
    let mut hash = Sha256::new();
    for (path, data) in &files {
        hash.update(path);
        hash.update([0]);
        hash.update(Sha256::digest(data));
    }
    let name = format!("{kind}-{}", &hex(&hash.finalize())[..16]);
    match turn::enter(root, &name, progress).await? {
        Entered::Whole(held) => Ok(held),
        Entered::Missing(workshop) => {
            let made = put(&workshop, files).await;
            workshop.close(made).await
        }
    }
}

async fn put(workshop: &Workshop, files: Vec<(String, Vec<u8>)>) -> Result<(), SandboxError> {
    let contents = workshop.contents();
    let put = move || {
        make_readable(&contents)?;
        for (path, data) in files {
            let path = contents.join(path);
            if let Some(parent) = path.parent() {
                make_readable(parent)?;
            }
            fs::write(path, data)?;
        }
        Ok(())
    };
    blocking("write the files of the sidecar", put).await
}
