//! Names, settings, what words resolve to, and which way metrics improve.

use super::{CASES, build};
use std::sync::Arc;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::losses::{BinaryCrossentropy, Loss};
use steadygrad_nn::metrics::{self, CATALOG, Direction, MeanMetricWrapper, Metric};
use steadygrad_nn::names::snake_case;
use steadygrad_nn::{Shape, catalog};

#[test]
fn settings_come_back() {
    for (class, config, _) in CASES {
        let metric = build(class, config);
        let json = Value::from(&metric).to_json();
        let again = Arc::<dyn Metric>::from_value(&Value::from_json(&json)).unwrap();
        assert_eq!(format!("{metric:?}"), format!("{again:?}"), "{class} {config}");
        assert_eq!(metric.config(), again.config());
        assert_eq!((metric.class(), metric.name()), (*class, again.name()));
    }
    let known: Vec<&str> = CASES.iter().map(|c| c.0).collect();
    for entry in CATALOG {
        assert!(known.contains(&entry.class), "{} stands in no case", entry.class);
    }
}

#[test]
fn all_of_keras_names_are_found() {
    for entry in CATALOG {
        for name in [entry.class, &snake_case(entry.class)] {
            assert_eq!(catalog::find("metric", CATALOG, name).unwrap().class, entry.class);
        }
    }
    let short = [
        ("MeanSquaredError", ["mse", "MSE"]),
        ("MeanAbsoluteError", ["mae", "MAE"]),
        ("MeanAbsolutePercentageError", ["mape", "MAPE"]),
        ("MeanSquaredLogarithmicError", ["msle", "MSLE"]),
        ("BinaryCrossentropy", ["bce", "BCE"]),
    ];
    for (class, names) in short {
        for name in names {
            assert_eq!(catalog::find("metric", CATALOG, name).unwrap().class, class);
        }
    }
    for unknown in ["cosine", "RMSE", "acc", "nope"] {
        assert!(catalog::find("metric", CATALOG, unknown).is_err(), "{unknown}");
    }
}

#[test]
fn every_file_is_in_the_catalog() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/metrics");
    let shared = [
        "mod",
        "metric",
        "mean_of",
        "moments",
        "at_best",
        "curve",
        "thresholds",
        "overlap",
        "f_scores",
        "ranks",
        "resolve",
    ];
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let found = shared.contains(&stem) || catalog::find("metric", CATALOG, stem).is_ok();
        assert!(found, "{stem}.rs is not in CATALOG");
    }
}

#[test]
fn wrong_settings_are_named() {
    for (class, config, word) in [
        ("BinaryAccuracy", r#"{"threshold": 1.5}"#, "threshold"),
        ("Precision", r#"{"thresholds": [0.5, 2.0]}"#, "thresholds"),
        ("Recall", r#"{"thresholds": []}"#, "thresholds"),
        ("AUC", r#"{"num_thresholds": 1}"#, "num_thresholds"),
        ("AUC", r#"{"curve": "RC"}"#, "curve"),
        ("AUC", r#"{"summation_method": "sum"}"#, "summation"),
        ("FBetaScore", r#"{"beta": 0}"#, "beta"),
        ("F1Score", r#"{"average": "mean"}"#, "average"),
        ("F1Score", r#"{"threshold": 0}"#, "threshold"),
        ("R2Score", r#"{"class_aggregation": "mean"}"#, "class_aggregation"),
        ("IoU", r#"{"num_classes": 2, "target_class_ids": [2]}"#, "target_class_ids"),
        ("MeanIoU", "{}", "num_classes"),
        ("PrecisionAtRecall", r#"{"recall": 2}"#, "recall"),
        ("PrecisionAtRecall", "{}", "recall"),
        ("MeanSquaredError", r#"{"k": 2}"#, "`k`"),
    ] {
        let config = Config::from_json(&serde_json::from_str(config).unwrap()).unwrap();
        let error = catalog::build_named("metric", CATALOG, class, &config).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn words_resolve_by_shape() {
    let of = |word: &str, output: &[usize], target: &[usize]| {
        let (metric, key) = metrics::resolve(&word.into(), &output.into(), &target.into(), None).unwrap();
        assert_eq!(key, word);
        metric.class()
    };
    for word in ["accuracy", "acc", "Accuracy"] {
        assert_eq!(of(word, &[1], &[]), "BinaryAccuracy");
        assert_eq!(of(word, &[1], &[1]), "BinaryAccuracy");
        assert_eq!(of(word, &[10], &[]), "SparseCategoricalAccuracy");
        assert_eq!(of(word, &[10], &[1]), "SparseCategoricalAccuracy");
        assert_eq!(of(word, &[10], &[10]), "CategoricalAccuracy");
        assert_eq!(of(word, &[5, 10], &[5]), "SparseCategoricalAccuracy");
    }
    assert_eq!(of("ce", &[1], &[]), "BinaryCrossentropy");
    assert_eq!(of("crossentropy", &[3], &[]), "SparseCategoricalCrossentropy");
    assert_eq!(of("crossentropy", &[3], &[3]), "CategoricalCrossentropy");
    assert_eq!(of("mae", &[3], &[3]), "MeanAbsoluteError");
    assert_eq!(of("AUC", &[1], &[]), "AUC");
    let (one, none) = (Shape::from([1]), Shape::from([]));
    let loss = BinaryCrossentropy.from_logits();
    let (metric, _) = metrics::resolve(&"ce".into(), &one, &none, Some(&loss as &dyn Loss)).unwrap();
    assert_eq!(metric.config().get("from_logits"), Some(&Value::Bool(true)));
    // A config may bring a name of its own.
    let spec = |config: Config| Config::new().with("class_name", "AUC").with("config", config).into();
    let key = |value: Value| metrics::resolve(&value, &one, &none, None).unwrap().1;
    assert_eq!(key(spec(Config::new().with("name", "area").with("dtype", "float32"))), "area");
    assert_eq!(key(spec(Config::new())), "auc");
    let error = metrics::resolve(&"acuracy".into(), &one, &none, None).unwrap_err().to_string();
    assert!(error.contains("did you mean `accuracy`?"), "{error}");
}

#[test]
fn metrics_know_their_direction() {
    let up = [
        "Accuracy",
        "AUC",
        "BinaryAccuracy",
        "BinaryIoU",
        "CategoricalAccuracy",
        "ConcordanceCorrelation",
        "CosineSimilarity",
        "F1Score",
        "FBetaScore",
        "IoU",
        "MeanIoU",
        "OneHotIoU",
        "OneHotMeanIoU",
        "PearsonCorrelation",
        "Precision",
        "PrecisionAtRecall",
        "R2Score",
        "Recall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SparseCategoricalAccuracy",
        "SparseTopKCategoricalAccuracy",
        "SpecificityAtSensitivity",
        "TopKCategoricalAccuracy",
        "TrueNegatives",
        "TruePositives",
    ];
    for (class, config, _) in CASES {
        let want = match class {
            _ if up.contains(class) => Direction::Up,
            &"Mean" | &"Sum" => Direction::None,
            _ => Direction::Down,
        };
        assert_eq!(build(class, config).direction(), want, "{class}");
    }
}

#[test]
fn any_loss_is_a_metric() {
    let metric: Arc<dyn Metric> = Arc::new(MeanMetricWrapper::new(BinaryCrossentropy));
    let again = Arc::<dyn Metric>::from_value(&Value::from(&metric)).unwrap();
    assert_eq!(format!("{metric:?}"), format!("{again:?}"));
}
