//! `[fit]` and `[compile]`.

use super::*;

const LOSS: &str = "loss = \"sparse_categorical_crossentropy\"\n";

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
            &["[fit]", "`validation_split` must be", "below 1"],
        ),
        case(
            "fit: validation_split nan",
            fit("validation_split = nan"),
            &["[fit]", "`validation_split` must be", "below 1"],
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
        case(
            "fit: on_non_finite",
            fit("on_non_finite = \"skipp\""),
            &["e.toml, line 18, [fit]", "`on_non_finite`", "did you mean `skip`?"],
        ),
        case("fit: class_weight", fit("class_weight = { one = 1.0 }"), &["`class_weight`", "`one`"]),
        case(
            "fit: a negative class_weight",
            fit("class_weight = { 0 = -1.0 }"),
            &["`class_weight`", "0 or more"],
        ),
        case(
            "fit: sample_weight",
            fit("sample_weight = [1.0, 2.0]"),
            &["e.toml, line 18, [fit]", "`sample_weight`", "[data] sample_weight"],
        ),
        case(
            "lab: a key that is none",
            with(GOOD, "lab", "seed = 3"),
            &["e.toml, line 20, [lab]", "did you mean `seeds`?"],
        ),
        case(
            "lab: a key to vary that is none",
            with(GOOD, "lab", "vary = { \"fitt.epochs\" = [1] }"),
            &["e.toml, line 20, [lab], `vary`", "did you mean `fit`?"],
        ),
        case("fit: seed", fit("seed = \"x\""), &["[fit], `seed`", "whole number"]),
        case(
            "callback: unknown",
            fit("callbacks = [\"early_stop\"]"),
            &["[fit], `callbacks` 0", "did you mean `early_stopping`?"],
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
