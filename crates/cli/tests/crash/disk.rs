//! Disks that are full or turn read-only in the midst of a training.

use crate::ward::{Ward, ended};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn told(what: &str) {
    println!("reliability: {}", serde_json::json!({ "crash": what, "tried": 1, "survived": 1 }));
}

/// No file may be longer than a part of a checkpoint: as on a disk that is full.
pub fn files_that_may_not_grow() {
    let ward = Ward::new();
    let train = ward.command(&["train", "e.toml", "--out", "run", "--no-doctor"]);
    let words: Vec<_> = std::iter::once(train.get_program()).chain(train.get_args()).collect();
    // The signal that would kill it is ignored, so that writing fails.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
    let limited = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(words)
        .current_dir(ward.place.folder.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (code, err) = ended(limited);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("step-0000000004.checkpoint") && err.contains("File too large"), "{err}");
    assert!(!ward.place.path("run/checkpoints").exists(), "nothing was kept, nothing is left");
    // What a callback wrote stays.
    std::fs::remove_dir_all(ward.place.path("run")).unwrap();
    let (code, err) = ended(ward.go());
    assert_eq!(code, Some(0), "{err}");
    ward.check_finished();
    told("a file that may not grow (limit of its size)");
}

/// A disk of its own for the folder of the run, taken away with the value.
struct Disk(PathBuf);

impl Disk {
    /// Nothing, where a test may not do so.
    fn mount(folder: &Path, options: &str) -> Option<Disk> {
        std::fs::create_dir_all(folder).unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "steadygrad-test"])
            .arg(folder)
            .output();
        if !done.is_ok_and(|output| output.status.success()) {
            println!(
                "skipped: a file system in memory cannot be mounted here (that takes the rights of root)"
            );
            return None;
        }
        Some(Disk(folder.to_path_buf()))
    }

    fn change(&self, options: &str) {
        let remount = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &remount]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

pub fn a_small_disk() {
    let mut ward = Ward::new();
    let folder = ward.place.path("run");
    // Two checkpoints find room on it, and not a third.
    let Some(disk) = Disk::mount(&folder, "size=120k") else { return };
    let (code, err) = ended(ward.start(&["train", "e.toml", "--out", "run", "--no-doctor"]));
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("No space left on device") && err.contains(".checkpoint"), "{err}");
    assert!(err.contains("steadygrad train --resume run"), "{err}");
    assert!(ward.newest() > 0, "the ones before hold");
    disk.change("size=50m");
    let (code, err) = ended(ward.go());
    assert_eq!(code, Some(0), "{err}");
    ward.check_finished();
    drop(disk);
    told("a disk that is full (2 checkpoints find room on it)");
}

/// A folder in which nothing can be made, written anew or taken away, until the value is.
struct Sealed(PathBuf);

impl Sealed {
    /// Nothing, where a test may not do so.
    fn seal(folder: &Path) -> Option<Sealed> {
        let run = |program: &str, word: &str| {
            Command::new(program).arg(word).arg(folder).output().is_ok_and(|output| output.status.success())
        };
        // Root may write where nobody may, but for what cannot be changed at all.
        let sealed = Sealed(folder.to_path_buf());
        let _ = run("chmod", "555") && run("chattr", "+i");
        if std::fs::write(folder.join("probe"), "").is_ok() {
            println!("skipped: nothing here keeps this user from writing into a folder");
            return None;
        }
        Some(sealed)
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        for (program, word) in [("chattr", "-i"), ("chmod", "755")] {
            let _ = Command::new(program).arg(word).arg(&self.0).output();
        }
    }
}

pub fn read_only() {
    let mut ward = Ward::new();
    let folder = ward.place.path("run/checkpoints");
    let child = ward.start(&["train", "e.toml", "--out", "run", "--no-doctor"]);
    ward.wait_for_a_checkpoint();
    let Some(sealed) = Sealed::seal(&folder) else {
        ended(child);
        return;
    };
    let (code, err) = ended(child);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("run/checkpoints/") && err.contains("steadygrad train --resume run"), "{err}");
    let refused = ward.place.run(&["train", "--resume", "run"]);
    assert!(refused.code == 2 && refused.err.contains("run/checkpoints"), "{}", refused.err);
    drop(sealed);
    assert!(ward.newest() > 0);
    let (code, err) = ended(ward.go());
    assert_eq!(code, Some(0), "{err}");
    ward.check_finished();
    told("a folder that turns read-only");
}
