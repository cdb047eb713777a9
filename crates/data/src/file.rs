//! Whole files in and out, with errors that name them: the one place of this crate that touches the disk.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use steadygrad_kernels::{Error, Kind, Result};

/// What a file may give beyond what the system says of its size: some files of the system itself have the size 0.
const UNTOLD: u64 = 16 << 20;

/// The content of a file. What is no file (a folder, a device, a pipe) is an error and is not waited for: a path may come from a file
/// of somebody else's, and some things of the system can be read for ever.
///
/// ```
/// use steadygrad_data::file;
/// assert!(file::read(std::env::temp_dir()).unwrap_err().to_string().contains("directory"));
/// ```
///
/// # Errors
/// If it is no file, cannot be read, or there is no memory for it.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = path.as_ref();
    let (file, len) = open(path)?;
    let mut bytes = Vec::new();
    let room = usize::try_from(len).ok().map(|len| bytes.try_reserve_exact(len));
    if !matches!(room, Some(Ok(()))) {
        return Err(Error::new(Kind::Memory, format!("it has {len} bytes, for which there is no memory"))
            .at(path.display().to_string())
            .help("cut it into several files, or take a machine with more memory"));
    }
    let most = len.max(UNTOLD);
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|cause| Error::file(path, &cause))?;
    if bytes.len() as u64 > most {
        return Err(Error::new(Kind::File, format!("it said to have {len} bytes, and has more"))
            .at(path.display().to_string())
            .help("it grows while it is read: try again when it is whole"));
    }
    Ok(bytes)
}

/// The file, and how long it says to be.
///
/// # Errors
/// If it is no file, or cannot be opened.
pub(crate) fn open(path: &Path) -> Result<(File, u64)> {
    let failed = |cause: io::Error| Error::file(path, &cause);
    // Asked before it is opened: to open a pipe is to wait for who writes into it.
    let about = std::fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()).help("give a file in it"));
    }
    if !about.is_file() {
        return Err(Error::new(Kind::File, "it is a device or a pipe, and no file")
            .at(path.display().to_string())
            .help("write what comes out of it into a file, and give that"));
    }
    Ok((File::open(path).map_err(failed)?, about.len()))
}

/// The text of a file in UTF-8; see [`read`].
///
/// # Errors
/// As for [`read`], and if it is no such text.
pub fn read_text(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    String::from_utf8(read(path)?).map_err(|cause| {
        let place = cause.utf8_error().valid_up_to();
        Error::new(Kind::File, format!("its byte {place} is not UTF-8 text"))
            .at(path.display().to_string())
            .help("save it as UTF-8; a file that is no text is another one than this")
    })
}

/// Writes a file beside its place and moves it there, and returns when both are on the disk: whatever happens on the way, a power cut too,
/// leaves the old file, or none, or the new one, and never half of one.
///
/// # Errors
/// If it cannot be written; then nothing is left beside its place.
pub fn replace(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<()> {
    replace_with(path, |file| file.write_all(bytes.as_ref()))
}

/// The same for what is written piece by piece.
///
/// # Errors
/// As for [`replace`].
pub fn replace_with(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    let (file, beside) = create_beside(path, &NEXT).map_err(|cause| Error::file(path, &cause))?;
    let written = write_through(file, write).and_then(|()| std::fs::rename(&beside, path));
    written.and_then(|()| sync_folder_of(path)).map_err(|cause| {
        let _ = std::fs::remove_file(&beside);
        Error::file(path, &cause)
    })
}

/// How files end that are not written to their end.
const PART: &str = ".part";

/// The name that a file was to get which was not written to its end.
///
/// ```
/// use steadygrad_data::file::part_of;
/// assert_eq!([part_of("a.csv.77-0.part"), part_of("a.csv"), part_of("a.csv.mine.part")], [Some("a.csv"), None, None]);
/// ```
pub fn part_of(name: &str) -> Option<&str> {
    let (name, number) = name.strip_suffix(PART)?.rsplit_once('.')?;
    let (program, next) = number.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(program) && is_number(next)).then_some(name)
}

/// Takes away what was half written in a folder when a program was killed, of the files that are `own`.
///
/// # Errors
/// If the folder cannot be read. A file that cannot be taken away does no harm.
pub fn remove_parts(folder: &Path, own: impl Fn(&str) -> bool) -> Result<()> {
    for name in names(folder)?.iter().filter(|name| part_of(name).is_some_and(&own)) {
        let _ = std::fs::remove_file(folder.join(name));
    }
    Ok(())
}

/// The number of the next file of this program that is not written to its end.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Names that are tried: they are taken where a program with the same number wrote here and was killed, or writes now.
const TRIES: usize = 1000;

/// A new file beside this one, `<name>.<number of the program>-<next number>.part`. Neither two threads nor two programs write into
/// each other's, nor two containers on one volume, where both programs may have the same number.
fn create_beside(path: &Path, next: &AtomicU64) -> io::Result<(File, PathBuf)> {
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..TRIES {
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}-{}{PART}", std::process::id(), next.fetch_add(1, Ordering::Relaxed)));
        let beside = PathBuf::from(beside);
        match File::options().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((file, beside)),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => taken = cause,
            Err(cause) => return Err(cause),
        }
    }
    Err(taken)
}

fn write_through(file: File, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    write(&mut file)?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
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

/// Makes a folder and those that lead to it, and returns when they are on the disk.
///
/// # Errors
/// If one cannot be made.
pub fn make_folder(folder: impl AsRef<Path>) -> Result<()> {
    let folder = folder.as_ref();
    if folder.is_file() {
        return Err(Error::new(Kind::File, "it is a file, and a folder is wanted")
            .at(folder.display().to_string())
            .help("give another name"));
    }
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let new: Vec<&Path> = folder.ancestors().take_while(missing).collect();
    let made = std::fs::create_dir_all(folder);
    made.and_then(|()| new.into_iter().try_for_each(sync_folder_of))
        .map_err(|cause| Error::file(folder, &cause))
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

    #[test]
    fn no_two_write_into_the_same_file_beside() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a");
        let name = |n| format!("a.{}-{n}.part", std::process::id());
        for n in [0, 1, 3] {
            std::fs::write(folder.path().join(name(n)), "of another").unwrap();
        }
        let next = AtomicU64::new(0);
        let made = [(); 2].map(|()| create_beside(&place, &next).unwrap().1);
        assert_eq!(made, [2, 4].map(|n| folder.path().join(name(n))));
        assert_eq!(std::fs::read(folder.path().join(name(3))).unwrap(), b"of another");
    }

    #[test]
    fn threads_replace_one_file_and_each_writes_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a");
        std::thread::scope(|all| {
            for letter in b'a'..b'e' {
                let place = &place;
                all.spawn(move || (0..10).for_each(|_| replace(place, vec![letter; 5000]).unwrap()));
            }
        });
        let bytes = read(&place).unwrap();
        assert!(bytes.len() == 5000 && bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(names(folder.path()).unwrap(), ["a"]);
    }

    #[test]
    fn only_files_are_read_and_none_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("directory"));
        assert!(read(folder.path().join("none")).is_err());
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(
            make_folder(folder.path().join("file")).unwrap_err().to_string().contains("a folder is wanted")
        );
        let text = folder.path().join("text");
        std::fs::write(&text, b"ab\xff").unwrap();
        assert_eq!(read(&text).unwrap(), b"ab\xff");
        assert!(read_text(&text).unwrap_err().to_string().contains("byte 2"));
        if cfg!(unix) {
            let error = read("/dev/zero").unwrap_err();
            assert!(error.to_string().contains("no file") && !error.remedy().is_empty(), "{error}");
        }
    }
}
