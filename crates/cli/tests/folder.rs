//! The folder of a run: asked for before training, and without leftovers; and what is put there and read again.
#![allow(clippy::unwrap_used)]

mod common;

use common::{GOOD, Place, json, names, replaced, with};

/// A folder that nobody can write to, not even root.
const SEALED: &str = "/sys";

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_cannot_be_written_is_found_before_training() {
    let place = Place::new();
    // Data that are not there would be the next error.
    place.put("e.toml", GOOD.replace("source = \"circles\"\nsamples = 60", "train = \"no.csv\""));
    let ended = place.run(&["train", "e.toml", "--out", &format!("{SEALED}/x")]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("--out /sys/x: nothing can be written in /sys"), "{}", ended.err);
    assert!(place.run(&["train", "e.toml", "--out", "fine"]).err.contains("no.csv"));
    assert_eq!(place.names(), ["e.toml"], "nothing is left of the attempt");
}

#[test]
fn a_second_run_takes_the_place_of_the_first_and_of_nothing_else() {
    let place = Place::new();
    let kept = "epochs = 3\ncallbacks = [{ class_name = \"ModelCheckpoint\", config = { \
                filepath = \"out/e{epoch}.safetensors\" } }]";
    place.put("long.toml", with(GOOD, "fit", kept)).put("short.toml", GOOD);
    place.fine(&["train", "long.toml", "--out", "out"]);
    let first = names(&place.path("out"));
    assert_eq!(first.iter().filter(|name| name.starts_with('e')).count(), 4);
    place.put("out/notes.txt", "mine");
    place.fine(&["train", "short.toml", "--out", "out"]);
    // Whose a file is that is not of every run nobody knows: it stays.
    let mut all = [first, vec!["notes.txt".into()]].concat();
    all.sort();
    assert_eq!(names(&place.path("out")), all);
}

#[test]
fn a_run_that_was_killed_as_it_began_is_begun_again() {
    let place = Place::new();
    let logged =
        "epochs = 1\ncallbacks = [{ class_name = \"CSVLogger\", config = { filename = \"out/log.csv\" } }]";
    place.put("e.toml", with(GOOD, "fit", logged));
    // Callbacks begin to write before the experiment is kept.
    place.put("out/checkpoints/lock", "").put("out/log.csv", "").put("out/.steadygrad-77", "");
    place.put("out/checkpoints/experiment.toml.77-0.part", "[da");
    place.fine(&["train", "e.toml", "--out", "out"]);
    let log = std::fs::read_to_string(place.path("out/log.csv")).unwrap();
    assert!(log.starts_with("epoch,") && log.lines().count() == 2, "{log}");
    // What every run writes is not of one that had not begun.
    place.put("other/checkpoints/lock", "").put("other/data.json", "mine");
    let result = place.run(&["train", "e.toml", "--out", "other"]);
    assert!(result.code == 2 && result.err.contains("not those of a run"), "{}", result.err);
}

#[test]
fn weights_that_are_not_numbers_are_refused() {
    let place = Place::new();
    place.put("e.toml", GOOD);
    place.fine(&["train", "e.toml", "--out", "out"]);
    let mut bytes = std::fs::read(place.path("out/weights.safetensors")).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    place.put("sick.safetensors", bytes);
    place.put("again.toml", replaced("[model]\n", "[model]\nweights = \"sick.safetensors\"\n"));
    let ended = place.run(&["train", "again.toml"]);
    assert_eq!(ended.code, 2);
    let words = "[model], `weights`, sick.safetensors, weight `dense_1/";
    assert!(ended.err.contains(words) && ended.err.contains("not finite"), "{}", ended.err);
}

#[test]
fn the_default_experiment_as_json() {
    let place = Place::new();
    place.fine(&["new", "x.json"]);
    let text = std::fs::read_to_string(place.path("x.json")).unwrap();
    assert_eq!(json(&text)["fit"]["epochs"], 20);
    assert_eq!(place.fine(&["summary", "x.json"]), place.fine(&["summary"]));
}

#[test]
fn all_digits_are_split_where_a_split_is_asked_for() {
    let place = Place::new();
    let digits = "source = \"digits\"\nscale = \"unit\"\n";
    let layers = "layers = [\"flatten\", { layer = \"dense\", units = 10, activation = \"softmax\" }]";
    let experiment = with(GOOD, "model", layers);
    let trained = |data: &str| {
        place.put("e.toml", with(&experiment, "data", &format!("{digits}{data}")));
        place.fine(&["train", "e.toml", "--out", "out"]);
        json(&std::fs::read_to_string(place.path("out/history.json")).unwrap())["samples"].clone()
    };
    // 1,797 · 0.8, rounded down: the last 360 are held back, as the set's own test part is where nothing is asked for.
    assert_eq!(trained("validation_split = 0.2"), 1437);
    assert_eq!(trained("validation_split = 0.5"), 898);
    assert_eq!(trained("samples = 1797\nvalidation_split = 0.5"), 898);
    assert_eq!(trained(""), 1437);
}

#[test]
fn a_null_in_a_list_is_kept() {
    let place = Place::new();
    let text = r#"{ "data": { "source": "circles", "samples": 60 },
        "model": { "layers": [{ "layer": "dropout", "rate": 0.5, "noise_shape": [null, 1] },
            { "layer": "dense", "units": 2, "activation": "softmax" }] },
        "compile": { "optimizer": "sgd", "loss": "sparse_categorical_crossentropy" } }"#;
    place.put("e.json", text);
    place.fine(&["train", "e.json", "--out", "out"]);
    let kept = std::fs::read_to_string(place.path("out/experiment.toml")).unwrap();
    assert_eq!(json(&kept)["model"]["layers"][0]["noise_shape"], serde_json::json!([null, 1]));
    place.fine(&["evaluate", "out", "--train"]);
}

#[test]
fn one_epoch_is_one() {
    let place = Place::new();
    place.put("e.toml", GOOD);
    let told = place.fine(&["train", "e.toml"]);
    assert!(told.contains("\n1 epoch in "), "{told}");
}
