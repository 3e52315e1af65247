//! Limits of the local backend, how an end is told, and what is left after it: nothing.

use crate::support::*;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};
use trainable::sandbox::{
    Ending, SandboxError, SandboxProvider,
    local::{LocalConfig, LocalSandboxes},
};

#[tokio::test]
async fn limits_hold_and_are_told_apart() {
    let local = Local::new().await;
    let provider = local.provider();
    let run = |code: &'static str| python(provider, code);

    // Without cgroups a program meets its limit by itself, as an error that it may handle.
    let whole = provider.standing().tier == Some('A');
    let ran = run("x = b'x' * (1 << 30)").await;
    let expect = if whole { Ending::OutOfMemory } else { Ending::Code(1) };
    assert_eq!(ran.exit.ending, expect, "{ran:?}");
    assert!(whole || String::from_utf8_lossy(&ran.stderr).contains("MemoryError"));
    let least = if whole { 200 << 20 } else { 1 << 20 };
    assert!(ran.exit.peak_memory.is_some_and(|peak| peak > least), "{:?}", ran.exit);

    let ran = run("import os\nif os.fork() == 0: x = b'x' * (1 << 30)\nos.wait()").await;
    assert_eq!(ran.exit.ending, Ending::Code(0), "a program may survive the loss of a worker");

    let ran =
        run("n = 0\nwhile True:\n n += 1\n open(f'/tmp/{n}', 'wb').write(b'x' * (1 << 20))").await;
    assert_eq!(ran.exit.ending, Ending::Code(1), "a full /tmp is an error like any other");
    assert!(String::from_utf8_lossy(&ran.stderr).contains("No space left"), "{ran:?}");

    let ran =
        run("n = 0\nwhile True:\n n += 1\n open(f'/dev/shm/{n}', 'wb').write(b'x' * (1 << 20))")
            .await;
    assert!(String::from_utf8_lossy(&ran.stderr).contains("No space left"), "{ran:?}");

    let ran = run(
        "import time\nn = 0\nwhile True:\n n += 1\n open(f'f{n}', 'wb').write(b'x' * (1 << 20))\n time.sleep(.01)",
    )
    .await;
    assert_eq!(ran.exit.ending, Ending::DiskFull, "past its bytes");
    clear(provider).await;

    let ran = run("for n in range(1001): open(f'f{n}', 'w').close()").await;
    assert_eq!(ran.exit.ending, Ending::DiskFull, "past its files, seen at the end");
    clear(provider).await;

    let ran = run("f = open('x', 'wb')\nfor _ in range(65): f.write(b'x' * (1 << 20))").await;
    assert!(String::from_utf8_lossy(&ran.stderr).contains("File too large"), "{:?}", ran.exit);
    clear(provider).await;

    let ran = run("f = open('x', 'wb'); f.truncate(60 << 20); f.close()").await;
    assert_eq!(ran.exit.ending, Ending::Code(0), "a sparse file takes what it takes");

    let ran = run("import os\nl = []\ntry:\n while True: l.append(os.open('/dev/null', 0))\nexcept OSError: print(len(l))").await;
    assert!(ran.printed().parse::<usize>().is_ok_and(|open| (200..256).contains(&open)));

    let fork = "import os, time\nn = 0\ntry:\n while True:\n  if os.fork() == 0: time.sleep(60)\n  n += 1\nexcept OSError: print(n)";
    let ran = run(fork).await;
    assert!(ran.printed().parse::<usize>().is_ok_and(|forks| (40..=64).contains(&forks)));

    let ran = run("import os\nwhile True: os.fork()").await;
    assert_eq!(ran.exit.ending, Ending::Code(1), "a bomb of forks");

    let ran = run("import time\nt = time.time()\nwhile time.time() < t + 1: pass").await;
    assert!((0.3..1.5).contains(&ran.exit.cpu_seconds), "{:?}", ran.exit);
    local.finish().await;
}

async fn clear(provider: &dyn SandboxProvider) {
    provider.delete_volume(&name("sessions/one")).await.unwrap();
}

#[tokio::test]
async fn a_program_ends_with_all_it_started() {
    let local = Local::new().await;
    let daemon = "import os, time\n\
        if os.fork() == 0:\n os.setsid()\n\
        \x20if os.fork() == 0:\n  time.sleep(600)\n os._exit(0)\n\
        os.wait(); print('done')";
    let ran = python(local.provider(), daemon).await;
    assert_eq!(ran.printed(), "done");
    assert!(ran.exit.wall < Duration::from_secs(20), "an orphan holds the stream open");
    let ran = python(
        local.provider(),
        "import os\nfor p in (1, os.getppid()):\n try: os.kill(p, 9)\n except PermissionError: pass\nprint('kept')",
    )
    .await;
    assert_eq!(ran.printed(), "kept", "process 1 takes no signals from inside");
    let ran = python(
        local.provider(),
        "import os\ntry: os.kill(-1, 9)\nexcept (ProcessLookupError, PermissionError): pass\nprint('kept')",
    )
    .await;
    assert_eq!(ran.printed(), "kept", "kill(-1) spares the caller and process 1");
    let threads = "import threading, time\nt = threading.Thread(target=time.sleep, args=(600,), daemon=True)\nt.start(); print('done')";
    assert_eq!(python(local.provider(), threads).await.printed(), "done");
    local.finish().await;
}

#[tokio::test]
async fn a_start_that_nobody_waits_for_leaves_nothing() {
    let local = Local::new().await;
    local.provider().volume(&name("sessions/one")).await.unwrap();
    let sandbox = start(local.provider(), session("sessions/one"), small()).await;
    local.provider().prepare(Arc::new(|_| {})).await.unwrap();
    for milliseconds in 0..40 {
        let start = sandbox.exec(script(MINUTE));
        // Some are given up while bubblewrap sets up, and some after that.
        drop(tokio::time::timeout(Duration::from_millis(milliseconds), start).await);
    }
    sandbox.terminate().await;
    drop(sandbox);
    local.finish().await;
}

/// Says what the test that started this process as a helper wants; nothing happens without it.
const ROLE: &str = "TRAINABLE_TEST_ROLE";

/// Not a test by itself: the server that the tests below kill, and the one without a network.
#[tokio::test]
async fn helper() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (role, data) = role.split_once(' ').unwrap();
    match role {
        "serve" => {
            let provider = open(Path::new(data)).await;
            let code = "import os, time\nos.fork()\nos.write(1, b'up')\ntime.sleep(600)";
            let volume = provider.volume(&name("sessions/one")).await.unwrap();
            write(&*volume, "step.py", code.as_bytes()).await;
            let sandbox = start(&provider, session("sessions/one"), small()).await;
            let mut outputs = sandbox.exec(script(MINUTE)).await.unwrap();
            futures::StreamExt::next(&mut outputs).await.unwrap();
            println!("helper: up");
            std::future::pending::<()>().await;
        }
        "prepare" => {
            let provider = LocalSandboxes::new(LocalConfig::new(data)).unwrap();
            let prepared = provider.prepare(Arc::new(|line| println!("helper: {line}"))).await;
            println!("helper: {}", prepared.map_or_else(|e| e.to_string(), |()| "ready".into()));
        }
        _ => panic!("no role `{role}`"),
    }
}

fn helper_process(role: &str, data: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["endings::helper", "--exact", "--nocapture"])
        .env(ROLE, format!("{role} {}", data.display()))
        .stdout(Stdio::piped());
    command
}

#[tokio::test]
async fn a_killed_server_takes_its_programs_with_it() {
    let local = Local::new().await;
    let data = local.data().join("other");
    let mut server = helper_process("serve", &data).spawn().unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("helper: up")));
    let data = data.canonicalize().unwrap();
    assert!(processes_that_mount(&data).len() >= 3, "process 1, the program and its fork");
    server.kill().unwrap();
    server.wait().unwrap();
    wait_until(|| processes_that_mount(&data).is_empty()).await;
    assert_eq!(processes_that_mount(&data), Vec::<i32>::new());
    // Its cgroups stay until the next server starts.
    drop(open(&data).await);
    assert_eq!(cgroups_of_the_dead(), 0);
    local.finish().await;
}

#[tokio::test]
async fn a_failed_build_is_explained_and_leaves_nothing_half() {
    let local = Local::new().await;
    let data = local.data().join("other");
    // A port of this machine that nobody listens on.
    let output = helper_process("prepare", &data)
        .env("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        .env("PIP_RETRIES", "0")
        .env("PIP_CONFIG_FILE", "/dev/null")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("helper: the package registry cannot be reached"), "{said}");
    let left = || {
        let entries = std::fs::read_dir(data.join("python")).unwrap().flatten();
        entries.filter(|e| e.file_name().to_string_lossy().contains("env-")).count()
    };
    wait_until(|| left() == 1).await;
    assert_eq!(left(), 1, "the lock file only");
    local.finish().await;
}

#[tokio::test]
async fn an_environment_that_cannot_serve_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(Option<&str>, Option<&str>, &str); 3] = [
        (Some("/nowhere/python"), None, "does not start"),
        (Some("/bin/true"), None, "does not answer as a Python does"),
        (None, Some("/nowhere"), "has no `bin/python3`"),
    ];
    for (python, environment, why) in cases {
        let mut config = LocalConfig::new(folder.path());
        config.python = python.map(Into::into);
        config.environment = environment.map(Into::into);
        let provider = LocalSandboxes::new(config).unwrap();
        let error = provider.prepare(Arc::new(|_| {})).await.unwrap_err();
        assert!(matches!(error, SandboxError::Environment(_)), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        assert!(!provider.diagnose().await.environment.ready);
    }
}

#[tokio::test]
async fn without_bubblewrap_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = LocalConfig::new(folder.path());
    config.bwrap = Some("/nowhere/bwrap".into());
    let provider = LocalSandboxes::new(config).unwrap();
    let standing = provider.standing();
    assert_eq!(standing.tier, None);
    let fix = "bubblewrap is missing; install it with `apt install bubblewrap`";
    assert_eq!(standing.missing, [fix]);
    let spec = trainable::sandbox::SandboxSpec {
        mounts: vec![],
        limits: small(),
        gpu: trainable::sandbox::Gpu::None,
        warmth: trainable::sandbox::Warmth::Cold,
    };
    let Err(error) = provider.start(spec).await else { panic!("started without isolation") };
    assert!(matches!(error, SandboxError::Unavailable(_)), "{error}");
    assert_eq!(error.to_string(), fix);
    // What was made before can still be looked at.
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "x", b"x").await;
}
