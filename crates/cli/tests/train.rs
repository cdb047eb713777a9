//! What the command promises: files, numbers, names, exit codes.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

mod common;

use common::{GOOD, Place, json, keys, names, replaced, train, with};
use serde_json::Value as Json;

#[test]
fn a_run_has_its_files_and_its_numbers() {
    let place = Place::new();
    place.put("deep/e.toml", with(GOOD, "fit", "epochs = 3\nvalidation_split = 0.25\nseed = 7"));
    let result = train(&place, &["deep/e.toml", "--out", "run", "--set", "fit.epochs=2"]);
    let wanted = [
        "accuracy",
        "loss",
        "val_accuracy",
        "val_loss",
        "seconds",
        "samples_per_second",
        "memory_bytes",
        "weights",
        "non_finite",
        "doctor",
    ];
    let mut found = keys(&result);
    assert_eq!(found[4..], wanted[4..], "{found:?}");
    found.sort_unstable();
    let mut sorted = wanted;
    sorted.sort_unstable();
    assert_eq!(found, sorted);
    assert_eq!(result["weights"], "run/weights.safetensors");
    let files = [
        "chart.json",
        "checkpoints",
        "data.json",
        "experiment.toml",
        "history.csv",
        "history.json",
        "weights.safetensors",
    ];
    assert_eq!(names(&place.path("run")), files);
    let csv = std::fs::read_to_string(place.path("run/history.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "epoch,accuracy,loss,val_accuracy,val_loss"));
    let history = json(&std::fs::read_to_string(place.path("run/history.json")).unwrap());
    assert_eq!(history["epoch"], serde_json::json!([0, 1]));
    assert_eq!(history["history"]["loss"][1], result["loss"]);
    json(&std::fs::read_to_string(place.path("run/chart.json")).unwrap());
    let kept = std::fs::read_to_string(place.path("run/experiment.toml")).unwrap();
    assert!(kept.contains("epochs = 2"), "the override is kept: {kept}");
}

#[test]
fn without_json_people_can_read_it_and_the_folder_has_name_and_time() {
    let place = Place::new();
    place.put("small.toml", GOOD);
    let ended = place.run(&["train", "small.toml"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("kept in runs/small-"), "{}", ended.out);
    let [memory, epoch] = ended.err.lines().collect::<Vec<_>>()[..] else { panic!("{:?}", ended.err) };
    assert!(epoch.starts_with("epoch 1/1  2/2 - "), "one line for each epoch: {epoch}");
    assert!(memory.contains(" KB of memory: weights 0.1, gradients 0.1, optimizer "), "{memory}");
    place.fine(&["train", "small.toml"]);
    assert_eq!(names(&place.path("runs")).len(), 2, "runs in one second have folders of their own");
}

#[test]
fn the_default_experiment_trains() {
    let place = Place::new();
    let result = train(&place, &["--set", "fit.epochs=1", "--set", "let.depth=3", "--out", "run"]);
    assert!(result["val_accuracy"].as_f64().unwrap() > 0.6, "{result}");
    let form = json(&std::fs::read_to_string(place.path("run/data.json")).unwrap());
    assert_eq!(
        form["scale"],
        serde_json::json!({ "name": "unit", "inputs": [{ "shifts": [0.0], "divisors": [16.0] }] })
    );
    assert_eq!(place.names(), ["run"]);
}

#[test]
fn equal_seeds_give_equal_bytes_on_any_number_of_threads() {
    let place = Place::new();
    let wide = replaced("units = 4", "units = 300").replace("samples = 60", "samples = 600");
    place.put("e.toml", &wide);
    for (run, threads) in [("a", "1"), ("b", "2"), ("c", "1")] {
        train(&place, &["e.toml", "--threads", threads, "--out", run, "--set", "fit.batch_size=256"]);
    }
    for file in ["weights.safetensors", "history.csv", "chart.json", "experiment.toml"] {
        let read = |run: &str| std::fs::read(place.path(run).join(file)).unwrap();
        assert_eq!(read("a"), read("b"), "{file}: 1 and 2 threads");
        assert_eq!(read("a"), read("c"), "{file}: two runs");
    }
    train(&place, &["e.toml", "--out", "d", "--set", "fit.seed=1"]);
    let read = |run: &str| std::fs::read(place.path(run).join("weights.safetensors")).unwrap();
    assert_ne!(read("a"), read("d"), "another seed");
}

#[test]
fn a_loss_that_is_nan_ends_the_training_and_keeps_what_there_is() {
    let place = Place::new();
    let wild = with(
        GOOD,
        "compile",
        "loss = \"mse\"\noptimizer = { class_name = \"SGD\", config = { learning_rate = 1e30 } }",
    );
    let wild = with(
        &wild,
        "model",
        "layers = [{ layer = \"dense\", units = 8, name = \"first\" }, { layer = \"dense\", units = 1 }]",
    );
    place.put("e.toml", wild.replace("epochs = 1", "epochs = 50"));
    let ended = place.run(&["train", "e.toml", "--out", "run", "--json"]);
    assert_eq!(ended.code, 1, "{}", ended.err);
    for words in
        ["error: epoch 1: the loss is not a finite number in batch", "; first ", "`", "learning_rate", "run"]
    {
        assert!(ended.err.contains(words), "{words}: {}", ended.err);
    }
    assert_eq!(ended.err.matches("not a finite number").count(), 1, "told once: {}", ended.err);
    let result = json(&ended.out);
    assert!(["nan", "inf"].map(Json::from).contains(&result["loss"]), "{result}");
    assert!(names(&place.path("run")).contains(&"weights.safetensors".to_string()));
    let history = std::fs::read_to_string(place.path("run/history.csv")).unwrap();
    assert_eq!(history.lines().count(), 2, "the first epoch was the last: {history}");
    let weights = steadygrad::data::safetensors::read(place.path("run/weights.safetensors")).unwrap();
    let finite = weights.iter().all(|(_, a)| a.data().iter().all(|w| w.is_finite()));
    assert!(finite, "the weights are those before the step: {weights:?}");
}

#[test]
fn the_words_of_the_experiment_file() {
    let place = Place::new();
    let model = r#"layers = [
  { layer = "dense", units = "$width", name = "stem" },
  { repeat = "$depth", block = [
      { residual = [{ layer = "dense", units = "$width", activation = "elu" }, "identity"] },
      { residual = ["relu"], shortcut = [{ layer = "dense", units = "$width", use_bias = false }] } ] },
  { layer = "dense", units = 3, name = "side", inputs = ["stem"] },
  { layer = "concatenate", inputs = ["side", "stem"] },
  { layer = "dense", units = 2, activation = "softmax", name = "head", trainable = true },
]
outputs = ["head"]
[let]
width = 4
depth = 2
[meta]
note = "$not a constant"
[lab]
seeds = 3"#;
    let whole = model.replace("inputs = [\"side\", \"stem\"]", "inputs = [\"side\", \"last\"]").replace(
        "  { layer = \"dense\", units = 3, name = \"side\"",
        "  { layer = \"activation\", activation = \"tanh\", name = \"last\" },\n  { layer = \"dense\", units = 3, name = \"side\"",
    );
    let text = with(GOOD, "model", &whole);
    place.put("e.toml", format!("id = 7\ntitle = \"$5\"\nexpected = {{ x = 1 }}\n{text}"));
    train(&place, &["e.toml", "--out", "run"]);
    let summary = place.fine(&["summary", "e.toml"]);
    for words in ["stem", "head", "concatenate", "Total params", "add_3"] {
        assert!(summary.contains(words), "{words}: {summary}");
    }
    assert!(!place.fine(&["summary", "e.toml", "--set", "let.depth=1"]).contains("add_3"));
    assert!(place.fine(&["summary", "e.toml", "--plan"]).contains("backward"));
    let json = r#"{"data": {"source": "circles", "samples": 60}, "model": {"layers": [{"layer": "dense", "units": 2}]},
        "compile": {"loss": {"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": true}}}}"#;
    place.put("e.json", json);
    train(&place, &["e.json", "--out", "from_json"]);
}

#[test]
fn callbacks_and_models_from_files() {
    let place = Place::new();
    let fit = "epochs = 5\ncallbacks = [\n\
        { class_name = \"EarlyStopping\", config = { monitor = \"loss\", patience = 0, min_delta = 10.0 } },\n\
        { class_name = \"CSVLogger\", config = { filename = \"log.csv\" } },\n\
        { class_name = \"ModelCheckpoint\", config = { filepath = \"best.safetensors\" } } ]";
    let config = r#"{"class_name": "Sequential", "config": {"name": "small", "layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [null, 2], "name": "points"}},
        {"class_name": "Dense", "config": {"name": "head", "units": 2, "activation": "softmax"}}]}}"#;
    place
        .put("in/m.json", config)
        .put("in/e.toml", with(&with(GOOD, "model", "file = \"m.json\""), "fit", fit));
    train(&place, &["in/e.toml", "--out", "run"]);
    assert_eq!(names(&place.path("in")), ["best.safetensors", "e.toml", "log.csv", "m.json"]);
    let log = std::fs::read_to_string(place.path("in/log.csv")).unwrap();
    assert_eq!(log.lines().count(), 3, "stopped after the second epoch: {log}");
    assert!(place.fine(&["summary", "in/e.toml"]).contains("head"));
    json(&place.fine(&["evaluate", "run", "--train", "--json"]));
}

#[test]
fn small_and_odd_experiments_are_right() {
    let regression = with(
        &with(GOOD, "model", "layers = [{ layer = \"dense\", units = 1 }]"),
        "compile",
        "loss = \"mse\"\nmetrics = [\"mae\"]",
    );
    let yes_or_no = with(
        &with(GOOD, "model", "layers = [{ layer = \"dense\", units = 1, activation = \"sigmoid\" }]"),
        "compile",
        "loss = \"binary_crossentropy\"\nmetrics = [\"accuracy\"]",
    );
    let digits = |model: &str| {
        with(&with(GOOD, "data", "source = \"digits\"\nsamples = 40\nchannels = 1"), "model", model)
    };
    for (name, experiment) in [
        ("one sample", replaced("samples = 60", "samples = 1")),
        (
            "a batch larger than the data",
            replaced("epochs = 1", "epochs = 2\nbatch_size = 9000000000000000000"),
        ),
        (
            "a large batch, shuffled within",
            replaced("epochs = 1", "batch_size = 1000000000000\nshuffle = \"batch\""),
        ),
        (
            "a large batch for validation",
            replaced("epochs = 1", "validation_split = 0.5\nvalidation_batch_size = 4000000000000000000"),
        ),
        ("no validation", GOOD.to_string()),
        ("one output unit", yes_or_no),
        ("regression", with(&regression, "data", "source = \"waves\"\nsamples = 50")),
        ("no metrics", replaced("metrics = [\"accuracy\"]", "")),
        ("no epochs", replaced("epochs = 1", "epochs = 0")),
        ("no repetition", replaced("layers = [", "layers = [ { repeat = 0, block = [\"relu\"] },")),
        (
            "images with a channel",
            digits("layers = [\"flatten\", { layer = \"dense\", units = 10, activation = \"softmax\" }]"),
        ),
        (
            "one-hot targets",
            replaced("samples = 60", "samples = 60\none_hot = 2").replace("sparse_cat", "cat"),
        ),
        (
            "steps_per_epoch",
            replaced(
                "epochs = 1",
                "epochs = 3\nsteps_per_epoch = 1\nvalidation_split = 0.2\nvalidation_steps = 1\nvalidation_freq = 2",
            ),
        ),
        ("scaled to 0 and 1", replaced("samples = 60", "samples = 60\nscale = \"minmax\"")),
        ("class_weight", replaced("epochs = 1", "class_weight = { 0 = 2.0, 1 = 0.5 }")),
        ("a frozen layer", replaced("units = 4,", "units = 4, trainable = false,")),
        (
            "a deep network",
            replaced(
                "layers = [",
                "layers = [ { repeat = 1000, block = [{ layer = \"dense\", units = 2 }] },",
            ),
        ),
    ] {
        let place = Place::new();
        place.put("e.toml", experiment);
        let ended = place.run(&["train", "e.toml", "--json", "--out", "run"]);
        assert_eq!(ended.code, 0, "{name}: {}", ended.err);
        assert!(json(&ended.out)["weights"].is_string(), "{name}: {}", ended.out);
    }
}

#[test]
fn several_inputs_and_outputs_have_losses_and_weights_of_their_own() {
    use steadygrad::data::Array;
    let place = Place::new();
    let numbers = |n: usize, width: usize| {
        let values: Vec<f32> = (0..n * width).map(|i| (i * 7 % 11) as f32 / 11.0).collect();
        Array::new([n, width], values).unwrap()
    };
    let labels = Array::new([20], (0..20).map(|i| (i % 3) as f32).collect()).unwrap();
    let arrays =
        [("left", &numbers(20, 3)), ("right", &numbers(20, 2)), ("kind", &labels), ("size", &numbers(20, 1))];
    steadygrad::formats::npz::write(place.path("a.npz"), &arrays).unwrap();
    let experiment = r#"
[data]
train = "a.npz"
x = ["left", "right"]
y = ["kind", "size"]
validation_split = 0.2
[model]
layers = [
  { layer = "input_layer", shape = [3], name = "left" },
  { layer = "input_layer", shape = [2], name = "right" },
  { layer = "concatenate", inputs = ["left", "right"], name = "both" },
  { layer = "dense", units = 3, activation = "softmax", name = "kind", inputs = ["both"] },
  { layer = "dense", units = 1, name = "size", inputs = ["both"] } ]
outputs = ["kind", "size"]
[compile]
loss = { kind = "sparse_categorical_crossentropy", size = "mse" }
loss_weights = { kind = 1.0, size = 0.25 }
metrics = { kind = ["accuracy"] }
optimizer = "adam"
"#;
    place.put("e.toml", experiment);
    let result = train(&place, &["e.toml", "--out", "run"]);
    for key in ["loss", "kind_loss", "size_loss", "kind_accuracy", "val_size_loss"] {
        assert!(result[key].is_number(), "{key}: {result}");
    }
    let [loss, kind, size] = ["loss", "kind_loss", "size_loss"].map(|k| result[k].as_f64().unwrap());
    assert!((loss - (kind + 0.25 * size)).abs() < 1e-4 * loss, "{result}");
    let predicted = place.fine(&["predict", "run", "a.npz"]);
    assert_eq!(predicted.lines().next(), Some("output0_0,output0_1,output0_2,output1_0"));
    assert_eq!(predicted.lines().count(), 21);
}

#[test]
fn names_and_a_first_experiment() {
    let place = Place::new();
    let all = place.fine(&["list"]);
    for words in ["layers", "Dense", "leaky_relu", "HeNormal", "digits", "EarlyStopping", "Adam"] {
        assert!(all.contains(words), "{words}");
    }
    assert!(place.fine(&["list", "callbacks"]).contains("CSVLogger"));
    place.fine(&["new", "first.toml"]);
    assert_eq!(std::fs::read_to_string(place.path("first.toml")).unwrap(), place.fine(&["new"]));
    train(&place, &["first.toml", "--set", "let.depth=1", "--set", "fit.epochs=1", "--out", "run"]);
}

#[test]
fn downloaded_sets_are_found_without_a_path() {
    let place = Place::new();
    let idx = |axes: &[u32], values: Vec<u8>| {
        let mut bytes = vec![0, 0, 8, axes.len() as u8];
        axes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
        bytes.extend(values);
        bytes
    };
    for part in ["train", "t10k"] {
        let gz = |bytes: Vec<u8>| {
            use std::io::Write;
            let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            zip.write_all(&bytes).unwrap();
            zip.finish().unwrap()
        };
        let folder = "cache/steadygrad/mnist";
        let images = idx(&[12, 28, 28], (0..12 * 784).map(|i| (i % 251) as u8).collect());
        place.put(&format!("{folder}/{part}-images-idx3-ubyte.gz"), gz(images));
        place.put(
            &format!("{folder}/{part}-labels-idx1-ubyte.gz"),
            gz(idx(&[12], (0..12).map(|i| i % 10).collect())),
        );
    }
    let model = "layers = [\"flatten\", { layer = \"dense\", units = 10, activation = \"softmax\" }]";
    place.put("e.toml", with(&with(GOOD, "data", "source = \"mnist\"\nscale = \"unit\""), "model", model));
    let result = train(&place, &["e.toml", "--out", "run"]);
    assert!(result["val_loss"].is_number(), "the test part is for validation: {result}");
    assert!(place.fine(&["evaluate", "run"]).contains("12 samples"));
}

#[test]
fn the_experiment_of_the_readme_trains() {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (experiment, _) = rest.split_once("```").unwrap();
    let place = Place::new();
    place.put("my.toml", experiment);
    let result = train(&place, &["my.toml", "--set", "fit.epochs=1", "--out", "run"]);
    assert!(result["val_accuracy"].is_number(), "{result}");
    assert!(place.fine(&["summary", "my.toml"]).contains("batch_normalization_19"));
}
