//! Whole files in and out, with errors that name them: the one place of this crate that touches the disk.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use steadygrad_kernels::{Error, Result};

/// The content of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| Error::file(path, &cause))
}

/// Writes a file beside its place and moves it there, and returns when both are on the disk: whatever happens on the way, a power cut too,
/// leaves the old file, or none, or the new one, and never half of one.
///
/// # Errors
/// If it cannot be written; then nothing is left beside its place.
pub fn replace(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<()> {
    let path = path.as_ref();
    let mut beside = path.as_os_str().to_owned();
    // Two programs that write the same file do not write into each other's.
    beside.push(format!(".{}{PART}", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = write_through(&beside, bytes.as_ref()).and_then(|()| std::fs::rename(&beside, path));
    written.and_then(|()| sync_folder_of(path)).map_err(|cause| {
        let _ = std::fs::remove_file(&beside);
        Error::file(path, &cause)
    })
}

/// How files end that are not written to their end.
pub const PART: &str = ".part";

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What is in the folder of a file is on the disk after this, where the system can promise it.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems know no such thing for folders, and a folder that may be written need not be readable.
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// The names of the files in a folder, sorted; names that are not Unicode are left out.
///
/// # Errors
/// If it cannot be read.
pub fn names(folder: &Path) -> Result<Vec<String>> {
    let failed = |cause: io::Error| Error::file(folder, &cause);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.txt");
        replace(&place, "one").unwrap();
        replace(&place, "two").unwrap();
        assert_eq!(read(&place).unwrap(), b"two");
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        assert!(replace(&taken, "three").unwrap_err().to_string().contains("taken"));
        assert!(replace(folder.path().join("no/such"), "four").is_err());
        assert_eq!(names(folder.path()).unwrap(), ["a.txt"], "nothing is left beside");
    }
}
