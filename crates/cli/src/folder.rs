//! The folder that a run is kept in: whether it may be, and what every run writes there.

use crate::ongoing;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

const OTHER: &str = "choose another one with --out DIR";

/// Whether the results may go into this folder: it is new, empty, or of an earlier run, and files can be made there. Asked
/// before anything is trained.
pub fn check(folder: &Path) -> anyhow::Result<()> {
    let there = standing(folder);
    if !there.is_dir() {
        anyhow::bail!(
            "--out {}: {} is a file, not a folder\n  help: {OTHER}",
            folder.display(),
            there.display()
        );
    }
    if ongoing::is_unfinished(folder) {
        anyhow::bail!(
            "--out {}: a training in it is not finished\n  help: go on with `{}`, or {OTHER}",
            folder.display(),
            ongoing::command(folder)
        );
    }
    // A training that was killed before its first step leaves the folder for its checkpoints, with nothing in it to go on with, and what
    // its callbacks had begun to write by then.
    let begun = ongoing::is_own(&folder.join(ongoing::FOLDER));
    let own = |entry: std::io::Result<DirEntry>| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with(PROBE) || (begun && !FILES.contains(&&*name))
        })
    };
    let empty = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut files| files.all(own));
    if folder.exists() && !folder.join("history.json").exists() && !empty(folder) {
        anyhow::bail!(
            "--out {}: the folder has files in it, and not those of a run\n  help: {OTHER}",
            folder.display()
        );
    }
    probe(folder).map_err(|e| anyhow::anyhow!("--out {}: {e}\n  help: {OTHER}", folder.display()))
}

/// What is made to see whether anything can be begins with this.
const PROBE: &str = ".steadygrad-";

/// Makes a file where the folder is or will be, and takes it away again.
pub fn probe(folder: &Path) -> Result<(), String> {
    let there = standing(folder);
    let file = there.join(format!("{PROBE}{}", std::process::id()));
    let made = std::fs::write(&file, "").and_then(|()| std::fs::remove_file(&file));
    made.map_err(|e| format!("nothing can be written in {}: {e}", there.display()))
}

/// The folder, or what it would stand in if it is not there yet.
pub fn standing(folder: &Path) -> PathBuf {
    let here = Path::new(".");
    let there = folder.ancestors().find(|there| there.as_os_str().is_empty() || there.exists());
    there.filter(|there| !there.as_os_str().is_empty()).unwrap_or(here).to_path_buf()
}

/// What every run writes.
pub const FILES: [&str; 6] =
    ["experiment.toml", "data.json", "history.csv", "history.json", "chart.json", "weights.safetensors"];
