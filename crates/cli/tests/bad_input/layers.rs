//! Layers, shapes, sizes.

use super::*;

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
            &["`units` must be 1 or more, got -3"],
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
            &["layer 0, `inputs`: `imput`", "did you mean `input`?"],
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
            layers(
                "{ layer = \"dense\", units = 3, name = \"a\" }, { layer = \"dense\", units = 2, inputs = [\"input\"] }",
            ),
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
            &["needs targets of the shape", "output `dense`", "Flatten"],
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
            "a .keras file that is not there",
            with(GOOD, "model", "file = \"m.keras\""),
            &["[model], `file`, m.keras", "No such file"],
        ),
        case(
            "a .keras file that is none",
            with(GOOD, "model", "file = \"m.keras\""),
            &["[model], `file`, m.keras", "not an HDF5 file"],
        )
        .file("m.keras", "nonsense"),
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
