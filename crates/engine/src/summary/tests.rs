//! Summaries for which there is no text of Keras': models within, and widths that are too small.

use super::Summary;
use steadygrad_nn::Sequential;
use steadygrad_nn::functional::{add, input, shared};
use steadygrad_nn::layers::Dense;
use steadygrad_nn::model::Model;

#[test]
fn models_within_are_shown_on_demand() {
    let inner = Sequential::new([4]).add(Dense::new(5)).add(Dense::new(4)).named("inner").build();
    let outer = Sequential::new([4]).add_as("inner", inner).add(Dense::new(1)).build();
    let summary = Summary::of(&outer).unwrap();
    assert_eq!(summary.to_string().matches("│ ").count(), 6);
    let text = summary.expand_nested(true).to_string();
    for line in
        ["│ inner (Sequential)  ", "│    └ dense (Dense)  ", "│    └ dense_1 (Dense)  ", "│ dense (Dense)  "]
    {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains(" Total params: 54 (216.00 B)"), "{text}");
}

#[test]
fn no_width_is_too_small() {
    let x = input([4]);
    let twice = shared(Dense::new(4));
    let model = Model::of(&add([&twice.on(&x), &twice.on(&x)]));
    for width in [0, 1, 30, 44, 1000] {
        let text = Summary::of(&model).unwrap().show_trainable(true).line_length(width).to_string();
        let lines: Vec<usize> = text.lines().skip(1).map(|l| l.chars().count()).take(5).collect();
        assert!(lines.iter().all(|&n| n == lines[0]) && lines[0] >= width.min(44), "{width}:\n{text}");
    }
    assert!(Summary::of(&model).unwrap().to_string().contains("dense[0][0], dense[1][0]"));
}
