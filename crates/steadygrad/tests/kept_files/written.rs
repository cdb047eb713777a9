//! Files of each version: every model predicts what it did, and is trained on from where it was.

use crate::models::{MODELS, WHOLE, asked, data, model};
use crate::{VERSIONS, folder};
use serde_json::{Map, Value as Json, json};
use steadygrad::lab::{Form, Inspection};
use steadygrad::prelude::*;

fn numbers(json: &Json) -> Vec<f32> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn expected(version: &str) -> Json {
    let text = std::fs::read_to_string(folder(version).join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Other instruction sets round otherwise.
fn close(what: &str, got: &[f32], want: &[f32], tolerance: f32) {
    assert_eq!(got.len(), want.len(), "{what}");
    let gap = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(gap <= tolerance, "{what}: {gap:e}");
}

#[test]
fn models_predict_what_they_did_and_are_trained_on() {
    for version in VERSIONS {
        let expected = expected(version);
        for name in MODELS {
            let [before, after] = ["before", "after"].map(|key| numbers(&expected[name][key]));
            assert!(
                before.iter().zip(&after).any(|(a, b)| (a - b).abs() > 1e-3),
                "{name}: nothing was learnt"
            );
            for kind in WHOLE {
                let what = format!("{version}/{name}.{kind}");
                let mut learner = load_model(folder(version).join(format!("{name}.{kind}"))).unwrap();
                assert!(learner.warnings().is_empty(), "{what}");
                let got = asked(&mut learner, name);
                close(&what, &got[0], &before, 1e-6);
                close(&what, &got[1], &after, 1e-5);
            }
        }
    }
}

#[test]
fn weights_are_those_of_their_models() {
    for version in VERSIONS {
        let expected = expected(version);
        for name in MODELS {
            for kind in ["weights.h5", "safetensors"] {
                let file = folder(version).join(format!("{name}.{kind}"));
                let mut learner = model(name);
                let other = learner.predict(&data(name).x[0]).unwrap();
                load_weights(&mut learner, &file).unwrap();
                let got = learner.predict(&data(name).x[0]).unwrap();
                assert_ne!(got, other);
                close(
                    &format!("{version}/{name}.{kind}"),
                    got.data(),
                    &numbers(&expected[name]["before"]),
                    1e-6,
                );
                let told = Inspection::read(&file).unwrap();
                assert_eq!(told.weights.len(), learner.weights().len());
            }
        }
    }
}

#[test]
fn runs_predict_what_they_did() {
    for version in VERSIONS {
        let run = folder(version).join("run");
        let read = |name: &str| std::fs::read_to_string(run.join(name)).unwrap();
        let experiment = Experiment::load(run.join("experiment.toml")).unwrap();
        let finished = experiment.finished(Form::parse(&read("data.json")).unwrap(), 1).unwrap();
        let mut learner = finished.learner().unwrap();
        learner.load_weights(run.join("weights.safetensors")).unwrap();
        let history: Json = serde_json::from_str(&read("history.json")).unwrap();
        let epochs = history["history"]["val_loss"].as_array().unwrap();
        let loss = learner.evaluate(&finished.validation().unwrap().unwrap()).unwrap().get("loss").unwrap();
        let last = epochs.last().unwrap().as_f64().unwrap();
        assert!((loss - last).abs() < 1e-5, "{version}: {loss} {last}");
        assert!(!steadygrad::chart::Chart::parse(&read("chart.json")).unwrap().layers.is_empty());
    }
}

/// Writes the folder of the newest version. One that is there stays as it is.
#[test]
#[ignore = "writes the files that the others read"]
fn write() {
    let to = folder(VERSIONS.last().unwrap());
    if to.join("expected.json").exists() {
        println!("{} is there: a file that is kept is never written again", to.display());
        return;
    }
    std::fs::create_dir_all(&to).unwrap();
    let mut expected = Map::new();
    for name in MODELS {
        let mut learner = model(name);
        learner.fit(&data(name), Fit::epochs(3).batch_size(4).shuffle(Shuffle::No)).unwrap();
        for kind in WHOLE {
            save_model(&learner, to.join(format!("{name}.{kind}"))).unwrap();
        }
        for kind in ["weights.h5", "safetensors"] {
            save_weights(&learner, to.join(format!("{name}.{kind}"))).unwrap();
        }
        // A file has no seed: what is drawn after it was loaded is another dropout than before.
        let mut learner = load_model(to.join(format!("{name}.keras"))).unwrap();
        let [before, after] = asked(&mut learner, name);
        expected.insert(name.into(), json!({ "before": before, "after": after }));
    }
    std::fs::write(to.join("expected.json"), format!("{:#}\n", Json::Object(expected))).unwrap();
}
