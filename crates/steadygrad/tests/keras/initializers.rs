//! Initializers: exact values, fans, orthogonality, and the statistics of at least 200 000 random weights per case.
//!
//! TensorFlow's own random numbers (`tfseed42_*`) are not matched: the distributions are.
#![allow(clippy::unwrap_used)]

use crate::harness::{close, family, json};
use crate::npz;
use serde_json::Value as Json;
use std::sync::Arc;
use steadygrad::nn::catalog;
use steadygrad::nn::config::Config;
use steadygrad::nn::initializers::{
    CATALOG, Draw, HeNormal, Initializer, Orthogonal, RandomNormal, fans_along,
};

const SAMPLES: usize = 200_000;

fn shape(case: &Json) -> Vec<usize> {
    case["shape"].as_array().unwrap().iter().map(|d| d.as_u64().unwrap() as usize).collect()
}

fn initializer(case: &Json) -> Result<Arc<dyn Initializer>, String> {
    let config = Config::from_json(&case["kwargs"]).unwrap();
    catalog::build_named("initializer", CATALOG, case["cls"].as_str().unwrap(), &config)
        .map_err(|e| e.to_string())
}

fn filled(initializer: &dyn Initializer, draw: &Draw, shape: &[usize]) -> Result<Vec<f32>, String> {
    let mut w = vec![f32::NAN; shape.iter().product()];
    initializer.fill(draw, shape, &mut w).map_err(|e| e.to_string())?;
    Ok(w)
}

fn hold(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

#[test]
fn initializers() {
    family("initializers", |family, folder| {
        let arrays = npz::read(&folder.join("initializers.npz"));
        let reference = json(&folder.join("initializers.json"));
        let cases = |name: &str| reference[name].as_array().unwrap().clone();
        for case in cases("stats") {
            let id = format!("{} {} {:?}", case["cls"].as_str().unwrap(), case["kwargs"], shape(&case));
            family.case(&id, || statistics(&case));
        }
        for case in cases("exact") {
            let key = case["key"].as_str().unwrap();
            family.case(key, || {
                let w = filled(&*initializer(&case)?, &Draw::new(0, "w"), &shape(&case))?;
                close("w", &w, &arrays[key].f32(), 0.0, 0.0)
            });
        }
        for case in cases("orthogonal") {
            let (shape, gain) = (shape(&case), case["gain"].as_f64().unwrap());
            family.case(&format!("orthogonal {shape:?}"), || orthogonal(&shape, gain));
        }
        for case in cases("fans") {
            let axes = |name: &str| -> Option<Vec<i64>> {
                case[name].as_array().map(|axes| axes.iter().map(|a| a.as_i64().unwrap()).collect())
            };
            let (input, output) = (axes("input_axes"), axes("output_axes"));
            family.case(&format!("fans {:?} {input:?}", shape(&case)), || {
                let fans = fans_along(&shape(&case), input.as_deref(), output.as_deref())
                    .map_err(|e| e.to_string())?;
                let want = case["fans"].as_array().unwrap().iter().map(|f| f.as_u64().unwrap() as usize);
                hold(want.eq([fans.0, fans.1]), || format!("{fans:?}"))
            });
        }
    });
}

/// Mean, deviation, limits, kurtosis and quantiles against theory and against Keras' own sample.
fn statistics(case: &Json) -> Result<(), String> {
    let (shape, initializer) = (shape(case), initializer(case)?);
    let draws = SAMPLES.div_ceil(shape.iter().product());
    let mut w = Vec::new();
    for i in 0..draws {
        w.extend(filled(&*initializer, &Draw::new(i as u64, "dense#0/kernel"), &shape)?);
    }
    let theory = |name: &str| case["theory"][name].as_f64();
    let (low, high) = (theory("lo"), theory("hi"));
    let (mean, std, kurtosis) = match case["theory"]["kind"].as_str().unwrap() {
        "uniform" => {
            let (low, high) = (low.unwrap(), high.unwrap());
            (0.5 * (low + high), (high - low) / 12.0_f64.sqrt(), -1.2)
        }
        "normal" => (theory("mean").unwrap(), theory("std").unwrap(), 0.0),
        // E z⁴/(E z²)² − 3 for the normal distribution cut off at ±2.
        _ => (theory("mean").unwrap(), theory("std").unwrap(), -0.6344),
    };
    let n = w.len() as f64;
    let moment =
        |centre: f64, power: i32| w.iter().map(|&w| (f64::from(w) - centre).powi(power)).sum::<f64>() / n;
    let got_mean = moment(0.0, 1);
    let got_std = moment(got_mean, 2).sqrt();
    let got_kurtosis = moment(got_mean, 4) / got_std.powi(4) - 3.0;
    hold((got_mean - mean).abs() < 4.0 * std / n.sqrt(), || format!("mean {got_mean}, expected {mean}"))?;
    hold((got_std / std - 1.0).abs() < 0.02, || format!("deviation {got_std}, expected {std}"))?;
    hold((got_kurtosis - kurtosis).abs() < 0.05, || format!("kurtosis {got_kurtosis}, expected {kurtosis}"))?;
    let inside = |w: f64| low.is_none_or(|low| low <= w) && high.is_none_or(|high| w <= high);
    hold(w.iter().all(|&w| inside(w.into())), || format!("a weight outside of {low:?} to {high:?}"))?;
    let promised = initializer.variance(&shape);
    let centred = mean.abs() < 1e-12;
    hold(promised.is_some() == centred, || format!("variance {promised:?}"))?;
    hold(promised.is_none_or(|v| (v.sqrt() / std - 1.0).abs() < 1e-6), || format!("variance {promised:?}"))?;
    if case["n_samples"].as_u64().unwrap() as usize >= SAMPLES {
        w.sort_by(f32::total_cmp);
        let at = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999];
        for (p, want) in at.iter().zip(case["q"].as_array().unwrap()) {
            let (got, want) = (f64::from(w[(p * (n - 1.0)) as usize]), want.as_f64().unwrap());
            hold((got - want).abs() < 0.12 * std, || format!("quantile {p}: {got}, Keras has {want}"))?;
        }
    }
    Ok(())
}

/// WᵀW or WWᵀ is gain²·I, within what f32 can say.
fn orthogonal(shape: &[usize], gain: f64) -> Result<(), String> {
    let w = filled(&Orthogonal.gain(gain), &Draw::new(3, "kernel"), shape)?;
    let cols = *shape.last().unwrap();
    let rows = w.len() / cols;
    let entry = |i: usize, j: usize| f64::from(w[i * cols + j]);
    for a in 0..rows.min(cols) {
        for b in 0..rows.min(cols) {
            let dot: f64 = match rows < cols {
                true => (0..cols).map(|j| entry(a, j) * entry(b, j)).sum(),
                false => (0..rows).map(|i| entry(i, a) * entry(i, b)).sum(),
            };
            let want = if a == b { gain * gain } else { 0.0 };
            hold((dot - want).abs() < 1e-6, || format!("{a}·{b} = {dot}, expected {want}"))?;
        }
    }
    Ok(())
}

#[test]
fn seeds() {
    family("initializer_seeds", |family, folder| {
        let reference = json(&folder.join("initializers.json"));
        let said = |name: &str| reference["seed_behaviour"][name].as_bool().unwrap();
        let same = |a: &dyn Initializer, first: Draw, second: Draw| -> Result<bool, String> {
            Ok(filled(a, &first, &[4, 3])? == filled(a, &second, &[4, 3])?)
        };
        let draw = Draw::new(1, "dense#0/kernel");
        family.case("unseeded_instance_called_twice_gives_same_values", || {
            let got = same(&RandomNormal, draw, draw)?;
            hold(got == said("unseeded_instance_called_twice_gives_same_values"), || got.to_string())
        });
        family.case("int_seed_called_twice_gives_same_values", || {
            let got = same(&HeNormal.seed(5), draw, Draw::new(2, "dense#1/kernel"))?;
            hold(got == said("int_seed_called_twice_gives_same_values"), || got.to_string())
        });
        // What a generator of seeds is for, numbers that differ from use to use, is here the parameter's key.
        family.case("SeedGenerator_called_twice_gives_same_values", || {
            let got = same(&HeNormal, draw, Draw::new(1, "dense#1/kernel"))?;
            hold(got == said("SeedGenerator_called_twice_gives_same_values"), || got.to_string())
        });
    });
}

#[test]
fn configs_and_names() {
    family("initializer_configs", |family, folder| {
        let serialized = json(&folder.join("configs.json"))["serialized"].clone();
        for (name, spec) in serialized.as_object().unwrap() {
            if spec["module"] == "keras.initializers" {
                family.case(name, || {
                    let ours = catalog::build(
                        "initializer",
                        CATALOG,
                        &steadygrad::nn::config::Value::from_json(spec),
                    )
                    .map_err(|e| e.to_string())?;
                    let config = ours.config().to_json();
                    hold(spec["class_name"] == ours.class() && spec["config"] == config, || {
                        config.to_string()
                    })
                });
            }
        }
        let aliases = json(&folder.join("aliases.json"));
        for (name, class) in aliases["registry"]["initializers"].as_object().unwrap() {
            // The base class is no initializer, and windows of a Fourier transform come later.
            if !["Initializer", "STFT"].contains(&class.as_str().unwrap()) {
                family.case(&format!("name {name}"), || {
                    let entry = catalog::find("initializer", CATALOG, name).map_err(|e| e.to_string())?;
                    hold(*class == entry.class, || entry.class.to_string())
                });
            }
        }
        for (name, probe) in aliases["get_probe"]["initializers"].as_object().unwrap() {
            family.case(&format!("probe {name}"), || {
                let probe = probe.as_str().unwrap();
                match catalog::build_named("initializer", CATALOG, name, &Config::new()) {
                    Err(_) => hold(probe.starts_with('!'), || "not found".into()),
                    Ok(ours) => {
                        let (class, config) = probe.split_once(' ').unwrap();
                        let config: Json = serde_json::from_str(config).unwrap();
                        let same = ours.class() == class && ours.config().to_json() == config;
                        hold(same, || format!("{} {}", ours.class(), ours.config().to_json()))
                    }
                }
            });
        }
    });
}
