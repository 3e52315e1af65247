//! The Python environment: made once for all, replaced and kept, extras, an operator's own. With the real binary, pip
//! and sandboxes, on tiny packages of a registry on this machine.

mod registry;
#[path = "../support/mod.rs"]
mod support;

use futures::{StreamExt, stream};
use registry::Registry;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use support::{
    binary::{Ended, PATIENCE, Running, Server, alive, descendants, end, trainable},
    temporary_in,
};
use tempfile::TempDir;
use tokio::process::Command;
use trainable::sandbox::{
    Access, Ending, ExecSpec, Gpu, Limits, Mount, Output, Program, Sandbox, SandboxProvider,
    SandboxSpec, VolumeName, VolumePath, Warmth,
    local::{LocalConfig, LocalSandboxes},
};

/// A root of environments, lock files and a registry of the test's own.
struct Place {
    folder: TempDir,
    registry: Registry,
}

impl Place {
    async fn new() -> Self {
        // An environment of an operator's own cannot lie below /tmp, which programs do not share.
        let folder = temporary_in(std::path::Path::new("/var/tmp"));
        for name in ["wheels", "locks"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let registry = Registry::start(&folder.path().join("wheels")).await;
        Self { folder, registry }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn lock(&self, name: &str, text: &str) {
        std::fs::write(self.at("locks").join(name), text).expect("a lock file");
    }

    /// The variables that make a command use this place.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.at(name).to_str().expect("UTF-8").to_owned();
        vec![
            ("TRAINABLE_PYTHON_ROOT", path("root")),
            ("TRAINABLE_PYTHON_LOCKS", path("locks")),
            ("PIP_INDEX_URL", self.registry.index.clone()),
            ("PIP_CONFIG_FILE", "/dev/null".to_owned()),
            ("PIP_FIND_LINKS", String::new()),
            ("PIP_RETRIES", "0".to_owned()),
            ("no_proxy", "127.0.0.1".to_owned()),
        ]
    }

    /// A command of the binary with a data directory of its own.
    fn command(&self, data: &str, args: &[&str]) -> Command {
        let mut command = trainable(&self.at(data));
        command.args(args).envs(self.variables());
        command
    }

    async fn python_env(&self, args: &[&str]) -> Ended {
        end(self.command("data", &[&["admin", "python-env"], args].concat())).await
    }

    async fn doctor(&self) -> Value {
        end(self.command("data", &["doctor", "--json"])).await.json()
    }

    /// What is in the root, without the ids: lock files and all that was begun included.
    fn root(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.at("root")).expect("the root").flatten();
        let mut names: Vec<_> =
            entries.map(|e| e.file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    /// The folders of a kind.
    fn folders(&self, kind: &str) -> Vec<String> {
        self.root().into_iter().filter(|name| name.starts_with(&format!("{kind}-"))).collect()
    }

    /// Sandboxes in this process.
    fn sandboxes(&self, data: &str) -> LocalSandboxes {
        let config = LocalConfig {
            environments_dir: Some(self.at("root")),
            locks_dir: Some(self.at("locks")),
            python: std::env::var_os("TRAINABLE_PYTHON").map(PathBuf::from),
            ..LocalConfig::new(self.at(data))
        };
        LocalSandboxes::new(config).expect("sandboxes")
    }
}

/// Makes the environment ready; what was said meanwhile.
async fn prepare(sandboxes: &LocalSandboxes) -> Vec<String> {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let hears = heard.clone();
    let progress = Arc::new(move |text| hears.lock().expect("nobody panicked").push(text));
    sandboxes.prepare(progress).await.expect("the environment is ready");
    heard.lock().expect("nobody panicked").clone()
}

async fn start(sandboxes: &LocalSandboxes) -> Arc<dyn Sandbox> {
    let mount = Mount {
        volume: VolumeName::parse("sessions/one").expect("a name"),
        at: "/data/s".into(),
        access: Access::ReadWrite,
    };
    let limits = Limits { memory_mib: 512, ..Limits::default() };
    let spec = SandboxSpec { mounts: vec![mount], limits, gpu: Gpu::None, warmth: Warmth::Cold };
    sandboxes.start(spec).await.expect("a sandbox")
}

/// Runs Python in a sandbox: what it printed.
async fn printed(sandboxes: &LocalSandboxes, sandbox: &Arc<dyn Sandbox>, code: &str) -> String {
    let name = VolumeName::parse("sessions/one").expect("a name");
    let volume = sandboxes.volume(&name).await.expect("a volume");
    let body = stream::iter([Ok(bytes::Bytes::copy_from_slice(code.as_bytes()))]).boxed();
    let path = VolumePath::parse("step.py").expect("a path");
    volume.put(&path, body).await.expect("a script");
    let spec = ExecSpec {
        program: Program::Script { path: "/data/s/step.py".into(), args: vec![] },
        env: BTreeMap::new(),
        workdir: "/data/s".into(),
        timeout: PATIENCE,
    };
    let mut outputs = sandbox.exec(spec).await.expect("it starts");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(output) = outputs.next().await {
        match output {
            Output::Stdout(bytes) => out.extend(bytes),
            Output::Stderr(bytes) => err.extend(bytes),
            Output::Waiting { .. } | Output::Placed | Output::Record(_) => {}
            Output::Exited(exit) => {
                let said = String::from_utf8_lossy(&err);
                assert_eq!(exit.ending, Ending::Code(0), "{said}");
            }
        }
    }
    String::from_utf8(out).expect("UTF-8").trim_end().to_owned()
}

const ALPHA: &str = "import alpha; print(alpha.VERSION)";

#[track_caller]
fn done(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn two_that_come_at_once_make_it_once() {
    let place = Place::new().await;
    place.lock("requirements.lock", &place.registry.offer("alpha", "1.0"));
    place.registry.open(false);
    let mut first = Running::start(place.command("one", &["admin", "python-env"]));
    place.registry.has_been_asked(1).await;
    let mut second = Running::start(place.command("two", &["admin", "python-env"]));
    let waits = second.line("waiting for").await;
    assert!(waits.contains(&format!("process {}", first.pid())), "{waits}");
    place.registry.open(true);
    for running in [&mut first, &mut second] {
        let status = running.ended(PATIENCE).await;
        assert!(status.success(), "{}", running.said());
    }
    assert!(first.said().contains("fetching package 1 of 1: alpha"), "{}", first.said());
    assert!(!second.said().contains("fetching"), "{}", second.said());
    assert_eq!(place.registry.asked(), 1);
    let [env, sdk] = ["env", "sdk"].map(|kind| place.folders(kind)[0].clone());
    let all = [format!(".{env}.lock"), format!(".{sdk}.lock"), env.clone(), sdk];
    assert_eq!(place.root(), all, "there is something else");

    // A third has nothing to do, whatever its data directory.
    let made = place.at("root").join(env).metadata().expect("it is there").ino();
    let third = end(place.command("three", &["admin", "python-env"])).await;
    done(&third);
    assert_eq!(third.stderr, "");
    let after = place.at("root").join(&place.folders("env")[0]).metadata().expect("it is there");
    assert_eq!(after.ino(), made);
}

#[tokio::test]
async fn a_builder_that_is_killed_leaves_nothing_half() {
    let place = Place::new().await;
    place.lock("requirements.lock", &place.registry.offer("alpha", "1.0"));
    place.registry.open(false);
    let mut first = Running::start(place.command("one", &["admin", "python-env"]));
    place.registry.has_been_asked(1).await;
    let programs = descendants(first.pid());
    assert!(!programs.is_empty(), "pip is at work");
    let mut second = Running::start(place.command("two", &["admin", "python-env"]));
    second.line("waiting for").await;
    first.signal(rustix::process::Signal::KILL);
    first.ended(PATIENCE).await;
    assert_eq!(place.folders("env"), Vec::<String>::new(), "half of one has the name of a whole");
    // The one that waited goes on by itself.
    place.registry.has_been_asked(2).await;
    assert_eq!(alive(&programs), Default::default(), "pip outlived its server");
    place.registry.open(true);
    let status = second.ended(PATIENCE).await;
    assert!(status.success(), "{}", second.said());
    let begun = |name: &String| name.starts_with(".building") || name.starts_with(".downloads");
    assert_eq!(place.root().into_iter().filter(begun).collect::<Vec<_>>(), Vec::<String>::new());
}

#[tokio::test]
async fn a_new_lock_makes_a_new_one_beside_the_one_in_use() {
    let place = Place::new().await;
    place.lock("requirements.lock", &place.registry.offer("alpha", "1.0"));
    // With a umask that would hide it from the user of the sandboxes.
    let mut hidden = Command::new("sh");
    let binary = place.command("data", &[]);
    hidden.args(["-c", "umask 077; exec \"$0\" admin python-env"]);
    hidden.arg(binary.as_std().get_program());
    let variables = binary.as_std().get_envs();
    hidden.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    done(&end(hidden).await);
    let old = place.folders("env");
    let sandboxes = place.sandboxes("server");
    assert_eq!(prepare(&sandboxes).await, Vec::<String>::new(), "it is there already");
    let sandbox = start(&sandboxes).await;
    assert_eq!(printed(&sandboxes, &sandbox, ALPHA).await, "1.0");

    place.lock("requirements.lock", &place.registry.offer("alpha", "2.0"));
    done(&place.python_env(&[]).await);
    assert_eq!(place.folders("env").len(), 2);
    assert_eq!(printed(&sandboxes, &sandbox, ALPHA).await, "1.0", "under a running sandbox");
    let next = place.sandboxes("next");
    prepare(&next).await;
    assert_eq!(printed(&next, &start(&next).await, ALPHA).await, "2.0");

    let pruned = place.python_env(&["--prune"]).await;
    done(&pruned);
    let kept = format!("kept `{}`: a process uses it", old[0]);
    assert!(pruned.stdout.contains(&kept), "{pruned:?}");
    assert_eq!(printed(&sandboxes, &sandbox, ALPHA).await, "1.0");
    drop((sandbox, sandboxes));
    let pruned = place.python_env(&["--prune"]).await;
    assert!(pruned.stdout.contains(&format!("deleted `{}`", old[0])), "{pruned:?}");
    assert_eq!(place.folders("env").len(), 1);
    assert_eq!(printed(&next, &start(&next).await, ALPHA).await, "2.0");
    let again = place.python_env(&["--prune"]).await;
    assert!(again.stdout.contains("nothing was left to delete"), "{again:?}");
}

#[tokio::test]
async fn the_older_one_serves_when_a_build_fails() {
    let place = Place::new().await;
    let good = place.registry.offer("alpha", "1.0");
    place.lock("requirements.lock", &good);
    done(&place.python_env(&[]).await);
    let whole = place.folders("env");

    // A package that is not what the lock file says.
    let (_, hash) = good.split_once("sha256:").expect("a hash");
    let wrong = format!("{}{}", "0".repeat(64), &hash[64..]);
    place.registry.offer("alpha", "2.0");
    place.lock("requirements.lock", &format!("alpha==2.0 \\\n    --hash=sha256:{wrong}"));
    let failed = place.python_env(&[]).await;
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("is not the one that the lock file names"), "{failed:?}");
    let doctor = place.doctor().await;
    assert_eq!((&doctor["ok"], &doctor["python"]["ready"]), (&true.into(), &false.into()));
    assert!(doctor["python"]["note"].as_str().is_some_and(|note| note.contains("older")));

    // A server says so and goes on.
    let variables = place.variables();
    let variables: Vec<_> = variables.iter().map(|(name, v)| (*name, v.as_str())).collect();
    let mut server = Server::start(&place.at("data"), &variables).await;
    let said = server.running.line("the one of an older version serves").await;
    assert!(said.contains("which lacks `pandas`") && said.contains("lock file names"), "{said}");
    server.stop().await;

    // So do sandboxes, and each who asks is told. What pip cannot read it refuses before it asks anybody.
    place.lock("requirements.lock", "alpha !!\n");
    let sandboxes = place.sandboxes("other");
    for _ in 0..2 {
        let heard = prepare(&sandboxes).await;
        let last = heard.last().expect("a warning");
        assert!(last.contains("the one of an older version serves"), "{heard:?}");
    }
    assert_eq!(printed(&sandboxes, &start(&sandboxes).await, ALPHA).await, "1.0");
    assert_eq!(place.folders("env"), whole);

    // With none to fall back on it is an error, in a sentence.
    std::fs::remove_dir_all(place.at("root")).expect("it is ours");
    let sandboxes = place.sandboxes("last");
    let error = sandboxes.prepare(Arc::new(|_| {})).await.expect_err("there is none");
    assert!(error.to_string().contains("Invalid requirement"), "{error}");
}

#[tokio::test]
async fn extras_are_installed_by_one_command_and_stay_on() {
    let place = Place::new().await;
    place.lock("requirements.lock", &place.registry.offer("alpha", "1.0"));
    place.lock("torch.lock", &place.registry.offer("torch", "9.0"));
    place.lock("tensorflow.lock", "tensorflow !!\n");
    let installed = place.python_env(&["--with", "torch"]).await;
    done(&installed);
    assert!(installed.stdout.contains("ready, with torch"), "{installed:?}");

    const BOTH: &str = "import os, sys, subprocess, alpha, torch
for folder in ('/opt/trainable/env', '/opt/trainable/extras/torch', '/opt/trainable/sdk'):
    try:
        open(folder + '/x', 'w')
    except OSError as error:
        assert error.errno == 30, error
    else:
        print(folder, 'can be written')
print(alpha.VERSION, torch.VERSION, torch.__file__)
print(subprocess.check_output([sys.executable, '-c', 'import torch; print(torch.VERSION)'], text=True))";
    let sandboxes = place.sandboxes("one");
    prepare(&sandboxes).await;
    let seen = printed(&sandboxes, &start(&sandboxes).await, BOTH).await;
    assert_eq!(seen, "1.0 9.0 /opt/trainable/extras/torch/torch.py\n9.0");

    // One that cannot be installed is not on, and what was on still is.
    let failed = place.python_env(&["--with", "tensorflow"]).await;
    assert_eq!(failed.code, Some(1), "{failed:?}");
    let extras = &place.doctor().await["python"]["extras"];
    let standing: Vec<_> =
        [0, 1].map(|n| (extras[n]["name"].as_str(), extras[n]["on"].as_bool())).into();
    assert_eq!(standing, [(Some("torch"), Some(true)), (Some("tensorflow"), Some(false))]);

    // It follows the environment to its next version, and is left out with a warning when it cannot.
    place.lock("requirements.lock", &place.registry.offer("alpha", "2.0"));
    done(&place.python_env(&[]).await);
    assert_eq!(place.folders("torch").len(), 2);
    place.lock("torch.lock", "torch !!\n");
    let next = place.sandboxes("two");
    let heard = prepare(&next).await;
    assert!(heard.last().is_some_and(|l| l.contains("`torch` cannot be imported")), "{heard:?}");
    assert_eq!(printed(&next, &start(&next).await, ALPHA).await, "2.0");

    let off = place.python_env(&["--without", "torch", "--prune"]).await;
    done(&off);
    assert!(off.stdout.contains("kept `torch-"), "the first sandboxes use it: {off:?}");
    drop(sandboxes);
    done(&place.python_env(&["--prune"]).await);
    assert_eq!(place.folders("torch"), Vec::<String>::new());
    let last = place.sandboxes("three");
    assert_eq!(prepare(&last).await, Vec::<String>::new());
    let both = place.python_env(&["--with", "torch", "--without", "torch"]).await;
    assert_eq!(both.code, Some(2), "{both:?}");
}

/// Everything below a folder: paths, sizes, times and where links lead.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let meta = entry.path().symlink_metadata().expect("its metadata");
            if meta.is_dir() {
                folders.push(entry.path());
            }
            found.insert(entry.path(), (meta.len(), meta.mtime(), meta.mtime_nsec()));
        }
    }
    found
}

#[tokio::test]
async fn an_environment_of_the_operators_own_is_used_and_never_written_to() {
    let place = Place::new().await;
    let own = place.at("own");
    let made =
        Command::new("/usr/bin/python3").args(["-m", "venv", "--without-pip"]).arg(&own).status();
    assert!(made.await.expect("Python starts").success());
    let lib = std::fs::read_dir(own.join("lib")).expect("a folder").flatten().next();
    let site = lib.expect("Python's folder").path().join("site-packages");
    std::fs::write(site.join("alpha.py"), "VERSION = 'mine'\n").expect("a module");
    std::fs::write(site.join("pandas.py"), "").expect("a module");
    std::fs::set_permissions(&own, PermissionsExt::from_mode(0o755)).expect("its mode");
    let before = snapshot(&own);

    let mut doctor = place.command("data", &["doctor", "--json"]);
    doctor.env("TRAINABLE_PYTHON_ENV", &own);
    let doctor = end(doctor).await;
    done(&doctor);
    let note = doctor.json()["python"]["note"].as_str().expect("a note").to_owned();
    assert!(note.contains("lacks `numpy`, `scipy`") && note.contains("and `pandera`"), "{note}");
    assert!(!note.contains("pandas"), "{note}");

    let config = LocalConfig {
        environments_dir: Some(place.at("root")),
        environment: Some(own.clone()),
        ..LocalConfig::new(place.at("server"))
    };
    let sandboxes = LocalSandboxes::new(config).expect("sandboxes");
    assert_eq!(prepare(&sandboxes).await, [note]);
    assert_eq!(printed(&sandboxes, &start(&sandboxes).await, ALPHA).await, "mine");

    let mut with = place.command("data", &["admin", "python-env", "--with", "torch"]);
    with.env("TRAINABLE_PYTHON_ENV", &own);
    let with = end(with).await;
    assert_eq!(with.code, Some(1), "{with:?}");
    assert!(with.stderr.contains("which is yours; do it there"), "{with:?}");
    assert_eq!(snapshot(&own), before);
    assert_eq!(place.folders("env"), Vec::<String>::new());
}
