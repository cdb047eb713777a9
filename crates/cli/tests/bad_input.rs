//! Every mistake gives one error that names the place and the remedy, exit code 2, and leaves nothing behind.

mod common;

use common::{Ended, GOOD, Place, replaced, with};

/// What was tried, with its files, and words of the message.
struct Case {
    name: &'static str,
    experiment: String,
    files: Vec<(&'static str, Vec<u8>)>,
    arguments: Vec<&'static str>,
    words: &'static [&'static str],
}

fn case(name: &'static str, experiment: impl Into<String>, words: &'static [&'static str]) -> Case {
    Case { name, experiment: experiment.into(), files: Vec::new(), arguments: Vec::new(), words }
}

impl Case {
    fn file(mut self, name: &'static str, content: impl Into<Vec<u8>>) -> Case {
        self.files.push((name, content.into()));
        self
    }

    fn arguments(mut self, arguments: &[&'static str]) -> Case {
        self.arguments = arguments.to_vec();
        self
    }
}

/// Runs all cases, and shows every message with `--nocapture`.
fn check(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        let place = Place::new();
        place.put("e.toml", &case.experiment);
        for (name, content) in &case.files {
            place.put(name, content);
        }
        let before = place.names();
        let mut arguments = vec!["train", "e.toml"];
        arguments.extend(&case.arguments);
        let ended = place.run(&arguments);
        println!("{:<36} {}", case.name, ended.err.trim_end().replace('\n', "\n    "));
        if let Err(why) = judge(&ended, case.words) {
            wrong.push(format!("{}: {why}\n{}", case.name, ended.err));
        }
        if place.names() != before {
            wrong.push(format!("{}: left behind {:?}", case.name, place.names()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn judge(ended: &Ended, words: &[&str]) -> Result<(), String> {
    if ended.code != 2 {
        return Err(format!("exit code {}", ended.code));
    }
    if !ended.out.is_empty() {
        return Err(format!("standard output: {}", ended.out));
    }
    if !ended.err.starts_with("error: ") || ended.err.matches("error: ").count() != 1 {
        return Err("not one error".into());
    }
    if ["panicked", "RUST_BACKTRACE", "overflow", "unwrap"].iter().any(|w| ended.err.contains(w)) {
        return Err("a panic".into());
    }
    // Where it says what must stand there, nothing is left to say.
    if !["\n  help: ", "expected", "must be"].iter().any(|w| ended.err.contains(w)) {
        return Err("no help".into());
    }
    match words.iter().find(|w| !ended.err.contains(**w)) {
        Some(word) => Err(format!("`{word}` is missing")),
        None => Ok(()),
    }
}

fn layers(list: &str) -> String {
    with(GOOD, "model", &format!("layers = [ {list} ]"))
}

fn fit(line: &str) -> String {
    with(GOOD, "fit", line)
}

fn compile(lines: &str) -> String {
    with(GOOD, "compile", lines)
}

fn data(lines: &str) -> String {
    with(GOOD, "data", lines)
}

const LOSS: &str = "loss = \"sparse_categorical_crossentropy\"\n";

#[test]
fn mistakes_in_the_file_itself() {
    check(vec![
        case("not TOML", "[fit\nepochs = 3", &["e.toml, line 1: not valid TOML"]),
        case("not JSON", "{\n \"fit\": }", &["e.toml, line 2, column", "not valid JSON"]),
        case("a JSON list", "{\"fit\": [1]}", &["e.toml", "[fit]", "expected a table"]),
        case("an empty file", "", &["e.toml", "neither `source` nor `train`"]),
        case("a key twice", "[fit]\nepochs = 1\nepochs = 2\n", &["e.toml, line 3", "duplicate key"]),
        case("an unknown table", format!("{GOOD}\n[optimiser]\nx = 1"), &["e.toml, line 19", "did you mean"]),
        case("a table that is a number", "fit = 3\n", &["e.toml, line 1, [fit]: expected a table"]),
        case(
            "an unknown constant",
            fit("epochs = \"$epocs\"\n[let]\nepochs = 3"),
            &["`epocs`", "`epochs`", "[let]"],
        ),
        case("constants in a circle", fit("epochs = 1\n[let]\na = \"$b\"\nb = \"$a\""), &["in a circle"]),
        case("an empty assignment", GOOD, &["--set", "fit.epochs=3"]).arguments(&["--set", "fit.epochs"]),
        case("a key that is none", GOOD, &["--set", "is not a key"]).arguments(&["--set", "fit..x=1"]),
        case("an index too large", GOOD, &["--set model.layers.7.units", "a list of 2"])
            .arguments(&["--set", "model.layers.7.units=1"]),
        case(
            "an override that is wrong",
            GOOD,
            &["e.toml, --set fit.epochs=many, [fit], `epochs`", "whole number"],
        )
        .arguments(&["--set", "fit.epochs=many"]),
        case("an unknown table by --set", GOOD, &["--set fitt.epochs=1", "did you mean `fit`"])
            .arguments(&["--set", "fitt.epochs=1"]),
    ]);
    let place = Place::new();
    place.put("e.bin", [0xff, 0xfe, 0, 1]).put("e.toml", GOOD);
    let ended = place.run(&["train", "e.bin"]);
    judge(&ended, &["e.bin", "UTF-8"]).unwrap();
    judge(&place.run(&["train", "nowhere.toml"]), &["nowhere.toml", "steadygrad new"]).unwrap();
    judge(&place.run(&["train", "."]), &["give the file"]).unwrap();
    // The command's own parser answers these in its own form.
    assert_eq!(place.run(&["train", "e.toml", "--threads", "0"]).code, 2);
    assert_eq!(place.run(&["trian"]).code, 2);
}

#[test]
fn mistakes_in_fit_and_compile() {
    check(vec![
        case(
            "fit: a misspelt key",
            fit("epoch = 3"),
            &["e.toml, line 18, [fit]", "`epoch`", "did you mean `epochs`?"],
        ),
        case("fit: a foreign key", fit("bs = 3"), &["did you mean `batch_size`?"]),
        case(
            "fit: text for a number",
            fit("epochs = \"ten\""),
            &["[fit], `epochs`", "whole number", "the text `ten`"],
        ),
        case("fit: a negative number", fit("epochs = -1"), &["[fit], `epochs`", "0 or more"]),
        case("fit: a fraction", fit("epochs = 1.5"), &["[fit], `epochs`", "whole number"]),
        case("fit: batch_size 0", fit("batch_size = 0"), &["[fit]", "`batch_size` must be 1 or more, got 0"]),
        case("fit: steps_per_epoch 0", fit("steps_per_epoch = 0"), &["`steps_per_epoch` must be 1 or more"]),
        case(
            "fit: validation_split 1",
            fit("validation_split = 1.0"),
            &["[fit], `validation_split`", "below 1"],
        ),
        case(
            "fit: validation_split nan",
            fit("validation_split = nan"),
            &["[fit], `validation_split`", "below 1"],
        ),
        case("fit: nothing left", fit("validation_split = 0.999"), &["leaves 0 of 60 samples"]),
        case(
            "fit: initial_epoch",
            fit("epochs = 2\ninitial_epoch = 3"),
            &["`initial_epoch`", "at most `epochs`"],
        ),
        case(
            "fit: shuffle",
            fit("shuffle = \"yes\""),
            &["[fit]", "`shuffle` must be true, false or \"batch\""],
        ),
        case("fit: class_weight", fit("class_weight = { one = 1.0 }"), &["`class_weight`", "`one`"]),
        case(
            "fit: a negative class_weight",
            fit("class_weight = { 0 = -1.0 }"),
            &["`class_weight`", "0 or more"],
        ),
        case("fit: seed", fit("seed = \"x\""), &["[fit], `seed`", "whole number"]),
        case(
            "callback: unknown",
            fit("callbacks = [\"early_stop\"]"),
            &["[fit], `callbacks` 0", "EarlyStopping"],
        ),
        case(
            "callback: argument",
            fit("callbacks = [{ class_name = \"EarlyStopping\", config = { patiense = 3 } }]"),
            &["EarlyStopping", "`patiense`", "did you mean `patience`?"],
        ),
        case(
            "callback: a folder that is not there",
            fit("callbacks = [{ class_name = \"CSVLogger\", config = { filename = \"no/such/log.csv\" } }]"),
            &["no/such/log.csv"],
        ),
        case("compile: no loss", compile("optimizer = \"sgd\""), &["[compile]", "`loss` is missing"]),
        case(
            "compile: unknown loss",
            compile("loss = \"sparse_crossentropy\""),
            &["[compile], `loss`", "help"],
        ),
        case(
            "compile: foreign loss",
            compile("loss = \"CrossEntropyLoss\""),
            &["`sparse_categorical_crossentropy`"],
        ),
        case(
            "compile: unknown optimizer",
            compile(&format!("{LOSS}optimizer = \"adamm\"")),
            &["[compile], `optimizer`", "`adam`"],
        ),
        case(
            "compile: lr",
            compile(&format!("{LOSS}optimizer = {{ class_name = \"Adam\", config = {{ lr = 0.1 }} }}")),
            &["Adam", "`lr`", "`learning_rate`"],
        ),
        case(
            "compile: a rate as text",
            compile(&format!(
                "{LOSS}optimizer = {{ class_name = \"Adam\", config = {{ learning_rate = \"fast\" }} }}"
            )),
            &["`learning_rate`", "a number", "`fast`"],
        ),
        case(
            "compile: a negative rate",
            compile(&format!(
                "{LOSS}optimizer = {{ class_name = \"SGD\", config = {{ learning_rate = -0.1 }} }}"
            )),
            &["`learning_rate`"],
        ),
        case(
            "compile: no class_name",
            compile(&format!("{LOSS}optimizer = {{ name = \"Adam\" }}")),
            &["`class_name`"],
        ),
        case(
            "compile: unknown metric",
            compile(&format!("{LOSS}metrics = [\"acuracy\"]")),
            &["`acuracy`", "`accuracy`"],
        ),
        case(
            "compile: a misspelt key",
            compile(&format!("{LOSS}metric = [\"accuracy\"]")),
            &["did you mean `metrics`?"],
        ),
        case(
            "compile: two losses for one output",
            compile("loss = [\"mse\", \"mae\"]"),
            &["2 entries", "1 output"],
        ),
        case(
            "compile: a loss for no output",
            compile("loss = { head = \"mse\" }"),
            &["`head`", "output of the model"],
        ),
        case(
            "compile: loss_weights",
            compile(&format!("{LOSS}loss_weights = [1.0, nan]")),
            &["`loss_weights`"],
        ),
    ]);
}

#[test]
fn mistakes_in_layers_and_shapes() {
    const HEAD: &str = "{ layer = \"dense\", units = 2, activation = \"softmax\" }";
    let before_head = |item: &str| layers(&format!("{item}, {HEAD}"));
    check(vec![
        case("no layers", with(GOOD, "model", "name = \"x\""), &["[model]", "`layers` is missing"]),
        case("an empty list", layers(""), &["[model]", "`layers` is empty"]),
        case("layers as text", with(GOOD, "model", "layers = \"dense\""), &["expected a list of layers"]),
        case(
            "model: a misspelt key",
            with(GOOD, "model", "layer = []\nlayers = []"),
            &["did you mean `layers`?"],
        ),
        case("a number in the list", layers("3"), &["[model], layer 0", "expected a table", "the number 3"]),
        case("no `layer`", layers("{ units = 3 }"), &["layer 0", "`layer`", "it has units"]),
        case(
            "an unknown layer",
            before_head("{ layer = \"densse\", units = 3 }"),
            &["layer 0: `densse`", "`dense`"],
        ),
        case("a foreign layer", before_head("{ layer = \"Linear\", units = 3 }"), &["did you mean `dense`?"]),
        case(
            "a misspelt argument",
            replaced("units = 4", "unit = 4"),
            &["e.toml, line 7, [model], layer 0, dense", "`unit", "did you mean `units`?"],
        ),
        case(
            "a misspelt argument of a layer with a name",
            before_head("{ layer = \"dense\", units = 3, name = \"first\", use_biass = true }"),
            &["layer 0, first, dense", "did you mean `use_bias`?"],
        ),
        case(
            "an argument missing",
            before_head("{ layer = \"dense\" }"),
            &["layer 0, dense", "`units` is missing"],
        ),
        case(
            "0 units",
            before_head("{ layer = \"dense\", units = 0 }"),
            &["layer 0, dense", "`units`", "1 or more"],
        ),
        case(
            "negative units",
            before_head("{ layer = \"dense\", units = -3 }"),
            &["`units`", "0 or more", "-3"],
        ),
        case(
            "LeakyReLU",
            replaced("\"relu\"", "\"LeakyReLU\""),
            &["layer 0, dense", "`activation`", "did you mean `leaky_relu`?"],
        ),
        case(
            "xavier",
            replaced("units = 4", "units = 4, kernel_initializer = \"xavier\""),
            &["layer 0, dense", "`kernel_initializer`", "did you mean `glorot_uniform`?"],
        ),
        case(
            "dropout of 1.5",
            before_head("{ layer = \"dropout\", rate = 1.5 }"),
            &["layer 0, dropout", "`rate`"],
        ),
        case(
            "reshape",
            before_head("{ layer = \"reshape\", target_shape = [3] }"),
            &["layer 0, reshape", "target_shape"],
        ),
        case(
            "batch norm on axis 7",
            before_head("{ layer = \"batch_normalization\", axis = 7 }"),
            &["layer 0, batch_normalization", "axis"],
        ),
        case(
            "the same name twice",
            layers(
                "{ layer = \"dense\", units = 3, name = \"a\" }, { layer = \"dense\", units = 2, name = \"a\" }",
            ),
            &["layer 1", "two layers have the name `a`"],
        ),
        case(
            "a name with a slash",
            layers("{ layer = \"dense\", units = 2, name = \"a/b\" }"),
            &["`a/b` cannot be the name"],
        ),
        case(
            "an unknown input",
            layers("{ layer = \"dense\", units = 2, inputs = [\"imput\"] }"),
            &["layer 0, dense", "`inputs`", "`input`"],
        ),
        case(
            "an unknown output",
            with(GOOD, "model", &format!("layers = [{HEAD}]\noutputs = [\"head\"]")),
            &["[model], `outputs`", "`head`", "name ="],
        ),
        case(
            "shapes that do not add",
            layers(
                "{ layer = \"dense\", units = 3, name = \"a\" }, { layer = \"add\", inputs = [\"input\", \"a\"] }",
            ),
            &["layer 1, add", "(None, 2)", "(None, 3)"],
        ),
        case(
            "a residual that does not fit",
            before_head("{ residual = [{ layer = \"dense\", units = 3 }] }"),
            &["layer 0", "(None, 3)", "(None, 2)", "shortcut"],
        ),
        case(
            "a layer that nobody reads",
            layers(&format!(
                "{{ layer = \"dense\", units = 3, name = \"a\" }}, {{ layer = \"dense\", units = 2, inputs = [\"input\"] }}"
            )),
            &["dense `a`", "nothing reads"],
        ),
        case("repeat without block", layers("{ repeat = 3 }"), &["layer 0", "repeat", "`block` is missing"]),
        case(
            "repeat as text",
            layers(&format!("{{ repeat = \"x\", block = [{HEAD}] }}")),
            &["`repeat`", "whole number"],
        ),
        case(
            "an error within a block",
            before_head("{ repeat = 2, block = [\n { layer = \"dense\",\n units = \"x\" } ] }"),
            &["e.toml, line 16", "layer 0", "`block` 0, dense", "`units`"],
        ),
        case(
            "repeat = 1000000",
            before_head(&format!("{{ repeat = 1000000, block = [{HEAD}] }}")),
            &["1000001 layers", "10000 are the most", "`repeat`"],
        ),
        case(
            "repeat within repeat",
            before_head(&format!(
                "{{ repeat = 9223372036854775807, block = [{{ repeat = 9223372036854775807, block = [{HEAD}] }}] }}"
            )),
            &["are the most"],
        ),
        case(
            "units = 10000000000",
            before_head("{ layer = \"dense\", units = 10000000000 }"),
            &["GiB of memory", "can be had"],
        ),
        case(
            "units beyond counting",
            before_head("{ layer = \"dense\", units = 9000000000000000000 }"),
            &["layer 0, dense", "larger than any memory"],
        ),
        case(
            "two huge layers",
            before_head(
                "{ layer = \"dense\", units = 200000000000000 }, { layer = \"dense\", units = 200000000000000 }",
            ),
            &["larger than any memory"],
        ),
        case(
            "a huge input_shape",
            with(
                GOOD,
                "model",
                &format!(
                    "input_shape = [4294967296, 4294967296, 4294967296]\nlayers = [{{ layer = \"flatten\" }}, {HEAD}]"
                ),
            ),
            &["`input_shape`", "larger than any memory"],
        ),
        case(
            "a huge repeat_vector",
            before_head("{ layer = \"repeat_vector\", n = 9000000000000000000 }, { layer = \"flatten\" }"),
            &["larger than any memory"],
        ),
        case(
            "a huge batch",
            with(
                &with(GOOD, "data", "source = \"circles\"\nsamples = 1000000"),
                "model",
                &format!("layers = [{{ layer = \"dense\", units = 1000000 }}, {HEAD}]"),
            )
            .replace("epochs = 1", "epochs = 1\nbatch_size = 9000000000000000000"),
            &["GiB of memory", "batch"],
        ),
        case(
            "another input_shape than the data's",
            with(GOOD, "model", &format!("input_shape = [3]\nlayers = [{HEAD}]")),
            &["(None, 3)", "(None, 2)"],
        ),
        case(
            "too few units for the classes",
            replaced("units = 2", "units = 1"),
            &["output `dense_1`", "the label 1"],
        ),
        case(
            "images into dense",
            with(
                &with(GOOD, "data", "source = \"digits\""),
                "model",
                "layers = [{ layer = \"dense\", units = 10, activation = \"softmax\" }]",
            ),
            &["targets of shape", "output", "Flatten"],
        ),
        case(
            "weights that are not there",
            with(GOOD, "model", &format!("weights = \"w.safetensors\"\nlayers = [{HEAD}]")),
            &["[model], `weights`", "w.safetensors"],
        ),
        case(
            "weights that are none",
            with(GOOD, "model", &format!("weights = \"w.safetensors\"\nlayers = [{HEAD}]")),
            &["[model], `weights`", "w.safetensors"],
        )
        .file("w.safetensors", "nonsense"),
        case(
            "a .keras file",
            with(GOOD, "model", "file = \"m.keras\""),
            &["[model], m.keras", "not read yet"],
        ),
        case(
            "a configuration that is none",
            with(GOOD, "model", "file = \"m.json\""),
            &["[model], m.json", "class_name"],
        )
        .file("m.json", "{}"),
        case(
            "file and layers",
            with(GOOD, "model", &format!("file = \"m.json\"\nlayers = [{HEAD}]")),
            &["`layers`", "`file`"],
        ),
        case(
            "one loss, two outputs, one target",
            with(
                GOOD,
                "model",
                "outputs = [\"a\", \"b\"]\nlayers = [{ layer = \"dense\", units = 2, name = \"a\" }, { layer = \"dense\", units = 2, name = \"b\" }]",
            ),
            &["1 target", "output"],
        ),
    ]);
}

/// The bytes of an IDX file.
fn idx(axes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, axes.len() as u8];
    axes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap()
}

#[test]
fn mistakes_in_data() {
    const CSV: &str = "train = \"a.csv\"\ntarget = \"label\"";
    let csv = |name, content: &str, words| case(name, data(CSV), words).file("a.csv", content);
    let mnist = |name, words| case(name, data("source = \"mnist\"\npath = \"m\""), words);
    const IMAGES: &str = "m/train-images-idx3-ubyte";
    const LABELS: &str = "m/train-labels-idx1-ubyte";
    let mut truncated = gzip(&idx(&[2, 2, 2], &[0; 8]));
    truncated.truncate(truncated.len() - 6);
    check(vec![
        case("data: none", data(""), &["[data]", "neither `source` nor `train`"]),
        case(
            "data: unknown source",
            data("source = \"digit\""),
            &["[data], `source`", "did you mean `digits`?"],
        ),
        case(
            "data: both",
            data("source = \"digits\"\ntrain = \"a.csv\""),
            &["`source` and `train` are both given"],
        ),
        case(
            "data: a misspelt key",
            data("source = \"digits\"\nscal = \"unit\""),
            &["e.toml, line 17, [data]", "did you mean `scale`?"],
        ),
        case(
            "data: unknown scale",
            data("source = \"digits\"\nscale = \"norm\""),
            &["[data], `scale`", "unit"],
        ),
        case(
            "data: an option it does not take",
            data("source = \"digits\"\nnoise = 0.1"),
            &["digits", "`noise`"],
        ),
        case(
            "data: channels = 3",
            data("source = \"digits\"\nchannels = 3"),
            &["`channels`", "1 (these images are grey)"],
        ),
        case(
            "data: too many samples",
            data("source = \"digits\"\nsamples = 100000"),
            &["samples from 1 to 1437"],
        ),
        case("data: no samples", data("source = \"circles\"\nsamples = 0"), &["samples from 1"]),
        case("data: negative noise", data("source = \"circles\"\nnoise = -1.0"), &["noise of 0 or more"]),
        case(
            "data: one_hot",
            data("source = \"circles\"\none_hot = 1000000000000"),
            &["`one_hot`", "number of classes"],
        ),
        case(
            "data: mnist without files",
            data("source = \"mnist\""),
            &["`mnist`", "steadygrad fetch mnist", "`path`"],
        ),
        case(
            "data: a folder that is not there",
            data("source = \"mnist\"\npath = \"nowhere\""),
            &["nowhere", "folder"],
        ),
        case("csv: no file", data("train = \"b.csv\""), &["[data], b.csv"]),
        csv(
            "csv: a missing column",
            "x,y,lable\n1,2,0\n",
            &["[data], a.csv", "`label`", "did you mean `lable`?"],
        ),
        csv("csv: ragged rows", "x,y,label\n1,2,0\n1,0\n", &["a.csv, line 3", "expected 3 cells", "got 2"]),
        csv(
            "csv: text in a feature",
            "x,y,label\n1,two,0\n",
            &["a.csv, line 2, column 2 (`y`)", "expected a number, got `two`"],
        ),
        csv("csv: NaN", "x,y,label\n1,2,0\n1,NaN,1\n", &["a.csv, line 3, column 2 (`y`)", "finite"]),
        csv(
            "csv: an empty cell",
            "x,y,label\n1,,0\n",
            &["a.csv, line 2, column 2 (`y`)", "the cell is empty"],
        ),
        csv("csv: an empty file", "", &["a.csv", "the file is empty"]),
        csv("csv: names and no sample", "x,y,label\n", &["a.csv", "no sample"]),
        csv("csv: a label too large", "x,y,label\n1,2,0\n1,2,5\n", &["label", "5"]),
        csv("csv: a negative label", "x,y,label\n1,2,0\n1,2,-1\n", &["label", "-1"]),
        csv("csv: a label that is no whole number", "x,y,label\n1,2,0\n1,2,0.5\n", &["label", "0.5"]),
        csv("csv: labels of two kinds", "x,y,label\n1,2,0\n1,2,cat\n1,2,1\n", &["a.csv", "line 3", "`cat`"]),
        csv("csv: one column", "label\n1\n", &["a.csv", "no column with features"]),
        csv("csv: names twice", "x,x,label\n1,2,0\n", &["a.csv, line 1", "same name `x`"]),
        case(
            "csv: validation with another column",
            data(&format!("{CSV}\nvalidation = \"b.csv\"")),
            &["[data], validation, b.csv", "`y`"],
        )
        .file("a.csv", "x,y,label\n1,2,0\n1,2,1\n")
        .file("b.csv", "x,z,label\n1,2,0\n"),
        case(
            "csv: a class not seen in training",
            data(&format!("{CSV}\nvalidation = \"b.csv\"")),
            &["[data], validation, b.csv", "line 2", "`bird`"],
        )
        .file("a.csv", "x,y,label\n1,2,cat\n1,2,dog\n")
        .file("b.csv", "x,y,label\n1,2,bird\n"),
        case(
            "csv: validation and validation_split",
            data(&format!("{CSV}\nvalidation = \"b.csv\"\nvalidation_split = 0.5")),
            &["`validation_split`", "`validation`"],
        )
        .file("a.csv", "x,y,label\n1,2,0\n1,2,1\n")
        .file("b.csv", "x,y,label\n1,2,0\n"),
        case(
            "csv: a delimiter of two",
            data(&format!("{CSV}\ndelimiter = \"::\"")),
            &["`delimiter`", "one character"],
        )
        .file("a.csv", "x,y,label\n1,2,0\n"),
        case("csv: labels", data(&format!("{CSV}\nlabels = \"klass\"")), &["`labels`", "classes"])
            .file("a.csv", "x,y,label\n1,2,0\n"),
        case("npz: no archive", data("train = \"a.npz\""), &["[data], a.npz"]).file("a.npz", "nonsense"),
        mnist("idx: an empty folder", &["m: found 0 files", "idx3"]).file("m/readme.txt", ""),
        mnist("idx: a wrong magic number", &[IMAGES, "first bytes"])
            .file(IMAGES, [1, 2, 3, 4, 5])
            .file(LABELS, idx(&[1], &[0])),
        mnist("idx: truncated gzip", &["m/train-images-idx3-ubyte.gz", "truncated"])
            .file("m/train-images-idx3-ubyte.gz", truncated)
            .file(LABELS, idx(&[2], &[0, 1])),
        mnist("idx: fewer bytes than declared", &[IMAGES, "truncated"])
            .file(IMAGES, idx(&[2, 2, 2], &[0; 7]))
            .file(LABELS, idx(&[2], &[0, 1])),
        mnist("idx: another number of labels", &[LABELS, "expected 2 labels", "got 3"])
            .file(IMAGES, idx(&[2, 2, 2], &[0; 8]))
            .file(LABELS, idx(&[3], &[0, 1, 2])),
        mnist("idx: a label out of range", &["m", "sample 1", "got 11"])
            .file(IMAGES, idx(&[2, 2, 2], &[0; 8]))
            .file(LABELS, idx(&[2], &[0, 11])),
    ]);
}

#[test]
fn mistakes_on_the_way_out() {
    let place = Place::new();
    place.put("e.toml", GOOD).put("taken", "x").put("full/mine.txt", "x");
    for (out, words) in [
        ("taken", &["--out taken", "is a file"][..]),
        ("taken/deeper", &["taken is a file"]),
        ("full", &["--out full", "has files in it"]),
        (".", &["has files in it"]),
    ] {
        judge(&place.run(&["train", "e.toml", "--out", out]), words).unwrap();
    }
    assert_eq!(place.names(), ["e.toml", "full", "taken"]);
    for (arguments, words) in [
        (&["evaluate", "full"][..], &["full", "experiment.toml"][..]),
        (&["predict", "nowhere"], &["nowhere", "experiment.toml"]),
        (&["list", "layer"], &["`layer`", "did you mean `layers`?"]),
        (&["new", "e.toml"], &["e.toml", "is there already"]),
        (&["new", "no/such/e.toml"], &["no/such/e.toml"]),
        (&["fetch", "mnst"], &["`mnst`", "did you mean `mnist`?"]),
        (
            &["fetch", "mnist", "--from", "http://127.0.0.1:9/"],
            &["127.0.0.1:9", "by hand", "train-images-idx3-ubyte.gz"],
        ),
        (
            &["summary", "e.toml", "--set", "model.layers.0.units=x"],
            &["e.toml, --set model.layers.0.units=x", "layer 0"],
        ),
    ] {
        let ended = place.run(arguments);
        println!("{arguments:?}: {}", ended.err);
        if let Err(why) = judge(&ended, words) {
            panic!("{arguments:?}: {why}\n{}", ended.err);
        }
    }
    assert_eq!(place.names(), ["e.toml", "full", "taken"]);
}
