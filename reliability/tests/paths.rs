//! Paths that lead to no file: folders, devices, pipes, circles of links. None is waited for.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;
use steadygrad_data::{csv, idx, npy, safetensors};
use steadygrad_engine::checkpoint;
use steadygrad_formats::images::{self, ColorMode};
use steadygrad_formats::keras::{Contents, Saved};
use steadygrad_formats::npz;
use steadygrad_kernels::Error;
use steadygrad_lab::{Experiment, Inspection, load_model};

type Read = fn(&Path) -> Result<(), Error>;

const READS: [(&str, Read); 12] = [
    ("experiment", |path| Experiment::load(path).map(|_| ())),
    ("csv", |path| csv::load(path, &csv::CsvOptions::default()).map(|_| ())),
    ("npy", |path| npy::read(path).map(|_| ())),
    ("npz", |path| npz::load(path, &npz::NpzOptions::default()).map(|_| ())),
    ("all of npz", |path| npz::read(path).map(|_| ())),
    ("idx", |path| idx::read(path).map(|_| ())),
    ("safetensors", |path| safetensors::read(path).map(|_| ())),
    ("keras", |path| load_model(path).map(|_| ())),
    ("saved", |path| Saved::read(path).map(|_| ()).and(Contents::read(path).map(|_| ()))),
    ("inspection", |path| Inspection::read(path).map(|_| ())),
    ("checkpoint", |path| checkpoint::read(path).map(|_| ())),
    ("image", |path| images::read(path, ColorMode::Rgb).map(|_| ())),
];

#[test]
fn what_is_no_file_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(place("pipe")).status().unwrap().success());
    std::os::unix::fs::symlink(place("a"), place("b")).unwrap();
    std::os::unix::fs::symlink(place("b"), place("a")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", place("link")).unwrap();
    std::fs::create_dir(place("folder")).unwrap();
    let paths: Vec<PathBuf> = ["pipe", "a", "link", "folder", "none", "no/such"]
        .map(place)
        .into_iter()
        .chain(["/dev/zero".into(), "/dev/null".into(), "".into()])
        .collect();
    for (name, read) in READS {
        for path in &paths {
            let (say, hear) = mpsc::channel();
            let own = path.clone();
            std::thread::spawn(move || say.send(read(&own)));
            let answer = hear.recv_timeout(Duration::from_secs(20));
            let result = answer.unwrap_or_else(|e| panic!("{name} of {}: {e}", path.display()));
            let error = result.expect_err(name).to_string();
            let shown = path.display().to_string();
            assert!(shown.is_empty() || error.contains(&shown), "{name} of {shown}: {error}");
        }
    }
}

#[test]
fn folders_of_images_with_circles_of_links_are_read_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let class = folder.path().join("cats");
    std::fs::create_dir(&class).unwrap();
    std::os::unix::fs::symlink(folder.path(), class.join("again")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", class.join("1.png")).unwrap();
    let error = images::folder(folder.path()).load().unwrap_err().to_string();
    assert!(error.contains("1.png") && error.contains("no file"), "{error}");
}
