//! Files that were written before are still read, and say the same.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod keras_2;

use std::path::PathBuf;

/// A folder of these files.
fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kept_files").join(name)
}
