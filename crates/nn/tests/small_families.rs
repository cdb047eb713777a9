//! The laws of schedules, regularizers and constraints; and for these and the optimizers, that every file of a folder is in
//! its catalog.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::constraints::{self, Constraint};
use steadygrad_nn::optimizers;
use steadygrad_nn::regularizers::{self, Regularizer};
use steadygrad_nn::schedules::{self, Rate, Schedule};

/// `rms_prop` and `RMSprop` are the same here.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

fn members(folder: &str, others: &[&str]) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let files = std::fs::read_dir(path).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let stems = files.filter_map(|file| file.strip_suffix(".rs").map(str::to_string));
    stems.filter(|stem| stem != "mod" && !others.contains(&&stem[..])).map(|stem| plain(&stem)).collect()
}

#[test]
fn every_file_is_in_its_catalog() {
    let classes = |classes: Vec<&str>| -> BTreeSet<String> { classes.into_iter().map(plain).collect() };
    let optimizers = optimizers::CATALOG.iter().map(|e| e.class).collect();
    assert_eq!(members("optimizers", &["optimizer", "rule", "shared"]), classes(optimizers));
    let schedules = schedules::CATALOG.iter().map(|e| e.class).collect();
    assert_eq!(members("schedules", &["schedule"]), classes(schedules));
    let regularizers = regularizers::CATALOG.iter().map(|e| e.class).collect();
    assert_eq!(members("regularizers", &["regularizer"]), classes(regularizers));
    let constraints = constraints::CATALOG.iter().map(|e| e.class).collect();
    assert_eq!(members("constraints", &["constraint", "axes"]), classes(constraints));
}

#[test]
fn names_are_found_and_settings_go_out_as_they_came_in() {
    for entry in regularizers::CATALOG {
        for name in std::iter::once(&entry.class).chain(entry.names) {
            let rule = Arc::<dyn Regularizer>::from_value(&(*name).into()).unwrap();
            assert_eq!(rule.class(), entry.class);
            let again = Arc::<dyn Regularizer>::from_value(&Value::from(&rule)).unwrap();
            assert_eq!(again.config(), rule.config());
        }
    }
    for entry in constraints::CATALOG {
        for name in std::iter::once(&entry.class).chain(entry.names) {
            let rule = Arc::<dyn Constraint>::from_value(&(*name).into()).unwrap();
            assert_eq!(rule.class(), entry.class);
            let again = Arc::<dyn Constraint>::from_value(&Value::from(&rule)).unwrap();
            assert_eq!(again.config(), rule.config());
        }
    }
    let several = spec("MaxNorm", &[("max_value", 0.5.into()), ("axis", vec![0_i64, 1].into())]);
    let rule = Arc::<dyn Constraint>::from_value(&several).unwrap();
    assert_eq!(Value::from(&rule), several);
}

fn spec(class: &str, settings: &[(&str, Value)]) -> Value {
    let config: Config = settings.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    Config::new().with("class_name", class).with("config", config).into()
}

fn schedule(class: &str, settings: &[(&str, Value)]) -> Result<Arc<dyn Schedule>, String> {
    match Rate::from_value(&spec(class, settings)).map_err(|e| e.to_string())? {
        Rate::Schedule(schedule) => Ok(schedule),
        Rate::Constant(rate) => Err(format!("{rate} is no schedule")),
    }
}

#[test]
fn schedules_go_out_as_they_came_in_and_are_finite_for_all_time() {
    let start = ("initial_learning_rate", Value::Float(0.1));
    let steps = ("decay_steps", Value::Int(10));
    let half = ("decay_rate", Value::Float(0.5));
    let all = [
        schedule("ExponentialDecay", &[start.clone(), steps.clone(), half.clone()]),
        schedule("InverseTimeDecay", &[start.clone(), ("decay_steps", 2.5.into()), half]),
        schedule("PolynomialDecay", &[start.clone(), steps.clone(), ("cycle", true.into())]),
        schedule(
            "CosineDecay",
            &[start.clone(), steps, ("warmup_target", 1.into()), ("warmup_steps", 5.into())],
        ),
        schedule("CosineDecayRestarts", &[start.clone(), ("first_decay_steps", 10.into())]),
        schedule("CosineDecayRestarts", &[start, ("first_decay_steps", 3.into()), ("t_mul", 1.into())]),
        schedule(
            "PiecewiseConstantDecay",
            &[("boundaries", vec![3_i64, 9].into()), ("values", vec![1.0, 0.5, 0.25].into())],
        ),
    ];
    let mut seen = BTreeSet::new();
    for schedule in all.map(Result::unwrap) {
        seen.insert(schedule.class());
        let rate = Rate::from_value(&Value::from(&Rate::Schedule(schedule.clone()))).unwrap();
        assert_eq!(Value::from(&rate), Value::from(&Rate::Schedule(schedule.clone())));
        for step in (0..200).chain([1 << 20, 1 << 40]) {
            let rate = schedule.rate(step);
            assert!(rate.is_finite() && (0.0..=1.0).contains(&rate), "{schedule:?} {step}: {rate}");
        }
    }
    assert_eq!(seen.len(), schedules::CATALOG.len());
}

#[test]
fn schedules_that_cannot_be_are_refused() {
    let start = ("initial_learning_rate", Value::Float(0.1));
    let says = |class: &str, settings: &[(&str, Value)], words: &str| {
        let error = schedule(class, settings).expect_err(words);
        assert!(error.contains(words), "{error}");
    };
    says("CosineDecay", &[start.clone(), ("decay_steps", 0.into())], "above 0");
    says("CosineDecay", std::slice::from_ref(&start), "`decay_steps` is missing");
    says(
        "CosineDecayRestarts",
        &[start, ("first_decay_steps", 5.into()), ("t_mul", 0.5.into())],
        "1 or more",
    );
    let values = |n: usize| ("values", Value::from(vec![1.0; n]));
    says("PiecewiseConstantDecay", &[("boundaries", vec![1_i64].into()), values(1)], "one value more");
    says(
        "PiecewiseConstantDecay",
        &[("boundaries", vec![5_i64, 5].into()), values(3)],
        "above the one before",
    );
    says("CosinDecay", &[], "did you mean");
}

fn regularizers() -> Vec<Arc<dyn Regularizer>> {
    let both = [("l1", 0.3.into()), ("l2", 0.2.into())];
    [
        spec("L1", &[("l1", 0.3.into())]),
        spec("L2", &[("l2", 0.2.into())]),
        spec("L1L2", &both),
        spec("OrthogonalRegularizer", &[("factor", 0.7.into())]),
        spec("OrthogonalRegularizer", &[("factor", 0.7.into()), ("mode", "columns".into())]),
    ]
    .iter()
    .map(|spec| Arc::<dyn Regularizer>::from_value(spec).unwrap())
    .collect()
}

fn numbers(n: usize) -> Vec<f64> {
    (0..n).map(|i| ((i * 29 % 41) as f64 - 19.7) / 13.0).collect()
}

#[test]
fn the_gradient_of_a_penalty_is_its_slope() {
    for rule in regularizers() {
        for shape in [&[4, 3][..], &[3, 5], &[1, 4]] {
            let n = shape.iter().product();
            let mut w = numbers(n);
            let mut gradient = vec![f64::NAN; n];
            rule.gradient64(&w, shape, &mut gradient);
            let single: Vec<f32> = w.iter().map(|&w| w as f32).collect();
            let mut gradient32 = vec![f32::NAN; n];
            rule.gradient(&single, shape, &mut gradient32);
            for i in 0..n {
                let (at, h) = (w[i], 1e-6);
                w[i] = at + h;
                let above = rule.value64(&w, shape);
                w[i] = at - h;
                let below = rule.value64(&w, shape);
                w[i] = at;
                let slope = (above - below) / (2.0 * h);
                assert!(
                    (gradient[i] - slope).abs() < 1e-7,
                    "{rule:?} {shape:?} {i}: {} {slope}",
                    gradient[i]
                );
                assert!((f64::from(gradient32[i]) - slope).abs() < 1e-6, "{rule:?} {shape:?} {i}");
            }
            assert!((rule.value(&single, shape) - rule.value64(&w, shape)).abs() < 1e-6);
        }
    }
}

#[test]
fn penalties_of_nothing_and_of_special_values() {
    for rule in regularizers() {
        assert_eq!(rule.value64(&[], &[0, 4]), 0.0);
        rule.gradient64(&[], &[0, 4], &mut []);
        let mut gradient = [f64::NAN; 4];
        rule.gradient64(&[0.0; 4], &[2, 2], &mut gradient);
        assert_eq!(gradient, [0.0; 4], "{rule:?}");
        rule.gradient64(&[f64::NAN, 1.0, 1.0, 1.0], &[2, 2], &mut gradient);
        assert!(gradient[0].is_nan(), "{rule:?}");
    }
    let l1 = Arc::<dyn Regularizer>::from_value(&spec("L1L2", &[("l1", 1.into())])).unwrap();
    let mut gradient = [0.0];
    l1.gradient64(&[f64::INFINITY], &[1], &mut gradient);
    assert_eq!(gradient, [1.0], "a factor of 0 is no penalty");
    assert!(regularizers()[3].check(&[3, 3, 4]).is_err() && regularizers()[0].check(&[3, 3, 4]).is_ok());
    for (class, name) in [("L1", "l1"), ("L2", "l2"), ("L1L2", "l2"), ("OrthogonalRegularizer", "factor")] {
        for value in [-1.0, f64::NAN, f64::INFINITY] {
            let error =
                Arc::<dyn Regularizer>::from_value(&spec(class, &[(name, value.into())])).unwrap_err();
            assert!(error.to_string().contains("0 or more"), "{error}");
        }
    }
}

#[test]
fn constraints_hold_after_they_are_applied() {
    let norms = |w: &[f64]| [0, 1, 2].map(|j| (0..4).map(|i| w[3 * i + j].powi(2)).sum::<f64>().sqrt());
    let apply = |settings: Value| {
        let rule = Arc::<dyn Constraint>::from_value(&settings).unwrap();
        let mut w = numbers(12);
        rule.apply64(&mut w, &[4, 3]);
        let mut single: Vec<f32> = numbers(12).iter().map(|&w| w as f32).collect();
        rule.apply(&mut single, &[4, 3]);
        assert!(single.iter().zip(&w).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6));
        w
    };
    let before = norms(&numbers(12));
    for (norm, before) in norms(&apply(spec("MaxNorm", &[("max_value", 1.5.into())]))).iter().zip(before) {
        assert!((norm - before.min(1.5)).abs() < 1e-6);
    }
    for norm in norms(&apply("unit_norm".into())) {
        assert!((norm - 1.0).abs() < 1e-6);
    }
    let settings = [("min_value", 1.6.into()), ("max_value", 1.7.into()), ("rate", 0.5.into())];
    for (norm, before) in norms(&apply(spec("MinMaxNorm", &settings))).iter().zip(before) {
        assert!((norm - 0.5 * (before.clamp(1.6, 1.7) + before)).abs() < 1e-6);
    }
    assert!(apply("non_neg".into()).iter().all(|&w| w >= 0.0));

    let rule = Arc::<dyn Constraint>::from_value(&spec("UnitNorm", &[("axis", 2.into())])).unwrap();
    assert!(rule.check(&[4, 3]).unwrap_err().to_string().contains("axis 2"));
    assert!(rule.check(&[4, 3, 1]).is_ok());
    for (class, name, value) in [("MaxNorm", "max_value", -1.0), ("MinMaxNorm", "rate", 2.0)] {
        assert!(Arc::<dyn Constraint>::from_value(&spec(class, &[(name, value.into())])).is_err());
    }
    let bounds = [("min_value", 2.0.into()), ("max_value", 1.0.into())];
    assert!(Arc::<dyn Constraint>::from_value(&spec("MinMaxNorm", &bounds)).is_err());
}
