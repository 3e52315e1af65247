//! How many metric points become durable in a second.
//!
//! 1. Through the whole path: records of a sandbox's channel, parsed by the tool, gathered by the session's pump,
//!    appended by its actor, projected with all that sums them up, `synchronous=FULL`.
//! 2. A bare loop that writes the same rows and events into the same tables with the same commits and durability.
//! 3. MLflow's tracking server with SQLite: `log-batch` over HTTP, 1,000 points a call.
//!
//!     cargo bench --bench ingest

#[path = "../../tests/support/allocator.rs"]
mod allocator;

#[path = "../../tests/support/mod.rs"]
mod support;

mod bare;
mod mlflow;
mod path;

/// The path and the loop take turns, so that what else the machine does hits both.
const ROUNDS: usize = 5;
/// Points of a round.
const POINTS: usize = 200_000;
/// MLflow's take longer.
const MLFLOW_POINTS: usize = 20_000;
/// What one call of `log` measures.
const NAMES: [&str; 4] = ["train_loss", "train_accuracy", "val_loss", "val_accuracy"];

/// The bars.
const TIMES_MLFLOW: f64 = 5.0;
const BARE_WITHIN: f64 = 3.0;

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    support::house::in_system(async move {
        for _ in 0..ROUNDS {
            let (rate, rows) = path::round().await;
            ours.push(rate);
            bare.push(bare::round(rows).await);
        }
        println!("metric points made durable in a second, {ROUNDS} rounds, {POINTS} points each:");
        let ours = shown("the whole path", ours);
        let bare = shown("a bare loop, same rows, same commits", bare);
        let within = bare / ours;
        println!("{:>40}  {within:>9.2}  (bar: at most {BARE_WITHIN})", "bare loop / ours");
        match mlflow::rates(ROUNDS, MLFLOW_POINTS, &NAMES) {
            Ok(rates) => {
                let times = ours / shown("MLflow, SQLite, log-batch over HTTP", rates);
                println!("{:>40}  {times:>9.2}  (bar: at least {TIMES_MLFLOW})", "ours / MLflow");
            }
            Err(why) => println!("MLflow was not measured: {why}"),
        }
    });
}

/// Prints the median of some rounds with the least and the most, and returns it.
fn shown(what: &str, mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    let (least, median, most) = (rates[0], rates[rates.len() / 2], rates[rates.len() - 1]);
    println!("{what:>40}  {median:>9.0}  ({least:.0} to {most:.0})");
    median
}
