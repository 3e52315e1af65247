//! What an execution costs and what it cannot disturb, each beside a comparison in the same run, through the real port
//! with the real Python environment.
//!
//! ```text
//! warm      an execution in a session that ran one before, beside a fresh interpreter in the same sandbox
//! first     a new session's first execution with a slot ready, beside one without slots
//! crowd     twenty sessions at once, beside twenty plain processes
//! stdout    a million lines, beside a pipe; the memory of who reads them
//! parallel  executions of one sandbox side by side
//! attacks   what a real server answers while its sessions run the abuse suite's programs
//! ```
//!
//!     cargo bench --bench sandbox [-- warm first …]

#[path = "../../tests/support/models/mod.rs"]
mod models;
#[path = "../../tests/support/mod.rs"]
mod support;

mod attacks;
mod crowd;
mod figures;
mod first;
mod parallel;
mod scene;
mod stdout;
mod warm;

use std::time::Duration;

/// What does not end in this time never ends.
const PATIENCE: Duration = Duration::from_secs(600);

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    // `cargo test --benches` only wants to know that it builds and starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} cores, load {} before", figures::load());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
        if wanted("warm") {
            warm::measure().await;
        }
        if wanted("first") {
            first::measure().await;
        }
        if wanted("crowd") {
            crowd::measure().await;
        }
        if wanted("stdout") {
            stdout::measure().await;
        }
        if wanted("parallel") {
            parallel::measure().await;
        }
        if wanted("attacks") {
            attacks::measure().await;
        }
    });
    println!("load {} after", figures::load());
    if figures::BROKEN.load(std::sync::atomic::Ordering::Relaxed) {
        std::process::exit(1);
    }
}
