//! Files that were written before are still read, and say the same: see the README beside this file.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod keras_2;
mod models;
mod written;

use std::path::PathBuf;

/// All versions, the newest last.
const VERSIONS: [&str; 1] = ["0.1"];

/// A folder of these files.
fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kept_files").join(name)
}
