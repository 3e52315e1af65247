//! What every backend promises, as data: one program, in Python and as steps of the fake.

use crate::support::*;
use bytes::Bytes;
use futures::StreamExt;
use std::time::{Duration, Instant};
use trainable::sandbox::{
    Access, Ending, Limits, Mount, Output, SandboxProvider,
    fake::{FakeSandboxes, Run, Step},
};

struct Case {
    name: &'static str,
    python: &'static str,
    fake: fn() -> Vec<Step>,
    timeout: Duration,
    ending: Ending,
    stdout: &'static [u8],
    stderr: &'static [u8],
    records: &'static [&'static str],
}

const CASE: Case = Case {
    name: "",
    python: "",
    fake: Vec::new,
    timeout: MINUTE,
    ending: Ending::Code(0),
    stdout: b"",
    stderr: b"",
    records: &[],
};

fn out(text: &'static str) -> Step {
    Step::Stdout(Bytes::from_static(text.as_bytes()))
}

const CASES: &[Case] = &[
    Case { name: "an empty program", ..CASE },
    Case {
        name: "output and exit code",
        python: "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)",
        fake: || vec![out("out\n"), Step::Stderr("err\n".into()), Step::End(Ending::Code(3))],
        ending: Ending::Code(3),
        stdout: b"out\n",
        stderr: b"err\n",
        ..CASE
    },
    Case {
        name: "an exit code that looks like a signal",
        python: "import sys; sys.exit(137)",
        fake: || vec![Step::End(Ending::Code(137))],
        ending: Ending::Code(137),
        ..CASE
    },
    Case {
        name: "a signal",
        python: "import os; os.kill(os.getpid(), 11)",
        fake: || vec![Step::End(Ending::Signal(11))],
        ending: Ending::Signal(11),
        ..CASE
    },
    Case {
        name: "a kill of its own",
        python: "import os; os.kill(os.getpid(), 9)",
        fake: || vec![Step::End(Ending::Signal(9))],
        ending: Ending::Signal(9),
        ..CASE
    },
    Case {
        name: "bytes that are no UTF-8",
        python: r"import os; os.write(1, b'a\xff\x00\xfe')",
        fake: || vec![Step::Stdout(Bytes::from_static(b"a\xff\x00\xfe"))],
        stdout: b"a\xff\x00\xfe",
        ..CASE
    },
    Case {
        name: "the last words before the end",
        python: "import os; os.write(1, b'x' * 5); os._exit(0)",
        fake: || vec![out("xxxxx")],
        stdout: b"xxxxx",
        ..CASE
    },
    Case {
        name: "a timeout",
        python: "import signal, time; signal.signal(15, signal.SIG_IGN); print('go')\nwhile True: time.sleep(9)",
        fake: || vec![out("go\n"), Step::Sleep(MINUTE)],
        timeout: Duration::from_secs(1),
        ending: Ending::TimedOut,
        stdout: b"go\n",
        ..CASE
    },
    Case {
        name: "records",
        python: "import os, socket\n\
                 s = socket.socket(fileno=int(os.environ['TRAINABLE_RECORD_FD']))\n\
                 s.send(b'{\"n\":1}'); s.send(b'{\"n\":2}')",
        fake: || vec![Step::Record(r#"{"n":1}"#.into()), Step::Record(r#"{"n":2}"#.into())],
        records: &[r#"{"n":1}"#, r#"{"n":2}"#],
        ..CASE
    },
];

/// Programs of the functions below, for which the table above has no room.
const LATE: &str = "import os, time; open('early', 'w').close(); os.write(1, b'go\\n'); time.sleep(1); open('late', 'w').close()";
const FLOOD: &str = "import os\nfor _ in range(100): os.write(1, b'x' * 65536)";
const ENDLESS: &str = "import os\nwhile True: os.write(1, b'x' * 65536)";
const READ_ONLY: &str = "open('/data/datasets/d/new', 'w')";

fn table(run: &Run) -> Vec<Step> {
    let write = |path: &str| Step::Write { path: path.into(), body: Bytes::new() };
    let flood = |pieces| vec![Step::Stdout(vec![b'x'; 65536].into()); pieces];
    match run.script.as_deref() {
        Some(LATE) => vec![
            write("/data/sessions/s/early"),
            out("go\n"),
            Step::Sleep(Duration::from_secs(1)),
            write("/data/sessions/s/late"),
        ],
        Some(FLOOD) => flood(100),
        Some(ENDLESS) => flood(1000),
        Some(READ_ONLY) => vec![write("/data/datasets/d/new")],
        Some(text) => {
            CASES.iter().find(|case| case.python == text).map(|case| (case.fake)()).unwrap()
        }
        None => panic!("no script in {run:?}"),
    }
}

async fn conforms(provider: &dyn SandboxProvider) {
    for case in CASES {
        let ran = python_with(provider, case.python, small(), case.timeout).await;
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.exit.ending, case.ending, "{}: {stderr}", case.name);
        assert_eq!(ran.stdout, case.stdout, "{}", case.name);
        assert_eq!(ran.stderr, case.stderr, "{}", case.name);
        assert_eq!(ran.records, case.records, "{}", case.name);
        assert_eq!(ran.exit.dropped_output, 0, "{}", case.name);
        assert!(ran.exit.wall < case.timeout + Duration::from_secs(2), "{}", case.name);
    }
    caps_output(provider).await;
    waits_for_a_slow_reader(provider).await;
    ends_without_a_reader(provider).await;
    dies_with_its_stream(provider).await;
    terminates(provider).await;
    keeps_read_only_mounts(provider).await;
    crate::volumes::conforms(provider).await;
}

async fn caps_output(provider: &dyn SandboxProvider) {
    let limits = Limits { output_bytes: 100_000, ..small() };
    let ran = python_with(provider, FLOOD, limits, MINUTE).await;
    assert_eq!(ran.exit.ending, Ending::Code(0));
    assert_eq!(ran.stdout.len(), 100_000);
    assert_eq!(ran.exit.dropped_output, 6_553_600 - 100_000);
}

async fn waits_for_a_slow_reader(provider: &dyn SandboxProvider) {
    let limits = Limits { output_bytes: u64::MAX, ..small() };
    let sandbox = prepared(provider, FLOOD, limits).await;
    let mut outputs = sandbox.exec(script(MINUTE)).await.unwrap();
    let (mut bytes, mut ended) = (0, false);
    while let Some(output) = outputs.next().await {
        tokio::time::sleep(Duration::from_millis(2)).await;
        match output {
            Output::Stdout(chunk) => bytes += chunk.len(),
            Output::Exited(exit) => ended = exit.ending == Ending::Code(0),
            other => panic!("{other:?}"),
        }
    }
    assert!(ended);
    assert_eq!(bytes, 6_553_600);
}

async fn ends_without_a_reader(provider: &dyn SandboxProvider) {
    let limits = Limits { output_bytes: u64::MAX, ..small() };
    let sandbox = prepared(provider, ENDLESS, limits).await;
    let mut outputs = sandbox.exec(script(Duration::from_secs(1))).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut last = None;
    while let Some(output) = outputs.next().await {
        last = Some(output);
    }
    let Some(Output::Exited(exit)) = last else { panic!("{last:?}") };
    assert_eq!(exit.ending, Ending::TimedOut);
    assert!(exit.wall < Duration::from_millis(1_800), "killed only when read: {:?}", exit.wall);
}

async fn dies_with_its_stream(provider: &dyn SandboxProvider) {
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    let sandbox = prepared(provider, LATE, small()).await;
    let mut outputs = sandbox.exec(script(MINUTE)).await.unwrap();
    assert_eq!(outputs.next().await, Some(Output::Stdout("go\n".into())));
    drop(outputs);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(volume.stat(&path("early")).await.unwrap().is_some());
    assert!(volume.stat(&path("late")).await.unwrap().is_none(), "it went on without its stream");
    volume.delete(&path("early")).await.unwrap();
}

async fn terminates(provider: &dyn SandboxProvider) {
    let sandbox = prepared(provider, LATE, small()).await;
    sandbox.terminate().await;
    // A termination is for what runs, not for what comes after it.
    let mut outputs = sandbox.exec(script(MINUTE)).await.unwrap();
    assert_eq!(outputs.next().await, Some(Output::Stdout("go\n".into())));
    let begun = Instant::now();
    sandbox.terminate().await;
    sandbox.terminate().await;
    let Some(Output::Exited(exit)) = outputs.next().await else { panic!("more than was printed") };
    assert_eq!(exit.ending, Ending::Terminated);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(outputs.next().await, None);
}

async fn keeps_read_only_mounts(provider: &dyn SandboxProvider) {
    let dataset = Mount {
        volume: name("datasets/one"),
        at: "/data/datasets/d".into(),
        access: Access::ReadOnly,
    };
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", READ_ONLY.as_bytes()).await;
    let mut mounts = session("sessions/one");
    mounts.push(dataset);
    let sandbox = start(provider, mounts, small()).await;
    let ran = collect(&*sandbox, script(MINUTE)).await;
    assert_eq!(ran.exit.ending, Ending::Code(1));
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert!(stderr.contains("Read-only file system"), "{stderr}");
}

async fn prepared(
    provider: &dyn SandboxProvider,
    code: &str,
    limits: Limits,
) -> std::sync::Arc<dyn trainable::sandbox::Sandbox> {
    let volume = provider.volume(&name("sessions/one")).await.unwrap();
    write(&*volume, "step.py", code.as_bytes()).await;
    start(provider, session("sessions/one"), limits).await
}

#[tokio::test]
async fn the_local_backend_conforms() {
    let local = Local::new().await;
    conforms(local.provider()).await;
    local.finish().await;
}

#[tokio::test]
async fn the_modal_backend_conforms() {
    let modal = crate::modal::Modal::new();
    conforms(&modal.provider()).await;
}

#[tokio::test]
async fn the_fake_conforms() {
    conforms(&FakeSandboxes::new(table)).await;
}
