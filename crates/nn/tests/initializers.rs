//! The laws that every initializer keeps: the variance it promises, its limits, settings that come back, errors that say why.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use steadygrad_nn::catalog;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::initializers::{
    CATALOG, Constant, Distribution, Draw, FanMode, GlorotNormal, GlorotUniform, HeNormal, HeUniform,
    Identity, Initializer, LecunNormal, LecunUniform, Ones, Orthogonal, RandomNormal, RandomUniform,
    TruncatedNormal, VarianceScaling, Zeros, fans_along,
};

/// Every name that Keras knows, with its class.
const NAMES: [(&str, &str); 34] = [
    ("zeros", "Zeros"),
    ("zero", "Zeros"),
    ("Zeros", "Zeros"),
    ("ones", "Ones"),
    ("one", "Ones"),
    ("Ones", "Ones"),
    ("constant", "Constant"),
    ("Constant", "Constant"),
    ("identity", "Identity"),
    ("Identity", "Identity"),
    ("IdentityInitializer", "Identity"),
    ("random_normal", "RandomNormal"),
    ("RandomNormal", "RandomNormal"),
    ("normal", "RandomNormal"),
    ("random_uniform", "RandomUniform"),
    ("RandomUniform", "RandomUniform"),
    ("uniform", "RandomUniform"),
    ("truncated_normal", "TruncatedNormal"),
    ("TruncatedNormal", "TruncatedNormal"),
    ("variance_scaling", "VarianceScaling"),
    ("VarianceScaling", "VarianceScaling"),
    ("glorot_uniform", "GlorotUniform"),
    ("GlorotUniform", "GlorotUniform"),
    ("glorot_normal", "GlorotNormal"),
    ("he_uniform", "HeUniform"),
    ("HeUniform", "HeUniform"),
    ("he_normal", "HeNormal"),
    ("HeNormal", "HeNormal"),
    ("lecun_uniform", "LecunUniform"),
    ("lecun_normal", "LecunNormal"),
    ("LecunNormal", "LecunNormal"),
    ("orthogonal", "Orthogonal"),
    ("Orthogonal", "Orthogonal"),
    ("OrthogonalInitializer", "Orthogonal"),
];

fn all() -> Vec<Arc<dyn Initializer>> {
    let scaling = VarianceScaling::new(3.0, FanMode::FanAvg);
    vec![
        Arc::new(Zeros),
        Arc::new(Ones),
        Arc::new(Constant::new(2.5)),
        Arc::new(Identity),
        Arc::new(Identity.gain(2.0)),
        Arc::new(RandomNormal),
        Arc::new(RandomNormal.mean(1.0).stddev(0.2).seed(3)),
        Arc::new(RandomUniform),
        Arc::new(RandomUniform.minval(-1.0).maxval(2.0).seed(4)),
        Arc::new(TruncatedNormal),
        Arc::new(TruncatedNormal.mean(0.5).stddev(0.1).seed(5)),
        Arc::new(scaling.clone()),
        Arc::new(scaling.clone().distribution(Distribution::Uniform).seed(6)),
        Arc::new(scaling.distribution(Distribution::UntruncatedNormal).input_axes([0]).output_axes([-1])),
        Arc::new(GlorotUniform),
        Arc::new(GlorotNormal.seed(7)),
        Arc::new(HeUniform.input_axes([0]).output_axes([1])),
        Arc::new(HeNormal),
        Arc::new(LecunUniform),
        Arc::new(LecunNormal),
        Arc::new(Orthogonal),
        Arc::new(Orthogonal.gain(1.5).seed(8)),
    ]
}

fn filled(initializer: &dyn Initializer, draw: &Draw, shape: &[usize]) -> Vec<f32> {
    let mut w = vec![f32::NAN; shape.iter().product()];
    initializer.fill(draw, shape, &mut w).unwrap();
    w
}

#[test]
fn the_variance_is_the_promised_one() {
    for initializer in all() {
        let shape = [200, 150];
        let w = filled(&*initializer, &Draw::new(1, "dense#0/kernel"), &shape);
        assert!(w.iter().all(|w| w.is_finite()), "{initializer:?}");
        let Some(variance) = initializer.variance(&shape) else { continue };
        let n = w.len() as f64;
        let mean = w.iter().map(|&w| f64::from(w)).sum::<f64>() / n;
        let square = w.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>() / n;
        assert!((square / variance - 1.0).abs() < 0.03, "{initializer:?}: {square} {variance}");
        assert!(mean.abs() < 4.0 * (variance / n).sqrt(), "{initializer:?}: {mean}");
    }
}

#[test]
fn numbers_come_from_seed_and_key_and_from_an_own_seed_alone() {
    let (a, b, c) = (Draw::new(1, "a"), Draw::new(1, "b"), Draw::new(2, "a"));
    for initializer in all() {
        let shape = [7, 5];
        let first = filled(&*initializer, &a, &shape);
        assert_eq!(first, filled(&*initializer, &a, &shape), "{initializer:?}");
        let seed = initializer.config().get("seed").cloned();
        let fixed = matches!(seed, None | Some(Value::Int(_)));
        for other in [b, c] {
            assert_eq!(first == filled(&*initializer, &other, &shape), fixed, "{initializer:?}");
        }
    }
}

#[test]
fn limits_are_not_passed_even_by_rounding() {
    // The narrower the interval, the more numbers are rounded to its ends.
    let uniform = RandomUniform.minval(1.0).maxval(1.0 + 3.0 * f64::from(f32::EPSILON));
    let w = filled(&uniform, &Draw::new(0, "w"), &[10_000]);
    assert!(w.iter().all(|&w| (1.0..1.0 + 3.0 * f32::EPSILON).contains(&w)));
    assert!(
        filled(&RandomUniform.minval(2.0).maxval(2.0), &Draw::new(0, "w"), &[10]).iter().all(|w| *w == 2.0)
    );
    let truncated = TruncatedNormal.mean(1.0).stddev(f64::from(f32::EPSILON));
    let w = filled(&truncated, &Draw::new(0, "w"), &[10_000]);
    assert!(w.iter().all(|&w| (f64::from(w) - 1.0).abs() <= 2.0 * f64::from(f32::EPSILON)));
}

#[test]
fn settings_come_back() {
    for initializer in all() {
        let spec = catalog::spec(initializer.class(), initializer.config());
        let again = Arc::<dyn Initializer>::from_value(&Value::from_json(&spec.to_json())).unwrap();
        assert_eq!((again.class(), again.config()), (initializer.class(), initializer.config()));
        let draw = Draw::new(9, "k");
        assert_eq!(filled(&*again, &draw, &[3, 4]), filled(&*initializer, &draw, &[3, 4]));
    }
}

#[test]
fn names_are_those_of_keras() {
    for (name, class) in NAMES {
        assert_eq!(Arc::<dyn Initializer>::from_value(&name.into()).unwrap().class(), class, "{name}");
    }
    for name in ["xavier", "glorot", "he", "He_normal", "HENORMAL", "nope"] {
        assert!(catalog::find("initializer", CATALOG, name).is_err(), "{name}");
    }
    let error = catalog::find("initializer", CATALOG, "he_norml").unwrap_err().to_string();
    assert!(error.contains("did you mean `he_normal`?"), "{error}");
}

#[test]
fn every_file_is_in_the_catalog() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/initializers");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let family = ["mod", "initializer"].contains(&stem);
        assert!(family || catalog::find("initializer", CATALOG, stem).is_ok(), "{stem}.rs is not in CATALOG");
    }
}

#[test]
fn axes_can_be_named() {
    assert_eq!(fans_along(&[4, 2, 8], Some(&[0]), Some(&[1, 2])).unwrap(), (4, 16));
    assert_eq!(fans_along(&[4, 2, 8], Some(&[0]), Some(&[-1, -2])).unwrap(), (4, 16));
    assert_eq!(fans_along(&[4, 2, 8], Some(&[0]), None).unwrap(), (8, 32));
    let named = LecunNormal.input_axes([0]).output_axes([1, 2]);
    assert_eq!(named.variance(&[4, 2, 8]), Some(0.25));
    assert_eq!(named.variance(&[4, 2]), None);
    let error = named.fill(&Draw::new(0, ""), &[4, 2], &mut [0.0; 8]).unwrap_err().to_string();
    assert!(error.contains("no axis 2"), "{error}");
}

#[test]
fn what_cannot_be_is_said() {
    let refused = |class: &str, config: Config, what: &str| {
        let error =
            Arc::<dyn Initializer>::from_value(&catalog::spec(class, config)).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    refused("VarianceScaling", Config::new().with("scale", -1.0), "`scale` must be above 0, got -1");
    refused("VarianceScaling", Config::new().with("scale", f64::NAN), "`scale`");
    refused("VarianceScaling", Config::new().with("mode", "fan_inn"), "did you mean `fan_in`?");
    refused("VarianceScaling", Config::new().with("distribution", "gauss"), "distribution");
    refused("RandomNormal", Config::new().with("stddev", -0.1), "`stddev`");
    refused("TruncatedNormal", Config::new().with("mean", f64::INFINITY), "`mean`");
    refused(
        "RandomUniform",
        Config::new().with("minval", 1.0),
        "`maxval` must be `minval` (1) or more, got 0.05",
    );
    refused("HeNormal", Config::new().with("scale", 1.0), "`scale`");
    let fill = |initializer: &dyn Initializer, shape: &[usize]| {
        let mut w = vec![0.0; shape.iter().product()];
        initializer.fill(&Draw::new(0, ""), shape, &mut w).unwrap_err().to_string()
    };
    assert!(fill(&Orthogonal, &[5]).contains("two axes"));
    assert!(fill(&Orthogonal, &[]).contains("two axes"));
    assert!(fill(&Identity, &[2, 2, 2]).contains("no diagonal"));
    assert!(fill(&VarianceScaling::new(0.0, FanMode::FanIn), &[2]).contains("`scale`"));
    for initializer in all().into_iter().filter(|i| !["Identity", "Orthogonal"].contains(&i.class())) {
        if !initializer.config().get("input_axes").is_some_and(|axes| *axes != Value::Null) {
            filled(&*initializer, &Draw::new(0, ""), &[]);
        }
        filled(&*initializer, &Draw::new(0, ""), &[0, 4]);
    }
    filled(&Orthogonal, &Draw::new(0, ""), &[0, 4]);
    filled(&Identity, &Draw::new(0, ""), &[4, 0]);
}
