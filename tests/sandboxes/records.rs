//! Records of the SDK, from every process of a program, at every speed.

use crate::support::*;
use futures::StreamExt;
use std::time::Duration;
use trainable::sandbox::{Ending, Output, SandboxProvider};

#[tokio::test]
async fn records_come_from_every_worker() {
    let local = Local::new().await;
    come_from_every_worker(local.provider()).await;
    local.finish().await;
}

/// Whatever way they take out of the sandbox.
pub async fn come_from_every_worker(provider: &dyn SandboxProvider) {
    let ran = python(
        provider,
        r#"
import os, socket, multiprocessing, subprocess, sys
def send(text):
    try:
        s = socket.socket(fileno=os.dup(int(os.environ['TRAINABLE_RECORD_FD'])))
        s.send(text)
    except OSError:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(os.environ['TRAINABLE_RECORD_SOCKET'])
        s.send(text)
def work(text): send(text)
if __name__ == '__main__':
    send(b'main')
    for how in ('fork', 'spawn'):
        p = multiprocessing.get_context(how).Process(target=work, args=(how.encode(),))
        p.start(); p.join()
    subprocess.run([sys.executable, '-c', '''
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(os.environ["TRAINABLE_RECORD_SOCKET"])
s.send(b"subprocess"); os._exit(0)'''], check=True)
    send(b'last')
"#,
    )
    .await;
    assert_eq!(ran.printed(), "");
    let records: Vec<_> = ran.records.iter().map(|r| String::from_utf8_lossy(r)).collect();
    let mut sorted = records.clone();
    sorted.sort();
    assert_eq!(sorted, ["fork", "last", "main", "spawn", "subprocess"], "{records:?}");
}

#[tokio::test]
async fn records_wait_for_a_slow_reader_and_large_ones_are_dropped() {
    let local = Local::new().await;
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    let code = "import os, socket\n\
        s = socket.socket(fileno=3)\n\
        for n in range(300): s.send(str(n).encode().ljust(100_000))\n\
        s.send(b'x' * ((1 << 20) + 1)); s.send(b'y' * (1 << 20)); s.send(b'end')";
    write(&*volume, "step.py", code.as_bytes()).await;
    let sandbox = start(local.provider(), session("sessions/one"), small()).await;
    let mut outputs = sandbox.exec(script(MINUTE)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut records = Vec::new();
    while let Some(output) = outputs.next().await {
        match output {
            Output::Record(record) => records.push(record),
            Output::Stderr(text) => panic!("{}", String::from_utf8_lossy(&text)),
            other => {
                assert!(matches!(other, Output::Exited(exit) if exit.ending == Ending::Code(0)))
            }
        }
    }
    assert_eq!(records.len(), 302);
    let ordered = records[..300].iter().enumerate();
    for (n, record) in ordered {
        assert!(record.starts_with(format!("{n} ").as_bytes()));
    }
    assert_eq!((records[300].len(), &records[301][..]), (1 << 20, &b"end"[..]));
    drop((sandbox, volume));
    local.finish().await;
}
