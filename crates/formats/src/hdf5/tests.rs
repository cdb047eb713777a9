//! Trees there and back, and files that were made to harm.

use super::*;
use steadygrad_kernels::random::{Purpose, Stream};

fn floats(shape: &[usize]) -> Numbers {
    let count = shape.iter().product();
    Numbers {
        shape: shape.to_vec(),
        values: Values::Float((0..count).map(|i| i as f32 * 0.5 - 1.0).collect()),
    }
}

fn tree() -> Group {
    let mut tree = Group::default();
    tree.attributes.push(("keras_version".into(), Attribute::Text("3.15.1".into())));
    tree.attributes.push(("layer_names".into(), Attribute::Texts(vec!["a".into(), "größe".into()])));
    let vars = tree.make("layers").make("dense").make("vars");
    vars.arrays.push(("0".into(), floats(&[3, 4])));
    vars.arrays.push(("1".into(), floats(&[4])));
    let vars = tree.make("optimizer").make("vars");
    vars.arrays.push(("0".into(), Numbers { shape: vec![], values: Values::Whole(vec![17]) }));
    vars.arrays.push(("1".into(), floats(&[])));
    vars.arrays.push(("2".into(), Numbers { shape: vec![0, 3], values: Values::Float(vec![]) }));
    vars.arrays.push(("3".into(), Numbers { shape: vec![2], values: Values::Unsigned(vec![1, u32::MAX]) }));
    tree
}

#[test]
fn a_tree_is_the_same_when_it_was_written_and_read() {
    assert_eq!(read(write(&tree()).unwrap()).unwrap(), tree());
    assert_eq!(read(write(&Group::default()).unwrap()).unwrap(), Group::default());
}

#[test]
fn texts_of_any_length_are_kept() {
    let mut tree = Group::default();
    tree.attributes.push(("model_config".into(), Attribute::Text("x".repeat(200_000))));
    tree.attributes.push(("none".into(), Attribute::Text(String::new())));
    let again = read(write(&tree).unwrap()).unwrap();
    assert_eq!(again.text("model_config").map(str::len), Some(200_000));
    assert_eq!(again.text("none"), Some(""));
}

#[test]
fn lists_that_were_cut_are_put_together() {
    let mut tree = Group::default();
    tree.attributes.push(("layer_names0".into(), Attribute::Texts(vec!["a".into()])));
    tree.attributes.push(("layer_names1".into(), Attribute::Texts(vec!["b".into(), "c".into()])));
    assert_eq!(tree.texts("layer_names").unwrap(), ["a", "b", "c"]);
    assert_eq!(tree.texts("weight_names"), None);
}

#[test]
fn names_that_are_paths_are_refused() {
    for name in ["", "a/b", "."] {
        let mut tree = Group::default();
        tree.make(name);
        assert!(write(&tree).unwrap_err().to_string().contains("cannot be a name"), "{name:?}");
    }
}

#[test]
fn what_is_no_such_file_is_an_error() {
    for bytes in [&b""[..], b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", &[0; 4096]] {
        assert!(read(bytes.to_vec()).is_err());
    }
}

#[test]
fn damaged_files_are_errors_or_trees_and_never_panics() {
    let whole = write(&tree()).unwrap();
    for length in (0..whole.len()).step_by(7) {
        let _ = read(whole[..length].to_vec());
    }
    let stream = Stream::new(3, Purpose::Other, "mutations");
    let mut read_on = 0;
    for round in 0..4000 {
        let mut bytes = whole.clone();
        for k in 0..1 + stream.below(round, 0, 8) {
            let place = stream.below(round, 1 + 2 * k as u64, bytes.len());
            bytes[place] = stream.below(round, 2 + 2 * k as u64, 256) as u8;
        }
        read_on += usize::from(read(bytes).is_ok());
    }
    // Both ends are reached.
    assert!(read_on > 0 && read_on < 4000, "{read_on}");
}
