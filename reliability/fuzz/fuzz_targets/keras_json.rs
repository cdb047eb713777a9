//! The reader `keras_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadygrad_fuzz::read("keras_json", data));
