//! The backend on Modal: the real sidecar on a stand-in for Modal's SDK, and what is done about a bad one.

mod lies;

use crate::support::*;
use futures::StreamExt;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use trainable::sandbox::{
    Access, Ending, Gpu, Mount, Output, Program, SandboxError, SandboxProvider, SandboxSpec,
    Warmth,
    modal::{ModalConfig, ModalSandboxes, ModalSettings, Patience},
};

/// Modal on this machine, in a folder of its own.
pub struct Modal {
    /// What Modal holds.
    root: tempfile::TempDir,
    /// What the server holds.
    data: tempfile::TempDir,
}

impl Modal {
    pub fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), data: tempfile::tempdir().unwrap() }
    }

    fn config(&self) -> ModalConfig {
        let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/fake_modal");
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        ModalConfig {
            settings: ModalSettings::new("ak-test", "as-test"),
            data_dir: self.data.path().to_owned(),
            environments_dir: self.data.path().join("python"),
            python: None,
            locks_dir: None,
            patience: Patience { backoff: Duration::from_millis(10), ..Patience::default() },
            stand_in: Some((
                PathBuf::from("/usr/bin/python3"),
                vec![
                    ("PYTHONPATH".into(), text(&stand_in)),
                    ("FAKE_MODAL_ROOT".into(), text(self.root.path())),
                ],
            )),
        }
    }

    pub fn provider(&self) -> ModalSandboxes {
        self.with(|_| ())
    }

    fn with(&self, change: impl FnOnce(&mut ModalConfig)) -> ModalSandboxes {
        let mut config = self.config();
        change(&mut config);
        ModalSandboxes::new(config).unwrap()
    }

    /// The same with something that goes wrong at Modal.
    fn with_fault(&self, name: &str) -> ModalSandboxes {
        self.with(|config| {
            let (_, env) = config.stand_in.as_mut().unwrap();
            env.push(("FAKE_MODAL_FAULTS".into(), name.into()));
        })
    }

    /// Process ids of containers that live.
    fn containers(&self) -> Vec<i32> {
        let all = fs::read_dir(self.root.path().join("sandboxes")).into_iter().flatten().flatten();
        all.filter_map(|entry| fs::read_to_string(entry.path().join("pid")).ok()?.parse().ok())
            .filter(|pid| {
                let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
                state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
            })
            .collect()
    }

    /// Process ids of the sidecars that use it.
    fn sidecars(&self) -> Vec<i32> {
        let wanted = format!("FAKE_MODAL_ROOT={}\0", self.root.path().display());
        let pids = fs::read_dir("/proc").unwrap().flatten();
        pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
                let holds = |name, text: &str| String::from_utf8_lossy(&read(name)).contains(text);
                holds("cmdline", "trainable_modal") && holds("environ", &wanted)
            })
            .collect()
    }

    /// Process ids of the launchers in containers.
    fn launchers(&self) -> Vec<i32> {
        let containers = self.containers();
        let pids = fs::read_dir("/proc").unwrap().flatten();
        pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                let is_launcher = String::from_utf8_lossy(&command).contains("--request");
                is_launcher && ancestors(*pid).iter().any(|pid| containers.contains(pid))
            })
            .collect()
    }

    /// Waits until nothing of it runs any more.
    async fn is_quiet(&self) {
        wait_until(|| self.containers().is_empty() && self.sidecars().is_empty()).await;
        assert_eq!((self.containers(), self.sidecars()), (vec![], vec![]));
    }
}

/// Those that a process comes from, the nearest first.
fn ancestors(mut pid: i32) -> Vec<i32> {
    let mut found = Vec::new();
    while pid > 1 {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
        pid = parent.and_then(|parent| parent.parse().ok()).unwrap_or(0);
        found.push(pid);
    }
    found
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn containers_are_reused_and_end_with_their_sandbox() {
    let modal = Modal::new();
    let provider = modal.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let sandbox = start(&provider, session("sessions/one"), small()).await;
    for n in 0..3 {
        let code = format!("open('made-{n}', 'w').write('x'); print({n})");
        write(&*volume, "step.py", code.as_bytes()).await;
        let ran = collect(&*sandbox, script(MINUTE)).await;
        assert_eq!(ran.printed(), n.to_string());
        assert!(volume.stat(&path(&format!("made-{n}"))).await.unwrap().is_some());
        let cost = ran.exit.cost_usd.unwrap();
        assert!((1e-9..1e-3).contains(&cost), "{cost}");
        assert_eq!(modal.containers().len(), 1);
    }
    assert_eq!(provider.standing().tier, Some('A'));
    assert_eq!(provider.standing().missing, [""; 0]);
    assert!(modal.data.path().join("modal-spool").is_dir(), "what is on its way has no place");
    drop(sandbox);
    wait_until(|| modal.containers().is_empty()).await;
    assert_eq!(modal.containers(), Vec::<i32>::new());
    drop((volume, provider));
    modal.is_quiet().await;
}

#[tokio::test]
async fn programs_of_one_sandbox_run_side_by_side() {
    let modal = Modal::new();
    let provider = modal.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let sandbox = start(&provider, session("sessions/one"), small()).await;
    let wait = "import os, sys, time\nopen(sys.argv[1], 'w').close()\n\
        while len([f for f in os.listdir() if f.startswith('up-')]) < 3: time.sleep(.01)\nprint(sys.argv[1])";
    write(&*volume, "step.py", wait.as_bytes()).await;
    let spec = |n: usize| {
        let program = Program::Script {
            path: "/data/sessions/s/step.py".into(),
            args: vec![format!("up-{n}")],
        };
        trainable::sandbox::ExecSpec { program, ..script(MINUTE) }
    };
    let runs = (0..3).map(|n| collect(&*sandbox, spec(n)));
    let ran = futures::future::join_all(runs).await;
    for (n, ran) in ran.iter().enumerate() {
        assert_eq!(ran.printed(), format!("up-{n}"));
    }
    assert_eq!(modal.containers().len(), 1);
    sandbox.terminate().await;
    assert_eq!(modal.containers(), Vec::<i32>::new(), "what is terminated costs nothing");
}

/// A session that may only be read, but for its notes.
fn follow_up() -> Vec<Mount> {
    let mount =
        |volume: &str, at: &str, access| Mount { volume: name(volume), at: at.into(), access };
    vec![
        mount("sessions/one", "/data/sessions/s", Access::ReadOnly),
        mount("datasets/one", "/data/datasets/d", Access::ReadOnly),
        mount("sessions/one/notes", "/data/sessions/s/notes", Access::ReadWrite),
    ]
}

/// A sandbox whose container is started by its first program.
fn cold(mounts: Vec<Mount>) -> SandboxSpec {
    SandboxSpec { mounts, limits: small(), gpu: Gpu::None, warmth: Warmth::Cold }
}

fn note(timeout: Duration) -> trainable::sandbox::ExecSpec {
    let program = Program::Script { path: "/data/sessions/s/notes/step.py".into(), args: vec![] };
    let workdir = "/data/sessions/s/notes".into();
    trainable::sandbox::ExecSpec { program, workdir, ..script(timeout) }
}

#[tokio::test]
async fn one_folder_of_a_read_only_volume_may_be_written() {
    let modal = Modal::new();
    let provider = modal.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "eda/report.md", b"# kept").await;
    write(&*volume, "notes/before.txt", b"before").await;
    let sandbox = start(&provider, follow_up(), small()).await;
    let code = "print(open('../eda/report.md').read(), open('before.txt').read())\n\
        open('made.txt', 'w').write('made')\n\
        try: open('../eda/report.md', 'w')\nexcept OSError as error: print(error.strerror)";
    write(&*volume, "notes/step.py", code.as_bytes()).await;
    let ran = collect(&*sandbox, note(MINUTE)).await;
    assert_eq!(ran.printed(), "# kept before\nRead-only file system");
    assert_eq!(volume.read(&path("notes/made.txt"), 0..9).await.unwrap(), "made");
    assert_eq!(volume.read(&path("eda/report.md"), 0..9).await.unwrap(), "# kept");
    // What the server writes later reaches it too.
    write(&*volume, "notes/step.py", b"open('made.txt', 'w').write('again'); print('second')")
        .await;
    assert_eq!(collect(&*sandbox, note(MINUTE)).await.printed(), "second");
    assert_eq!(volume.read(&path("notes/made.txt"), 0..9).await.unwrap(), "again");
}

#[tokio::test]
async fn records_come_from_every_worker() {
    let modal = Modal::new();
    crate::records::come_from_every_worker(&modal.provider()).await;
}

#[tokio::test]
async fn a_program_cannot_forge_what_its_launcher_says() {
    let modal = Modal::new();
    let ran = python(
        &modal.provider(),
        r#"
import os, glob
found = []
for folder in glob.glob('/proc/[0-9]*'):
    for name in ('environ', 'cmdline', 'mem'):
        try: found.append((folder, name, open(f'{folder}/{name}', 'rb').read(1 << 16).count(b'nonce')))
        except OSError: pass
print(sum(count for *_, count in found), os.getppid() > 1, 'TRAINABLE_LAUNCH' in os.environ)
os.write(1, b'\x1e["' + b'0' * 32 + b'","exit",{"code":0}]\n\x1e["')
"#,
    )
    .await;
    assert_eq!(ran.exit.ending, Ending::Code(0), "{ran:?}");
    let forged =
        format!("0 True False\n\u{1e}[\"{}\",\"exit\",{{\"code\":0}}]\n\u{1e}[\"", "0".repeat(32));
    assert_eq!(ran.text(), forged);
    assert!(ran.records.is_empty());
}

#[tokio::test]
async fn a_daemon_ends_with_its_program() {
    let modal = Modal::new();
    let provider = modal.provider();
    let daemon = "import os, time\n\
        if os.fork() == 0:\n os.setsid()\n\
        \x20if os.fork() == 0:\n  time.sleep(600)\n os._exit(0)\n\
        os.wait(); print('done')";
    let ran = python(&provider, daemon).await;
    assert_eq!(ran.printed(), "done");
    assert!(ran.exit.wall < Duration::from_secs(20), "an orphan holds the stream open");
}

#[tokio::test]
async fn executions_of_a_sidecar_that_died_are_lost_and_the_next_run() {
    let modal = Modal::new();
    let provider = modal.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let code = "import os, sys, time\nos.write(1, b'go\\n')\nif len(sys.argv) > 1: time.sleep(60)";
    write(&*volume, "step.py", code.as_bytes()).await;
    let sandbox = start(&provider, session("sessions/one"), small()).await;
    let program =
        Program::Script { path: "/data/sessions/s/step.py".into(), args: vec!["long".into()] };
    let long = trainable::sandbox::ExecSpec { program, ..script(MINUTE) };
    let mut outputs = sandbox.exec(long).await.unwrap();
    assert_eq!(outputs.next().await, Some(Output::Stdout("go\n".into())));
    let (before, sidecars) = (modal.containers(), modal.sidecars());
    assert_eq!((before.len(), sidecars.len()), (1, 1));
    kill(sidecars[0]);
    let rest: Vec<_> = outputs.collect().await;
    let (last, said) = rest.split_last().unwrap();
    assert!(matches!(last, Output::Exited(exit) if exit.ending == Ending::Lost), "{rest:?}");
    assert!(said.iter().all(|output| matches!(output, Output::Stderr(_))), "{said:?}");

    let ran = collect(&*sandbox, script(MINUTE)).await;
    assert_eq!(ran.printed(), "go");
    let after = modal.containers();
    assert_eq!(after.len(), 1, "the container of the dead sidecar was ended");
    assert_ne!(after, before);
}

#[tokio::test]
async fn what_a_dead_server_left_is_ended_at_the_next_start() {
    let modal = Modal::new();
    let first = modal.provider();
    python(&first, "pass").await;
    let sandbox = start(&first, session("sessions/one"), small()).await;
    collect(&*sandbox, script(MINUTE)).await;
    let left = modal.containers();
    assert!(!left.is_empty());
    // Like a server that was killed together with its sidecar: nobody ends anything.
    modal.sidecars().into_iter().for_each(kill);
    std::mem::forget((sandbox, first));
    let second = modal.provider();
    assert_eq!(second.diagnose().await.tier, Some('A'));
    assert_eq!(modal.containers(), Vec::<i32>::new());
    // Those of another server are not touched.
    let sandbox = start(&second, session("sessions/one"), small()).await;
    collect(&*sandbox, script(MINUTE)).await;
    let other = tempfile::tempdir().unwrap();
    let other = modal.with(|config| config.data_dir = other.path().to_owned());
    assert_eq!(other.diagnose().await.tier, Some('A'));
    assert_eq!(modal.containers().len(), 1);
}

#[tokio::test]
async fn a_container_goes_with_the_launcher_that_did_not_report() {
    let modal = Modal::new();
    let provider = modal.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let code = "import os, sys, time\nopen('made', 'w').write('x')\nos.write(1, b'go\\n')\n\
        if len(sys.argv) > 1: time.sleep(60)";
    write(&*volume, "step.py", code.as_bytes()).await;
    let sandbox = start(&provider, session("sessions/one"), small()).await;
    let program =
        Program::Script { path: "/data/sessions/s/step.py".into(), args: vec!["long".into()] };
    let long = trainable::sandbox::ExecSpec { program, ..script(MINUTE) };
    let mut outputs = sandbox.exec(long).await.unwrap();
    assert_eq!(outputs.next().await, Some(Output::Stdout("go\n".into())));
    let before = modal.containers();
    let [launcher] = modal.launchers()[..] else { panic!("{:?}", modal.launchers()) };
    kill(launcher);
    // The program has the pipes of its launcher no more, and outlives it.
    let rest: Vec<_> = outputs.collect().await;
    let Some(Output::Exited(exit)) = rest.last() else { panic!("{rest:?}") };
    assert_eq!(exit.ending, Ending::Lost);
    assert!(exit.cost_usd.is_some_and(|cost| cost > 0.0), "{exit:?}");
    assert_eq!(modal.containers(), Vec::<i32>::new(), "what the program started lives on");
    assert!(volume.stat(&path("made")).await.unwrap().is_some());

    assert_eq!(collect(&*sandbox, script(MINUTE)).await.printed(), "go");
    let after = modal.containers();
    assert_eq!(after.len(), 1);
    assert_ne!(after, before);
}

#[tokio::test]
async fn what_a_replaced_container_cost_is_told_with_the_next() {
    let modal = Modal::new();
    let provider = modal.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", b"pass").await;
    let sandbox = start(&provider, session("sessions/one"), small()).await;
    collect(&*sandbox, script(MINUTE)).await;
    let idle = Duration::from_millis(1_500);
    tokio::time::sleep(idle).await;
    sandbox.terminate().await;
    let cost = collect(&*sandbox, script(MINUTE)).await.exit.cost_usd.unwrap();
    // A core and a quarter of a GiB are reserved, which cost while nothing runs too.
    let least = idle.as_secs_f64() * (0.000_039_3 + 0.25 * 0.000_006_66);
    assert!(cost > least, "{cost} is less than {least}");
}

#[tokio::test]
async fn a_program_that_takes_too_much_memory_is_told_so() {
    let modal = Modal::new();
    let code = "import time\nheld = b'x' * (400 << 20)\ntime.sleep(60)";
    let ran = python(&modal.provider(), code).await;
    assert_eq!(ran.exit.ending, Ending::OutOfMemory, "{ran:?}");
    assert!(!ran.exit.starved(&small()), "{:?}", ran.exit);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_leaves_no_container() {
    let modal = Modal::new();
    let provider = modal.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", b"print('go')").await;
    let sandbox = start(&provider, session("sessions/one"), small()).await;
    assert_eq!(collect(&*sandbox, script(MINUTE)).await.printed(), "go");
    assert_eq!(modal.containers().len(), 1);
    let begun = std::time::Instant::now();
    provider.close();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // Although the sandbox and the provider are still held.
    modal.is_quiet().await;
    let Err(error) = sandbox.exec(script(MINUTE)).await else { panic!("it ran") };
    assert!(error.to_string().contains("the server ends"), "{error}");
    provider.close();
}

#[tokio::test]
async fn a_container_whose_folders_cannot_be_made_is_ended() {
    let modal = Modal::new();
    let provider = modal.with_fault("no-shadow");
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "notes/step.py", b"print('go')").await;
    let sandbox = provider.start(cold(follow_up())).await.unwrap();
    let Err(error) = sandbox.exec(note(MINUTE)).await else { panic!("it ran") };
    assert!(error.to_string().contains("does not answer"), "{error}");
    assert_eq!(modal.containers(), Vec::<i32>::new());
    assert_eq!(collect(&*sandbox, note(MINUTE)).await.printed(), "go");
}

/// Runs two scripts where the first container cannot be shown the second.
async fn is_replaced(faults: &str) {
    let modal = Modal::new();
    let provider = modal.with_fault(faults);
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let sandbox = provider.start(cold(session("sessions/one"))).await.unwrap();
    let mut containers = Vec::new();
    for n in 0..3 {
        write(&*volume, "step.py", format!("print({n})").as_bytes()).await;
        assert_eq!(collect(&*sandbox, script(MINUTE)).await.printed(), n.to_string(), "{faults}");
        containers.push(modal.containers());
        assert_eq!(containers[n].len(), 1, "{faults}");
    }
    assert_ne!(containers[0], containers[1], "{faults}");
    assert_eq!(containers[1], containers[2], "{faults}");
}

#[tokio::test]
async fn a_container_that_cannot_be_shown_what_is_new_is_replaced() {
    is_replaced("no-reload").await;
    is_replaced("open-files,no-writes").await;
}

#[tokio::test]
async fn a_script_runs_although_the_volume_cannot_be_loaded() {
    let modal = Modal::new();
    let provider = modal.with_fault("open-files");
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let sandbox = start(&provider, session("sessions/one"), small()).await;
    for n in 0..2 {
        write(&*volume, "step.py", format!("print({n})").as_bytes()).await;
        assert_eq!(collect(&*sandbox, script(MINUTE)).await.printed(), n.to_string());
    }
}

#[track_caller]
fn check_missing(provider: &ModalSandboxes, part: &str) {
    let standing = provider.standing();
    let [missing] = &standing.missing[..] else { panic!("{standing:?}") };
    assert_eq!(standing.tier, None);
    assert!(missing.contains(part), "{missing:?} lacks {part:?}");
    assert!(!missing.contains("as-wrong") && !missing.contains("as-test"), "{missing}");
}

#[tokio::test]
async fn what_is_wrong_with_modal_is_one_sentence() {
    let modal = Modal::new();
    let wrong = modal.with(|config| config.settings = ModalSettings::new("ak-test", "as-wrong"));
    check_missing(&wrong, "was not asked yet");
    wrong.diagnose().await;
    check_missing(&wrong, "Modal does not know these tokens; make new ones");
    let error = wrong.prepare(std::sync::Arc::new(|_| {})).await.unwrap_err();
    assert!(matches!(error, SandboxError::Environment(_)), "{error}");

    let away = modal.with_fault("away");
    away.diagnose().await;
    check_missing(&away, "Modal cannot be reached; check the network");
    let volume = away.volume(&name("sessions/one")).await.unwrap();
    let error = volume.list(None).await.unwrap_err();
    assert!(matches!(error, SandboxError::Unavailable(_)), "{error}");

    let no_image = modal.with_fault("no-image");
    let error = no_image.prepare(std::sync::Arc::new(|_| {})).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("Modal could not make the image"), "{said}");
    assert!(said.contains("No matching distribution found for pandas"), "{said}");

    let full = modal.with_fault("no-capacity");
    let sandbox = start(&full, session("sessions/one"), small()).await;
    let Err(error) = sandbox.exec(script(MINUTE)).await else { panic!("it ran") };
    assert!(error.to_string().contains("a limit of this Modal workspace"), "{error}");

    let gpu = modal.with(|config| config.settings.gpu = "Z9".into());
    let spec = SandboxSpec {
        mounts: session("sessions/one"),
        limits: small(),
        gpu: Gpu::Any,
        warmth: Warmth::Cold,
    };
    let sandbox = gpu.start(spec).await.unwrap();
    let Err(error) = sandbox.exec(script(MINUTE)).await else { panic!("it ran") };
    assert!(error.to_string().contains("Unknown GPU type Z9"), "{error}");
}
