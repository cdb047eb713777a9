//! Experiments as long as they may be, of whatever takes the most memory for each letter.

use super::{Case, case};

/// The most bytes that an experiment may have, and the most of the signs that bring a value.
const MOST: (usize, usize) = (512 << 10, 50_000);

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

/// The most values of other JSON.
const MOST_JSON: usize = 400_000;

const JSON: [(&str, &str, &str, &str); 5] = [
    ("numbers", "{\"data\": [", "0,", "0]}"),
    ("lists", "{\"data\": [", "[],", "0]}"),
    ("objects", "{\"data\": [", "{},", "0]}"),
    ("objects_with_a_key", "{\"data\": [", "{\"\":0},", "0]}"),
    ("keys", "{", "\"k#\":0,", "\"data\":0}"),
];

pub fn cases() -> Vec<Case> {
    let toml = TOML.iter().map(|piece| ("experiment_toml", piece));
    let json = JSON.iter().map(|piece| ("experiment_json", piece));
    let experiments = toml.chain(json).map(|(reader, piece)| {
        case(reader, piece.0, filled(piece, MOST.0, MOST.1, 0), &["known", "expected", "["])
    });
    // Other JSON: longer than it may be, and of as many values as there may be.
    let others = ["keras_json", "chart", "run_form"].into_iter().flat_map(|reader| {
        JSON.iter().flat_map(move |piece| {
            let one = |most| case(reader, piece.0, filled(piece, 20_000_000, most, 1), &[""]);
            [usize::MAX, MOST_JSON].map(one)
        })
    });
    let headers = JSON.iter().flat_map(|piece| {
        let one = |most| {
            let header = filled(piece, 20_000_000, most, 1);
            let length = (header.len() as u64).to_le_bytes();
            case("safetensors", piece.0, [&length[..], header.as_bytes()].concat(), &["header", "lacks"])
        };
        [usize::MAX, MOST_JSON].map(one)
    });
    experiments.chain(others).chain(headers).collect()
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
