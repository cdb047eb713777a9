//! docs/json.md tells every key that is printed, and no other.
#![allow(clippy::unwrap_used)]

mod common;

use common::Place;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// The keys that the table below this heading tells.
fn told(heading: &str) -> BTreeSet<String> {
    let text = include_str!("../../../docs/json.md");
    let part = text.split("\n## ").find(|part| part.starts_with(&format!("{heading}\n"))).unwrap();
    let row = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_string());
    part.lines().filter_map(row).collect()
}

/// Every key of this value, with the way to it; `closed` are those whose inside is told elsewhere or has names of its own.
fn keys(value: &Json, path: &str, closed: &[&str], all: &mut BTreeSet<String>) {
    match value {
        Json::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                all.insert(path.clone());
                if !closed.contains(&path.as_str()) {
                    keys(value, &path, closed, all);
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| keys(item, &format!("{path}[]"), closed, all)),
        _ => {}
    }
}

fn holds(heading: &str, out: &str, closed: &[&str]) {
    let mut found = BTreeSet::new();
    keys(&serde_json::from_str(out).unwrap(), "", closed, &mut found);
    assert_eq!(found, told(heading), "{heading}");
}

#[test]
fn every_key_is_told() {
    let place = Place::new();
    let layer = "{ layer = \"dense\", units = 16, activation = \"sigmoid\" }";
    let sick = format!(
        "[data]\nsource = \"digits\"\nscale = \"unit\"\nsamples = 300\n[model]\nlayers = [{{ layer = \"flatten\" }}, \
         {{ repeat = 10, block = [ {layer} ] }}, {{ layer = \"dense\", units = 10, activation = \"softmax\" }}]\n\
         [compile]\noptimizer = \"adam\"\nloss = \"sparse_categorical_crossentropy\"\nmetrics = [\"accuracy\"]\n\
         [fit]\nepochs = 12\n[lab]\nvary = {{ \"fit.batch_size\" = [16, 32] }}\nseeds = 1\n"
    );
    place.put("wild.toml", sick.replace("sigmoid", "linear"));
    place.put("sick.toml", sick);
    let doctor = place.run(&["doctor", "sick.toml", "--json"]);
    assert_eq!(doctor.code, 1, "{}", doctor.err);
    holds("doctor", &doctor.out, &[]);
    let cure = place.fine(&["cure", "sick.toml", "--json", "--seeds", "2"]);
    holds("cure", &cure, &["diagnosis", "after"]);
    let cure: Json = serde_json::from_str(&cure).unwrap();
    assert_eq!(cure["cured"], true);
    holds(
        "lab",
        &place.fine(&["lab", "sick.toml", "--json", "--set", "fit.epochs=1"]),
        &["settings[].values"],
    );
    holds("forecast", &place.fine(&["forecast", "sick.toml", "--json"]), &[]);
    holds("explain", &place.fine(&["explain", "SG101", "--json"]), &[]);
    let all: Json = serde_json::from_str(&place.fine(&["explain", "--json"])).unwrap();
    assert!(all.as_array().unwrap().len() > 20);
    let train = place.fine(&["train", "sick.toml", "--json", "--set", "fit.epochs=2", "--out", "run"]);
    let mut train: Json = serde_json::from_str(&train).unwrap();
    assert_eq!(train["doctor"]["verdict"], "sick");
    let map = train.as_object_mut().unwrap();
    map.retain(|key, _| !["loss", "accuracy"].contains(&key.trim_start_matches("val_")));
    // What is printed of a training that was stopped is looked at where one is stopped.
    train["stopped"] = serde_json::json!({ "signal": "", "epoch": 0, "batch": 0, "step": 0, "folder": "" });
    holds("train", &train.to_string(), &["doctor"]);
    holds("doctor", &train["doctor"].to_string(), &[]);
    holds("doctor", &place.fine(&["report", "run", "--json"]), &[]);
    // A rate at which it explodes.
    let wild = "compile.optimizer={ class_name = \"SGD\", config = { learning_rate = 1e37 } }";
    let ended = place.run(&["train", "wild.toml", "--no-doctor", "--out", "wild", "--set", wild]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    holds("history.json", &std::fs::read_to_string(place.path("wild/history.json")).unwrap(), &["history"]);
    use steadygrad::prelude::*;
    let compile = Compile::new(Adam::new(0.01), MeanSquaredError);
    let learner = Sequential::new([4]).add(Dense::new(3)).compile(compile).unwrap();
    save_model(&learner, place.path("net.keras")).unwrap();
    holds("inspect", &place.fine(&["inspect", "net.keras", "--json"]), &["forecast", "compile"]);
}
