//! Large packages that only some want: each in a folder of its own beside the environment.
//!
//! An extra holds nothing that the environment has, and the environment comes first on Python's path.

use super::{
    hex,
    packages::{check_space, pip},
    program::run,
    turn::{self, Entered, Held, Workshop},
};
use crate::sandbox::{Progress, SandboxError, local::disk_error};
use sha2::{Digest, Sha256};
use std::{fs, io, path::Path, process::Command};

/// The file that remembers which extras are on, one a line.
const REMEMBERED: &str = "extras";

/// A set of packages that is installed when asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    Torch,
    Tensorflow,
}

impl Extra {
    pub const ALL: [Extra; 2] = [Extra::Torch, Extra::Tensorflow];

    /// What it is called, which is also the module that a program imports.
    pub fn name(self) -> &'static str {
        match self {
            Extra::Torch => "torch",
            Extra::Tensorflow => "tensorflow",
        }
    }

    /// Where sandboxes see it.
    pub(super) fn at(self) -> String {
        format!("/opt/trainable/extras/{}", self.name())
    }

    /// What it and its downloads take, in MiB, with some room.
    fn space(self) -> u64 {
        match self {
            Extra::Torch => 9_000,
            Extra::Tensorflow => 3_000,
        }
    }
}

/// What the folder is called: by its lock and the environment that it stands beside.
pub(super) fn name(extra: Extra, lock: &[u8], environment: &Path) -> String {
    let mut hash = Sha256::new();
    hash.update(lock);
    hash.update([0]);
    hash.update(environment.file_name().unwrap_or_default().as_encoded_bytes());
    format!("{}-{}", extra.name(), &hex(&hash.finalize())[..16])
}

/// Installs an extra beside an environment, unless it is there.
pub(super) async fn install(
    root: &Path,
    extra: Extra,
    lock: Vec<u8>,
    environment: &Path,
    progress: &Progress,
) -> Result<Held, SandboxError> {
    match turn::enter(root, &name(extra, &lock, environment), progress).await? {
        Entered::Whole(held) => Ok(held),
        Entered::Missing(workshop) => {
            let made = make(root, &workshop, extra, lock, environment, progress).await;
            workshop.close(made).await
        }
    }
}

async fn make(
    root: &Path,
    workshop: &Workshop,
    extra: Extra,
    lock: Vec<u8>,
    environment: &Path,
    progress: &Progress,
) -> Result<(), SandboxError> {
    check_space(root, extra.space())?;
    progress(format!("installing {} beside the environment", extra.name()));
    let python = environment.join("bin/python");
    let contents = workshop.contents();
    pip(workshop, &python, lock, Some(contents.clone()), progress).await?;
    progress(format!("checking that {} loads", extra.name()));
    let mut check = Command::new(&python);
    let code = format!("import sys; sys.path.append(sys.argv[1]); import {}", extra.name());
    check.args(["-I", "-c", &code]).arg(&contents);
    run(workshop, check, |_| {}).await
}

/// The extras that are on. Names of another version's are left alone.
pub(super) fn remembered(root: &Path) -> Result<Vec<Extra>, SandboxError> {
    match fs::read_to_string(root.join(REMEMBERED)) {
        Ok(text) => Ok(Extra::ALL
            .into_iter()
            .filter(|extra| text.lines().any(|line| line == extra.name()))
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(disk_error("read which extras are on", error)),
    }
}

/// Makes every later start use these.
pub(super) fn remember(root: &Path, extras: &[Extra]) -> Result<(), SandboxError> {
    let text: String = extras.iter().map(|extra| format!("{}\n", extra.name())).collect();
    let aside = root.join(format!(".{REMEMBERED}-{}", uuid::Uuid::now_v7().simple()));
    fs::write(&aside, text)
        .and_then(|()| fs::File::open(&aside)?.sync_all())
        .and_then(|()| fs::rename(&aside, root.join(REMEMBERED)))
        .map_err(|error| disk_error("remember which extras are on", error))
}
