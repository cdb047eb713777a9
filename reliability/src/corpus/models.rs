//! Broken models: code in files, cycles, unknown classes, links that lead elsewhere, sizes that no memory holds.

use super::{Case, case};
use crate::mutate::packed::pack;
use crate::readers::models;
use serde_json::{Value as Json, json};
use zip::CompressionMethod::{Deflated, Stored};

pub fn cases() -> Vec<Case> {
    [configurations(), archives(), trees(), tensors()].into_iter().flatten().collect()
}

fn layer(class: &str, config: Json) -> Json {
    json!({ "module": "keras.layers", "class_name": class, "registered_name": null, "config": config })
}

fn sequential(layers: Vec<Json>) -> Json {
    let input = layer("InputLayer", json!({ "batch_shape": [null, 4], "name": "x" }));
    let layers: Vec<Json> = std::iter::once(input).chain(layers).collect();
    json!({ "module": "keras", "class_name": "Sequential", "config": { "name": "s", "layers": layers } })
}

/// A graph of these layers with their names and what each reads.
fn graph(layers: &[(&str, Json, &[&str])], output: &str) -> Json {
    let tensor = |name: &&str| json!({ "class_name": "__keras_tensor__", "config": { "keras_history": [name, 0, 0] } });
    let one = |(name, json, reads): &(&str, Json, &[&str])| {
        let mut json = json.clone();
        json["name"] = (*name).into();
        json["inbound_nodes"] = match reads {
            [] => json!([]),
            [one] => json!([{ "args": [tensor(one)], "kwargs": {} }]),
            many => json!([{ "args": [many.iter().map(tensor).collect::<Vec<_>>()], "kwargs": {} }]),
        };
        json
    };
    let layers: Vec<Json> = layers.iter().map(one).collect();
    json!({ "module": "keras", "class_name": "Functional", "config": {
        "name": "g", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [[output, 0, 0]] } })
}

/// A model that holds two of a model that holds two …: so many layers as no file could list.
fn doubled(levels: usize) -> Json {
    let mut inner = layer("Dense", json!({ "name": "d", "units": 4 }));
    for level in 0..levels {
        let mut other = inner.clone();
        other["config"]["name"] = "other".into();
        inner["config"]["name"] = "one".into();
        inner = sequential(vec![inner, other]);
        inner["config"]["name"] = format!("level_{level}").into();
    }
    inner
}

/// A graph in which this layer is called so many times, one call after the other.
fn called(mut inner: Json, times: usize, name: &str) -> Json {
    let tensor = |name: &str, call: usize| json!([{ "class_name": "__keras_tensor__", "config": { "keras_history": [name, call, 0] } }]);
    let call =
        |k: usize| json!({ "args": if k == 0 { tensor("x", 0) } else { tensor("a", k - 1) }, "kwargs": {} });
    // A graph within counts the ends of its calls from 1.
    let first = usize::from(inner["class_name"] == "Functional");
    inner["name"] = "a".into();
    inner["config"]["name"] = "a".into();
    inner["inbound_nodes"] = (0..times).map(call).collect();
    let mut input = layer("InputLayer", json!({ "batch_shape": [null, 4], "name": "x" }));
    input["name"] = "x".into();
    input["inbound_nodes"] = json!([]);
    json!({ "module": "keras", "class_name": "Functional", "config": {
        "name": name, "layers": [input, inner], "input_layers": [["x", 0, 0]],
        "output_layers": [["a", first + times - 1, 0]] } })
}

fn configurations() -> Vec<Case> {
    let of = |name, json: Json, says| case("keras_json", name, json.to_string(), says);
    let x = || layer("InputLayer", json!({ "batch_shape": [null, 4], "name": "x" }));
    let dense = || layer("Dense", json!({ "units": 4 }));
    let add = || layer("Add", json!({}));
    let lambda = layer(
        "Lambda",
        json!({ "name": "l", "function": { "class_name": "__lambda__", "config": { "code": "4wEAAAA" } } }),
    );
    let mut other = layer("Dense", json!({ "name": "l", "units": 1 }));
    other["module"] = "os.path".into();
    let chain: Vec<Json> = (0..20_000)
        .map(|i| layer("Activation", json!({ "name": format!("a{i}"), "activation": "relu" })))
        .collect();
    let cycle = graph(&[("x", x(), &[]), ("a", add(), &["x", "b"]), ("b", dense(), &["a"])], "b");
    vec![
        of("lambda", sequential(vec![lambda]), &["`Lambda`"]),
        of("class_of_another_module", sequential(vec![other]), &["not known here"]),
        of("cycle", cycle, &["depends on itself"]),
        of("reads_itself", graph(&[("x", x(), &[]), ("a", add(), &["x", "a"])], "a"), &["depends on itself"]),
        of(
            "reads_nobody",
            graph(&[("x", x(), &[]), ("a", dense(), &["ghost"])], "a"),
            &["no layer of the model"],
        ),
        of(
            "units_10_12",
            sequential(vec![layer("Dense", json!({ "units": 1_000_000_000_000_u64 }))]),
            &["memory"],
        ),
        of("units_beyond", sequential(vec![layer("Dense", json!({ "units": 1e30 }))]), &["whole number"]),
        of("units_greatest", sequential(vec![layer("Dense", json!({ "units": i64::MAX }))]), &["memory"]),
        of("doubled_10_times", doubled(10), &[]),
        of("chain_of_20000", sequential(chain), &["layers"]),
        of("calls_of_calls", called(called(dense(), 30, "inner"), 30, "outer"), &[]),
        of("many_calls_of_calls", called(called(dense(), 300, "inner"), 300, "outer"), &["layers"]),
        of("calls_without_end", called(called(called(dense(), 300, "1"), 300, "2"), 300, "3"), &["layers"]),
        case("keras_json", "levels", "[".repeat(100_000), &["not valid JSON"]),
        case("keras_json", "null", "null", &[""]),
    ]
}

fn archives() -> Vec<Case> {
    let kept = &models::keras_seeds()[0];
    let parts = |config: Vec<u8>, weights: Vec<u8>, method| {
        let members = [("config.json".to_string(), config), ("model.weights.h5".to_string(), weights)];
        pack(&members, method).expect("it can be packed")
    };
    let small = || sequential(vec![layer("Dense", json!({ "units": 1 }))]).to_string().into_bytes();
    let commas = [b"[0".to_vec(), b",0".repeat(6 << 20), b"]".to_vec()].concat();
    let mut padded = models::weights_seeds()[0].clone();
    padded.resize(60 << 20, 0);
    let wrong = small();
    vec![
        case("keras", "cut", kept[..kept.len() / 2].to_vec(), &["not a whole .keras file"]),
        case("keras", "values_alone", parts(commas, Vec::new(), Deflated), &["values", "unpacks to more"]),
        case(
            "keras",
            "config_of_zeros",
            parts(vec![b' '; 60 << 20], Vec::new(), Deflated),
            &["unpacks to more"],
        ),
        case("keras", "weights_of_zeros", parts(small(), vec![0; 100 << 20], Deflated), &["unpacks to more"]),
        case("keras", "weights_with_zeros_behind", parts(small(), padded, Deflated), &["unpacks to more"]),
        case("keras", "weights_are_text", parts(small(), wrong, Stored), &["not an HDF5 file"]),
        case(
            "keras",
            "leads_out",
            pack(&[("../config.json".into(), small())], Stored).expect("it can be packed"),
            &["leads out"],
        ),
        case(
            "keras",
            "no_config",
            pack(&[("readme".into(), small())], Stored).expect("it can be packed"),
            &["no `config.json`"],
        ),
    ]
}

/// The bytes with a text of the same length in the place of another.
fn swapped(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 0;
    while let Some(found) = out[at..].windows(from.len()).position(|w| w == from) {
        out[at + found..at + found + to.len()].copy_from_slice(to);
        at += found + from.len();
    }
    out
}

fn trees() -> Vec<Case> {
    let old = &models::h5_seeds()[2];
    let cut = |n: usize| old[..old.len() * n / 8].to_vec();
    vec![
        case("h5", "cut_early", cut(1), &[""]),
        case("h5", "cut_late", cut(7), &[""]),
        case("h5", "unknown_class", swapped(old, b"\"Dense\"", b"\"Tense\""), &["not known here"]),
        case("h5", "units_of_nines", swapped(old, b"\"units\": 3", b"\"units\": 9"), &["shape", "weights"]),
        case("weights_h5", "signature_alone", b"\x89HDF\r\n\x1a\n".to_vec(), &["HDF5"]),
        case("weights_h5", "of_another_model", old.clone(), &[""]),
    ]
}

fn tensors() -> Vec<Case> {
    let of = |header: &str, bytes: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; bytes]].concat()
    };
    let one = |begin: u64, end: u64, shape: &str| {
        format!(r#"{{"a": {{"dtype": "F32", "shape": {shape}, "data_offsets": [{begin}, {end}]}}}}"#)
    };
    let two = r#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}"#;
    let says: &[&str] = &["does not lie where"];
    vec![
        case("safetensors", "overlapping", of(two, 12), says),
        case("safetensors", "beyond_the_end", of(&one(0, 4_000_000_000_000, "[1000000000000]"), 8), says),
        case("safetensors", "backwards", of(&one(8, 0, "[2]"), 8), says),
        case("safetensors", "beyond_counting", of(&one(0, 8, "[4611686018427387904, 4]"), 8), says),
        case("safetensors", "zero_and_huge", of(&one(0, 0, "[0, 9223372036854775807, 9]"), 0), &[""]),
        case("safetensors", "long_header", [&u64::MAX.to_le_bytes()[..], b"{}"].concat(), &["header"]),
        case("safetensors", "levels", of(&"[".repeat(100_000), 0), &["expected an object"]),
        case(
            "safetensors",
            "levels_within",
            of(&format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000)), 0),
            &["lacks dtype"],
        ),
        case(
            "safetensors",
            "values_alone",
            of(&format!("{{\"a\":[0{}]}}", ",0".repeat(2 << 20)), 0),
            &["lacks dtype"],
        ),
        case(
            "safetensors",
            "unknown_numbers",
            of(&one(0, 8, "[2]").replace("F32", "F8_E4M3"), 8),
            &["F8_E4M3"],
        ),
        case("safetensors", "bytes_behind", of(&one(0, 8, "[2]"), 16), &["belong to no array"]),
    ]
}
