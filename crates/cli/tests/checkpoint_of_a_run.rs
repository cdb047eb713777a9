//! `evaluate` and `predict` with a checkpoint of a run instead of its last weights.
#![allow(clippy::unwrap_used)]

mod common;

use common::{GOOD, Place, json, names};

/// Its loss falls: the greatest is that of the first epoch.
fn trained() -> Place {
    let place = Place::new();
    let text = GOOD.replace("epochs = 1", "epochs = 4\nvalidation_split = 0.2");
    assert_ne!(text, GOOD);
    place.put("e.toml", format!("{text}\n[checkpoints]\nmonitor = \"val_loss\"\nmode = \"max\"\n"));
    place.fine(&["train", "e.toml", "--out", "run", "--no-doctor"]);
    place
}

fn loss(place: &Place, arguments: &[&str]) -> f64 {
    json(&place.fine(&[&["evaluate", "run", "--json"], arguments].concat()))["loss"].as_f64().unwrap()
}

#[test]
fn it_has_the_weights_of_its_epoch() {
    let place = trained();
    let history = json(&std::fs::read_to_string(place.path("run/history.json")).unwrap());
    let losses = history["history"]["val_loss"].as_array().unwrap().clone();
    let [first, last] = [0, 3].map(|epoch: usize| losses[epoch].as_f64().unwrap());
    assert!(first > last + 1e-3, "{losses:?}");
    let step =
        names(&place.path("run/checkpoints")).into_iter().find(|name| name.starts_with("step-")).unwrap();
    let [best, newest] = ["best.checkpoint", &step].map(|name| format!("run/checkpoints/{name}"));
    for (arguments, expected) in
        [(&["--checkpoint", &*best][..], first), (&["--checkpoint", &newest], last), (&[], last)]
    {
        let found = loss(&place, arguments);
        assert!((found - expected).abs() < 1e-6, "{arguments:?}: {found}, and {expected}");
    }
    let [at_best, at_last] =
        [&["predict", "run", "--checkpoint", &best][..], &["predict", "run"]].map(|a| place.fine(a));
    assert_eq!(at_best.lines().count(), at_last.lines().count());
    assert_ne!(at_best, at_last);
}

#[test]
fn what_is_no_checkpoint_of_it_is_refused() {
    let place = trained();
    place.fine(&["train", "e.toml", "--out", "other", "--no-doctor", "--set", "fit.seed=7"]);
    for (file, word) in [
        ("other/checkpoints/best.checkpoint", "of another run"),
        ("run/weights.safetensors", "it is no checkpoint"),
        ("run/checkpoints/none.checkpoint", "none.checkpoint"),
    ] {
        let result = place.run(&["evaluate", "run", "--checkpoint", file]);
        assert_eq!(result.code, 2, "{file}");
        assert!(
            result.err.contains(word) && result.err.contains("name one in run/checkpoints"),
            "{}",
            result.err
        );
    }
}
