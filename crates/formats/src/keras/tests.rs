//! Configurations that are right, wrong in one place, or nonsense.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn dense(name: &str, units: usize, reads: Json) -> Json {
    let tensor = |history: &Json| json!({"class_name": "__keras_tensor__", "config": {"shape": [null, 4], "keras_history": history}});
    let calls: Vec<Json> =
        reads.as_array().unwrap().iter().map(|h| json!({"args": [tensor(h)], "kwargs": {}})).collect();
    json!({"module": "keras.layers", "class_name": "Dense", "registered_name": null, "name": name,
           "config": {"name": name, "trainable": true, "units": units}, "inbound_nodes": calls})
}

fn input(name: &str) -> Json {
    json!({"module": "keras.layers", "class_name": "InputLayer", "name": name, "inbound_nodes": [],
           "config": {"batch_shape": [null, 4], "name": name}})
}

/// `shared` is called twice, the second time on what it made itself.
fn shared() -> Json {
    json!({"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional", "config": {
        "name": "twice", "trainable": true,
        "layers": [input("x"), dense("shared", 4, json!([["x", 0, 0], ["shared", 0, 0]])), dense("head", 2, json!([["shared", 1, 0]]))],
        "input_layers": ["x", 0, 0], "output_layers": [["head", 0, 0]]}})
}

fn nested() -> Json {
    let inner = json!({"module": "keras", "class_name": "Sequential", "registered_name": null, "config": {
        "name": "inner", "trainable": false, "layers": [input("y"), dense("a", 3, json!([]))]}});
    json!({"module": "keras", "class_name": "Sequential", "registered_name": null, "config": {
        "name": "outer", "layers": [inner, dense("b", 2, json!([]))], "build_input_shape": [null, 4]}})
}

fn error(config: &Json) -> String {
    model_from_config(config).unwrap_err().to_string()
}

#[test]
fn layers_may_be_called_twice() {
    let model = model_from_config(&shared()).unwrap();
    assert_eq!(
        (model.name.as_str(), model.class, model.entries.len(), model.nodes.len()),
        ("twice", "Functional", 3, 4)
    );
    assert_eq!(model.output_shapes().unwrap()[0].dims(), [2]);
}

#[test]
fn models_may_be_layers() {
    let model = model_from_config(&nested()).unwrap();
    assert_eq!(
        model.entries.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(),
        ["input_layer", "inner", "b"]
    );
    assert!(!model.entries[1].trainable && model.entries[2].trainable);
    assert_eq!(model.output_shapes().unwrap()[0].dims(), [2]);
}

#[test]
fn layers_that_are_not_known_are_all_listed_first() {
    let mut config = nested();
    let layers = config["config"]["layers"].as_array_mut().unwrap();
    layers.push(json!({"class_name": "Lambda", "config": {"function": "evil"}}));
    layers[0]["config"]["layers"][1]["class_name"] = "LSTM".into();
    layers.push(
        json!({"class_name": "Dense", "module": "mine", "registered_name": "mine>Dense", "config": null}),
    );
    let text = error(&config);
    assert!(
        text.starts_with("layers that are not known here: `LSTM`, `Lambda`, `Dense` of `mine`\n"),
        "{text}"
    );
}

#[test]
fn mistakes_are_named() {
    let change = |path: &str, value: Json| {
        let mut config = shared();
        *config.pointer_mut(path).unwrap() = value;
        error(&config)
    };
    for (path, value, words) in [
        ("/class_name", json!("Dense"), "expected a Sequential or Functional model, found `Dense`"),
        ("/config/layers", json!({}), "expected a list as `layers`"),
        ("/config/layers/1/name", json!("x"), "two layers have the name `x`"),
        ("/config/layers/1/config/units", json!("4"), "`shared`, Dense, `units`"),
        ("/config/layers/1/inbound_nodes", json!([]), "called nowhere"),
        (
            "/config/layers/1/inbound_nodes/0/kwargs",
            json!({"training": false, "causal": true}),
            "called with `causal` = true",
        ),
        (
            "/config/layers/1/inbound_nodes/0/args/0/config/keras_history",
            json!(["z", 0, 0]),
            "`z`, which is no layer",
        ),
        (
            "/config/layers/1/inbound_nodes/0/args/0/config/keras_history",
            json!(["x", 3, 0]),
            "call 3 of `x`, which has 1",
        ),
        ("/config/layers/1/inbound_nodes/0/args/0/config/keras_history", json!(["x", 0, 9]), "has 1 outputs"),
        (
            "/config/layers/1/inbound_nodes/0/args/0/config/keras_history",
            json!(["head", 0, 0]),
            "depends on itself",
        ),
        ("/config/layers/0/config/batch_shape", json!([null, null]), "batch_shape"),
        ("/config/input_layers", json!(["head", 0, 0]), "every InputLayer of the model once"),
        ("/config/output_layers", json!([]), "`output_layers` is empty"),
        (
            "/config/layers/0/config/batch_shape",
            json!([null, 1u64 << 40, 1u64 << 40]),
            "larger than any memory",
        ),
    ] {
        let text = change(path, value);
        assert!(text.contains(words), "{path}: {text}");
    }
}

/// `fit` and `predict` of Keras 3 put their own `training` in the place of one that was given; Keras 2 kept it.
#[test]
fn a_layer_trains_when_the_model_does() {
    let mut config = shared();
    for given in [true, false] {
        *config.pointer_mut("/config/layers/1/inbound_nodes/0/kwargs").unwrap() = json!({"training": given});
        model_from_config(&config).unwrap();
    }
    *config.pointer_mut("/config/layers/1/inbound_nodes/0").unwrap() = json!([["x", 0, 0, {}]]);
    model_from_config(&config).unwrap();
    *config.pointer_mut("/config/layers/1/inbound_nodes/0").unwrap() =
        json!([["x", 0, 0, {"training": true}]]);
    assert!(error(&config).contains("called with `training` = true"), "{}", error(&config));
}

#[test]
fn what_is_nested_too_deeply_or_unfolds_without_end_is_refused() {
    let mut deep = json!(1);
    for _ in 0..1000 {
        deep = json!([deep]);
    }
    assert!(error(&deep).contains("nested more than"));
    // Each model calls the one within twice: a million layers in a few lines.
    let mut bomb = shared();
    for _ in 0..20 {
        bomb["name"] = "shared".into();
        bomb["config"]["name"] = "shared".into();
        let mut outer = shared();
        bomb["inbound_nodes"] = outer["config"]["layers"][1]["inbound_nodes"].clone();
        bomb["config"]["layers"][2] = dense("head", 4, json!([["shared", 1, 0]]));
        outer["config"]["layers"][1] = bomb;
        bomb = outer;
    }
    let text = error(&bomb);
    assert!(text.contains("layers") || text.contains("nested"), "{text}");
}

/// Every place in it that can be changed.
fn places(json: &Json, at: &str, found: &mut Vec<String>) {
    found.push(at.to_string());
    match json {
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| places(v, &format!("{at}/{i}"), found))
        }
        Json::Object(map) => map.iter().for_each(|(k, v)| places(v, &format!("{at}/{k}"), found)),
        _ => {}
    }
}

fn samples() -> Vec<Json> {
    let mut samples = vec![shared(), nested()];
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/keras/models");
    for name in ["multi_io", "shared_layer", "nested_seq", "bn_before"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.to_json.json")));
        samples.extend(text.ok().and_then(|text| serde_json::from_str(&text).ok()));
    }
    samples
}

fn anything() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-2i64..5).prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        prop_oneof!["[a-z_]{0,9}", Just("Sequential".to_string()), Just("x".into()), Just("Dense".into())]
            .prop_map(Json::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([["x", 0, 0]])),
        Just(json!({"class_name": "__keras_tensor__", "config": {"keras_history": ["shared", 0, 1]}})),
        Just(json!([null, 0])),
        Just(json!([null, u64::MAX])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_change_makes_it_panic(which in 0usize..6, changes in prop::collection::vec((any::<prop::sample::Index>(), anything()), 1..4)) {
        let samples = samples();
        let mut config = samples[which % samples.len()].clone();
        for (at, value) in changes {
            let mut all = Vec::new();
            places(&config, "", &mut all);
            if let Some(place) = config.pointer_mut(at.get(&all).as_str()) {
                *place = value;
            }
        }
        let _ = model_from_config(&config);
    }
}
