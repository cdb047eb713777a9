//! The law of the ledger: its entries add up to what the gradient gained or lost between two layers.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;
use steadygrad_chart::{Chart, Kind, Ledger};
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Trainable};
use steadygrad_nn::activations::{Elu, Relu, Sigmoid, Softmax, Tanh};
use steadygrad_nn::functional::{Value, add, average, concatenate, input, multiply, shared};
use steadygrad_nn::layers::{
    BatchNormalization, Dense, Dropout, GroupNormalization, Layer, LayerNormalization, Rescaling, Reshape,
};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Sgd;
use steadygrad_nn::{Model, Sequential};

fn chart(model: &Model) -> Chart {
    let x: Vec<f32> = (0..128).map(|i| (i as f32 * 0.7).sin()).collect();
    let y: Vec<f32> = (0..64).map(|i| (i % 2) as f32).collect();
    let data = Dataset::new(Array::new([64, 2], x).unwrap(), Array::new([64], y).unwrap()).unwrap();
    let compile = Compile::new(Sgd::new(0.1), SparseCategoricalCrossentropy).seed(7);
    model.compile(compile).unwrap().watch_on_batch(&data).unwrap()
}

fn norm(chart: &Chart, layer: usize) -> f64 {
    let seen = &chart.samples[0].layers[layer];
    seen.delta.unwrap() * (chart.layers[layer].size as f64).sqrt()
}

/// Every way from the loss to every layer adds up to the same: the gradient's change between the two.
fn all_ways_add_up(chart: &Chart) -> usize {
    let ledger = Ledger::of(chart, &chart.samples[0]);
    let begin = ledger.begin.unwrap();
    let total = 20.0 * (norm(chart, ledger.end.unwrap()) / norm(chart, begin)).log10();
    assert!((ledger.total() - total).abs() < 1e-9, "{} against {total}", ledger.total());
    // Ways as (layer, sum so far).
    let (mut open, mut ways) = (vec![(begin, 0.0)], 0);
    while let Some((at, sum)) = open.pop() {
        let change = 20.0 * (norm(chart, at) / norm(chart, begin)).log10();
        assert!((sum - change).abs() < 1e-9, "{}: {sum} against {change}", chart.layers[at].path);
        let mut end = true;
        for (i, e) in
            ledger.entries.iter().enumerate().filter(|(_, e)| e.kind == Kind::Layer && e.layer == at)
        {
            let from = chart.layers[at].inputs[e.input].unwrap();
            // The sum of a layer's readers stands right behind the entry of the reader.
            let branch = ledger.entries.get(i + 1).filter(|b| b.kind == Kind::Branch && b.layer == from);
            open.push((from, sum + e.decibels + branch.map_or(0.0, |b| b.decibels)));
            end = false;
        }
        ways += usize::from(end);
    }
    ways
}

#[test]
fn the_entries_of_a_chain_add_up() {
    let mut net = Sequential::new([2]).add(Rescaling::new(2.0));
    let layers: [Arc<dyn Layer>; 8] = [
        Arc::new(Dense::new(12).activation(Tanh)),
        Arc::new(BatchNormalization::new()),
        Arc::new(Dense::new(24).activation(Relu)),
        Arc::new(LayerNormalization::new()),
        Arc::new(Reshape::new([4, 6])),
        Arc::new(Dense::new(6).activation(Sigmoid)),
        Arc::new(GroupNormalization::new(2)),
        Arc::new(Dropout::new(0.25)),
    ];
    for layer in layers {
        net = net.add(layer);
    }
    let net = net.add(steadygrad_nn::layers::Flatten).add(Elu).add(Dense::new(3).activation(Softmax));
    let chart = chart(&net.into());
    assert_eq!(all_ways_add_up(&chart), 1);
    let ledger = Ledger::of(&chart, &chart.samples[0]);
    // From the logits to what the first Dense layer multiplies: its own weights have nothing to pass a gradient to.
    assert_eq!(chart.layers[ledger.begin.unwrap()].path, "dense_3");
    assert_eq!(chart.layers[ledger.end.unwrap()].path, "dense");
    let moved = ledger.way.iter().find(|e| chart.layers[e.layer].class == "Reshape").unwrap();
    assert_eq!(moved.decibels, 0.0);
}

#[test]
fn all_ways_of_a_graph_add_up_to_the_same() {
    let x = input([2]).then(Dense::new(8).activation(Tanh));
    let block = |x: &Value| add([x, &x.then(BatchNormalization::new()).then(Dense::new(8).activation(Relu))]);
    let tower = shared(Dense::new(8).activation(Tanh));
    let (a, b) = (block(&block(&x)), tower.on(&tower.on(&x)));
    let joined = concatenate([&a, &b, &multiply([&a, &b]), &average([&a, &x])]);
    let model = Model::of(&joined.then(Dense::new(2).activation(Softmax)));
    let chart = chart(&model);
    assert_eq!(all_ways_add_up(&chart), 15);
}

#[test]
fn where_there_is_no_gradient_the_ledger_ends_and_says_so() {
    let dead =
        Dense::new(8).activation(Relu).bias_initializer(steadygrad_nn::initializers::Constant::new(-100.0));
    let net = Sequential::new([2]).add(Dense::new(8)).add(dead).add(Dense::new(8)).add(Dense::new(2));
    let chart = chart(&net.add(Softmax).into());
    let ledger = Ledger::of(&chart, &chart.samples[0]);
    let at = ledger.nothing_below.unwrap();
    assert_eq!(chart.layers[at].path, "dense_1/activation");
    assert_eq!(ledger.total(), f64::NEG_INFINITY);
    assert!(ledger.entries.iter().all(|e| !e.decibels.is_nan()));
}
