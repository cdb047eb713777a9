//! `inspect` and `convert`: files of models and weights, whole ones, strange ones, and ones that were made to harm.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Ended, GOOD, Place, json, replaced, train};
use steadygrad::prelude::*;

/// A place with a model in all its files.
fn place() -> Place {
    let place = Place::new();
    let model = Sequential::new([4]).add(Dense::new(6).activation(Tanh)).add(BatchNormalization::new());
    let model = model.add(Dense::new(3).activation(Softmax));
    let compile = Compile::new(Adam::new(0.01), SparseCategoricalCrossentropy).accuracy().seed(1);
    let mut learner = model.compile(compile).unwrap();
    let x = Array::new([6, 4], (0..24).map(|i| (i as f32).sin()).collect()).unwrap();
    let y = Array::new([6], vec![0.0, 1.0, 2.0, 0.0, 1.0, 2.0]).unwrap();
    learner.fit(&Dataset::new(x, y).unwrap(), Fit::epochs(2).batch_size(3)).unwrap();
    save_model(&learner, place.path("net.keras")).unwrap();
    for to in ["net.h5", "net.weights.h5", "net.safetensors", "net.json"] {
        place.fine(&["convert", "net.keras", to]);
    }
    place
}

fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, 2, "{}\n{}", ended.out, ended.err);
    assert!(!ended.err.contains("panicked") && ended.err.starts_with("error: "), "{}", ended.err);
    for word in words {
        assert!(ended.err.contains(word), "`{word}` is not said in: {}", ended.err);
    }
}

#[test]
fn all_kinds_of_files_are_told() {
    let place = place();
    let told = |file: &str| json(&place.fine(&["inspect", file, "--json"]));
    for (file, format) in [("net.keras", "keras"), ("net.h5", "h5")] {
        let text = place.fine(&["inspect", file]);
        for word in [
            "batch_normalization",
            "Total params: ",
            "Adam (learning_rate 0.01)",
            "after 4 updates",
            "6×3",
            "nothing stands out",
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
        let told = told(file);
        assert_eq!(
            (told["format"].as_str(), told["unknown_layers"].as_array().unwrap().len()),
            (Some(format), 0)
        );
        assert_eq!((told["trainable"].as_u64(), told["non_trainable"].as_u64()), (Some(63), Some(12)));
        assert_eq!(told["optimizer"]["updates"], 4);
        assert_eq!(told["weights"].as_array().unwrap().len(), 8);
        assert_eq!(told["weights"][0]["shape"], json("[4,6]"));
        assert_eq!(told["forecast"]["outlook"], "steady");
    }
    // The same weights are the same numbers, under whatever names.
    let stripped = |file: &str| -> Vec<_> {
        let without_name = |mut w: serde_json::Value| {
            w.as_object_mut().unwrap().remove("name");
            w.to_string()
        };
        let mut all: Vec<String> =
            told(file)["weights"].as_array().unwrap().iter().cloned().map(without_name).collect();
        all.sort();
        all
    };
    let whole = stripped("net.keras");
    for file in ["net.h5", "net.weights.h5", "net.safetensors"] {
        assert_eq!(stripped(file), whole, "{file}");
    }
    assert_eq!(told("net.json")["weights"], json("[]"));
    assert!(place.fine(&["inspect", "net.json"]).contains("a model without weights"));
    // What a file is, is told by what is in it.
    std::fs::copy(place.path("net.keras"), place.path("other.bin")).unwrap();
    assert_eq!(told("other.bin")["format"], "keras");
}

#[test]
fn what_is_converted_there_and_back_is_the_same() {
    let place = place();
    for (from, to, more) in [
        ("net.h5", "b.keras", ""),
        ("b.keras", "b.h5", ""),
        ("net.safetensors", "c.weights.h5", "net.json"),
        ("c.weights.h5", "c.safetensors", "net.h5"),
        ("c.weights.h5", "c.keras", "net.json"),
        ("b.h5", "b.json", ""),
        ("b.h5", "b.onnx", ""),
        ("net.safetensors", "c.onnx", "net.json"),
        ("b.json", "c.json", ""),
    ] {
        match more {
            "" => place.fine(&["convert", from, to]),
            model => place.fine(&["convert", from, to, "--model", model]),
        };
    }
    let read = |name: &str| std::fs::read(place.path(name)).unwrap();
    assert_eq!(read("b.onnx"), read("c.onnx"));
    assert_eq!(read("b.keras"), read("net.keras"), "over .h5 nothing is lost");
    assert_eq!(read("c.safetensors"), read("net.safetensors"));
    assert_eq!((read("b.json"), read("c.json")), (read("net.json"), read("net.json")));
    let weights = |name: &str| load_model(place.path(name)).unwrap().weights();
    assert_eq!(weights("c.keras"), weights("net.keras"));
    // Weights and architecture that a run can start from.
    let model = "[model]\nfile = \"net.json\"\nweights = \"c.weights.h5\"\n";
    let start = GOOD.find("[model]").unwrap();
    let end = GOOD.find("[compile]").unwrap();
    let experiment = format!("{}{model}\n{}", &GOOD[..start], &GOOD[end..]);
    let experiment =
        experiment.replace("source = \"circles\"\nsamples = 60", "train = \"d.csv\"\ntarget = \"k\"");
    place.put("d.csv", "a,b,c,d,k\n0,1,2,3,0\n1,1,0,1,1\n2,0,1,0,2\n1,2,1,0,0\n").put("e.toml", experiment);
    assert!(train(&place, &["e.toml"])["loss"].as_f64().is_some());
}

#[test]
fn nothing_is_overwritten_and_nonsense_is_refused() {
    let place = place();
    let before = std::fs::read(place.path("net.h5")).unwrap();
    refused(&place.run(&["convert", "net.keras", "net.h5"]), &["net.h5", "--force"]);
    assert_eq!(std::fs::read(place.path("net.h5")).unwrap(), before);
    refused(&place.run(&["convert", "net.keras", "net.keras"]), &["there already"]);
    place.fine(&["convert", "net.keras", "net.h5", "--force"]);
    for (arguments, words) in [
        (&["net.keras", "x.pt"][..], &["x.pt", "x.safetensors"][..]),
        (&["net.keras", ".keras"], &["no file of this name"]),
        (&["net.keras", "x"], &["no file of this name"]),
        (&["net.weights.h5", "x.keras"], &["which model they are of", "--model"]),
        (&["net.safetensors", "x.json"], &["--model"]),
        (&["net.safetensors", "x.json", "--model", "net.json"], &["no layers", "the model's own file"]),
        (&["net.json", "x.keras"], &["has no weights", "--model net.json"]),
        (&["net.json", "x.weights.h5"], &["has no weights"]),
        (&["net.h5", "x.keras", "--model", "net.json"], &["is a model itself", "leave out --model"]),
        (&["net.safetensors", "x.h5", "--model", "net.weights.h5"], &["--model takes"]),
        (&["net.safetensors", "x.h5", "--model", "net.safetensors"], &["it has no model"]),
        (&["none.keras", "x.h5"], &["none.keras", "check the path"]),
        (&["net.keras", "nowhere/x.h5"], &["nowhere/x.h5"]),
    ] {
        refused(&place.run(&[&["convert"], arguments].concat()), words);
        assert!(
            !place.names().iter().any(|name| name.starts_with("x.") || name.ends_with(".part")),
            "{arguments:?}"
        );
    }
    // Weights of another model.
    place.put(
        "other.json",
        std::fs::read_to_string(place.path("net.json")).unwrap().replace("\"units\": 6", "\"units\": 7"),
    );
    refused(
        &place.run(&["convert", "net.safetensors", "x.keras", "--model", "other.json"]),
        &["net.safetensors", "shape"],
    );
}

#[test]
fn files_that_are_none_are_errors_with_a_remedy() {
    let place = place();
    let whole = std::fs::read(place.path("net.keras")).unwrap();
    place
        .put("empty.keras", "")
        .put("cut.keras", &whole[..whole.len() / 2])
        .put("cut.h5", &std::fs::read(place.path("net.h5")).unwrap()[..300])
        .put("cut.safetensors", &std::fs::read(place.path("net.safetensors")).unwrap()[..100])
        .put("page.h5", "<html>404</html>")
        .put("net.pt", b"\x80\x02}q")
        .put("e.toml", GOOD)
        .put("list.json", "[1, 2]")
        .put("other.json", "{\"a\": 1}")
        .put("broken.json", "{\"class_name\": ")
        .put("deep.json", "{\"class_name\":\"Sequential\",\"config\":".to_string() + &"[".repeat(5000))
        .put("noise", [7; 400])
        .put("some.npz", b"PK\x03\x04nothing");
    std::fs::create_dir(place.path("folder")).unwrap();
    for (file, words) in [
        ("none.keras", &["none.keras", "check the path"][..]),
        ("empty.keras", &["empty.keras", "empty"]),
        ("cut.keras", &["cut.keras"]),
        ("cut.h5", &["cut.h5"]),
        ("cut.safetensors", &["cut.safetensors"]),
        ("page.h5", &["page.h5", "downloaded whole?"]),
        ("net.pt", &["net.pt", "pickle", ".safetensors"]),
        ("e.toml", &["e.toml", "steadygrad summary"]),
        ("list.json", &["list.json", ".keras"]),
        ("other.json", &["other.json", "to_json()"]),
        ("broken.json", &["broken.json", "not valid JSON"]),
        ("deep.json", &["deep.json"]),
        ("noise", &["noise", ".npz"]),
        ("some.npz", &["some.npz"]),
        ("folder", &["folder"]),
    ] {
        for json in [&[][..], &["--json"]] {
            let ended = place.run(&[&["inspect", file], json].concat());
            refused(&ended, words);
            assert!(ended.out.is_empty(), "{}", ended.out);
        }
        refused(&place.run(&["convert", file, "x.keras"]), words);
    }
    // Anything may have been changed in a file: it is told or refused.
    for i in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[i] ^= 0x55;
        place.put("changed.keras", bytes);
        let ended = place.run(&["inspect", "changed.keras"]);
        assert!(matches!(ended.code, 0 | 2) && !ended.err.contains("panicked"), "{i}: {}", ended.err);
    }
}

#[test]
fn layers_that_are_not_here_are_named_and_the_rest_is_told() {
    let place = place();
    let text = std::fs::read_to_string(place.path("net.json")).unwrap();
    place
        .put("lstm.json", text.replace("\"BatchNormalization\"", "\"LSTM\"").replace("\"Dense\"", "\"GRU\""));
    let out = place.fine(&["inspect", "lstm.json"]);
    assert!(out.contains("not known here: GRU, LSTM") && out.contains("batch_normalization  LSTM"), "{out}");
    let told = json(&place.fine(&["inspect", "lstm.json", "--json"]));
    assert_eq!(told["unknown_layers"], json("[\"GRU\", \"LSTM\"]"));
    assert_eq!(told["forecast"], serde_json::Value::Null);
    refused(&place.run(&["convert", "lstm.json", "x.json"]), &["lstm.json", "`GRU`, `LSTM`"]);
}

#[test]
fn what_ails_weights_stands_out() {
    let place = place();
    let mut learner = load_model(place.path("net.keras")).unwrap();
    let mut weights: Vec<Array> = learner.weights().into_iter().map(|(_, w)| w).collect();
    weights[0].data_mut()[5] = f32::NAN;
    weights[0].data_mut()[6] = f32::INFINITY;
    learner.set_weights(&weights).unwrap();
    save_model(&learner, place.path("sick.keras")).unwrap();
    let out = place.fine(&["inspect", "sick.keras"]);
    assert!(
        out.contains("2 not finite") && out.contains("dense/kernel: 2 of 24 numbers are not finite"),
        "{out}"
    );
    let told = json(&place.fine(&["inspect", "sick.keras", "--json"]));
    assert_eq!(told["weights"][0]["not_finite"], 2);
    assert!(told["weights"][0]["mean"].is_number());
    weights[0].data_mut().fill(0.5);
    learner.set_weights(&weights).unwrap();
    save_model(&learner, place.path("same.keras")).unwrap();
    let out = place.fine(&["inspect", "same.keras"]);
    assert!(out.contains("dense/kernel: all its numbers are equal"), "{out}");
    let mut deep = Sequential::new([30]);
    for _ in 0..20 {
        deep = deep.add(Dense::new(30).activation(Sigmoid));
    }
    let deep = deep.compile(Compile::new(Sgd::new(0.1), MeanSquaredError)).unwrap();
    save_model(&deep, place.path("deep.h5")).unwrap();
    let out = place.fine(&["inspect", "deep.h5"]);
    assert!(out.contains("loses its gradient") && out.contains("vanishing"), "{out}");
    assert!(replaced("epochs = 1", "epochs = 2") != GOOD);
}
