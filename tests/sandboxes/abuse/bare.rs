//! The attacks where nothing contains them: each must get something there, or it proves nothing.

use super::{Achieved, MARK, SECRET, SECRET_VARIABLE, World, network::Ears, scripts::*};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

/// Runs a script as an ordinary program of this machine, with a secret in its environment.
fn run(folder: &Path, script: &Script, told: &Value) -> Achieved {
    let file = folder.join(format!("{}.py", script.name));
    std::fs::write(&file, script.code).unwrap();
    let output = Command::new("/usr/bin/python3")
        .arg(&file)
        .arg(told.to_string())
        .current_dir(folder)
        .env(SECRET_VARIABLE, format!("S3CR3T-{}", "ab".repeat(16)))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = printed.lines().next().unwrap_or_default();
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {printed} {stderr}"))
}

#[track_caller]
fn got(achieved: &Achieved, attempts: &[&str]) {
    for attempt in attempts {
        let outcome = achieved.get(*attempt).map_or("nothing", String::as_str);
        assert!(outcome.starts_with("got"), "{attempt}: {outcome} of {achieved:#?}");
    }
}

pub(super) async fn all(_: Arc<World>) {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("one");
    std::fs::create_dir(&own).unwrap();
    std::fs::create_dir(folder.path().join("other")).unwrap();
    let secret = folder.path().join("other/secret");
    std::fs::write(&secret, MARK).unwrap();

    let told = json!({ "pattern": SECRET, "pids": [std::process::id()] });
    got(&run(&own, &SECRETS, &told), &["environ", "mem", "own environment"]);

    let shown = secret.to_str().unwrap();
    let told = json!({ "host_secret": secret, "mark": MARK, "top": folder.path() });
    let found = run(&own, &SESSIONS, &told);
    got(
        &found,
        &[
            shown,
            "../other/secret",
            "absolute link",
            "relative link",
            "hard link",
            "the whole tree",
        ],
    );
    got(&found, &[&format!("/proc/self/root{shown}"), "/proc/self/cwd/../other/secret"]);

    let ears = Ears::open();
    let found = run(&own, &NETWORK, &ears.addresses(&[]));
    got(&found, &["TCP to loopback", "an abstract socket", "a socket by its path"]);
    assert_eq!(ears.heard(), ["TCP", "UDP", "abstract", "path"]);
}
