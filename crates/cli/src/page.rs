//! Pages that a command writes beside what it says.

use std::io::Write;
use std::path::Path;
use steadygrad::Result;

/// Writes the page, if one is wanted. To be called before a word is said: who reads our output through `head` wants the file all
/// the same.
pub fn write(file: Option<&Path>, page: impl FnOnce() -> String) -> Option<Result<&Path>> {
    file.map(|file| steadygrad::data::file::replace(file, page()).map(|()| file))
}

/// Says where the page is; or why there is none, after all that was found.
pub fn told(out: &mut impl Write, written: Option<Result<&Path>>, aloud: bool) -> anyhow::Result<()> {
    if let Some(file) = written.transpose()?.filter(|_| aloud) {
        writeln!(out, "\nthe page is in {}", file.display())?;
    }
    Ok(())
}
