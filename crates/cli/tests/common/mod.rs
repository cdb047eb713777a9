//! A folder of one's own, files in it, and the command run there.
#![allow(dead_code)] // each test file uses its part

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that goes away with the test.
pub struct Place {
    pub folder: tempfile::TempDir,
}

/// How a run of the command ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> &Place {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Runs the command in the folder, with a cache and a home of its own.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_steadygrad"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The same, and it must end well; its standard output.
    pub fn fine(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, 0, "{arguments:?}: {}\n{}", ended.err, ended.out);
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
        ended.out
    }

    /// Names of all that is in the folder, in order.
    pub fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// An experiment that is right: two classes of points, a few neurons, one epoch. Parts of it are replaced by the tests.
pub const GOOD: &str = r#"[data]
source = "circles"
samples = 60

[model]
layers = [
  { layer = "dense", units = 4, activation = "relu" },
  { layer = "dense", units = 2, activation = "softmax" },
]

[compile]
optimizer = "sgd"
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]

[fit]
epochs = 1
"#;

/// The same with a table replaced, or added where it is not there.
pub fn with(experiment: &str, table: &str, content: &str) -> String {
    let head = format!("[{table}]\n");
    let rest = match experiment.split_once(&head) {
        Some((before, after)) => {
            let end = after.find("\n[").map_or(after.len(), |at| at + 1);
            format!("{before}{}", &after[end..])
        }
        None => experiment.to_string(),
    };
    format!("{rest}\n{head}{content}\n")
}

/// The good experiment with the text `from` replaced.
pub fn replaced(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replace(from, to)
}

pub fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

pub fn keys(json: &Json) -> Vec<&str> {
    json.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Trains and returns the JSON object.
pub fn train(place: &Place, arguments: &[&str]) -> Json {
    let mut all = vec!["train"];
    all.extend(arguments);
    all.push("--json");
    json(&place.fine(&all))
}
