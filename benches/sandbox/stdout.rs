//! A million lines: all of them, how fast, and what whoever reads them holds meanwhile.

use super::{
    figures::{bound, resident_mib},
    scene::{Scene, follow, interpreter, run},
};
use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::io::AsyncReadExt;

const LINES: u64 = 1_000_000;
const MIB: f64 = LINES as f64 * 100.0 / 1048576.0;
/// Every line has 100 bytes with its end, and says which it is.
const PRINTS: &str = "
import sys
for number in range(1_000_000):
    sys.stdout.write(f'{number:099d}\\n')
";
/// The allocator may keep some of what it once had.
const FLAT_MIB: f64 = 16.0;

pub async fn measure() {
    let scene = Scene::open(0).await;
    let python = interpreter();
    let mut spec = scene.session("stdout", &[("step.py", PRINTS), ("warm.py", "print(1)")]).await;
    spec.limits.output_bytes = 1 << 30;
    let sandbox = scene.start(spec).await;
    run(&*sandbox, "warm.py").await;
    let before = resident_mib();
    let watched = Watched::start();
    let begun = Instant::now();
    let mut check = Check::default();
    let exit = follow(&*sandbox, "step.py", |bytes| check.take(bytes)).await;
    let inside = begun.elapsed().as_secs_f64();
    let during = watched.highest();
    sandbox.terminate().await;
    let after = resident_mib();
    let outside = pipe(&python).await.as_secs_f64();
    println!("\nstdout: {LINES} lines of 100 bytes, {MIB:.0} MiB, every line checked:");
    println!("  through the port        {inside:.2} s  {:.0} MiB/s", MIB / inside);
    println!("  a pipe outside          {outside:.2} s  {:.0} MiB/s", MIB / outside);
    println!("  ratio                   {:.2}", inside / outside);
    println!("  MiB of this process     {before:.1} before  {during:.1} at most  {after:.1} after");
    let whole = check.lines == LINES && check.line.is_empty() && exit.dropped_output == 0;
    bound("nothing lost, nothing out of order", whole && check.good);
    bound("memory flat", during - before < FLAT_MIB);
}

async fn pipe(python: &str) -> Duration {
    let begun = Instant::now();
    let mut command = tokio::process::Command::new(python);
    command.args(["-c", PRINTS]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("it starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    let (mut piece, mut check) = (vec![0; 64 * 1024], Check::default());
    loop {
        match stdout.read(&mut piece).await.expect("a read") {
            0 => break,
            read => check.take(&piece[..read]),
        }
    }
    assert!(child.wait().await.expect("its end").success());
    assert!(check.good && check.lines == LINES);
    begun.elapsed()
}

/// Reads lines in pieces and knows which must come next.
struct Check {
    lines: u64,
    line: Vec<u8>,
    good: bool,
}

impl Default for Check {
    fn default() -> Self {
        Self { lines: 0, line: Vec::with_capacity(100), good: true }
    }
}

impl Check {
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(100 - self.line.len()));
            self.line.extend_from_slice(part);
            bytes = rest;
            if self.line.len() == 100 {
                let number = self.line[80..99].iter().fold(0_u64, |number, digit| {
                    number.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')))
                });
                self.good &= number == self.lines && self.line[99] == b'\n';
                self.lines += 1;
                self.line.clear();
            }
        }
    }
}

/// The most memory that this process had, looked at every few milliseconds.
struct Watched {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<f64>,
}

impl Watched {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut highest = resident_mib();
            while !stopped.load(Ordering::Relaxed) {
                highest = highest.max(resident_mib());
                std::thread::sleep(Duration::from_millis(5));
            }
            highest
        });
        Self { stop, thread }
    }

    fn highest(self) -> f64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("nobody panicked")
    }
}
