//! Model files: archives that were made to harm, and the places of weights.

use super::*;
use crate::hdf5::{self, Group, Numbers, Values};
use serde_json::json;
use std::io::Write;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A Sequential of one Dense layer of two inputs and one unit.
fn config() -> Json {
    json!({ "module": "keras", "class_name": "Sequential", "registered_name": null, "config": { "name": "net", "layers": [
        { "module": "keras.layers", "class_name": "InputLayer", "config": { "batch_shape": [null, 2], "name": "input" } },
        { "module": "keras.layers", "class_name": "Dense", "config": { "name": "head", "units": 1 } },
    ] } })
}

fn weights(kernel: &[usize]) -> Vec<u8> {
    let mut tree = Group::default();
    let vars = tree.make("layers").make("dense").make("vars");
    let numbers = |shape: &[usize], value: f32| {
        let count = shape.iter().product();
        Numbers { shape: shape.to_vec(), values: Values::Float(vec![value; count]) }
    };
    vars.arrays.push(("0".into(), numbers(kernel, 0.5)));
    vars.arrays.push(("1".into(), numbers(&[1], -1.0)));
    hdf5::write(&tree).unwrap()
}

fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn whole(config: &Json, weights: &[u8]) -> Vec<u8> {
    let text = config.to_string();
    let members = [
        ("metadata.json", &br#"{"keras_version": "3.15.1"}"#[..]),
        ("config.json", text.as_bytes()),
        ("model.weights.h5", weights),
    ];
    archive(&members, CompressionMethod::Stored)
}

fn refused(bytes: Vec<u8>) -> String {
    Saved::from_bytes(bytes).unwrap_err().to_string()
}

#[test]
fn a_model_comes_with_its_weights_packed_or_not() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let (text, weights) = (config().to_string(), weights(&[2, 1]));
        let bytes = archive(&[("config.json", text.as_bytes()), ("model.weights.h5", &weights)], method);
        let saved = Saved::from_bytes(bytes).unwrap();
        let found: Vec<(&str, &[f32])> = saved.weights.iter().map(|(n, w)| (n.as_str(), w.data())).collect();
        assert_eq!(found, [("head/kernel", &[0.5, 0.5][..]), ("head/bias", &[-1.0][..])]);
        assert_eq!((saved.compiled, saved.optimizer.len(), saved.keras_version), (None, 0, None));
    }
    assert_eq!(
        Saved::from_bytes(whole(&config(), &weights(&[2, 1]))).unwrap().keras_version.as_deref(),
        Some("3.15.1")
    );
}

#[test]
fn weights_of_another_model_are_named() {
    let said = refused(whole(&config(), &weights(&[3, 1])));
    assert!(said.contains("`head/kernel` has the shape [2, 1], and the file has [3, 1]"), "{said}");
    let said = refused(whole(&config(), &hdf5::write(&Group::default()).unwrap()));
    assert!(said.contains("`head/kernel` is missing"), "{said}");
}

#[test]
fn names_that_lead_out_of_a_file_or_stand_twice_are_refused() {
    for name in ["../evil", "/etc/passwd", "assets/../../x", "a\\b"] {
        let said = refused(archive(&[(name, b"x"), ("config.json", b"{}")], CompressionMethod::Stored));
        assert!(said.contains("leads out of it"), "{name}: {said}");
    }
    // Two members of one name, as no writer makes them: the second is renamed in the bytes.
    let mut bytes = archive(&[("config.json", b"{}"), ("config.jsox", b"{}")], CompressionMethod::Stored);
    for at in 0..bytes.len() - 11 {
        if &bytes[at..at + 11] == b"config.jsox" {
            bytes[at + 10] = b'n';
        }
    }
    let said = refused(bytes);
    assert!(said.contains("two members"), "{said}");
}

#[test]
fn bombs_are_not_unpacked() {
    // 200 MB of zeros in 200 kB.
    let zeros = vec![0; 200 << 20];
    let bytes = archive(&[("config.json", &zeros), ("model.weights.h5", b"")], CompressionMethod::Deflated);
    assert!(bytes.len() < 1 << 20);
    let said = refused(bytes);
    assert!(said.contains("`config.json` unpacks to more"), "{said}");
    let text = config().to_string();
    let said = refused(archive(
        &[("config.json", text.as_bytes()), ("model.weights.h5", &zeros)],
        CompressionMethod::Deflated,
    ));
    assert!(said.contains("`model.weights.h5` unpacks to more"), "{said}");
}

#[test]
fn code_and_unknown_layers_are_named_before_anything_else() {
    let mut with_code = config();
    let layers = with_code["config"]["layers"].as_array_mut().unwrap();
    layers.push(json!({ "module": "keras.layers", "class_name": "Lambda", "config": { "function": { "class_name": "__lambda__" } } }));
    layers.push(json!({ "module": "mine", "class_name": "Swirl", "config": {} }));
    // The weights are no file at all: that is not looked at any more.
    let said = refused(whole(&with_code, b"nothing"));
    assert!(said.contains("`Lambda`") && said.contains("`Swirl` of `mine`"), "{said}");
}

#[test]
fn what_is_cut_or_changed_is_an_error_and_no_panic() {
    let bytes = whole(&config(), &weights(&[2, 1]));
    for length in (0..bytes.len()).step_by(11) {
        assert!(Saved::from_bytes(bytes[..length].to_vec()).is_err(), "{length}");
    }
    for at in (0..bytes.len()).step_by(3) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        let _ = Saved::from_bytes(changed);
    }
    for deep in ["[", "{\"config\":"] {
        let text = deep.repeat(200_000);
        refused(archive(
            &[("config.json", text.as_bytes()), ("model.weights.h5", b"")],
            CompressionMethod::Stored,
        ));
    }
}

#[test]
fn pythons_numbers_that_are_no_json_are_read() {
    let text = config().to_string().replace(
        "\"units\":1",
        "\"units\":1,\"bias_initializer\":{\"class_name\":\"Constant\",\"config\":{\"value\":NaN}}",
    );
    let bytes = archive(
        &[("config.json", text.as_bytes()), ("model.weights.h5", &weights(&[2, 1]))],
        CompressionMethod::Stored,
    );
    assert!(Saved::from_bytes(bytes).is_ok());
    assert!(
        refused(archive(&[("config.json", b"{NaN}"), ("model.weights.h5", b"")], CompressionMethod::Stored))
            .contains("not valid JSON")
    );
}

/// A graph that is called twice, and whose calls are outputs of another: there, and there alone, Keras counts from 1.
#[test]
fn calls_of_a_graph_within_are_counted_as_keras_does() {
    let tensor = |name: &str, call: usize| json!({ "class_name": "__keras_tensor__", "config": { "keras_history": [name, call, 0] } });
    let call = |of: Json| json!({ "args": [of], "kwargs": {} });
    let input = |name: &str| json!({ "class_name": "InputLayer", "name": name, "config": { "batch_shape": [null, 2], "name": name }, "inbound_nodes": [] });
    let inner = json!({ "class_name": "Functional", "name": "inner", "config": { "name": "inner", "layers": [
            input("i"), { "class_name": "Dense", "name": "d", "config": { "name": "d", "units": 2 }, "inbound_nodes": [call(tensor("i", 0))] },
        ], "input_layers": ["i", 0, 0], "output_layers": ["d", 0, 0] },
        "inbound_nodes": [call(tensor("a", 0)), call(tensor("b", 0))] });
    let outer = json!({ "class_name": "Functional", "config": { "name": "outer", "layers": [
            input("a"), input("b"), inner,
            { "class_name": "ReLU", "name": "r", "config": { "name": "r" }, "inbound_nodes": [call(tensor("inner", 0))] },
        ], "input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["inner", 1, 0], ["inner", 2, 0], ["r", 0, 0]] } });
    let model = model_from_config(&outer).unwrap();
    let reads = |node: usize| model.nodes[model.nodes[node].inputs[0].node].entry;
    let names: Vec<&str> = model.outputs.iter().map(|o| model.entries[reads(o.node)].name.as_str()).collect();
    assert_eq!(names, ["a", "b", "inner"]);
}
