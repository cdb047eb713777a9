//! The grid of a `[lab]` table: what it keeps of every setting, as JSON and as a table.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use steadygrad_doctor::Trouble;
use steadygrad_lab::{Experiment, Grid, grid};

/// Six layers, two activations, two initializers; trained for an epoch.
fn made(vary: &str, seeds: &str) -> Grid {
    let layers = r#"layers = ["flatten",
      { repeat = 12, block = [{ layer = "dense", units = 30, kernel_initializer = "$init", activation = "$act" }] },
      { layer = "dense", units = 10, activation = "softmax" }]"#;
    let text = format!(
        "[let]\nact = \"relu\"\ninit = \"he_normal\"\n[data]\nsource = \"digits\"\nscale = \"unit\"\nvalidation_split = 0.2\n\
         [model]\n{layers}\n[compile]\noptimizer = \"adam\"\nloss = \"sparse_categorical_crossentropy\"\n\
         metrics = [\"accuracy\"]\n[fit]\nepochs = 1\nbatch_size = 256\n[lab]\nvary = {{ {vary} }}\nseeds = {seeds}\n"
    );
    grid(&Experiment::parse(&text).unwrap(), 2, None).unwrap()
}

const INITIALIZERS: &str = r#""let.init" = ["he_normal", { class_name = "VarianceScaling", config = { scale = 0.3333333333333333, mode = "fan_in", distribution = "uniform" } }]"#;

#[test]
fn every_setting_keeps_its_layers_beside_what_theory_expects() {
    let grid = made(&format!("\"let.act\" = [\"relu\", \"sigmoid\"], {INITIALIZERS}"), "2");
    assert_eq!(grid.settings.len(), 4);
    assert_eq!(grid.values(0).len(), 2);
    for setting in &grid.settings {
        let levels = &setting.profile.levels;
        assert_eq!(levels.len(), 13);
        // The profile is of the draw that the flow is of.
        assert_eq!(levels[0].gradient, Some(setting.flow.gradient));
        assert_eq!(levels[12].gradient, Some(0.0));
        // Wide networks are what the theory is about; thirty units are not many.
        let (measured, expected) = (levels[0].gradient.unwrap(), levels[0].expected_gradient.unwrap());
        assert!((measured - expected).abs() < 0.2 * expected.abs() + 8.0, "{measured} {expected}");
        // A signal may be lost altogether, which is −∞ dB.
        assert!(levels.iter().all(|l| l.signal.is_some_and(|s| !s.is_nan())));
    }
    let state: Vec<Option<Trouble>> = grid.settings.iter().map(|s| s.trouble()).collect();
    assert_eq!(state[0], None);
    assert_eq!(state[3], Some(Trouble::Vanishing));
    let json = grid.to_json();
    let first = &json["settings"][0];
    assert_eq!(first["layers"].as_array().unwrap().len(), 13);
    for key in ["gradient", "expected_gradient", "signal", "expected_signal"] {
        assert!(first["layers"][0][key].is_number(), "{key}");
    }
    assert_eq!(first["curves"].as_array().unwrap().len(), 2);
    assert_eq!(first["loss"][1].as_array().unwrap().len(), 1);
}

#[test]
fn the_table_fits_a_terminal_and_says_in_full_what_it_shortens() {
    let grid = made(&format!("\"let.act\" = [\"relu\", \"sigmoid\"], {INITIALIZERS}"), "2");
    let text = grid.to_string();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(text.contains("  relu     VarianceScaling  "), "{text}");
    assert!(text.contains("VarianceScaling: scale=0.3333, mode=fan_in, distribution=uniform"), "{text}");
    // Longer names of kin, one seed.
    let normal =
        |s: &str| format!("{{ class_name = \"RandomNormal\", config = {{ mean = 0.0, stddev = {s} }} }}");
    let vary = format!(
        "\"let.init\" = [{}, {}], \"fit.batch_size\" = [128, 256], \"let.act\" = [\"tanh\"]",
        normal("0.01"),
        normal("0.02")
    );
    let text = made(&vary, "1").to_string();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let shown = |words: &str| text.lines().any(|l| l.ends_with(words));
    assert!(text.contains("one seed") && !text.contains('±'), "{text}");
    assert!(
        shown("RandomNormal(mean=0, stddev=0.01)") && shown("RandomNormal(mean=0, stddev=0.02)"),
        "{text}"
    );
}
