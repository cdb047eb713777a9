//! The folder that a run is kept in: whether it may be, and what an earlier run has left there.

use crate::ongoing;
use serde_json::json;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use steadygrad::data::file::PART;

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
    // A training that was killed before its first step leaves the folder for its checkpoints, with nothing in it to go on with.
    let own = |entry: std::io::Result<DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name() == ongoing::FOLDER && ongoing::is_own(&entry.path()))
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

/// Makes a file where the folder is or will be, and takes it away again.
pub fn probe(folder: &Path) -> Result<(), String> {
    let there = standing(folder);
    let file = there.join(format!(".steadygrad-{}", std::process::id()));
    let made = std::fs::write(&file, "").and_then(|()| std::fs::remove_file(&file));
    made.map_err(|e| format!("nothing can be written in {}: {e}", there.display()))
}

/// The folder, or what it would stand in if it is not there yet.
pub fn standing(folder: &Path) -> PathBuf {
    let here = Path::new(".");
    let there = folder.ancestors().find(|there| there.as_os_str().is_empty() || there.exists());
    there.filter(|there| !there.as_os_str().is_empty()).unwrap_or(here).to_path_buf()
}

/// The files of an earlier run, with the times of their last change.
#[derive(Debug, Default)]
pub struct Earlier {
    all: Vec<(String, SystemTime)>,
    /// Those that the run wrote.
    own: Vec<String>,
}

/// What every run writes.
const FILES: [&str; 6] =
    ["experiment.toml", "data.json", "history.csv", "history.json", "chart.json", "weights.safetensors"];

/// Whether this is one of those files, not written to its end.
pub fn is_part(name: &str) -> bool {
    let of = |file: &&str| name.strip_prefix(*file).is_some_and(|rest| rest.starts_with('.'));
    name.ends_with(PART) && FILES.iter().any(of)
}

impl Earlier {
    /// As text for a checkpoint.
    pub fn to_text(&self) -> String {
        let since = |time: &SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let all = self
            .all
            .iter()
            .map(|(name, time)| json!([name, since(time).as_secs(), since(time).subsec_nanos()]));
        json!({ "all": all.collect::<Vec<_>>(), "own": self.own }).to_string()
    }

    /// From that text.
    pub fn parse(text: &str) -> Earlier {
        let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let file = |item: &serde_json::Value| {
            let since = Duration::new(item[1].as_u64()?, item[2].as_u64()?.try_into().ok()?);
            Some((item[0].as_str()?.to_string(), SystemTime::UNIX_EPOCH.checked_add(since)?))
        };
        let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
        Earlier {
            all: list("all").iter().filter_map(file).collect(),
            own: list("own").iter().filter_map(|name| Some(name.as_str()?.to_string())).collect(),
        }
    }

    /// What is in the folder now.
    pub fn of(folder: &Path) -> Earlier {
        let text = std::fs::read_to_string(folder.join("history.json")).unwrap_or_default();
        let history: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let listed = history["files"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
        Earlier { all: files(folder), own: listed.chain(FILES).map(String::from).collect() }
    }

    /// Names of the files that are new or were written since.
    pub fn written(&self, folder: &Path) -> Vec<String> {
        let now = files(folder).into_iter().filter(|file| !self.all.contains(file));
        now.map(|(name, _)| name).collect()
    }

    /// Takes away what the earlier run wrote and this one did not; what is somebody else's stays.
    pub fn clear(&self, folder: &Path) {
        let now = files(folder);
        for file in self.all.iter().filter(|file| now.contains(file) && self.own.contains(&file.0)) {
            // A file that cannot be taken away does no harm.
            let _ = std::fs::remove_file(folder.join(&file.0));
        }
    }
}

/// The plain files of a folder, sorted.
fn files(folder: &Path) -> Vec<(String, SystemTime)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(String, SystemTime)> = entries
        .filter_map(|entry| {
            let about = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((entry.file_name().into_string().ok()?, about.modified().ok()?))
        })
        .collect();
    files.sort();
    files
}
