//! Fuzzing of what reads the bytes that sandboxes write: one module per target.
//!
//! A target is a function of some bytes that panics when a property does not hold. `tests/bounded.rs`
//! runs each on its corpus and on mutations of it from a fixed seed, in every `make test`. `make soak`
//! runs each under libFuzzer (`cargo fuzz`), which looks for inputs that reach new code. What it
//! finds goes to `corpus/` and is replayed from then on.

pub mod allocation;
pub mod listings;
pub mod mutation;
pub mod outputs;
pub mod paths;
pub mod records;
