//! `on_non_finite` in an experiment: what the command does, tells and keeps.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod common;

use common::{Place, json};
use serde_json::Value as Json;
use steadygrad::data::Array;

/// Samples of which one is finite, and its loss is not.
fn place(how: &str) -> Place {
    let place = Place::new();
    let x: Vec<f32> = (0..80).map(|i| ((i * 7) % 13) as f32 / 6.0 - 1.0).collect();
    let mut y: Vec<f32> = (0..40).map(|i| x[2 * i] - x[2 * i + 1]).collect();
    y[21] = 1e30;
    let (x, y) = (Array::new([40, 2], x).unwrap(), Array::new([40, 1], y).unwrap());
    steadygrad::formats::npz::write(place.path("a.npz"), &[("x", &x), ("y", &y)]).unwrap();
    let text = format!(
        "[data]\ntrain = \"a.npz\"\nx = \"x\"\ny = \"y\"\n[model]\nlayers = [{{ layer = \"dense\", units = 1 }}]\n\
         [compile]\noptimizer = \"adam\"\nloss = \"mse\"\n[fit]\nepochs = 3\nbatch_size = 4\nshuffle = false\n{how}\n"
    );
    place.put("e.toml", text);
    place
}

fn history(place: &Place) -> Json {
    json(&std::fs::read_to_string(place.path("run/history.json")).unwrap())
}

#[test]
fn skipped_batches_are_told_and_end_nothing() {
    let place = place("on_non_finite = \"skip\"");
    let ended = place.run(&["train", "e.toml", "--out", "run", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let told = "warning: 3 batches were skipped; the first in epoch 1, batch 6, where the loss was not a finite number: the loss";
    assert!(ended.err.contains(told), "{}", ended.err);
    let result = json(&ended.out);
    assert!(result["loss"].is_number(), "{result}");
    let (kept, all) = (history(&place), &result["non_finite"]);
    assert_eq!((all.as_array().unwrap().len(), &kept["non_finite"]), (3, all));
    let first = serde_json::json!({ "epoch": 0, "batch": 5, "step": 5, "place": "loss", "phase": "loss", "done": "skipped" });
    assert_eq!(all[0], first);
    // The run can be read, and its experiment says what was done.
    let written = std::fs::read_to_string(place.path("run/experiment.toml")).unwrap();
    assert!(written.contains("on_non_finite = \"skip\""), "{written}");
    place.fine(&["report", "run", "--json"]);
}

#[test]
fn without_a_word_and_with_stop_the_first_one_ends_it() {
    for how in ["", "on_non_finite = \"stop\""] {
        let place = place(how);
        let ended = place.run(&["train", "e.toml", "--out", "run", "--no-doctor"]);
        assert_eq!(ended.code, 1, "{}", ended.err);
        let told = "error: epoch 1: the loss is not a finite number in batch 6; first the loss, with all outputs finite\n";
        assert!(ended.err.contains(told), "{}", ended.err);
        assert_eq!(history(&place)["non_finite"][0]["done"], "stopped");
    }
}

#[test]
fn going_back_is_told_and_ends_after_ten_times() {
    let place = place("on_non_finite = \"rollback\"");
    let ended = place.run(&["train", "e.toml", "--out", "run"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let told = "the training went back to where an epoch began 3 times, at half the learning rate each time; first in epoch 1, batch 6";
    assert!(ended.err.contains(told), "{}", ended.err);
    let ended = place.run(&["train", "e.toml", "--out", "run", "--set", "fit.epochs=20"]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    let told = "error: epoch 11: the loss is not a finite number in batch 6; first the loss, with all outputs finite; the \
                training had gone back 10 times, to ever smaller learning rates";
    assert!(ended.err.contains(told), "{}", ended.err);
    assert_eq!(ended.err.matches("is not a finite number").count(), 1, "told once: {}", ended.err);
}
