//! What the machine has that was not there before: mounts, shared memory and files; and the server's
//! own cgroups. Those of others come and go meanwhile.

use crate::support::wait_until;
use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt, path::PathBuf};
use trainable::sandbox::local::SANDBOX_USER;

/// The machine before the suite.
pub(super) struct Leaks {
    users: Vec<u32>,
    before: BTreeSet<String>,
}

impl Leaks {
    /// Looks at what belongs to the sandboxes' user, and to the one that the server runs as.
    pub(super) fn before(user: Option<u32>) -> Self {
        let users: Vec<_> = user.into_iter().chain([SANDBOX_USER]).collect();
        let before = machine(&users);
        Self { users, before }
    }

    pub(super) async fn check(self) {
        let new = || machine(&self.users).difference(&self.before).cloned().collect::<Vec<_>>();
        wait_until(|| new().is_empty()).await;
        assert_eq!(new(), Vec::<String>::new(), "left on the machine");
    }
}

fn machine(users: &[u32]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    all.extend(mounts.lines().map(|line| format!("mount {line}")));
    for kind in ["shm", "sem", "msg"] {
        let text = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        let owned = text.lines().filter(|line| {
            let mut words = line.split_whitespace();
            words.any(|word| word.parse().is_ok_and(|user| users.contains(&user)))
        });
        all.extend(owned.map(|line| format!("{kind} {line}")));
    }
    for folder in ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run"] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.metadata().is_ok_and(|meta| users.contains(&meta.uid())) {
                all.insert(format!("file {}", entry.path().display()));
            }
        }
    }
    all
}

/// The names of the groups that this process holds, as the descriptors of their locks say.
pub(super) fn own_groups() -> Vec<String> {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.path()).ok());
    let places = targets.filter(|target| target.starts_with(CGROUPS));
    places.filter_map(|place| Some(place.file_name()?.to_str()?.to_owned())).collect()
}

const CGROUPS: &str = "/sys/fs/cgroup";

/// Where groups of these names are, in whichever hierarchy.
pub(super) fn groups(names: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::from(CGROUPS)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if entry.file_name().to_str().is_some_and(|name| names.contains(&name)) {
                found.push(entry.path());
            }
            folders.push(entry.path());
        }
    }
    found
}
