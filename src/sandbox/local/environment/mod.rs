//! The Python that sandboxes run: an interpreter, the locked packages, the SDK and the runners.
//!
//! Everything lies in folders named by the hash of what they hold, built aside and moved in place
//! when whole, so that several servers share them and a failed build harms nothing that works.
//!
//! ```text
//! {data}/python/env-{lock, interpreter}   the packages; half a minute and 1.1 GB, once
//! {data}/python/sdk-{contents}            the SDK and the runners; follows the server's version
//! {data}/python/cache                     what pip has downloaded
//! ```

mod interpreter;
mod packages;
mod sdk;

use super::{blocking, command::Bind, hex};
use crate::sandbox::{Access, Progress, SandboxError};
use interpreter::Interpreter;
use sha2::{Digest, Sha256};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;

/// Where sandboxes see the packages.
const PACKAGES_AT: &str = "/opt/trainable/env";
/// Where sandboxes see the SDK and the runners.
pub(super) const SDK_AT: &str = "/opt/trainable/sdk";

/// What makes an environment, and the one that is in use.
pub(super) struct Environments {
    folder: PathBuf,
    python: Option<PathBuf>,
    /// An environment of the operator's own, in place of the locked packages.
    own: Option<PathBuf>,
    /// The user that must be able to read it all.
    reader: Option<u32>,
    /// Held while an environment is being made, so that it is made once.
    ready: Mutex<Option<Arc<Ready>>>,
}

/// An environment as a sandbox sees it.
#[derive(Debug)]
pub(super) struct Ready {
    /// The interpreter's path inside a sandbox.
    pub python: String,
    /// The folder of its programs inside a sandbox.
    pub bin: String,
    pub binds: Vec<Bind>,
}

/// What is known about the environment without making it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The interpreter and its version, or why there is none.
    pub interpreter: Result<String, String>,
    /// Where the packages lie.
    pub packages: PathBuf,
    /// Whether they are complete.
    pub ready: bool,
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interpreter {
            Ok(interpreter) => writeln!(f, "python: {interpreter}")?,
            Err(why) => writeln!(f, "python: missing; {why}")?,
        }
        let state = if self.ready { "ready" } else { "not installed yet; it is at first use" };
        write!(f, "packages: {state} (`{}`)", self.packages.display())
    }
}

impl Environments {
    pub(super) fn new(
        folder: PathBuf,
        python: Option<PathBuf>,
        own: Option<PathBuf>,
        reader: Option<u32>,
    ) -> Self {
        Self { folder, python, own, reader, ready: Mutex::new(None) }
    }

    /// Makes everything ready that is not.
    pub(super) async fn prepare(&self, progress: Progress) -> Result<Arc<Ready>, SandboxError> {
        let mut ready = self.ready.lock().await;
        if let Some(ready) = &*ready {
            return Ok(ready.clone());
        }
        let made = Arc::new(match &self.own {
            Some(own) => self.use_own(own.clone()).await?,
            None => self.use_locked(progress).await?,
        });
        *ready = Some(made.clone());
        Ok(made)
    }

    /// The one that is in use, when it is made and nobody is making another.
    pub(super) fn made(&self) -> Option<Arc<Ready>> {
        self.ready.try_lock().ok()?.clone()
    }

    /// What there is, without making anything.
    pub(super) async fn readiness(&self) -> Readiness {
        let found = match &self.own {
            Some(own) => self.find_own(own.clone()).await,
            None => self.find().await,
        };
        let packages = match (&found, &self.own) {
            (_, Some(own)) => own.clone(),
            (Ok(interpreter), None) => self.packages_folder(interpreter),
            (Err(_), None) => self.folder.clone(),
        };
        let ready = found.is_ok() && packages.join("bin").is_dir();
        let interpreter = found.map(|found| found.to_string()).map_err(|error| error.to_string());
        Readiness { interpreter, packages, ready }
    }

    async fn use_locked(&self, progress: Progress) -> Result<Ready, SandboxError> {
        let interpreter = self.find().await?;
        let packages = self.packages_folder(&interpreter);
        self.make_folder().await?;
        if !packages.is_dir() {
            packages::install(&self.folder, &packages, &interpreter, sdk::lock()?, progress)
                .await?;
        }
        let sdk = sdk::install(&self.folder, &packages.join("bin/python"), &interpreter).await?;
        let mut binds = interpreter.binds();
        binds.push(read_only(packages, PACKAGES_AT));
        binds.push(read_only(sdk, SDK_AT));
        let bin = format!("{PACKAGES_AT}/bin");
        Ok(Ready { python: format!("{bin}/python"), bin, binds })
    }

    async fn use_own(&self, own: PathBuf) -> Result<Ready, SandboxError> {
        let interpreter = self.find_own(own).await?;
        self.make_folder().await?;
        let sdk = sdk::install(&self.folder, &interpreter.path, &interpreter).await?;
        let mut binds = interpreter.binds();
        binds.push(read_only(sdk, SDK_AT));
        let bin = interpreter.path.parent().unwrap_or(Path::new("/usr/bin"));
        Ok(Ready { bin: text(bin)?, python: text(&interpreter.path)?, binds })
    }

    async fn find(&self) -> Result<Interpreter, SandboxError> {
        let (python, reader) = (self.python.clone(), self.reader);
        blocking("look for a Python interpreter", move || Ok(interpreter::find(python, reader)))
            .await?
            .map_err(SandboxError::Environment)
    }

    async fn find_own(&self, own: PathBuf) -> Result<Interpreter, SandboxError> {
        let reader = self.reader;
        blocking("look for a Python interpreter", move || {
            Ok(interpreter::of_environment(&own, reader))
        })
        .await?
        .map_err(SandboxError::Environment)
    }

    /// Named by all that decides what gets installed.
    fn packages_folder(&self, interpreter: &Interpreter) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(sdk::lock().unwrap_or_default());
        for part in
            [interpreter.path.as_os_str().as_encoded_bytes(), interpreter.version.as_bytes()]
        {
            hash.update([0]);
            hash.update(part);
        }
        hash.update(std::env::consts::ARCH);
        self.folder.join(format!("env-{}", &hex(&hash.finalize())[..16]))
    }

    async fn make_folder(&self) -> Result<(), SandboxError> {
        let folder = self.folder.clone();
        blocking("make the folder of the Python environment", move || make_readable(&folder)).await
    }
}

/// Makes a folder that every user may read, whatever the umask.
fn make_readable(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if !folder.is_dir() {
        std::fs::create_dir_all(folder)?;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn read_only(source: PathBuf, at: &str) -> Bind {
    Bind { source, at: at.to_owned(), access: Access::ReadOnly }
}

fn text(path: &Path) -> Result<String, SandboxError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let shown = path.display();
        SandboxError::Environment(format!("the path `{shown}` is not UTF-8; choose another"))
    })
}
