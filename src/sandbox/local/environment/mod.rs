//! The Python that sandboxes run: an interpreter, the locked packages, the SDK and the runners.
//!
//! Everything lies in folders named by the hash of what they hold, built aside and moved in place
//! when whole, so that several servers share them and a failed build harms nothing that works.
//!
//! ```text
//! {root}/env-{lock, interpreter}        the packages; half a minute and 1.5 GB, once
//! {root}/torch-{lock, environment}      an extra, likewise `tensorflow-…`
//! {root}/sdk-{contents}                 the SDK and the runners; follows the server's version
//! {root}/modal-{lock, interpreter}      the sidecar's packages, where sandboxes are rented from Modal; `sidecar-…`, `image-…`
//! {root}/extras                         which extras are on, one a line
//! {root}/.{folder}.lock                 held alone by who makes the folder, shared by who uses it
//! {root}/.building-{folder}-{id}        a folder that is being made
//! {root}/.downloads-{folder}            what pip has downloaded, until the folder is whole
//! ```
//!
//! When the environment of a new lock file cannot be made, the newest older one of the same interpreter serves in its
//! place, and every run is told so; the next start tries again.

mod attempt;
mod extras;
mod interpreter;
mod lacks;
mod locks;
mod older;
mod packages;
mod program;
mod readiness;
mod rented;
mod sdk;
mod turn;

use super::{blocking, command::Bind, hex};
use crate::sandbox::{Access, Progress, SandboxError, program::SDK_AT};
use attempt::Attempts;
pub use extras::Extra;
use interpreter::Interpreter;
use locks::Locks;
pub use older::Pruned;
pub use readiness::{ExtraStanding, Readiness};
pub(in crate::sandbox) use rented::Rented;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use turn::Held;

/// Where sandboxes see the packages.
const PACKAGES_AT: &str = "/opt/trainable/env";

/// What makes an environment, and the one that is in use.
pub(in crate::sandbox) struct Environments {
    inner: Arc<Inner>,
    attempts: Attempts,
}

/// What an environment is made from.
struct Inner {
    root: PathBuf,
    python: Option<PathBuf>,
    /// An environment of the operator's own, in place of the locked packages.
    own: Option<PathBuf>,
    locks: Locks,
    /// The user that must be able to read it all.
    reader: Option<u32>,
}

/// An environment as a sandbox sees it.
#[derive(Debug)]
pub(super) struct Ready {
    /// The interpreter's path inside a sandbox.
    pub python: String,
    /// The folder of its programs inside a sandbox.
    pub bin: String,
    pub binds: Vec<Bind>,
    /// What every run that uses it is told.
    warning: Option<String>,
    /// The folders that are bound, kept from being deleted.
    _held: Vec<Held>,
}

impl Environments {
    pub(in crate::sandbox) fn new(
        root: PathBuf,
        python: Option<PathBuf>,
        own: Option<PathBuf>,
        locks: Option<PathBuf>,
        reader: Option<u32>,
    ) -> Self {
        let locks = Locks::new(locks);
        let inner = Arc::new(Inner { root, python, own, locks, reader });
        Self { inner, attempts: Attempts::new() }
    }

    /// Makes everything ready that is not, or finds what serves in its place.
    pub(super) async fn prepare(&self, progress: Progress) -> Result<Arc<Ready>, SandboxError> {
        let inner = self.inner.clone();
        let make = |progress: Progress| async move { inner.make(&progress).await };
        let ready = self.attempts.wait(&progress, make).await?;
        if let Some(warning) = &ready.warning {
            progress(warning.clone());
        }
        Ok(ready)
    }

    /// The one that is in use, when there is one.
    pub(super) fn made(&self) -> Option<Arc<Ready>> {
        self.attempts.made()
    }

    /// Makes everything ready with these extras on and those off, with nothing in the place of what cannot be made.
    ///
    /// *Shape*: the extras that are on now, here and in every later start.
    pub(super) async fn install(
        &self,
        with: &[Extra],
        without: &[Extra],
        progress: Progress,
    ) -> Result<Vec<Extra>, SandboxError> {
        let Inner { root, own, .. } = &*self.inner;
        if let Some(own) = own {
            if let [extra, ..] = with {
                return Err(SandboxError::Environment(format!(
                    "`{}` is not installed into the environment `{}`, which is yours; do it there",
                    extra.name(),
                    own.display()
                )));
            }
            self.prepare(progress).await?;
            return Ok(Vec::new());
        }
        let before = extras::remembered(root)?;
        let on = |extra: &Extra| with.contains(extra) || before.contains(extra);
        let wanted: Vec<_> =
            Extra::ALL.into_iter().filter(|e| on(e) && !without.contains(e)).collect();
        self.inner.make_locked(&wanted, Otherwise::Fail, &progress).await?;
        if wanted != before {
            extras::remember(root, &wanted)?;
        }
        Ok(wanted)
    }

    /// Deletes what this version does not use and nobody else does.
    pub(super) async fn prune(&self) -> Result<Pruned, SandboxError> {
        let inner = &self.inner;
        let interpreter = inner.find().await?;
        let lock = inner.locks.base()?;
        let packages = packages::name(&interpreter, &lock);
        let mut keep = vec![sdk::name(&interpreter)];
        for extra in extras::remembered(&inner.root)? {
            keep.push(extras::name(extra, &inner.locks.extra(extra)?, Path::new(&packages)));
        }
        keep.push(rented::name(&interpreter, &rented::lock(&inner.locks)?));
        keep.push(packages);
        let root = inner.root.clone();
        blocking("delete unused Python environments", move || older::prune(&root, &keep)).await
    }
}

/// What happens when a part cannot be made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Otherwise {
    Fail,
    /// An older environment serves, and an extra is left out.
    Serve,
}

impl Inner {
    async fn make(&self, progress: &Progress) -> Result<Ready, SandboxError> {
        match &self.own {
            Some(own) => self.use_own(own.clone(), progress).await,
            None => {
                let extras = extras::remembered(&self.root)?;
                self.make_locked(&extras, Otherwise::Serve, progress).await
            }
        }
    }

    async fn make_locked(
        &self,
        extras: &[Extra],
        otherwise: Otherwise,
        progress: &Progress,
    ) -> Result<Ready, SandboxError> {
        let interpreter = self.find().await?;
        self.make_root().await?;
        let mut warnings = Vec::new();
        let lock = self.locks.base()?;
        let packages = match packages::install(&self.root, &interpreter, lock, progress).await {
            Ok(held) => held,
            Err(why) if otherwise == Otherwise::Serve => {
                let (older, warning) = self.serve_older(why, &interpreter, progress).await?;
                warnings.push(warning);
                older
            }
            Err(why) => return Err(why),
        };
        let python = packages.path.join("bin/python");
        let sdk = sdk::install(&self.root, &python, &interpreter, progress).await?;
        let mut binds = interpreter.binds();
        binds.push(read_only(&packages.path, PACKAGES_AT));
        binds.push(read_only(&sdk.path, SDK_AT));
        let mut held = vec![sdk];
        for extra in extras {
            let lock = self.locks.extra(*extra)?;
            match extras::install(&self.root, *extra, lock, &packages.path, progress).await {
                Ok(installed) => {
                    binds.push(read_only(&installed.path, &extra.at()));
                    held.push(installed);
                }
                Err(why) if otherwise == Otherwise::Serve => {
                    warnings.push(format!("`{}` cannot be imported: {why}", extra.name()));
                }
                Err(why) => return Err(why),
            }
        }
        held.push(packages);
        let bin = format!("{PACKAGES_AT}/bin");
        let warning = (!warnings.is_empty()).then(|| warnings.join("; "));
        Ok(Ready { python: format!("{bin}/python"), bin, binds, warning, _held: held })
    }

    /// The older environment that serves when the new one cannot be made, and what to say about it.
    async fn serve_older(
        &self,
        why: SandboxError,
        interpreter: &Interpreter,
        progress: &Progress,
    ) -> Result<(Held, String), SandboxError> {
        let Some(older) = older::hold(&self.root, interpreter, progress).await? else {
            return Err(why);
        };
        let python = interpreter.inside(&older.path);
        let lacking = lacks::lacks(&python).await?;
        let lacking = match lacking.is_empty() {
            true => String::new(),
            false => format!(", which lacks {}", lacks::listed(&lacking)),
        };
        let warning = format!(
            "the Python environment of this version cannot be made, so the one of an older version \
             serves{lacking}; mend it with `trainable admin python-env` and restart: {why}"
        );
        Ok((older, warning))
    }

    async fn use_own(&self, own: PathBuf, progress: &Progress) -> Result<Ready, SandboxError> {
        let interpreter = self.find_own(own.clone()).await?;
        let warning = lacks::sentence(&own, &lacks::lacks(&interpreter).await?);
        self.make_root().await?;
        let sdk = sdk::install(&self.root, &interpreter.path, &interpreter, progress).await?;
        let mut binds = interpreter.binds();
        binds.push(read_only(&sdk.path, SDK_AT));
        let bin = text(interpreter.path.parent().unwrap_or(Path::new("/usr/bin")))?;
        Ok(Ready { bin, python: text(&interpreter.path)?, binds, warning, _held: vec![sdk] })
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

    async fn make_root(&self) -> Result<(), SandboxError> {
        let root = self.root.clone();
        blocking("make the folder of the Python environment", move || make_readable(&root)).await
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

fn read_only(source: &Path, at: &str) -> Bind {
    Bind { source: source.to_owned(), at: at.to_owned(), access: Access::ReadOnly }
}

fn text(path: &Path) -> Result<String, SandboxError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let shown = path.display();
        SandboxError::Environment(format!("the path `{shown}` is not UTF-8; choose another"))
    })
}
