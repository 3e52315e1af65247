//! Finding a Python that the user of the sandboxes can run.

use super::super::{command::Bind, probe};
use crate::sandbox::Access;
use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

/// The oldest minor version of Python 3 that the lock file serves.
const OLDEST: u32 = 11;

/// A Python, and the folders that it needs beside `/usr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Interpreter {
    pub path: PathBuf,
    /// `3.11`.
    pub version: String,
    prefixes: Vec<PathBuf>,
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (`{}`)", self.version, self.path.display())
    }
}

impl Interpreter {
    /// The same one with the packages of an environment that was made with it.
    pub(super) fn inside(&self, environment: &Path) -> Self {
        Self { path: environment.join("bin/python"), ..self.clone() }
    }

    /// What a sandbox must see for it to run.
    pub(super) fn binds(&self) -> Vec<Bind> {
        let bind = |prefix: &PathBuf| Bind {
            source: prefix.clone(),
            at: prefix.to_string_lossy().into_owned(),
            access: Access::ReadOnly,
        };
        self.prefixes.iter().filter(|prefix| !prefix.starts_with("/usr")).map(bind).collect()
    }
}

/// The configured Python, else the system's, else one on the search path.
///
/// *Errors*: a sentence with the fix.
pub(super) fn find(
    configured: Option<PathBuf>,
    reader: Option<u32>,
) -> Result<Interpreter, String> {
    if let Some(path) = configured {
        return ask(&path, reader);
    }
    let names = ["python3", "python3.13", "python3.12", "python3.11", "python3.14"];
    if let Some(found) = names.iter().find_map(|name| of_system(name)) {
        return Ok(found);
    }
    let mut refused = None;
    let search = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&search) {
        let path = folder.join("python3");
        if path.is_file() {
            match ask(&path, reader) {
                Ok(found) => return Ok(found),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
    }
    Err(refused.unwrap_or_else(|| {
        "Python 3.11 or newer is missing; install it with `apt install python3 python3-venv`".into()
    }))
}

/// Folders that are not the machine's inside a sandbox.
const COVERED: [&str; 5] = ["/tmp", "/dev", "/proc", "/data", "/run"];

/// The Python of an environment that somebody else keeps: a folder with `bin/python3`.
pub(super) fn of_environment(folder: &Path, reader: Option<u32>) -> Result<Interpreter, String> {
    let python = ["bin/python3", "bin/python"].map(|name| folder.join(name));
    let covered = COVERED.iter().find(|own| folder.starts_with(own));
    match (python.iter().find(|path| path.is_file()), covered) {
        (Some(path), None) => ask(path, reader),
        (Some(_), Some(own)) => Err(format!(
            "the environment `{}` cannot be used: every program has a `{own}` of its own; move it",
            folder.display()
        )),
        (None, _) => Err(format!(
            "the environment `{}` has no `bin/python3`; name a virtual environment's folder",
            folder.display()
        )),
    }
}

/// The system's own say their version by their names, so none has to be started.
fn of_system(name: &str) -> Option<Interpreter> {
    let path = Path::new("/usr/bin").join(name).canonicalize().ok()?;
    let version = path.file_name()?.to_str()?.strip_prefix("python")?.to_owned();
    let minor: u32 = version.strip_prefix("3.")?.parse().ok()?;
    let system = path.starts_with("/usr/bin") && minor >= OLDEST;
    system.then(|| Interpreter { path, version, prefixes: Vec::new() })
}

/// Starts a Python to learn what it is.
fn ask(path: &Path, reader: Option<u32>) -> Result<Interpreter, String> {
    const QUESTION: &str = "import sys; print(*sys.version_info[:2]); \
         print(sys.executable); print(sys.prefix); print(sys.base_prefix)";
    let shown = path.display();
    let answer = Command::new(path)
        .args(["-I", "-B", "-c", QUESTION])
        .output()
        .map_err(|error| format!("the Python `{shown}` does not start: {error}"))?;
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    let mut lines = answer.lines();
    let version = lines.next().and_then(|line| line.split_once(' '));
    let (Some((major, minor)), Some(executable)) = (version, lines.next()) else {
        return Err(format!("the program `{shown}` does not answer as a Python does"));
    };
    let enough = major == "3" && minor.parse().is_ok_and(|minor: u32| minor >= OLDEST);
    if !enough {
        return Err(format!(
            "the Python `{shown}` is {major}.{minor} and 3.{OLDEST} is the oldest that serves; \
             name a newer one"
        ));
    }
    let mut prefixes: Vec<PathBuf> = lines.map(PathBuf::from).collect();
    prefixes.dedup();
    // The shim of a version manager starts another Python; that one is meant.
    let executable = PathBuf::from(executable);
    for folder in prefixes.iter().chain([&executable]) {
        if let Some(wall) = reader.and_then(|user| probe::wall(folder, user)) {
            return Err(format!(
                "the Python `{shown}` lies behind `{}`, which the user of the sandboxes cannot \
                 enter; name one outside of a home folder",
                wall.display()
            ));
        }
    }
    Ok(Interpreter { path: executable, version: format!("{major}.{minor}"), prefixes })
}
