//! Names, settings, and what is said about wrong ones.

use super::{CASES, build};
use std::sync::Arc;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::losses::{self, CATALOG, Loss, Reduction};
use steadygrad_nn::{Shape, catalog};

#[test]
fn settings_come_back() {
    for (class, config, _) in CASES {
        let loss = build(class, config);
        let value = Value::from(&loss);
        let again = Arc::<dyn Loss>::from_value(&Value::from_json(&value.to_json())).unwrap();
        assert_eq!(format!("{loss:?}"), format!("{again:?}"), "{class} {config}");
        assert_eq!(loss.config(), again.config());
        assert_eq!(loss.class(), *class);
        for (name, given) in serde_json::from_str::<serde_json::Value>(config).unwrap().as_object().unwrap() {
            let written = loss.config().get(name).unwrap().to_json();
            // One axis is a list of one.
            assert!(written == *given || written[0] == *given, "{class}: {name} is written as {written}");
        }
    }
    assert_eq!(build("mse", r#"{"reduction": null}"#).reduction(), Reduction::None);
}

#[test]
fn all_of_keras_names_are_found() {
    let names = [
        ("MeanSquaredError", "mean_squared_error mse MSE MeanSquaredError"),
        ("MeanAbsoluteError", "mean_absolute_error mae MAE MeanAbsoluteError"),
        (
            "MeanAbsolutePercentageError",
            "mean_absolute_percentage_error mape MAPE MeanAbsolutePercentageError",
        ),
        (
            "MeanSquaredLogarithmicError",
            "mean_squared_logarithmic_error msle MSLE MeanSquaredLogarithmicError",
        ),
        ("BinaryCrossentropy", "binary_crossentropy bce BCE BinaryCrossentropy"),
        ("KLDivergence", "kl_divergence kld KLD KLDivergence"),
        ("BinaryFocalCrossentropy", "binary_focal_crossentropy BinaryFocalCrossentropy"),
        ("CategoricalCrossentropy", "categorical_crossentropy CategoricalCrossentropy"),
        ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy CategoricalFocalCrossentropy"),
        ("CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy"),
        ("CategoricalHinge", "categorical_hinge CategoricalHinge"),
        ("CosineSimilarity", "cosine_similarity CosineSimilarity"),
        ("Dice", "dice Dice"),
        ("Hinge", "hinge Hinge"),
        ("Huber", "huber Huber"),
        ("LogCosh", "log_cosh LogCosh"),
        ("Poisson", "poisson Poisson"),
        ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy SparseCategoricalCrossentropy"),
        ("SquaredHinge", "squared_hinge SquaredHinge"),
        ("Tversky", "tversky Tversky"),
    ];
    for (class, all) in names {
        for name in all.split(' ') {
            assert_eq!(Arc::<dyn Loss>::from_value(&name.into()).unwrap().class(), class);
        }
    }
    for deferred in ["Circle", "circle", "CTC", "ctc"] {
        let error = Arc::<dyn Loss>::from_value(&deferred.into()).unwrap_err();
        assert_eq!(error.kind(), steadygrad_nn::Kind::Unsupported);
        assert!(!error.remedy().is_empty());
    }
    // Names that Keras has dropped, and words that are no loss.
    for (unknown, near) in
        [("logcosh", "log_cosh"), ("huber_los", "huber"), ("mean_squared_eror", "mean_squared_error")]
    {
        let error = Arc::<dyn Loss>::from_value(&unknown.into()).unwrap_err().to_string();
        assert!(error.contains(near), "{error}");
    }
    assert!(Arc::<dyn Loss>::from_value(&"crossentropy".into()).is_err());
}

#[test]
fn every_file_is_in_the_catalog() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/losses");
    let shared = ["mod", "loss", "row", "pairs", "reduction", "regions", "signs", "formulas", "resolve"];
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let found = shared.contains(&stem) || catalog::find("loss", CATALOG, stem).is_ok();
        assert!(found, "{stem}.rs is not in CATALOG");
    }
}

#[test]
fn wrong_targets_are_named() {
    let shape = Shape::from([3]);
    let check = |class: &str, target: &[f32]| build(class, "{}").check(&shape, target);
    let said = |class: &str, target: &[f32], words: &[&str]| {
        let error = check(class, target).unwrap_err().to_string();
        assert!(words.iter().all(|w| error.contains(w)), "{class}: {error}");
    };
    said("SparseCategoricalCrossentropy", &[0.0, 3.0], &["sample 1", "label 3", "0 to 2"]);
    said("SparseCategoricalCrossentropy", &[-1.0], &["label -1", "number the labels from 0"]);
    said("SparseCategoricalCrossentropy", &[0.5], &["0.5", "categorical_crossentropy"]);
    said("SparseCategoricalCrossentropy", &[f32::NAN], &["NaN"]);
    said("CategoricalGeneralizedCrossEntropy", &[7.0], &["label 7"]);
    said("CategoricalCrossentropy", &[0.0, 1.0, 0.0, 2.0, 0.0, 0.0], &["sample 1", "target 2"]);
    said("BinaryCrossentropy", &[-1.0, 1.0, 1.0], &["target -1", "hinge"]);
    // Soft labels, their sums, and labels that are ignored are fine.
    assert!(check("CategoricalCrossentropy", &[0.2, 0.3, 0.500_001]).is_ok());
    assert!(check("CategoricalCrossentropy", &[1.0, 1.0, 0.0]).is_ok());
    assert!(check("BinaryCrossentropy", &[0.3, 1.0, 0.0]).is_ok());
    assert!(check("MeanSquaredError", &[-5.0, 1e9, 0.0]).is_ok());
    let ignoring = build("SparseCategoricalCrossentropy", r#"{"ignore_class": -1}"#);
    assert!(ignoring.check(&shape, &[-1.0, 2.0]).is_ok());
    // Axes that are not there, and weights of other classes.
    assert!(build("CosineSimilarity", r#"{"axis": 2}"#).check(&shape, &[]).is_err());
    assert!(build("Dice", r#"{"axis": [1, 2]}"#).check(&shape, &[]).is_err());
    assert!(build("CategoricalFocalCrossentropy", r#"{"alpha": [0.5, 0.5]}"#).check(&shape, &[]).is_err());
}

#[test]
fn wrong_shapes_are_named() {
    let output = Shape::from([10]);
    let shape = |class: &str, target: &[usize]| build(class, "{}").check_shape(&output, &target.into());
    assert!(shape("SparseCategoricalCrossentropy", &[]).is_ok());
    assert!(shape("SparseCategoricalCrossentropy", &[1]).is_ok());
    assert!(shape("CategoricalCrossentropy", &[10]).is_ok());
    let one_hot = shape("SparseCategoricalCrossentropy", &[10]).unwrap_err();
    assert!(one_hot.remedy().contains("categorical_crossentropy"), "{one_hot}");
    let labels = shape("CategoricalCrossentropy", &[]).unwrap_err();
    assert!(labels.remedy().contains("sparse_categorical_crossentropy"), "{labels}");
    assert!(shape("MeanSquaredError", &[3]).is_err());
    assert!(build("MeanSquaredError", "{}").check_shape(&Shape::from([1]), &Shape::from([])).is_ok());
}

#[test]
fn wrong_settings_are_named() {
    for (class, config, word) in [
        ("Huber", r#"{"delta": 0}"#, "delta"),
        ("BinaryCrossentropy", r#"{"label_smoothing": 1.5}"#, "label_smoothing"),
        ("CategoricalGeneralizedCrossEntropy", r#"{"q": 1.0}"#, "`q`"),
        ("MeanSquaredError", r#"{"reduction": "auto"}"#, "reduction"),
        ("MeanSquaredError", r#"{"from_logits": true}"#, "from_logits"),
        ("Dice", r#"{"axis": "all"}"#, "axis"),
    ] {
        let config = Config::from_json(&serde_json::from_str(config).unwrap()).unwrap();
        let error = catalog::build_named("loss", CATALOG, class, &config).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn crossentropy_is_chosen_by_shape() {
    let class = |output: &[usize], target: &[usize]| {
        losses::resolve(&"CE".into(), &output.into(), &target.into()).unwrap().class()
    };
    assert_eq!(class(&[1], &[]), "BinaryCrossentropy");
    assert_eq!(class(&[3], &[]), "SparseCategoricalCrossentropy");
    assert_eq!(class(&[3], &[3]), "CategoricalCrossentropy");
    let huber = losses::resolve(&"huber".into(), &Shape::from([1]), &Shape::from([1])).unwrap();
    assert_eq!(huber.class(), "Huber");
}
