//! Taking all of the machine: processes, memory, disk, output and time.

use super::{
    IDLE, World, ended,
    scripts::{self, *},
    spec,
};
use crate::support::*;
use futures::StreamExt;
use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};
use trainable::sandbox::{Ending, Output};

const LONG: Duration = Duration::from_secs(40);
/// Long enough to do harm, were it not contained.
const SHORT: Duration = Duration::from_secs(2);

/// How long a bomb may run, how it ends, and a part of what it says then.
type Expect = (Duration, Ending, &'static str);

/// Each bomb, where limits hold for all its processes together, and where they hold for each.
const BOMBS: &[(Script, Expect, Expect)] = &[
    alike(FORK_BOMB, (SHORT, Ending::TimedOut, "go")),
    (MEMORY_BOMB, (LONG, Ending::OutOfMemory, ""), (LONG, Ending::Code(1), "MemoryError")),
    // Without cgroups nothing adds up what several processes hold, nor what counts as a file: there
    // it is bounded by the number of processes, and by the size and the number of open files.
    (MEMORY_OF_MANY, (LONG, Ending::Code(0), "lost some"), (LONG, Ending::Code(0), "lost none")),
    (MEMORY_SHARED, (LONG, Ending::OutOfMemory, ""), (LONG, Ending::Code(0), "kept")),
    alike(FILL_TMP, (LONG, Ending::Code(1), "No space left")),
    alike(FILL_SHM, (LONG, Ending::Code(1), "No space left")),
    alike(FILL_DISK, (LONG, Ending::DiskFull, "")),
    alike(FILES_ON_DISK, (LONG, Ending::DiskFull, "")),
    // The kernel's own memory of each file counts in a cgroup; without one the clock ends it.
    (FILES_IN_MEMORY, (LONG, Ending::OutOfMemory, ""), (SHORT, Ending::TimedOut, "")),
    alike(STUBBORN, (SHORT, Ending::TimedOut, "go")),
    alike(DAEMONS, (LONG, Ending::Code(0), "done")),
];

const fn alike(script: Script, expect: Expect) -> (Script, Expect, Expect) {
    (script, expect, expect)
}

pub(super) async fn all(world: Arc<World>) {
    for (script, together, each) in BOMBS {
        let (timeout, ending, said) = if world.together { together } else { each };
        let ran = world.run(script, small(), *timeout).await;
        let both = [&ran.stdout[..], &ran.stderr[..]].concat();
        let text = String::from_utf8_lossy(&both);
        let what = format!("{} {:?}: {text}", script.name, script.args);
        assert_eq!(ran.exit.ending, *ending, "{what}");
        assert!(text.contains(said), "{what}");
        let late = ran.exit.wall.saturating_sub(*timeout);
        assert!(late < Duration::from_secs(3), "{what}: {late:?} late");
        println!("abuse: {} {:?} ended after {:?}", script.name, script.args, ran.exit.wall);
        world.is_quiet().await;
    }
    threads_count_as_processes(&world).await;
    a_flood_is_cut(&world).await;
    a_termination_is_no_request(&world).await;
    an_overflow_is_noticed_in_time(&world).await;
    all_at_once_end(&world).await;
}

async fn threads_count_as_processes(world: &World) {
    let ran = world.run(&THREAD_BOMB, small(), LONG).await;
    let tasks: u32 = ran.printed().parse().unwrap();
    assert!((40..=68).contains(&tasks), "{tasks}: {}", String::from_utf8_lossy(&ran.stderr));
    world.is_quiet().await;
}

/// Four writers of 80 MB each.
const WRITTEN: u64 = 4 * 800 * 1000 * 100;

async fn a_flood_is_cut(world: &World) {
    let before = memory("VmRSS");
    let ran = world.run(&FLOOD, small(), LONG).await;
    ended(&ran, Ending::Code(0));
    let cap = small().output_bytes;
    assert_eq!((ran.stdout.len() + ran.stderr.len()) as u64, cap);
    assert_eq!(ran.exit.dropped_output, WRITTEN - cap);
    let grown = memory("VmRSS").saturating_sub(before);
    assert!(grown < 32 << 20, "the server grew by {grown} bytes");
}

/// Bytes of this process, as the kernel counts them.
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().unwrap() << 10
}

async fn a_termination_is_no_request(world: &World) {
    for script in [STUBBORN, FORK_BOMB] {
        world.save("sessions/one", &script).await;
        let sandbox = world.start(session("sessions/one"), small()).await.unwrap();
        let mut outputs = sandbox.exec(spec(&script, None, LONG)).await.unwrap();
        let first = outputs.next().await;
        assert!(matches!(first, Some(Output::Stdout(_))), "{}: {first:?}", script.name);
        let begun = Instant::now();
        sandbox.terminate().await;
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        wait_until(|| world.executing() <= IDLE).await;
        assert!(world.executing() <= IDLE, "processes are left");
        drop((outputs, sandbox));
        world.is_quiet().await;
        world.forget("sessions/one").await;
    }
}

/// How far past its limit a program gets that fills the disk as fast as it can.
async fn an_overflow_is_noticed_in_time(world: &World) {
    world.save("sessions/one", &FILL_DISK).await;
    let sandbox = world.start(session("sessions/one"), small()).await.unwrap();
    let ran = collect(&*sandbox, spec(&FILL_DISK, None, LONG)).await;
    ended(&ran, Ending::DiskFull);
    assert!(ran.exit.wall < Duration::from_secs(8), "{:?}", ran.exit.wall);
    let listing = world.volume("sessions/one").await.list(None).await.unwrap();
    let bytes: u64 = listing.files.iter().map(|file| file.size).sum();
    println!("abuse: a limit of 64 MiB was passed by {} MiB", (bytes >> 20).saturating_sub(64));
    world.forget("sessions/one").await;
}

/// Every bomb beside every other one: each ends by its own limits, and none takes the server along.
async fn all_at_once_end(world: &World) {
    let runs = scripts::BOMBS.iter().enumerate().map(async |(n, script)| {
        let session_name = format!("sessions/bomb-{n}");
        world.save(&session_name, script).await;
        let sandbox = world.start(session(&session_name), small()).await.unwrap();
        let ran = collect(&*sandbox, spec(script, None, SHORT)).await;
        assert!(ran.exit.wall < SHORT + Duration::from_secs(8), "{}: {:?}", script.name, ran.exit);
        world.forget(&session_name).await;
    });
    futures::future::join_all(runs).await;
    world.is_quiet().await;
}
