//! Values that would silently change nothing, or everything: each is refused before training.

use super::{Place, case, check, compile, fit, judge, layers, replaced, with};
use crate::common::GOOD;

const LOSS: &str = "loss = \"sparse_categorical_crossentropy\"\n";

#[test]
fn arguments_of_keras_that_would_change_results() {
    let dense = |more: &str| layers(&format!("{{ layer = \"dense\", units = 2, {more} }}"));
    check(vec![
        case("lora", dense("lora_rank = 4"), &["dense", "`lora_rank` must be left out"]),
        case("float64", dense("dtype = \"float64\""), &["dense", "`dtype` must be \"float32\""]),
        case("no dtype", dense("dtype = \"nonsense\""), &["`dtype`", "got the text `nonsense`"]),
        case(
            "quantized",
            dense("quantization_config = { mode = \"int8\" }"),
            &["`quantization_config`", "a table"],
        ),
        case("autocast", dense("autocast = \"x\""), &["`autocast` must be true or false"]),
        case("eager", compile(&format!("{LOSS}run_eagerly = \"x\"")), &["[compile]", "`run_eagerly`"]),
        case(
            "steps at once",
            compile(&format!("{LOSS}steps_per_execution = 8")),
            &["`steps_per_execution` must be 1"],
        ),
        case("verbose", fit("verbose = \"x\""), &["[fit]", "`verbose` must be 0, 1, 2"]),
        case(
            "a metric in float16",
            compile(&format!(
                "{LOSS}metrics = [{{ class_name = \"AUC\", config = {{ dtype = \"float16\" }} }}]"
            )),
            &["[compile], `metrics`", "`dtype`"],
        ),
    ]);
    let place = Place::new();
    let neutral = dense("dtype = \"float32\", autocast = true, activation = \"softmax\"");
    let neutral = with(&neutral, "compile", &format!("{LOSS}run_eagerly = false\njit_compile = \"auto\""));
    place.put("e.toml", with(&neutral, "fit", "verbose = 2"));
    place.fine(&["train", "e.toml"]);
}

#[test]
fn numbers_that_mean_nothing() {
    let optimizer = |config: &str| {
        compile(&format!("{LOSS}optimizer = {{ class_name = \"SGD\", config = {{ {config} }} }}"))
    };
    check(vec![
        case(
            "negative decay",
            optimizer("weight_decay = -0.5"),
            &["[compile], `optimizer`", "`weight_decay` must"],
        ),
        case(
            "a rate that changes its sign",
            optimizer(
                "learning_rate = { class_name = \"ExponentialDecay\", config = { initial_learning_rate = 0.1, \
                 decay_steps = 5, decay_rate = -0.5 } }",
            ),
            &["ExponentialDecay", "`decay_rate` must be"],
        ),
        case(
            "the best of none",
            compile(&format!(
                "{LOSS}metrics = [{{ class_name = \"SparseTopKCategoricalAccuracy\", config = {{ k = 0 }} }}]"
            )),
            &["[compile], `metrics`", "`k` must be 1 or more, got 0"],
        ),
        case("no units", layers("{ layer = \"dense\", units = 0 }"), &["`units` must be 1 or more, got 0"]),
        case(
            "fewer units",
            layers("{ layer = \"dense\", units = -5 }"),
            &["`units` must be 1 or more, got -5"],
        ),
        case("nothing, often", layers("{ repeat = 100000000000, block = [] }"), &["`repeat`"]),
        case(
            "nothing, once",
            layers("{ repeat = 1, block = [] }"),
            &["`block` must be a list of one layer or more"],
        ),
        case(
            "no validation",
            fit("validation_steps = 0"),
            &["[fit]", "`validation_steps` must be 1 or more"],
        ),
        case(
            "less than nothing",
            fit("validation_split = -0.2"),
            &["[fit]", "`validation_split` must be 0 or more"],
        ),
    ]);
    let place = Place::new();
    place.put("e.json", r#"{"fit": {"seed": 18446744073709551615}}"#);
    judge(&place.run(&["train", "e.json"]), &["[fit], `seed`", "at most 9223372036854775807"]).unwrap();
}

#[test]
fn overrides_that_cannot_be_read() {
    let set = |assignment: &'static str, words: &'static [&'static str]| {
        case("--set", GOOD, words).arguments(&["--set", assignment])
    };
    check(vec![
        set(
            "fit.callbacks=[{ class_name = \"EarlyStopping\"",
            &["--set fit.callbacks", "not valid TOML", "reads"],
        ),
        set("compile.loss=\"mse", &["--set compile.loss", "not valid TOML"]),
        set("compile.optimizer={ class_name: }", &["--set compile.optimizer", "not valid TOML"]),
    ]);
    let place = Place::new();
    place.put("e.toml", GOOD);
    let json = r#"compile.optimizer={"class_name": "Adam", "config": {"learning_rate": 0.01}}"#;
    place.fine(&["train", "e.toml", "--set", json]);
    place.fine(&["train", "e.toml", "--set", "compile.optimizer=adam"]);
}

#[test]
fn names_of_metrics_and_what_callbacks_watch() {
    let metrics = |list: &str| replaced("metrics = [\"accuracy\"]", &format!("metrics = [{list}]"));
    let one = |class: &str, config: &str| {
        fit(&format!(
            "callbacks = [{{ class_name = \"{class}\", config = {{ {config} }} }}, \"TerminateOnNaN\"]"
        ))
    };
    let named = "{ class_name = \"AUC\", config = { name = \"loss\" } }";
    check(vec![
        case(
            "twice",
            metrics("\"accuracy\", \"accuracy\""),
            &["e.toml, line 14, [compile], `metrics`", "called `accuracy`", "`name`"],
        ),
        case(
            "a metric for a loss",
            metrics(named),
            &["[compile], `metrics`", "called `loss`", "the name of a loss"],
        ),
        case(
            "nobody's number",
            one("EarlyStopping", "monitor = \"nope\""),
            &[
                "e.toml, line 18, [fit], `callbacks`",
                "EarlyStopping",
                "`nope`",
                "it can watch: accuracy, loss",
            ],
        ),
        case(
            "an unknown place",
            one("ModelCheckpoint", "filepath = \"kept/e{epoc}.safetensors\""),
            &["[fit], `callbacks`", "ModelCheckpoint", "`epoc`", "did you mean `epoch`?"],
        ),
        case(
            "a place without validation",
            one("ModelCheckpoint", "filepath = \"e{val_loss:.2f}.safetensors\""),
            &["ModelCheckpoint", "`val_loss`", "there are: epoch, accuracy, loss"],
        ),
        case(
            "a loss that does not fit",
            replaced("sparse_categorical", "categorical"),
            &["e.toml, line 13, [compile], `loss`", "output `dense_1`"],
        ),
    ]);
    let place = Place::new();
    let named = "{ class_name = \"SparseTopKCategoricalAccuracy\", config = { k = 1, name = \"top\" } }";
    place.put("e.toml", metrics(&format!("\"accuracy\", {named}")));
    assert!(place.fine(&["train", "e.toml", "--json"]).contains("\"top\""));
}

#[test]
fn json_that_says_a_thing_twice() {
    let place = Place::new();
    place.put("e.json", "{\n \"fit\": { \"epochs\": 1,\n  \"epochs\": 2 } }");
    judge(&place.run(&["train", "e.json"]), &["e.json, line 3", "duplicate key `epochs`"]).unwrap();
    place.put("f.json", "{ \"fit\": [1] }");
    judge(&place.run(&["train", "f.json"]), &["[fit]", "expected a table"]).unwrap();
}

#[test]
fn input_shapes_of_first_layers() {
    let shaped = |at: usize, shape: &str| {
        let mut list =
            ["{ layer = \"dense\", units = 4 }", "{ layer = \"dense\", units = 2 }"].map(String::from);
        list[at] = list[at].replace(" }", &format!(", input_shape = {shape} }}"));
        layers(&list.join(", "))
    };
    check(vec![
        case("later", shaped(1, "[2]"), &["layer 1", "`input_shape` belongs to the first layer"]),
        case("another", shaped(0, "[3]"), &["[model], `input_shape`", "(None, 3)", "(None, 2)"]),
        case("none", shaped(0, "[0]"), &["(None, 0)"]),
        case(
            "two",
            shaped(0, "[2]").replace("[model]\n", "[model]\ninput_shape = [3]\n"),
            &["leave one of them out"],
        ),
    ]);
    let place = Place::new();
    place.put("e.toml", shaped(0, "[2]"));
    place.fine(&["summary", "e.toml"]);
    place.fine(&["train", "e.toml"]);
}
