//! Law 4 for convolutions: same seed, same bits, for any number of threads and watched or not; and what is watched of channels.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use steadygrad_chart::{Chart, Ledger, Schedule};
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, Learner, Trainable};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Relu, Softmax};
use steadygrad_nn::initializers::HeNormal;
use steadygrad_nn::layers::{
    BatchNormalization, Conv2D, Conv2DTranspose, DataFormat, Dense, DepthwiseConv2D, Flatten, Padding,
    Permute, SeparableConv2D,
};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Adam;

use Padding::Same;

fn data(n: usize, shape: [usize; 3]) -> Dataset {
    let stream = Stream::new(5, Purpose::Other, "images");
    let size: usize = shape.iter().product();
    let x = (0..n * size).map(|i| stream.normal(0, i as u64) as f32).collect();
    let y = (0..n).map(|i| stream.below(1, i as u64, 4) as f32).collect();
    let shape = [n, shape[0], shape[1], shape[2]];
    Dataset::new(Array::new(shape, x).unwrap(), Array::new([n], y).unwrap()).unwrap()
}

fn learner(threads: usize) -> Learner {
    Sequential::new([12, 12, 3])
        .add(Conv2D::new(24, 3).padding(Same).kernel_initializer(HeNormal).use_bias(false))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(DepthwiseConv2D::new(3).padding(Same))
        .add(Conv2D::new(32, 3).strides(2).groups(2).activation(Relu))
        .add(SeparableConv2D::new(24, 3).padding(Same).activation(Relu))
        .add(Conv2DTranspose::new(8, 3).strides(2))
        .add(Flatten)
        .add(Dense::new(4).activation(Softmax))
        .compile(Compile::new(Adam::new(0.003), SparseCategoricalCrossentropy).seed(11).threads(threads))
        .unwrap()
}

fn bits(learner: &Learner) -> Vec<u32> {
    learner.weights().iter().flat_map(|(_, a)| a.data().to_vec()).map(f32::to_bits).collect()
}

#[test]
fn neither_threads_nor_watching_change_anything() {
    let data = data(70, [12, 12, 3]);
    let run = |threads, schedule: Option<Schedule>| {
        let mut learner = learner(threads);
        if let Some(schedule) = schedule {
            learner.watch(schedule);
        }
        learner.fit(&data, Fit::epochs(2).batch_size(32)).unwrap();
        bits(&learner)
    };
    let one = run(1, None);
    assert!(one.iter().all(|&b| f32::from_bits(b).is_finite()));
    for threads in [2, 3] {
        assert!(one == run(threads, None), "{threads} threads");
    }
    assert!(one == run(1, Some(Schedule::Always)), "watched");
}

/// Convolutions of one window, whichever axis the channels are.
fn look(format: DataFormat) -> Chart {
    let (shape, axis) = match format {
        DataFormat::ChannelsLast => ([6, 5, 3], -1),
        DataFormat::ChannelsFirst => ([3, 6, 5], 1),
    };
    let model = Sequential::new(shape)
        .add(Conv2D::new(7, 3).data_format(format).activation(Relu))
        .add(BatchNormalization::new().axis(axis))
        .add(Relu)
        .add(Conv2D::new(4, 2).data_format(format))
        .add(Flatten)
        .add(Dense::new(4).activation(Softmax));
    let compile = Compile::new(Adam::new(0.003), SparseCategoricalCrossentropy).seed(3);
    let mut learner = model.compile(compile).unwrap();
    // The second channel of the first layer is dead, the same in both formats.
    let mut weights = learner.weights();
    for (name, array) in &mut weights {
        if name.ends_with("conv2d/bias") {
            *array = Array::new([7], vec![0.0, -100.0, 0.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
        }
    }
    learner.set_named_weights(&weights).unwrap();
    let mut data = data(16, [6, 5, 3]);
    if format == DataFormat::ChannelsFirst {
        let to = Sequential::new([6, 5, 3]).add(Permute::new([3, 1, 2]));
        let mut turn = to.compile(Compile::new(Adam::new(0.003), SparseCategoricalCrossentropy)).unwrap();
        data.x[0] = turn.predict(&data.x[0]).unwrap();
    }
    learner.watch_on_batch(&data).unwrap()
}

#[test]
fn channels_are_the_units_in_either_format() {
    let (last, first) = (look(DataFormat::ChannelsLast), look(DataFormat::ChannelsFirst));
    let by_path = |chart: &Chart| -> HashMap<String, _> {
        let seen = chart.layers.iter().zip(&chart.samples[0].layers);
        seen.map(|(l, seen)| (l.path.clone(), (seen.signal.unwrap(), seen.dead, seen.delta))).collect()
    };
    let (last, first) = (by_path(&last), by_path(&first));
    for path in ["conv2d", "conv2d/activation", "batch_normalization", "re_lu"] {
        let ((a, a_dead, _), (b, b_dead, _)) = (&last[path], &first[path]);
        for (a, b) in [(a.mean, b.mean), (a.rms, b.rms), (a.deviation, b.deviation), (a.zero, b.zero)] {
            assert!((a - b).abs() < 1e-5 * (1.0 + a.abs()), "{path}: {a} {b}");
        }
        assert_eq!(a_dead, b_dead, "{path}");
    }
    assert_eq!(last["conv2d/activation"].1, Some(1.0 / 7.0));
    // The channel that is dead has no spread: its share is missing.
    assert!(last["batch_normalization"].0.deviation < 0.94);
}

#[test]
fn the_entries_of_the_ledger_add_up() {
    let chart = look(DataFormat::ChannelsFirst);
    let ledger = Ledger::of(&chart, &chart.samples[0]);
    let norm = |i: usize| chart.samples[0].layers[i].delta.unwrap() * (chart.layers[i].size as f64).sqrt();
    let total = 20.0 * (norm(ledger.end.unwrap()) / norm(ledger.begin.unwrap())).log10();
    let sum: f64 = ledger.entries.iter().map(|e| e.decibels).sum();
    assert!((sum - total).abs() < 1e-9, "{sum} against {total}");
}
