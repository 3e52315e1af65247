//! What a server has on the machine beside its data, and whether it is still there once the next one
//! serves: processes, control groups, mounts, and what lies in its folder for the running.

use super::support::binary::{Process, alive, descendants};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep};

const CGROUPS: &str = "/sys/fs/cgroup";
/// Once the next server is there, nothing takes longer to be gone on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server has now.
#[derive(Default)]
pub struct Remains {
    processes: BTreeSet<Process>,
    /// The names of its control groups.
    groups: BTreeSet<String>,
    /// What lies in `{data}/run`, but for what every server makes there.
    files: BTreeSet<PathBuf>,
    data: PathBuf,
}

impl Remains {
    pub fn of(server: i32, data: &Path) -> Self {
        let open = fs::read_dir(format!("/proc/{server}/fd")).into_iter().flatten().flatten();
        let open = open.filter_map(|entry| fs::read_link(entry.path()).ok());
        let groups = open.filter(|path| path.starts_with(CGROUPS));
        let groups = groups.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
        Self {
            processes: descendants(server),
            groups: groups.filter(|name| name.starts_with("trainable-")).collect(),
            files: listed(&data.join("run")),
            data: data.to_owned(),
        }
    }

    /// Waits until nothing of it is there any more.
    pub async fn gone(&self) {
        none(|| self.left()).await;
    }

    fn processes(&self) -> Vec<String> {
        let alive = alive(&self.processes);
        let alive = alive.iter().map(|(pid, _)| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            format!("process {pid} {}", String::from_utf8_lossy(&line).replace('\0', " "))
        });
        alive.collect()
    }

    fn left(&self) -> Vec<String> {
        let groups = groups(&self.groups);
        let groups = groups.iter().map(|path| format!("group {}", path.display()));
        let files = self.files.iter().filter(|path| path.exists());
        let files = files.map(|path| format!("file {}", path.display()));
        let data = self.data.to_str().expect("UTF-8");
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts can be listed");
        let mounts = mounts.lines().filter(|line| line.contains(data));
        let processes = self.processes().into_iter();
        processes
            .chain(groups)
            .chain(files)
            .chain(mounts.map(|line| format!("mount {line}")))
            .collect()
    }
}

async fn none(left: impl Fn() -> Vec<String>) {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = left();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "left by a dead server: {left:#?}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Where groups of these names are, in whichever hierarchy.
fn groups(names: &BTreeSet<String>) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::from(CGROUPS)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            match entry.file_name().to_str() {
                Some(name) if names.contains(name) => found.push(entry.path()),
                _ => folders.push(entry.path()),
            }
        }
    }
    found
}

fn listed(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| !path.ends_with("etc")).collect()
}
