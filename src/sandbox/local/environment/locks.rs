//! The lock files: which packages are installed, in which versions, with which hashes.

use super::{Extra, sdk};
use crate::sandbox::SandboxError;
use std::path::PathBuf;

/// The lock files that come with the server, or the operator's own in their place.
pub(super) struct Locks {
    folder: Option<PathBuf>,
}

impl Locks {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Of the packages that every sandbox has.
    pub(super) fn base(&self) -> Result<Vec<u8>, SandboxError> {
        self.read("requirements.lock")
    }

    /// Of an extra; it pins nothing that the base pins.
    pub(super) fn extra(&self, extra: Extra) -> Result<Vec<u8>, SandboxError> {
        self.read(&format!("{}.lock", extra.name()))
    }

    /// Any other by the name of its file.
    pub(super) fn named(&self, name: &str) -> Result<Vec<u8>, SandboxError> {
        self.read(name)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, SandboxError> {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)) else {
            return sdk::carried(name);
        };
        match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => sdk::carried(name),
            Err(error) => Err(SandboxError::Environment(format!(
                "the lock file `{}` cannot be read: {error}",
                path.display()
            ))),
            Ok(lock) => Ok(lock),
        }
    }
}

/// The names that a lock file pins.
pub(super) fn packages(lock: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(lock);
    text.lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric()))
        .filter_map(|line| Some(line.split_once("==")?.0.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn packages_are_counted() {
        let lock = b"a==1 \\\n    --hash=sha256:0\n    # via b==2\nb-c==2\n";
        assert_eq!(packages(lock), ["a", "b-c"]);
    }

    fn pins(lock: &[u8]) -> BTreeMap<String, String> {
        let text = String::from_utf8_lossy(lock).into_owned();
        let lines = text.lines().filter(|line| line.starts_with(|c: char| c.is_alphanumeric()));
        lines
            .map(|line| {
                let (name, rest) = line.split_once("==").expect("a pin");
                (name.to_owned(), rest.split([' ', ';', '\\']).next().unwrap().to_owned())
            })
            .collect()
    }

    #[test]
    fn extras_go_with_the_base_and_with_each_other() {
        let locks = Locks::new(None);
        let base = pins(&locks.base().unwrap());
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for extra in Extra::ALL {
            let lock = locks.extra(extra).unwrap();
            let hashes = String::from_utf8_lossy(&lock).matches("--hash=sha256:").count();
            let own = pins(&lock);
            assert!(hashes >= own.len(), "{extra:?}");
            for (name, version) in own {
                assert!(!base.contains_key(&name), "{extra:?} pins {name}, which the base has");
                let other = all.insert(name.clone(), version.clone());
                assert!(other.is_none_or(|other| other == version), "two versions of {name}");
            }
        }
    }
}
