//! An execution in a session that ran one before.

use super::{
    figures::{Times, bound},
    scene::{FRESH, IMPORTS, Scene, run},
};

const WARM: usize = 50;
const FRESHLY: usize = 15;

pub async fn measure() {
    let scene = Scene::open(0).await;
    let spec = scene.session("warm", &[("step.py", IMPORTS), ("fresh.py", FRESH)]).await;
    let sandbox = scene.start(spec).await;
    run(&*sandbox, "step.py").await;
    let mut warm = Vec::new();
    for _ in 0..WARM {
        warm.push(run(&*sandbox, "step.py").await);
    }
    // The files of the environment are in the page cache after this one.
    run(&*sandbox, "fresh.py").await;
    let mut fresh = Vec::new();
    for _ in 0..FRESHLY {
        fresh.push(run(&*sandbox, "fresh.py").await);
    }
    sandbox.terminate().await;
    let (warm, fresh) = (Times::new(warm), Times::new(fresh));
    let ratio = fresh.at(0.5) / warm.at(0.5);
    println!(
        "\nwarm: `import pandas, sklearn; print(1)`, from the call to the first output, milliseconds:"
    );
    warm.print("an execution, of 50 in sequence");
    fresh.print("a fresh interpreter, exec'ed in such a one");
    println!("  ratio at p50 {ratio:.0}");
    bound("p50 under 15 ms", warm.at(0.5) < 15.0);
    bound("p95 under 40 ms", warm.at(0.95) < 40.0);
    bound("at least 50 times faster", ratio >= 50.0);
}
