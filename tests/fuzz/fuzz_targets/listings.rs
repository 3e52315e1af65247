#![no_main]

use std::sync::{LazyLock, Mutex};
use trainable_fuzz::listings::Ground;

static GROUND: LazyLock<Mutex<Ground>> = LazyLock::new(|| Mutex::new(Ground::new()));

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    GROUND.lock().expect("libFuzzer ends at the first panic").check(input);
});
