//! The whole suite as the user that runs the tests and as an ordinary one, and what is left after.

use super::{
    SECRET_VARIABLE,
    leaks::{self, Leaks},
    suite,
};
use crate::support::{open, turn, wait_until};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::{
    fs, io,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::Arc,
};
use trainable::sandbox::SandboxProvider;

/// Says to the process that a test below started what it is for; nothing happens without it.
const ROLE: &str = "TRAINABLE_ABUSE_ROLE";
/// Names one family, for whoever looks for the cause of a failure.
const ONLY: &str = "TRAINABLE_ABUSE_ONLY";

/// Where the server under attack writes down the names of its cgroups.
pub(super) const GROUPS: &str = "groups";

/// Not a test by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn helper() {
    match std::env::var(ROLE).as_deref() {
        Ok("watch") => watch().await,
        Ok("attack") => {
            let failed = suite(std::env::var(ONLY).ok().as_deref()).await;
            assert!(failed.is_empty(), "not contained: {failed:?}");
        }
        Ok(other) => panic!("no role `{other}`"),
        Err(_) => {}
    }
}

#[tokio::test]
async fn everything_is_contained() {
    check(None).await;
}

#[tokio::test]
async fn an_ordinary_user_contains_everything() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tried a second time: the tests run as an ordinary user already");
        return;
    }
    // A number that nobody has, another one in each run, so that what it leaves is this run's.
    check(Some(62_000 + std::process::id() % 3_000)).await;
}

async fn check(user: Option<u32>) {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    for place in [folder.path(), &scratch] {
        fs::set_permissions(place, fs::Permissions::from_mode(0o711)).unwrap();
    }
    chown(&scratch, user, user).unwrap();
    let program = folder.path().join("suite");
    let own = std::env::current_exe().unwrap();
    // The build's folder may be closed to the other user; the file itself is not.
    fs::hard_link(&own, &program).or_else(|_| fs::copy(&own, &program).map(drop)).unwrap();
    // What an ordinary user may only read is made ready by who may write it.
    open(&scratch.join("first")).await.prepare(Arc::new(|_| {})).await.unwrap();
    fs::remove_dir_all(scratch.join("first")).unwrap();

    let leaks = Leaks::before(user);
    let mut helper = helper_process(&program, "watch", &scratch);
    if let Some(user) = user {
        helper.uid(user).gid(user);
    }
    let ended = helper.status().unwrap();
    leaks.check().await;
    let groups = fs::read_to_string(scratch.join(GROUPS)).unwrap();
    let groups: Vec<_> = groups.lines().collect();
    assert_eq!(leaks::groups(&groups), Vec::<PathBuf>::new(), "cgroups are left");
    fs::remove_file(scratch.join(GROUPS)).unwrap();
    let left: Vec<_> = fs::read_dir(&scratch).unwrap().flatten().map(|e| e.path()).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "files are left");
    assert!(ended.success(), "see above for what was not contained");
}

fn helper_process(program: &Path, role: &str, scratch: &Path) -> Command {
    let secret = format!("S3CR3T-{}", uuid::Uuid::new_v4().simple());
    let mut command = Command::new(program);
    // The secret is one more filter that fits no test: so it is in the command line as well.
    command
        .args(["abuse::tiers::helper", "--exact", "--nocapture", &secret])
        .env_clear()
        .env(ROLE, role)
        .env(SECRET_VARIABLE, &secret)
        .env("TMPDIR", scratch)
        .env("HOME", scratch)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/");
    for kept in [ONLY, "TRAINABLE_DATA"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// Runs the suite as a child, and takes in whatever loses its parent: nothing may outlive it.
async fn watch() {
    rustix::process::set_child_subreaper(Some(Pid::INIT)).unwrap();
    let scratch = std::env::var_os("TMPDIR").unwrap();
    let program = std::env::current_exe().unwrap();
    let mut suite: Child = helper_process(&program, "attack", Path::new(&scratch)).spawn().unwrap();
    let ended = suite.wait().unwrap();
    let mut alive = true;
    wait_until(|| {
        alive = reap().is_none();
        !alive
    })
    .await;
    assert!(!alive, "processes outlive the suite: {}", children());
    assert!(ended.success(), "the suite failed");
}

/// Takes in what has ended; something when no child is left.
fn reap() -> Option<io::Error> {
    loop {
        match waitpid(None, WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => return Some(error.into()),
        }
    }
}

fn children() -> String {
    let own = std::process::id();
    let tasks = fs::read_dir(format!("/proc/{own}/task")).unwrap().flatten();
    tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok()).collect()
}
