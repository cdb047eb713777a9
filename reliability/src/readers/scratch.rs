//! A folder of this process for the files that a read needs.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use steadygrad_kernels::{Error, Result};

static FOLDER: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();

/// The folder, in memory where the system has files there.
///
/// # Errors
/// If none can be made.
pub fn scratch() -> Result<&'static Path> {
    let make = || {
        let here = Path::new("/dev/shm");
        let folder = if here.is_dir() { tempfile::tempdir_in(here) } else { tempfile::tempdir() };
        folder.or_else(|_| tempfile::tempdir()).ok()
    };
    let folder = FOLDER.get_or_init(make).as_ref();
    folder.map(tempfile::TempDir::path).ok_or_else(|| Error::data("no folder for files can be made"))
}

/// The folder goes, as nothing that is static ends by itself.
pub fn leave() {
    if let Some(Some(folder)) = FOLDER.get() {
        // What cannot be taken away does no harm.
        let _ = std::fs::remove_dir_all(folder.path());
    }
}

/// A file of this name with these bytes.
pub fn file(name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = scratch()?.join(name);
    std::fs::write(&path, bytes).map_err(|e| Error::file(&path, &e))?;
    Ok(path)
}
