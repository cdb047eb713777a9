//! Models that Keras 2 trained two epochs, each with another optimizer: two epochs more here end where they ended there.

use crate::folder;
use std::collections::BTreeMap;
use steadygrad::data::{Array, Dataset};
use steadygrad::prelude::*;

/// What Keras 2 keeps in a way that cannot be gone on from, with a word of the reason.
const ANEW: [(&str, &str); 2] = [("old_nadam", "schedule"), ("adafactor", "not known")];

fn arrays(path: &std::path::Path) -> BTreeMap<String, Array> {
    steadygrad::formats::npz::read(path).unwrap().into_iter().collect()
}

#[test]
fn training_goes_on_where_keras_2_left_it() {
    let (mut tried, mut failed) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder("keras_2")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "h5") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        let arrays = arrays(&path.with_extension("npz"));
        let data = Dataset::new(arrays["x"].clone(), arrays["y"].clone()).unwrap();
        let mut learner = load_model(&path).unwrap();
        let told = learner.warnings().join("");
        let history = learner.fit(&data, Fit::epochs(2).batch_size(8).shuffle(Shuffle::No)).unwrap();
        let want = (0..).map_while(|i| arrays.get(&format!("after{i}")));
        let mut gap = 0.0_f32;
        for ((_, got), want) in learner.weights().iter().zip(want) {
            assert_eq!(got.shape(), want.shape(), "{name}");
            gap = got.data().iter().zip(want.data()).map(|(a, b)| (a - b).abs()).fold(gap, f32::max);
        }
        println!("{name:<16} {gap:.1e} {told}");
        match ANEW.iter().find(|(anew, _)| *anew == name) {
            Some((_, word)) => {
                assert!(told.contains("begins anew") && told.contains(word), "{name}: {told}");
                assert_eq!(history.warnings[0], told);
                assert!(gap > 1e-5, "{name}");
            }
            None if told.is_empty() && gap < 2e-5 => {}
            None => failed.push(format!("{name}: {gap:e} {told}")),
        }
        tried.push(name);
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(tried.len() >= 8, "{tried:?}");
}
