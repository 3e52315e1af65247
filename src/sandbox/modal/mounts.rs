//! What a sandbox sees, as far as Modal can show it.
//!
//! A container mounts a Modal volume once, whole or a folder of it, read-only or not. So a read-only
//! volume in which one folder may be written is a *shadow*: the whole is mounted aside, links show it,
//! and a copy of that folder is brought back after each program.

use super::volume::Place;
use crate::sandbox::{Access, Mount, SandboxError, VolumePath};
use serde_json::{Value, json};
use std::io;

/// What a sandbox sees, as Modal can show it: a container mounts a Modal volume once.
#[derive(Debug)]
pub(super) struct Mounts {
    pub plain: Vec<Mount>,
    pub shadow: Option<Shadow>,
}

/// A read-only volume with one folder in it that may be written.
#[derive(Debug)]
pub(super) struct Shadow {
    pub whole: Mount,
    pub inner: Mount,
    /// The folder's name.
    pub part: String,
}

/// Where the whole volume of a shadow is mounted.
pub(super) const WHOLE: &str = "/data/.whole";

impl Mounts {
    /// Checks that volumes appear below `/data`, each kind of them once.
    pub(super) fn sort(mounts: Vec<Mount>) -> Result<Self, SandboxError> {
        let mut sorted = Self { plain: Vec::new(), shadow: None };
        for mount in mounts {
            let inner = mount.at.strip_prefix("/data/");
            if inner.is_none_or(|path| VolumePath::parse(path).is_err()) {
                let why =
                    format!("a volume cannot appear at `{}`; choose a path below /data", mount.at);
                let source = io::Error::new(io::ErrorKind::InvalidInput, why);
                return Err(SandboxError::Io { action: "open the volumes of a sandbox", source });
            }
            sorted.add(mount)?;
        }
        Ok(sorted)
    }

    fn add(&mut self, mount: Mount) -> Result<(), SandboxError> {
        let kind = |mount: &Mount| Place::kind(&mount.volume);
        let same = self.plain.iter().position(|other| kind(other) == kind(&mount));
        let Some(same) = same else {
            self.plain.push(mount);
            return Ok(());
        };
        let whole = &self.plain[same];
        let below = |whole: &str, inner: &str| {
            let part = inner.strip_prefix(whole)?.strip_prefix('/')?;
            (!part.contains('/')).then(|| part.to_owned())
        };
        let part = below(&whole.at, &mount.at).filter(|part| {
            below(whole.volume.as_str(), mount.volume.as_str()).as_ref() == Some(part)
        });
        let wanted = (part, whole.access, mount.access, self.shadow.is_none());
        if let (Some(part), Access::ReadOnly, Access::ReadWrite, true) = wanted {
            let whole = self.plain.remove(same);
            self.shadow = Some(Shadow { whole, inner: mount, part });
            return Ok(());
        }
        Err(SandboxError::Unavailable(format!(
            "Modal mounts a volume only once in a container, so `{}` and `{}` cannot be in one \
             sandbox; use local sandboxes for this",
            whole.volume, mount.volume
        )))
    }

    /// In the order in which they cover each other.
    pub(super) fn all(&self) -> impl Iterator<Item = &Mount> {
        let shadow = self.shadow.iter().flat_map(|shadow| [&shadow.whole, &shadow.inner]);
        self.plain.iter().chain(shadow)
    }

    /// Where programs may write.
    pub(super) fn writable(&self) -> Vec<&str> {
        let writable = self.all().filter(|mount| mount.access == Access::ReadWrite);
        writable.map(|mount| mount.at.as_str()).collect()
    }

    /// As the sidecar is told of them.
    pub(super) fn shown(&self, server: &str) -> Vec<Value> {
        let shown = |mount: &Mount, at: &str| {
            let Place { kind, folder } = Place::of(&mount.volume, server);
            let read_only = mount.access == Access::ReadOnly;
            json!({"kind": kind, "sub_path": folder, "at": at, "read_only": read_only})
        };
        let plain = self.plain.iter().map(|mount| shown(mount, &mount.at));
        plain.chain(self.shadow.iter().map(|shadow| shown(&shadow.whole, WHOLE))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::VolumeName;

    #[track_caller]
    fn check(mounts: &[(&str, &str, Access)], expect: Result<&[&str], &str>) {
        let mount = |(volume, at, access): &(&str, &str, Access)| Mount {
            volume: VolumeName::parse(volume).unwrap(),
            at: (*at).to_owned(),
            access: *access,
        };
        let found = Mounts::sort(mounts.iter().map(mount).collect());
        match (found, expect) {
            (Ok(found), Ok(expect)) => {
                let shown: Vec<_> = found.shown("me").iter().map(|m| m["at"].to_string()).collect();
                let expect: Vec<_> = expect.iter().map(|at| format!("\"{at}\"")).collect();
                assert_eq!(shown, expect);
            }
            (Err(error), Err(part)) => assert!(format!("{error}").contains(part), "{error:?}"),
            (found, expect) => panic!("{found:?} is not {expect:?}"),
        }
    }

    #[test]
    fn a_container_mounts_what_modal_lets_it() {
        use Access::{ReadOnly, ReadWrite};
        let own = ("sessions/a", "/data/s", ReadOnly);
        let data = ("datasets/b", "/data/d", ReadOnly);
        check(&[own, data], Ok(&["/data/s", "/data/d"]));
        let notes = ("sessions/a/notes", "/data/s/notes", ReadWrite);
        check(&[own, data, notes], Ok(&["/data/d", WHOLE]));
        for other in [
            ("sessions/a/notes", "/data/s/notes", ReadOnly),
            ("sessions/a/notes", "/data/s/other", ReadWrite),
            ("sessions/a/b/c", "/data/s/b/c", ReadWrite),
            ("sessions/b", "/data/b", ReadWrite),
        ] {
            check(&[own, other], Err("only once"));
        }
        check(&[("sessions/a", "/data/s", ReadWrite), notes], Err("only once"));
        check(&[("sessions/a", "/etc", ReadOnly)], Err("cannot appear at `/etc`"));
        check(&[("sessions/a", "/data/../etc", ReadOnly)], Err("cannot appear at"));
    }
}
