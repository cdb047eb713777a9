//! The reader `experiment_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadygrad_fuzz::read("experiment_json", data));
