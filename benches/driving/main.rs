//! What the loop itself costs, beside a model that costs nothing.
//!
//! 1. The first token: from the moment the model's server writes it to the moment a subscriber has it on its socket,
//!    through the adapter, the wrapping layers, the loop and the live stream. The floor is a bare socket that reads the
//!    same bytes from the same server in the same run.
//! 2. The loop's CPU per turn with 200 turns behind it: rebuilding the messages, rendering and sending the request,
//!    reading the answer. The floor is writing the same messages as JSON once.
//!
//!     cargo bench --bench driving

#[path = "../../tests/support/mod.rs"]
mod support;

#[path = "../../tests/support/server.rs"]
mod server;

mod cpu;
mod first_token;
mod model;

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    first_token::measure();
    cpu::measure();
}

/// The median and the 95th percentile.
fn quantiles(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    (at(0.5), at(0.95))
}
