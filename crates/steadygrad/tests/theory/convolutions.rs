//! Facts about convolutions: what He's initialization was derived for, and what batch normalization does in them.

use crate::facts::{fact, share};
use crate::simulate::normals;
use steadygrad::chart::Chart;
use steadygrad::doctor::Forecast;
use steadygrad::prelude::*;

/// One look at a model at its start, on standard normal images; the gradient that comes in is random.
fn look(model: &Model, rows: usize, seed: u64) -> Chart {
    let shape = model.input_shapes()[0].clone();
    let outputs = model.output_shapes().unwrap()[0].size();
    let dims: Vec<usize> = [rows].iter().chain(shape.dims()).copied().collect();
    let x = Array::new(dims, normals(seed, "x", rows * shape.size())).unwrap();
    let y = normals(seed, "y", rows * outputs).iter().map(|y| 1e9 * y.signum()).collect();
    let data = Dataset::new(x, Array::new([rows, outputs], y).unwrap()).unwrap();
    let compile = Compile::new(Sgd::new(0.1), MeanAbsoluteError).seed(seed);
    model.compile(compile).unwrap().watch_on_batch(&data).unwrap()
}

/// What `of` is of the linear stages.
fn linear(chart: &Chart, of: impl Fn(&steadygrad::chart::Observation) -> f64) -> Vec<f64> {
    let seen = chart.layers.iter().zip(&chart.samples[0].layers);
    seen.filter(|(layer, _)| layer.role == "linear").map(|(_, seen)| of(seen)).collect()
}

#[test]
fn convolutions_with_he_keep_the_size_of_the_signal() {
    // Windows that stay inside, in place of a circular padding: no place sees less than another.
    let conv = || Conv2D::new(64, 3).kernel_initializer(HeNormal).activation(Relu);
    let net: Model = (0..8).fold(Sequential::new([20, 20, 64]), |net, _| net.add(conv())).add(Flatten).into();
    const NETS: u64 = 80;
    let ratio: f64 = (0..NETS)
        .map(|seed| {
            let squares = linear(&look(&net, 1, seed), |seen| seen.signal.unwrap().rms.powi(2));
            squares[7] / squares[0]
        })
        .sum();
    share("E x² behind 8 layers against 1", ratio / NETS as f64, fact("conv.he").as_f64().unwrap(), 0.3);
}

#[test]
fn weights_of_deviation_0_01_lose_the_gradient_of_a_vgg() {
    let filters = [64, 64, 128, 128, 256, 256, 512, 512, 512, 512];
    // So large that the edges do not count.
    let image = Sequential::new([20_000, 20_000, 3]);
    let conv =
        |filters| Conv2D::new(filters, 3).kernel_initializer(RandomNormal.stddev(0.01)).activation(Relu);
    let model: Model = filters.iter().fold(image, |net, &filters| net.add(conv(filters))).into();
    let forecast = Forecast::of(&model, &[]).unwrap();
    assert!(forecast.left_out.is_empty());
    // The forecast has norms, the fact the size of a number.
    let behind = |i: usize| {
        let stage = &forecast.stages[2 * i - 1];
        assert!(stage.path.ends_with("activation"));
        stage.gradient.unwrap() / filters[i - 1] as f64
    };
    let lost = (behind(10) / behind(1)).sqrt();
    share("from layer 10 to layer 2", lost, fact("he.vgg_1.7e4").as_f64().unwrap(), 0.03);
}

#[test]
fn batch_normalized_convolutions_grow_by_the_rate_of_relu() {
    let mut net = Sequential::new([8, 8, 64]);
    for _ in 0..16 {
        let conv = Conv2D::new(64, 3).padding(Padding::Same).use_bias(false);
        net = net.add(conv).add(BatchNormalization::new()).add(Relu);
    }
    let net: Model = net.add(Flatten).add(Dense::new(10)).into();
    let rate = fact("bn.relu_rate").as_f64().unwrap();
    let delta = linear(&look(&net, 64, 1), |seen| seen.delta.unwrap().powi(2));
    // Between layers of one kind: the first and the last have other neighbours.
    let measured = (delta[2] / delta[14]).powf(1.0 / 12.0);
    share("growth of the squared gradient at a layer", measured, rate, 0.05);
    let forecast = Forecast::of(&net, &[]).unwrap();
    let expected: Vec<f64> =
        forecast.stages.iter().filter_map(|s| (s.role == "linear").then_some(s.gradient)?).collect();
    share("the same in theory", (expected[2] / expected[14]).powf(1.0 / 12.0), rate, 0.01);
}
