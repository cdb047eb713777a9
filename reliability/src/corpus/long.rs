//! Texts as long as they may be, and longer, of whatever takes the most memory for each letter.

use super::{Case, case};
use steadygrad_data::json::MOST;
use steadygrad_lab::{MOST_SIGNS, MOST_TEXT};

/// Pieces that are written again and again, each between what opens and what closes; `#` stands for a number of its own.
const TOML: [(&str, &str, &str, &str); 12] = [
    ("numbers", "data = [", "0,", "]"),
    ("texts", "data = [", "'',", "]"),
    ("lists", "data = [", "[],", "]"),
    ("lists_in_lists", "data = [", "[[[]]],", "]"),
    ("tables", "data = [", "{},", "]"),
    ("tables_with_a_key", "data = [", "{a=0},", "]"),
    ("keys", "[data]\n", "k#=0\n", ""),
    ("keys_of_keys", "[data]\n", "k#.a.b.c.d=0\n", ""),
    ("deep_keys", "[data]\n", "k#.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=0\n", ""),
    ("deep_tables", "", "[data.k#.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a]\n", ""),
    ("tables_of_tables", "", "[k#.a.b]\n", ""),
    ("tables_in_a_list", "", "[[k]]\n", ""),
];

const JSON: [(&str, &str, &str, &str); 5] = [
    ("numbers", "{\"data\": [", "0,", "0]}"),
    ("lists", "{\"data\": [", "[],", "0]}"),
    ("objects", "{\"data\": [", "{},", "0]}"),
    ("objects_with_a_key", "{\"data\": [", "{\"\":0},", "0]}"),
    ("keys", "{", "\"k#\":0,", "\"data\":0}"),
];

/// A chart up to its samples, and one with a sample up to what was seen of its layer.
const SAMPLES: &str = r#"{"schema":1,"layers":[{"path":"","whole":"","class":"","role":"","size":1,"inputs":[null],"parameters":[]}],"samples":["#;
const SEEN: &str = r#"{"schema":1,"layers":[{"path":"","whole":"","class":"","role":"","size":1,"inputs":[null],"parameters":[]}],"samples":[{"step":0,"layers":[{"passed":[],"updates":[],"gradients":["#;
const SAMPLE: &str = r#"{"step":0,"layers":[{"passed":[],"gradients":[],"updates":[]}]}"#;

/// Twenty megabytes.
const LONG: usize = 20_000_000;

pub fn cases() -> Vec<Case> {
    let toml = TOML.iter().map(|piece| ("experiment_toml", piece));
    let json = JSON.iter().map(|piece| ("experiment_json", piece));
    let experiments = toml.chain(json).map(|(reader, piece)| {
        case(
            reader,
            piece.0,
            filled(piece, MOST_TEXT, MOST_SIGNS, 0),
            &["is not a known", "a table", "neither `source`"],
        )
    });
    // Longer than it may be, and of as many values as there may be.
    let keras = JSON.iter().flat_map(|piece| {
        [(usize::MAX, &["weigh"]), (MOST, &["class_name"])]
            .map(|(most, says)| case("keras_json", piece.0, filled(piece, LONG, most, 1), says))
    });
    let headers = JSON.iter().map(|piece| {
        let header = filled(piece, LONG, usize::MAX, 1);
        let length = (header.len() as u64).to_le_bytes();
        case("safetensors", piece.0, [&length[..], header.as_bytes()].concat(), &["lacks dtype", "weigh"])
    });
    experiments.chain(keras).chain(headers).chain(charts()).collect()
}

fn charts() -> Vec<Case> {
    let of = |name, piece: (&str, &str, &str), bytes, says| {
        case("chart", name, filled(&("", piece.0, piece.1, piece.2), bytes, usize::MAX, 0), says)
    };
    let many = format!("{SAMPLE},");
    vec![
        of(
            "samples_that_are_none",
            (SAMPLES, "0,", "0]}"),
            LONG,
            &["sample 0: invalid type: integer `0`, expected an object"],
        ),
        of("a_long_sample", (SEEN, "0,", "0]}]}]}"), LONG, &["sample 0, layer 0: its values weigh"]),
        of("a_long_part_that_is_unknown", ("{\"x\":[", "[],", "[]]}"), LONG, &["schema"]),
        of("many_layers", ("{\"schema\":1,\"layers\":[", "[],", "[]]}"), LONG, &["layer 0: "]),
        // Half a million numbers that were not measured, a hundred thousand that were.
        of("many_samples", (SAMPLES, &many, &format!("{SAMPLE}]}}")), 6_500_000, &[]),
        of("many_numbers", (SEEN, "0,", "0]}]}]}"), 600_000, &[]),
    ]
}

/// As often as it has room for so many bytes and so many of the signs that bring a value; of other JSON an object counts as four more.
fn filled(
    (_, open, piece, close): &(&str, &str, &str, &str),
    bytes: usize,
    most: usize,
    json: usize,
) -> String {
    let signs =
        |text: &str| text.matches(['.', ',', '=', '[', '{']).count() + json * 4 * text.matches('{').count();
    let (mut text, mut has) = (open.to_string(), signs(open) + signs(close));
    for i in 0.. {
        let next = piece.replace('#', &i.to_string());
        has += signs(&next);
        if text.len() + next.len() + close.len() > bytes || has > most {
            break;
        }
        text += &next;
    }
    text + close
}
