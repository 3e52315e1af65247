//! What is known about the environment without making it.

use super::{Environments, extras, extras::Extra, lacks, older, packages};
use crate::sandbox::local::blocking;
use std::{fmt, path::PathBuf, process::Command};

/// The standing of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The interpreter and its version, or why there is none.
    pub interpreter: Result<String, String>,
    /// Where the packages lie.
    pub packages: PathBuf,
    /// Whether they are complete.
    pub ready: bool,
    /// Why they cannot be made complete on this machine, with the fix.
    pub blocked: Option<String>,
    /// What else somebody should know.
    pub note: Option<String>,
    /// The extras of this environment; none beside one of the operator's own.
    pub extras: Vec<ExtraStanding>,
}

/// The standing of an extra.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraStanding {
    pub extra: Extra,
    /// Whether sandboxes are to have it.
    pub on: bool,
    /// Whether it is complete.
    pub ready: bool,
}

impl Readiness {
    /// Whether programs can run in it, after an installation at most.
    pub fn is_usable(&self) -> bool {
        self.interpreter.is_ok() && self.blocked.is_none()
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interpreter {
            Ok(interpreter) => writeln!(f, "python: {interpreter}")?,
            Err(why) => writeln!(f, "python: missing; {why}")?,
        }
        let state = match (&self.blocked, self.ready) {
            (Some(why), _) => format!("cannot be installed; {why}"),
            (None, true) => "ready".to_owned(),
            (None, false) => "not installed yet; it is at first use".to_owned(),
        };
        write!(f, "packages: {state} (`{}`)", self.packages.display())?;
        if let Some(note) = &self.note {
            write!(f, "\n  note: {note}")?;
        }
        for ExtraStanding { extra, on, ready } in &self.extras {
            let name = extra.name();
            let state = match (on, ready) {
                (true, true) => "ready".to_owned(),
                (true, false) => "not installed yet; it is at the next start".to_owned(),
                (false, _) => {
                    format!("off; `trainable admin python-env --with {name}` installs it")
                }
            };
            write!(f, "\nextra {name}: {state}")?;
        }
        Ok(())
    }
}

impl Environments {
    /// What there is, without making anything.
    pub(in crate::sandbox::local) async fn readiness(&self) -> Readiness {
        match &self.inner.own {
            Some(own) => self.readiness_of_own(own.clone()).await,
            None => self.readiness_of_locked().await,
        }
    }

    async fn readiness_of_own(&self, packages: PathBuf) -> Readiness {
        let (interpreter, ready, note) = match self.inner.find_own(packages.clone()).await {
            Ok(found) => match lacks::lacks(&found).await {
                Ok(lacking) => (Ok(found.to_string()), true, lacks::sentence(&packages, &lacking)),
                Err(error) => (Err(error.to_string()), false, None),
            },
            Err(error) => (Err(error.to_string()), false, None),
        };
        Readiness { interpreter, packages, ready, blocked: None, note, extras: Vec::new() }
    }

    async fn readiness_of_locked(&self) -> Readiness {
        let root = self.inner.root.clone();
        let mut readiness = Readiness {
            interpreter: Err(String::new()),
            packages: root.clone(),
            ready: false,
            blocked: None,
            note: None,
            extras: Vec::new(),
        };
        let interpreter = match self.inner.find().await {
            Ok(found) => found,
            Err(error) => return Readiness { interpreter: Err(error.to_string()), ..readiness },
        };
        readiness.interpreter = Ok(interpreter.to_string());
        let lock = match self.inner.locks.base() {
            Ok(lock) => lock,
            Err(error) => return Readiness { blocked: Some(error.to_string()), ..readiness },
        };
        let packages = root.join(packages::name(&interpreter, &lock));
        readiness.ready = packages.join("bin").is_dir();
        let remembered = extras::remembered(&root).unwrap_or_default();
        readiness.extras = Extra::ALL
            .into_iter()
            .map(|extra| {
                let lock = self.inner.locks.extra(extra);
                let folder = lock.map(|lock| root.join(extras::name(extra, &lock, &packages)));
                let ready = folder.is_ok_and(|folder| folder.is_dir());
                ExtraStanding { extra, on: remembered.contains(&extra), ready }
            })
            .collect();
        readiness.packages = packages;
        if !readiness.ready {
            if older::newest(&root, &interpreter).is_some() {
                readiness.note = Some(
                    "an older environment is there, and serves if this one cannot be made".into(),
                );
            }
            readiness.blocked = no_venv(interpreter.path).await;
        }
        readiness
    }
}

/// Debian keeps a part of Python's own library in a package that is not always there.
async fn no_venv(python: PathBuf) -> Option<String> {
    let ask =
        move || Command::new(python).args(["-I", "-B", "-c", "import venv, ensurepip"]).output();
    match blocking("look for Python's venv module", ask).await {
        Ok(answer) if answer.status.success() => None,
        Ok(_) => {
            Some("Python has no venv module; install it with `apt install python3-venv`".into())
        }
        Err(error) => Some(error.to_string()),
    }
}
