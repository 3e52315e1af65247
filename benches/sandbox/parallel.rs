//! Executions of one sandbox side by side.

use super::{
    figures::{Times, bound},
    scene::{IMPORTS, Scene, run},
};
use futures::future::join_all;
use std::time::{Duration, Instant};

const AT_ONCE: usize = 8;
const TIMES: usize = 10;
/// Each waits longer than all of them take to start.
const SLEEPS: &str = "import time\ntime.sleep(2)\nprint(1)\n";

pub async fn measure() {
    let scene = Scene::open(0).await;
    let spec = scene.session("parallel", &[("step.py", IMPORTS), ("sleep.py", SLEEPS)]).await;
    let sandbox = scene.start(spec).await;
    run(&*sandbox, "step.py").await;
    let (mut together, mut single) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let ran = join_all((0..AT_ONCE).map(|_| run(&*sandbox, "step.py"))).await;
        together.extend(ran);
        for _ in 0..AT_ONCE {
            single.push(run(&*sandbox, "step.py").await);
        }
    }
    let begun = Instant::now();
    join_all((0..AT_ONCE).map(|_| run(&*sandbox, "sleep.py"))).await;
    let all = begun.elapsed();
    sandbox.terminate().await;
    println!(
        "\nparallel: {AT_ONCE} executions of one sandbox at once, milliseconds to the first output:"
    );
    Times::new(together).print("at once");
    Times::new(single).print("one after another");
    println!("  {AT_ONCE} that sleep 2 s each took {:.2} s together", all.as_secs_f64());
    bound("they run side by side", all < Duration::from_secs(4));
}
