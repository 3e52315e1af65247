//! A new session's first execution.

use super::{
    PATIENCE,
    figures::{Times, bound},
    scene::{IMPORTS, Scene, run},
};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};
use trainable::sandbox::SandboxProvider;

const READY: usize = 15;
const COLD: usize = 5;

pub async fn measure() {
    let ready = sessions(Scene::open(1).await, READY, true).await;
    let cold = sessions(Scene::open(0).await, COLD, false).await;
    println!("\nfirst: a new session, from its sandbox's start to the first output, milliseconds:");
    ready.print("with a slot ready");
    cold.print("without slots");
    println!("  ratio at p50 {:.1}", cold.at(0.5) / ready.at(0.5));
    bound("p50 under 150 ms with a slot ready", ready.at(0.5) < 150.0);
}

async fn sessions(scene: Scene, count: usize, slots: bool) -> Times {
    let mut times = Vec::new();
    for n in 0..count {
        let spec = scene.session(&format!("first-{n}"), &[("step.py", IMPORTS)]).await;
        if slots {
            refilled(&scene).await;
        }
        let begun = Instant::now();
        let sandbox = scene.start(spec).await;
        run(&*sandbox, "step.py").await;
        times.push(begun.elapsed());
        sandbox.terminate().await;
    }
    Times::new(times)
}

async fn refilled(scene: &Scene) {
    let ready = async {
        while scene.sandboxes.load().slots_ready == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, ready).await.expect("a slot gets ready");
}
