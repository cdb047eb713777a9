//! The reader `weights_h5`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadygrad_fuzz::read("weights_h5", data));
