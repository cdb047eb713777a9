//! The reader `experiment_toml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadygrad_fuzz::read("experiment_toml", data));
