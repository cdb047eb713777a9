//! The reader `h5`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadygrad_fuzz::read("h5", data));
