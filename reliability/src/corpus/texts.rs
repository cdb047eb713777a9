//! Broken texts: experiments, charts, forms; and checkpoints.

use super::{Case, case};
use crate::mutate::packed::sealed;

pub fn cases() -> Vec<Case> {
    [experiments(), json(), charts(), forms(), checkpoints()].into_iter().flatten().collect()
}

/// An experiment with these layers.
fn with(layers: &str) -> String {
    format!(
        "[data]\nsource = \"circles\"\nsamples = 20\n[model]\ninput_shape = [2]\nlayers = [{layers}]\n[compile]\noptimizer = \"sgd\"\nloss = \"mse\"\n"
    )
}

fn experiments() -> Vec<Case> {
    let toml = |name, text: String, says| case("experiment_toml", name, text, says);
    let doubled: String = (0..60).map(|i| format!("c{i} = [\"$c{0}\", \"$c{0}\"]\n", i + 1)).collect();
    let chain: String = (0..8000).map(|i| format!("c{i} = \"$c{}\"\n", i + 1)).collect();
    let keys: String = (0..20_000).map(|i| format!("k{i} = 0\n")).collect();
    let wide = |units: &str| with(&format!("{{ layer = \"dense\", units = {units} }}"));
    vec![
        toml("not_utf_8", String::new(), &[""]),
        case("experiment_toml", "bytes", b"[data]\nsource = \"\xff\"\n".to_vec(), &["UTF-8"]),
        toml("lists_without_end", format!("a = {}", "[".repeat(24_000)), &["not valid TOML"]),
        toml(
            "lists_in_lists",
            format!("data = {}{}", "[".repeat(24_000), "]".repeat(24_000)),
            &["not valid TOML"],
        ),
        toml("tables_in_tables", format!("[data{}]\nx = 1\n", ".a".repeat(49_000)), &[""]),
        toml("too_long", format!("# {}\n", "x".repeat(800_000)), &["524288 are the most"]),
        toml(
            "tables_inline",
            format!("data = {}1{}", "{a=".repeat(24_000), "}".repeat(24_000)),
            &["not valid TOML"],
        ),
        toml(
            "constants_that_multiply",
            format!("[let]\n{doubled}c60 = 1\n[model]\nlayers = \"$c0\"\n"),
            &["values where they are put"],
        ),
        toml("constants_in_a_chain", format!("[let]\n{chain}c8000 = 1\n"), &[""]),
        toml("constants_in_a_circle", "[let]\na = \"$b\"\nb = \"$a\"\n".into(), &["circle"]),
        toml("many_keys", format!("[fit]\n{keys}"), &["k0", "argument"]),
        toml(
            "endless_layers",
            with("{ repeat = 1000000000, block = [{ layer = \"dense\", units = 2 }] }"),
            &["layers, and"],
        ),
        toml(
            "layers_multiplied",
            with(&format!(
                "{}{{ layer = \"dense\", units = 2 }}{}",
                "{ repeat = 1000, block = [".repeat(8),
                "] }".repeat(8)
            )),
            &["layers, and"],
        ),
        toml(
            "blocks_in_blocks",
            with(&format!(
                "{}{{ layer = \"dense\", units = 2 }}{}",
                "{ repeat = 1, block = [".repeat(30),
                "] }".repeat(30)
            )),
            &[],
        ),
        toml("units_10_12", wide("1000000000000"), &["memory"]),
        toml("units_beyond", wide("9223372036854775807"), &["memory", "any memory"]),
        toml("units_negative", wide("-1"), &["1 or more"]),
        toml("units_nan", wide("nan"), &["whole number"]),
        toml(
            "input_beyond",
            with("\"flatten\"").replace("[2]", "[4294967296, 4294967296, 4294967296]"),
            &["memory"],
        ),
        toml(
            "kernel_huge",
            with(
                "{ layer = \"reshape\", target_shape = [2, 1, 1] }, { layer = \"conv2d\", filters = 1000000, kernel_size = 1000000, padding = \"same\" }",
            ),
            &["memory", "shape", "window"],
        ),
        toml(
            "up_and_up",
            with(&format!(
                "{{ layer = \"reshape\", target_shape = [2, 1, 1] }}{}",
                ", { layer = \"up_sampling2d\", size = 100000 }".repeat(6)
            )),
            &["memory"],
        ),
        toml(
            "padding_huge",
            with(
                "{ layer = \"reshape\", target_shape = [2, 1] }, { layer = \"zero_padding1d\", padding = 4611686018427387904 }",
            ),
            &["memory", "most"],
        ),
        toml("repeat_vector", with("{ layer = \"repeat_vector\", n = 9223372036854775807 }"), &["memory"]),
        toml(
            "embedding",
            with(
                "{ layer = \"embedding\", input_dim = 4611686018427387904, output_dim = 4611686018427387904 }",
            ),
            &["memory"],
        ),
        toml(
            "device",
            with("\"flatten\"").replace("source = \"circles\"\nsamples = 20", "train = \"/dev/zero\""),
            &["no file"],
        ),
        toml(
            "device_as_weights",
            with("{ layer = \"dense\", units = 1 }").replace("[model]", "[model]\nweights = \"/dev/zero\""),
            &["no file"],
        ),
        toml(
            "device_as_model",
            with("").replace("layers = []", "file = \"/dev/zero\"").replace("input_shape = [2]\n", ""),
            &["no file"],
        ),
        toml(
            "folder_as_weights",
            with("{ layer = \"dense\", units = 1 }").replace("[model]", "[model]\nweights = \"/\""),
            &["directory"],
        ),
    ]
}

fn json() -> Vec<Case> {
    let text = |name, text: String, says| case("experiment_json", name, text, says);
    let keys: String = (0..18_000).map(|i| format!("\"k{i}\": 0, ")).collect();
    vec![
        text("levels", format!("{{\"a\": {}", "[".repeat(49_000)), &["recursion"]),
        text("objects_in_objects", "{\"a\": ".repeat(40_000), &["recursion"]),
        text("key_twice", "{\"fit\": {\"epochs\": 1, \"epochs\": 2}}".into(), &["duplicate key"]),
        text("many_keys", format!("{{\"fit\": {{{keys}\"epochs\": 1}}}}"), &["argument"]),
        text("huge_number", "{\"fit\": {\"epochs\": 1e999}}".into(), &["range"]),
        text("nan", "{\"fit\": {\"epochs\": NaN}}".into(), &["not valid JSON"]),
        text("surrogate_alone", "{\"\\ud800\": 1}".into(), &["not valid JSON"]),
    ]
}

fn charts() -> Vec<Case> {
    let of = |samples: &str| {
        format!(r#"{{"schema": 1, "layers": [], "samples": [{samples}], "first_non_finite": null}}"#)
    };
    vec![
        case("chart", "levels", "[".repeat(200_000), &["expected an object"]),
        case(
            "chart",
            "levels_within",
            format!("{{\"schema\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000)),
            &["recursion"],
        ),
        case("chart", "schema", "{\"schema\": 1e300}", &["schema"]),
        case("chart", "words_for_numbers", of(r#"{"step": 0, "loss": "nan", "layers": []}"#), &[]),
        case("chart", "other_words", of(r#"{"step": 0, "loss": "NaN(7)", "layers": []}"#), &["loss"]),
        case("chart", "negative_step", of(r#"{"step": -1, "loss": 1, "layers": []}"#), &["step"]),
        case(
            "chart",
            "greatest_step",
            of(r#"{"step": 18446744073709551615, "loss": 1, "layers": []}"#),
            &["no training has had"],
        ),
        case("chart", "more_layers_seen", of(r#"{"step": 0, "loss": 1, "layers": [{}]}"#), &["layers"]),
    ]
}

fn forms() -> Vec<Case> {
    let of = |shape: &str| format!(r#"{{"schema": 1, "inputs": [{{"name": "x", "shape": {shape}}}]}}"#);
    vec![
        case("run_form", "beyond", of("[4611686018427387904, 4611686018427387904]"), &[""]),
        case("run_form", "huge", of("[1000000000000]"), &[""]),
        case("run_form", "schema", "{\"schema\": 99, \"inputs\": []}", &["version"]),
        case("run_form", "levels", "[".repeat(100_000), &["recursion"]),
    ]
}

fn checkpoints() -> Vec<Case> {
    let many = (1_u64 << 60).to_le_bytes();
    let name = |kind: u8| [&1_u64.to_le_bytes()[..], &1_u32.to_le_bytes(), b"a", &[kind]].concat();
    vec![
        case("checkpoint", "2_60_parts", sealed(&many), &["cut off"]),
        case("checkpoint", "2_60_numbers", sealed(&[&name(0)[..], &many].concat()), &["cut off"]),
        case(
            "checkpoint",
            "2_61_doubles",
            sealed(&[&name(1)[..], &(1_u64 << 61).to_le_bytes()].concat()),
            &["cut off"],
        ),
        case(
            "checkpoint",
            "long_name",
            sealed(&[&1_u64.to_le_bytes()[..], &u32::MAX.to_le_bytes()].concat()),
            &["cut off"],
        ),
        case("checkpoint", "no_parts", sealed(&0_u64.to_le_bytes()), &["it has 0 weights"]),
        case("checkpoint", "other_version", b"steadygrad checkpoint\n\xff\0\0\0".to_vec(), &["version 255"]),
    ]
}
