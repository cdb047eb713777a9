//! A training that is killed, starved of disk, locked out, or found twice: it goes on, and ends where it would have ended.
//!
//! What was tried is printed as lines of JSON behind `reliability: `; `--include-ignored` tries it at length.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed; what was tried is told

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod kills;
mod ward;

use kills::{Chains, Way};

fn told(chains: &Chains) {
    println!("reliability: {}", chains.to_json());
}

#[test]
fn killed_at_random_moments() {
    told(&kills::run(Way::Kill, 200, 120, 1).with_ends(200, 120, 50));
}

#[test]
#[ignore = "minutes"]
fn killed_at_random_moments_at_length() {
    told(&kills::run(Way::Kill, 3000, 1200, 2).with_ends(3000, 1200, 200));
}

#[test]
fn asked_to_end_at_random_moments() {
    told(&kills::run(Way::Ask, 40, 120, 3).with_ends(40, 120, 10));
}

#[test]
#[ignore = "minutes"]
fn asked_to_end_at_random_moments_at_length() {
    told(&kills::run(Way::Ask, 600, 1200, 4).with_ends(600, 1200, 100));
}

#[test]
fn killed_and_the_newest_checkpoint_damaged() {
    told(&kills::run(Way::Damage, 40, 120, 5).with_ends(40, 120, 10));
}

#[test]
#[ignore = "minutes"]
fn killed_and_the_newest_checkpoint_damaged_at_length() {
    told(&kills::run(Way::Damage, 600, 1200, 6).with_ends(600, 1200, 100));
}

#[test]
fn two_on_one_folder() {
    let ward = ward::Ward::new();
    let first = ward.start(&["train", "e.toml", "--out", "run", "--no-doctor"]);
    ward.wait_for_a_checkpoint();
    // It holds the folder for as long as the others take to see it.
    ward::signal(&first, "-STOP");
    let stopped = ward::Stopped(first.id());
    for arguments in [&["train", "--resume", "run"][..], &["train", "e.toml", "--out", "run"]] {
        let second = ward.place.run(arguments);
        assert_eq!(second.code, 2, "{}", second.err);
        let told = ["another training keeps its checkpoints there", "a training in it is not finished"];
        assert!(told.iter().any(|words| second.err.contains(words)), "{}", second.err);
    }
    drop(stopped);
    let (code, err) = ward::ended(first);
    assert_eq!(code, Some(0), "{err}");
    ward.check_finished();
    println!(
        "reliability: {}",
        serde_json::json!({ "crash": "two runs on one folder", "tried": 2, "survived": 2 })
    );
}

#[test]
fn no_room_on_the_disk() {
    disk::files_that_may_not_grow();
    disk::a_small_disk();
}

#[test]
fn a_folder_that_turns_read_only() {
    disk::read_only();
}
