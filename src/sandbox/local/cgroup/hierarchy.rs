//! Where the cgroup hierarchies are and which of them this server may divide.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// The same place in each hierarchy; with version 2 they are all one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub memory: PathBuf,
    pub pids: PathBuf,
    pub cpu: Option<PathBuf>,
    pub cpuacct: Option<PathBuf>,
}

impl Places {
    pub(super) fn below(&self, name: &str) -> Self {
        Self {
            memory: self.memory.join(name),
            pids: self.pids.join(name),
            cpu: self.cpu.as_ref().map(|place| place.join(name)),
            cpuacct: self.cpuacct.as_ref().map(|place| place.join(name)),
        }
    }

    /// Each folder once; the one that holds the lock comes last, so that it is removed last.
    pub(super) fn each(&self) -> impl Iterator<Item = &PathBuf> {
        let mut all: Vec<&PathBuf> = vec![&self.pids];
        all.extend(&self.cpu);
        all.extend(&self.cpuacct);
        all.push(&self.memory);
        let mut seen = Vec::new();
        for place in all.into_iter().rev() {
            if !seen.contains(&place) {
                seen.push(place);
            }
        }
        seen.into_iter().rev()
    }

    pub(super) fn create(&self) -> io::Result<()> {
        for place in self.each() {
            match fs::create_dir(place) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    self.remove();
                    return Err(error);
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Removes the folders; true when none is left.
    pub(super) fn remove(&self) -> bool {
        let removed = |place: &PathBuf| match fs::remove_dir(place) {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        // Each is tried, whatever came of the others; but what is left must be found by the folder
        // that holds the lock, so that one stays as long as they do.
        let others = self.each().filter(|place| **place != self.memory);
        others.filter(|place| !removed(place)).count() == 0 && removed(&self.memory)
    }
}

/// Finds the place to divide: this server's own, so that limits set on it keep holding.
pub(super) fn find() -> Result<(Version, Places), String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let found = locate(&mounts, &own, |place| place.is_dir())?;
    match found {
        (Version::One, _) => Ok(found),
        (Version::Two, places) => {
            enable(&places.memory).or_else(|error| delegate(&places.memory, error))?;
            let cpu = places.cpu.clone().filter(|place| offers_cpu(place));
            Ok((Version::Two, Places { cpu, ..places }))
        }
    }
}

/// Reads the two files of `/proc`; apart from them only `exists` looks at the machine.
fn locate(
    mounts: &str,
    own: &str,
    exists: impl Fn(&Path) -> bool,
) -> Result<(Version, Places), String> {
    let mut roots: BTreeMap<&str, (PathBuf, &str)> = BTreeMap::new();
    let mut unified = None;
    for line in mounts.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let mut left = left.split(' ').skip(3);
        let (Some(root), Some(at)) = (left.next(), left.next()) else { continue };
        let mut right = right.split(' ');
        match (right.next(), right.nth(1)) {
            (Some("cgroup2"), _) => unified = Some((PathBuf::from(at), root)),
            (Some("cgroup"), Some(options)) => {
                for option in options.split(',') {
                    roots.insert(option, (PathBuf::from(at), root));
                }
            }
            _ => {}
        }
    }
    let path_of = |wanted: &dyn Fn(&str) -> bool| {
        own.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            wanted(controllers).then(|| path.to_owned())
        })
    };
    let place = |at: &Path, root: &str, path: Option<String>| {
        // In a container the mount shows only a part of the hierarchy, and the path may name the whole.
        let path = path.unwrap_or_default();
        let inner = path.strip_prefix(root.trim_end_matches('/')).unwrap_or(&path);
        let own = at.join(inner.trim_start_matches('/'));
        if exists(&own) { own } else { at.to_owned() }
    };
    let one = |controller: &str| {
        let (at, root) = roots.get(controller)?;
        let path = path_of(&|names| names.split(',').any(|name| name == controller));
        Some(place(at, root, path))
    };
    if let (Some(memory), Some(pids)) = (one("memory"), one("pids")) {
        return Ok((
            Version::One,
            Places { memory, pids, cpu: one("cpu"), cpuacct: one("cpuacct") },
        ));
    }
    let Some((at, root)) = unified else {
        return Err("no cgroup hierarchy with memory and pids is mounted; mount cgroup2 on \
                    /sys/fs/cgroup"
            .into());
    };
    let own = place(&at, root, path_of(&|names| names.is_empty()));
    Ok((
        Version::Two,
        Places {
            memory: own.clone(),
            pids: own.clone(),
            cpu: Some(own.clone()),
            cpuacct: Some(own),
        },
    ))
}

/// Whether cores can be divided below a folder of version 2; where that is not delegated, memory
/// and processes still may be.
fn offers_cpu(place: &Path) -> bool {
    let offered = fs::read_to_string(place.join("cgroup.controllers")).unwrap_or_default();
    offered.split_whitespace().any(|controller| controller == "cpu")
}

/// Lets the groups below a folder have limits of their own.
pub(super) fn enable(place: &Path) -> io::Result<()> {
    let wanted = if offers_cpu(place) { "+memory +pids +cpu" } else { "+memory +pids" };
    fs::write(place.join("cgroup.subtree_control"), wanted)
}

/// A group that holds processes cannot be divided, so the server steps into a leaf of its own.
fn delegate(place: &Path, error: io::Error) -> Result<(), String> {
    let missing = |error: io::Error| {
        format!(
            "cgroups v2 are not delegated to this server ({error}); start it with \
             `systemd-run --user --scope -p Delegate=yes trainable serve`, or with `Delegate=yes` \
             in its unit"
        )
    };
    if error.kind() != io::ErrorKind::ResourceBusy {
        return Err(missing(error));
    }
    let leaf = place.join("trainable.server");
    match fs::create_dir(&leaf) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(missing(error)),
        _ => {}
    }
    fs::write(leaf.join("cgroup.procs"), "0").map_err(missing)?;
    enable(place).map_err(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mounts: &str, own: &str, expect: Result<(Version, &str, &str), &str>) {
        let found = locate(mounts, own, |path| !path.ends_with("hidden"));
        match (found, expect) {
            (Ok((version, places)), Ok((v, memory, pids))) => {
                assert_eq!((version, places.memory, places.pids), (v, memory.into(), pids.into()));
            }
            (Err(found), Err(start)) => assert!(found.starts_with(start), "{found}"),
            (found, expect) => panic!("{found:?} is not {expect:?}"),
        }
    }

    const V1: &str = "31 24 0:27 / /cg/memory rw,relatime - cgroup cgroup rw,memory\n\
                      32 24 0:28 / /cg/pids rw,relatime - cgroup cgroup rw,pids\n\
                      33 24 0:29 / /cg/unified rw - cgroup2 cgroup2 rw\n";
    const V2: &str = "33 24 0:29 / /cg rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn the_own_place_is_found() {
        check(
            V1,
            "5:memory:/a/b\n4:pids:/\n0::/\n",
            Ok((Version::One, "/cg/memory/a/b", "/cg/pids/")),
        );
        check(V1, "5:memory:/hidden\n4:pids:/\n", Ok((Version::One, "/cg/memory", "/cg/pids/")));
        check(
            V2,
            "0::/user.slice/x.scope\n",
            Ok((Version::Two, "/cg/user.slice/x.scope", "/cg/user.slice/x.scope")),
        );
        check("", "0::/\n", Err("no cgroup hierarchy"));
        let part = V2.replace("0:29 / ", "0:29 /docker/1 ");
        check(&part, "0::/docker/1/x\n", Ok((Version::Two, "/cg/x", "/cg/x")));
    }
}
