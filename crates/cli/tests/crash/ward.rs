//! A training under watch: its folder, what of it is kept, and whether it ended as one that nothing happened to.

use crate::common::{Place, names};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// What remembers something between steps is in it: noise, moving statistics, two callbacks, an optimizer with moments and an average.
const EXPERIMENT: &str = r#"[data]
source = "circles"
samples = 400
validation_split = 0.2

[model]
layers = [
  { layer = "dense", units = 16, use_bias = false },
  "batch_normalization", "relu",
  { layer = "dropout", rate = 0.2 },
  { layer = "dense", units = 2, activation = "softmax" },
]

[compile]
optimizer = { class_name = "Adam", config = { use_ema = true } }
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]

[fit]
epochs = 50
batch_size = 16
callbacks = [
  { class_name = "ReduceLROnPlateau", config = { monitor = "loss", patience = 1, min_delta = 0.05 } },
  { class_name = "CSVLogger", config = { filename = "run/log.csv" } } ]

[checkpoints]
every_steps = 4
monitor = "val_loss"
"#;

/// The files that must be the same.
const SAME: [&str; 4] = ["weights.safetensors", "history.csv", "chart.json", "log.csv"];

pub struct Ward {
    pub place: Place,
    /// Checkpoints that were damaged on purpose.
    pub damaged: Vec<PathBuf>,
}

impl Ward {
    pub fn new() -> Ward {
        let place = Place::new();
        place.put("e.toml", EXPERIMENT);
        Ward { place, damaged: Vec::new() }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steadygrad"));
        command
            .args(arguments)
            .current_dir(self.place.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Begins, or goes on.
    pub fn go(&self) -> Child {
        match self.place.path("run/checkpoints/experiment.toml").exists() {
            true => self.start(&["train", "--resume", "run", "--no-doctor"]),
            false => self.start(&["train", "e.toml", "--out", "run", "--no-doctor"]),
        }
    }

    /// Its checkpoints by their steps, the oldest first.
    pub fn checkpoints(&self) -> Vec<(u64, PathBuf)> {
        let folder = self.place.path("run/checkpoints");
        if !folder.exists() {
            return Vec::new();
        }
        let step = |name: &str| name.strip_prefix("step-")?.strip_suffix(".checkpoint")?.parse().ok();
        names(&folder).iter().filter_map(|name| Some((step(name)?, folder.join(name)))).collect()
    }

    pub fn wait_for_a_checkpoint(&self) {
        for _ in 0..3000 {
            if !self.checkpoints().is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no checkpoint within half a minute");
    }

    /// The step of the newest that holds. All hold but for those that were damaged.
    pub fn newest(&mut self) -> u64 {
        let mut newest = 0;
        for (step, path) in self.checkpoints() {
            match steadygrad::engine::checkpoint::read(&path) {
                Ok(_) => {
                    newest = step;
                    // One that was damaged has been written anew.
                    self.damaged.retain(|damaged| *damaged != path);
                }
                Err(e) => assert!(self.damaged.contains(&path), "{e}"),
            }
        }
        newest
    }

    /// A checkpoint was written that is newer: one that was damaged before is none.
    pub fn is_ahead_of(&self, newest: u64) -> bool {
        self.checkpoints().iter().any(|(step, path)| *step > newest && !self.damaged.contains(path))
    }

    /// Its results are written.
    pub fn is_finished(&self) -> bool {
        self.place.path("run/history.json").exists()
            && !self.place.path("run/checkpoints/experiment.toml").exists()
    }

    /// What it left is what a training leaves that nothing happened to.
    pub fn check_finished(&self) {
        for (file, bytes) in SAME.iter().zip(straight()) {
            assert!(std::fs::read(self.place.path("run").join(file)).unwrap() == *bytes, "{file} is another");
        }
        assert!(self.is_finished());
        assert_eq!(self.checkpoints().len(), 1, "the last one stays");
        let parts: Vec<String> = names(&self.place.path("run/checkpoints"));
        assert!(parts.iter().all(|name| !name.ends_with(".part")), "{parts:?}");
    }
}

/// What a training leaves that nothing happens to.
fn straight() -> &'static Vec<Vec<u8>> {
    static STRAIGHT: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    STRAIGHT.get_or_init(|| {
        let ward = Ward::new();
        let (code, err) = ended(ward.go());
        assert_eq!(code, Some(0), "{err}");
        SAME.iter().map(|file| std::fs::read(ward.place.path("run").join(file)).unwrap()).collect()
    })
}

/// How it ended: its code, nothing if it was killed; and what it said.
pub fn ended(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

pub fn signal(child: &Child, name: &str) {
    signal_to(child.id(), name);
}

fn signal_to(process: u32, name: &str) {
    // One that has ended meanwhile is no failure.
    let _ = Command::new("kill").args([name, &process.to_string()]).stderr(Stdio::null()).status().unwrap();
}

/// A process that stands still until this is dropped, also by a test that fails.
pub struct Stopped(pub u32);

impl Drop for Stopped {
    fn drop(&mut self) {
        signal_to(self.0, "-CONT");
    }
}
