//! Many sessions that compute at once.

use super::{
    figures::{bound, fairness},
    scene::{Scene, follow, interpreter, run},
};
use futures::future::join_all;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::io::{AsyncBufReadExt, BufReader};
use trainable::sandbox::Sandbox;

const SESSIONS: usize = 20;
/// Two seconds of CPU in a hundred steps, each said when it is done.
const STEPS: &str = "
import time
print('go', flush=True)
for step in range(100):
    until = time.process_time() + 0.02
    while time.process_time() < until:
        pass
    print(step, flush=True)
";
const LINES: usize = 101;

pub async fn measure() {
    let scene = Scene::open(0).await;
    let mut sandboxes = Vec::new();
    for n in 0..SESSIONS {
        let scripts = [("step.py", STEPS), ("warm.py", "print(1)")];
        let sandbox = scene.start(scene.session(&format!("crowd-{n}"), &scripts).await).await;
        run(&*sandbox, "warm.py").await;
        sandboxes.push(sandbox);
    }
    let python = interpreter();
    let begun = Instant::now();
    let inside = join_all(sandboxes.iter().map(|sandbox| session(&**sandbox, begun))).await;
    join_all(sandboxes.iter().map(|sandbox| sandbox.terminate())).await;
    let begun = Instant::now();
    let outside = join_all((0..SESSIONS).map(|_| process(&python, begun))).await;
    println!("\ncrowd: {SESSIONS} at once, 2 s of CPU each in steps, seconds from the beginning:");
    let fair = print("sessions", &inside);
    print("plain processes outside", &outside);
    bound("none fails", inside.iter().all(|lines| lines.len() == LINES));
    bound("Jain's index of progress over 0.9", fair > 0.9);
}

/// When each line of one came.
type Lines = Vec<Duration>;

async fn session(sandbox: &dyn Sandbox, begun: Instant) -> Lines {
    let mut lines = Vec::new();
    follow(sandbox, "step.py", |bytes| {
        let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
        lines.extend(std::iter::repeat_n(begun.elapsed(), ends));
    })
    .await;
    lines
}

async fn process(python: &str, begun: Instant) -> Lines {
    let mut command = tokio::process::Command::new(python);
    command.args(["-c", STEPS]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("it starts");
    let mut heard = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut lines = Vec::new();
    while heard.next_line().await.expect("a line").is_some() {
        lines.push(begun.elapsed());
    }
    assert!(child.wait().await.expect("its end").success());
    lines
}

/// Prints how they ended and how far they were at half time, and returns how even that was.
fn print(what: &str, all: &[Lines]) -> f64 {
    let mut ends: Vec<f64> =
        all.iter().map(|lines| lines.last().expect("a line").as_secs_f64()).collect();
    ends.sort_by(f64::total_cmp);
    let (first, last) = (ends[0], ends[ends.len() - 1]);
    let half = Duration::from_secs_f64(last / 2.0);
    let progress: Vec<f64> =
        all.iter().map(|lines| lines.iter().filter(|time| **time <= half).count() as f64).collect();
    let fair = fairness(&progress);
    println!(
        "  {what:<28} first end {first:.1}  last end {last:.1}  last/first {:.2}  Jain at half time {fair:.3}",
        last / first
    );
    fair
}
