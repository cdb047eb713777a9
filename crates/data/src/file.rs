//! Whole files in and out, with errors that name them: the one place of this crate that touches the disk.

use std::path::Path;

use steadygrad_kernels::{Error, Result};

/// The content of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| Error::file(path, &cause))
}

/// Writes a file, or replaces it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|cause| Error::file(path, &cause))
}

/// The names of the files in a folder, sorted; names that are not Unicode are left out.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>> {
    let failed = |cause: std::io::Error| Error::file(folder, &cause);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}

/// What a data set from this file is called: the name without folder and ending.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "data".into(), |stem| stem.to_string_lossy().into_owned())
}
