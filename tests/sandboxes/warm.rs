//! Warm starts: a program in a forked interpreter behaves as in a fresh one, and a zygote that is
//! ready, busy, dead or shared by parallel calls does what it should.

use crate::support::*;
use futures::StreamExt;
use std::{os::unix::fs::PermissionsExt, process::Command, time::Duration};
use trainable::sandbox::{
    Ending, ExecSpec, Gpu, Limits, Output, Program, Sandbox, SandboxProvider, SandboxSpec, Warmth,
    local::{LocalConfig, LocalSandboxes},
};

/// Programs whose every word must be the same in a fresh interpreter.
const PROGRAMS: [(&str, &str); 21] = [
    ("a plain end", "print('out')\nimport sys; print('err', file=sys.stderr)"),
    ("an exception", "def f():\n    raise ValueError('no')\n\nf()"),
    ("a chain", "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('x') from e"),
    ("a group", "raise ExceptionGroup('two', [ValueError(1), TypeError(2)])"),
    ("no syntax", "x = (\n1 /"),
    ("an exit code", "import sys; sys.exit(7)"),
    ("a large exit code", "import sys; sys.exit(256 + 3)"),
    ("an exit text", "import sys; sys.exit('bye')"),
    ("an exit without a word", "raise SystemExit"),
    ("os._exit", "import os; print('x'); os._exit(3)"),
    ("an abort", "import os; os.abort()"),
    ("a signal", "import os; os.kill(os.getpid(), 15)"),
    ("an interrupt", "raise KeyboardInterrupt"),
    ("atexit", "import atexit; atexit.register(print, 'last'); print('first')"),
    (
        "a thread that goes on",
        "import threading, time\ndef f():\n    time.sleep(.2); print('late')\nthreading.Thread(target=f).start()\nprint('main')",
    ),
    (
        "open files",
        "f = open('/tmp/left', 'w'); f.write('kept')\nimport atexit, os\nclass C:\n    def __del__(self): os.write(1, b'deleted\\n')\nc = C()\ncycle = []; cycle.append((cycle, C()))",
    ),
    (
        "what it is",
        "import sys, __main__\nprint(__name__, __file__, __spec__, __doc__, __builtins__, __main__.__dict__ is globals(), sorted(globals()))\nprint(sys.argv, sys.flags, sys.path[:1] != [''], sys.stdout.encoding, sys.stdout.write_through, sys.stdin.read())",
    ),
    (
        "a pickle of its own class",
        "import pickle\nclass C:\n    x = 1\nprint(pickle.loads(pickle.dumps(C())).x, C.__module__)",
    ),
    (
        "its source",
        "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), f.__code__.co_filename)",
    ),
    (
        "workers",
        "import multiprocessing as m\ndef f(x): return x * x\nif __name__ == '__main__':\n    for how in ('fork', 'spawn', 'forkserver'):\n        with m.get_context(how).Pool(2) as pool: print(how, pool.map(f, range(4)))",
    ),
    (
        "a program of its own",
        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'import sys; print(sys.flags.safe_path, 1)'], capture_output=True, text=True))",
    ),
];

#[tokio::test]
async fn a_program_cannot_tell_that_it_was_forked() {
    let local = Local::new().await;
    let provider = local.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let sandbox = start(provider, session("sessions/one"), roomy()).await;
    for (what, program) in PROGRAMS {
        write(&*volume, "step.py", program.as_bytes()).await;
        let warm = collect(&*sandbox, script(MINUTE)).await;
        // The same file by an interpreter that the program itself starts in its own place.
        let fresh = "import os, sys\nos.execv(sys.executable, [sys.executable, '-P', '/data/sessions/s/step.py'])";
        write(&*volume, "fresh.py", fresh.as_bytes()).await;
        let spec = ExecSpec {
            program: Program::Script { path: "/data/sessions/s/fresh.py".into(), args: vec![] },
            ..script(MINUTE)
        };
        let fresh = collect(&*sandbox, spec).await;
        let told = |ran: &Ran| {
            let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (ran.exit.ending, lossy(&ran.stdout), lossy(&ran.stderr))
        };
        assert_eq!(told(&warm), told(&fresh), "{what}");
    }
    drop((sandbox, volume));
    local.finish().await;
}

fn roomy() -> Limits {
    Limits { memory_mib: 1024, ..small() }
}

#[tokio::test]
async fn randomness_differs_from_run_to_run() {
    let local = Local::new().await;
    let code = "import os, random, uuid\nvalues = [random.random(), uuid.uuid4(), os.urandom(4)]\n\
        try:\n import numpy as np; values.append(np.random.rand())\n\
        except ImportError: pass\nprint(values)";
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", code.as_bytes()).await;
    let sandbox = start(local.provider(), session("sessions/one"), roomy()).await;
    let first = collect(&*sandbox, script(MINUTE)).await.printed();
    let second = collect(&*sandbox, script(MINUTE)).await.printed();
    let parts = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    for (one, other) in parts(&first).iter().zip(parts(&second)) {
        assert_ne!(*one, other, "{first} and {second}");
    }
    drop((sandbox, volume));
    local.finish().await;
}

/// The zygotes of a data directory, by their first processes.
fn zygotes(local: &Local) -> Vec<i32> {
    let data = local.data().canonicalize().unwrap();
    processes_that_mount(&data)
        .into_iter()
        .filter(|pid| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or("");
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let warm = String::from_utf8_lossy(&command).contains("trainable_zygote");
            // Process 1 of its own namespace, with none above but the machine's.
            warm && ids.split_whitespace().skip(1).eq(["1"])
        })
        .collect()
}

fn kill(pid: i32) {
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

#[tokio::test]
async fn a_zygote_that_dies_takes_its_executions_and_is_replaced() {
    let local = Local::new().await;
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", b"import os, time\nos.write(1, b'up')\ntime.sleep(600)").await;
    let sandbox = start(local.provider(), session("sessions/one"), small()).await;
    let mut stream = sandbox.exec(script(MINUTE)).await.unwrap();
    let first = stream.next().await;
    assert_eq!(first, Some(Output::Stdout("up".into())));
    let running = zygotes(&local);
    assert_eq!(running.len(), 1, "one zygote for the sandbox");
    kill(running[0]);
    let rest: Vec<_> = stream.collect().await;
    let [Output::Exited(exit)] = &rest[..] else { panic!("{rest:?}") };
    assert_eq!(exit.ending, Ending::Lost);

    write(&*volume, "step.py", b"print('again')").await;
    assert_eq!(collect(&*sandbox, script(MINUTE)).await.printed(), "again");
    let replaced = zygotes(&local);
    assert!(replaced.len() == 1 && replaced != running, "{replaced:?} after {running:?}");
    drop((sandbox, volume));
    local.finish().await;
}

#[tokio::test]
async fn slots_are_filled_claimed_once_and_filled_again() {
    let local = Local::with(|config| config.slots = 2).await;
    let provider = local.provider();
    provider.prepare(std::sync::Arc::new(|_| {})).await.unwrap();
    wait_until(|| provider.load().slots_ready == 2).await;
    assert_eq!(provider.load().slots_ready, 2);
    let slots = zygotes(&local);
    assert_eq!(slots.len(), 2);

    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", b"import os; print(os.listdir('.'), os.listdir('/data/sessions'))")
        .await;
    let limits = Limits { cpus: Limits::default().cpus, ..small() };
    let sandbox = start(provider, session("sessions/one"), limits).await;
    assert_eq!(collect(&*sandbox, script(MINUTE)).await.printed(), "['step.py'] ['s']");
    wait_until(|| provider.load().slots_ready == 2).await;
    let now = zygotes(&local);
    assert_eq!(now.len(), 3, "the claimed one and two new ones");
    assert!(slots.iter().all(|pid| now.contains(pid)), "the claimed one was a slot");
    drop((sandbox, volume));
    wait_until(|| zygotes(&local).len() == 2).await;
    assert_eq!(zygotes(&local).len(), 2, "a sandbox takes its zygote with it");
    local.finish().await;
}

/// What each program finds about its groups; the zygote's own are the root of what it sees.
const GROUPS: &str = "print(open('/proc/self/cgroup').read())";

#[tokio::test]
async fn each_program_is_in_groups_of_its_own_whenever_it_begins() {
    let local = Local::new().await;
    if local.provider().standing().tier != Some('A') {
        eprintln!("not tried: there are no cgroups here");
        return local.finish().await;
    }
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", GROUPS.as_bytes()).await;
    let sandbox = start(local.provider(), session("sessions/one"), small()).await;
    let run = async || collect(&*sandbox, script(MINUTE)).await.printed();

    // While a bare interpreter serves and after it handed on, whatever moment this hits.
    let mut found = Vec::new();
    for _ in 0..12 {
        found.push(run().await);
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    found.extend(futures::future::join_all((0..4).map(|_| run())).await);
    // What waits ahead has entered already; another takes its place, and its groups.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let zygote = zygotes(&local);
    let data = local.data().canonicalize().unwrap();
    for pid in leaves(&processes_that_mount(&data), &zygote) {
        kill(pid);
    }
    // Nobody hands a request to one that is gone; to one that is dying somebody might.
    tokio::time::sleep(Duration::from_millis(500)).await;
    found.push(run().await);

    for (at, groups) in found.iter().enumerate() {
        for line in
            groups.lines().filter(|line| line.contains(":pids:") || line.contains(":memory:"))
        {
            assert!(!line.ends_with(":/"), "{groups} are those of the zygote");
        }
        assert!(!found[..at].contains(groups), "{groups} were another one's");
    }
    drop((sandbox, volume));
    local.finish().await;
}

/// Those that are nobody's parents, but for some.
fn leaves(all: &[i32], but: &[i32]) -> Vec<i32> {
    let parents: Vec<i32> = all.iter().filter_map(|pid| parent(*pid)).collect();
    let leaf = |pid: &&i32| !parents.contains(pid) && !but.contains(pid);
    all.iter().filter(leaf).copied().collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
}

#[test]
fn a_runtime_that_ends_at_once_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let turn = runtime.block_on(turn());
    runtime.block_on(async {
        let config = LocalConfig { slots: 1, ..prepared(data.path()).await };
        let provider = LocalSandboxes::new(config).unwrap();
        provider.prepare(std::sync::Arc::new(|_| {})).await.unwrap();
        wait_until(|| provider.load().slots_ready == 1).await;
        assert_eq!(provider.load().slots_ready, 1);
        // As a server holds it: until nothing of it is polled any more.
        tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(provider);
        });
    });
    drop(runtime);
    assert_eq!(cgroups_of_the_dead(), 0, "cgroups are left");
    drop(turn);
}

async fn outputs(sandbox: &dyn Sandbox) -> futures::stream::BoxStream<'static, Output> {
    sandbox.exec(script(MINUTE)).await.unwrap()
}

#[tokio::test]
async fn who_finds_no_place_is_told_and_gets_the_next() {
    let local = Local::with(|config| config.at_once = std::num::NonZeroUsize::MIN).await;
    let provider: &LocalSandboxes = local.provider();
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let code =
        "import os, time\nos.write(1, b'up')\nwhile not os.path.exists('go'): time.sleep(.01)";
    write(&*volume, "step.py", code.as_bytes()).await;
    let sandbox = start(provider, session("sessions/one"), small()).await;
    let next = async |stream: &mut futures::stream::BoxStream<'static, Output>| stream.next().await;
    let mut first = outputs(&*sandbox).await;
    assert_eq!(next(&mut first).await, Some(Output::Stdout("up".into())));
    let mut second = outputs(&*sandbox).await;
    assert_eq!(next(&mut second).await, Some(Output::Waiting { ahead: 0 }));
    let mut third = outputs(&*sandbox).await;
    assert_eq!(next(&mut third).await, Some(Output::Waiting { ahead: 1 }));
    let load = provider.load();
    assert_eq!((load.running, load.waiting), (1, 2));
    // Who leaves the queue lets the others move up.
    drop(second);
    assert_eq!(next(&mut third).await, Some(Output::Waiting { ahead: 0 }));
    write(&*volume, "go", b"").await;
    let rest: Vec<_> = first.collect().await;
    assert!(matches!(&rest[..], [Output::Exited(exit)] if exit.ending == Ending::Code(0)));
    let rest: Vec<_> = third.collect().await;
    let [Output::Placed, Output::Stdout(up), Output::Exited(exit)] = &rest[..] else {
        panic!("{rest:?}")
    };
    assert_eq!((&up[..], exit.ending), (&b"up"[..], Ending::Code(0)));
    assert!(exit.wall < Duration::from_secs(10), "the wait is no part of it");
    assert_eq!(provider.load().running, 0);

    // One that is stopped while it waits ends as one that was stopped.
    volume.delete(&path("go")).await.unwrap();
    let mut first = outputs(&*sandbox).await;
    assert_eq!(next(&mut first).await, Some(Output::Stdout("up".into())));
    let second = outputs(&*sandbox).await;
    sandbox.terminate().await;
    let rest: Vec<_> = second.collect().await;
    let [Output::Waiting { ahead: 0 }, Output::Exited(exit)] = &rest[..] else {
        panic!("{rest:?}")
    };
    assert_eq!(exit.ending, Ending::Terminated);
    drop((first, sandbox, volume));
    local.finish().await;
}

#[tokio::test]
async fn all_together_are_held_below_the_total() {
    let local = Local::with(|config| config.memory_mib = Some(1200)).await;
    let provider = local.provider();
    if provider.standing().tier != Some('A') {
        eprintln!("not tried: without cgroups nothing counts the memory of all executions");
        return local.finish().await;
    }
    // Either would fit alone, and both have a place: a place is a share of the limit.
    let hungry =
        "import time\nx = b'x' * (700 << 20)\nprint('had it', flush=True)\ntime.sleep(600)";
    let limits = Limits { memory_mib: 2048, ..small() };
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", hungry.as_bytes()).await;
    let sandbox = start(provider, session("sessions/one"), limits).await;
    let both = [outputs(&*sandbox).await, outputs(&*sandbox).await];
    let (ended, _, _) = futures::future::select_all(both.map(|stream| {
        let ends = stream.filter_map(async |output| match output {
            Output::Exited(exit) => Some(exit),
            _ => None,
        });
        Box::pin(ends.boxed().into_future())
    }))
    .await;
    let exit = ended.0.expect("an end");
    assert_eq!(exit.ending, Ending::OutOfMemory);
    assert!(exit.peak_memory.is_some_and(|peak| peak < 1200 << 20), "far below its own: {exit:?}");
    sandbox.terminate().await;
    drop((sandbox, volume));
    local.finish().await;
}

#[tokio::test]
async fn graphics_processors_are_passed_through_or_refused() {
    let local = Local::with(|config| config.devices = config.data_dir.join("devices")).await;
    let provider = local.provider();
    let spec = |gpu| SandboxSpec {
        mounts: session("sessions/one"),
        limits: small(),
        gpu,
        warmth: Warmth::Cold,
    };
    let Err(error) = provider.start(spec(Gpu::Any)).await else { panic!("there is none") };
    assert!(
        error.to_string().contains("a GPU is asked for and this machine shows none"),
        "{error}"
    );
    let devices = local.data().join("devices");
    std::fs::create_dir(&devices).unwrap();
    // The numbers of /dev/null: what it does shows that it came through.
    let made = Command::new("mknod")
        .args(["-m", "666"])
        .arg(devices.join("nvidia0"))
        .args(["c", "1", "3"])
        .status()
        .unwrap();
    if !made.success() {
        eprintln!("not tried: only root may make a device");
        return local.finish().await;
    }
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let code = "import os\ntry: print(os.write(os.open('/dev/nvidia0', os.O_RDWR), b'abc'))\n\
        except OSError as e: print(e.strerror)";
    write(&*volume, "step.py", code.as_bytes()).await;
    for (gpu, expect) in [(Gpu::Any, "3"), (Gpu::None, "No such file or directory")] {
        let sandbox = provider.start(spec(gpu)).await.unwrap();
        assert_eq!(collect(&*sandbox, script(MINUTE)).await.printed(), expect, "{gpu:?}");
    }
    drop(volume);
    local.finish().await;
}

/// Queues descriptors in a socket that nobody reads, as many as the kernel lets this user have.
const IN_FLIGHT: &str = "import os, socket, time\n\
    pairs, sent = [], 0\n\
    try:\n\
    \x20while True:\n\
    \x20 pairs.append(socket.socketpair())\n\
    \x20 pairs[-1][0].setblocking(False)\n\
    \x20 try:\n\
    \x20  while True: socket.send_fds(pairs[-1][0], [b'x'], [0] * 200); sent += 200\n\
    \x20 except BlockingIOError: pass\n\
    except OSError: pass\n\
    os.write(1, f'{sent}'.encode())\n\
    time.sleep(600)";

#[tokio::test]
async fn descriptors_in_flight_keep_nobody_from_starting() {
    let local = Local::new().await;
    let provider = local.provider();
    let limits = Limits { open_files: 1024, ..small() };
    let [attacker, victim] = ["sessions/one", "sessions/two"];
    let volume = provider.volume(&name(attacker)).await.unwrap();
    write(&*volume, "step.py", IN_FLIGHT.as_bytes()).await;
    let attack = start(provider, session(attacker), limits).await;
    let mut stream = outputs(&*attack).await;
    let Some(Output::Stdout(sent)) = stream.next().await else { panic!("it says how many") };
    let sent: usize = String::from_utf8_lossy(&sent).parse().unwrap();
    assert!(sent >= 1000, "{sent} descriptors are in flight");
    let volume = provider.volume(&name(victim)).await.unwrap();
    write(&*volume, "step.py", b"print('up')").await;
    let other = start(provider, session(victim), small()).await;
    for sandbox in [&attack, &other] {
        let ran = match sandbox.exec(script(MINUTE)).await {
            Ok(stream) => stream,
            Err(error) => panic!("{error}"),
        };
        drop(ran);
    }
    assert_eq!(collect(&*other, script(MINUTE)).await.printed(), "up");
    drop((stream, attack, other, volume));
    local.finish().await;
}
