#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| trainable_fuzz::outputs::check(input));
