//! The forecast against what is measured: the same networks, drawn many times, forward and back on real data.
//!
//! For every stage: the root mean square and the deviation of its signal, and its factors in the ledger. The measured numbers are
//! mean squares over draws of the weights; what a finite width and so many draws leave of noise is the tolerance of each test.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed; figures are printed

use steadygrad::chart::{Kind, Ledger};
use steadygrad::doctor::{Forecast, Signal, channels_of_inputs};
use steadygrad::extend::{Layer, Purpose, Stream};
use steadygrad::prelude::*;

/// Standard normal numbers.
fn normals(key: &str, n: usize) -> Vec<f32> {
    let stream = Stream::new(7, Purpose::Other, key);
    (0..n).map(|i| stream.normal(0, i as u64) as f32).collect()
}

/// How far measured numbers may be from expected ones.
#[derive(Clone, Copy)]
struct Tolerance {
    /// Of mean squares and variances, relative.
    signal: f64,
    /// Of a factor in the ledger, dB.
    decibels: f64,
}

const USUAL: Tolerance = Tolerance { signal: 0.05, decibels: 0.25 };

/// Rows of a batch.
const ROWS: usize = 128;

/// Looks at draws of this network on this data, and compares.
///
/// The loss is the mean absolute error against targets far beyond all outputs, of random sign: the gradient that comes in is
/// random and does not depend on the network.
fn compare(name: &str, model: impl Into<Model>, x: Vec<f32>, rows: usize, draws: u64, tolerance: Tolerance) {
    let model: Model = model.into();
    let recipe = model.lower(&steadygrad::nn::model::Purpose::inference()).unwrap();
    let samples = channels_of_inputs(&recipe)[0].map_or(rows, |channels| x.len() / channels);
    let inputs = vec![Signal::of(&x, samples)];
    let outputs = model.output_shapes().unwrap()[0].size();
    let mut shape = vec![rows];
    shape.extend(model.input_shapes()[0].dims());
    let x = Array::new(shape, x).unwrap();
    let y = normals("targets", rows * outputs).iter().map(|y| 1e9 * y.signum()).collect();
    let data = Dataset::new(x, Array::new([rows, outputs], y).unwrap()).unwrap();
    let (mut squares, mut variances, mut factors) = (Vec::new(), Vec::new(), Vec::new());
    let mut forecast = None;
    let mut classes = Vec::new();
    for draw in 0..draws {
        let compile = Compile::new(Sgd::new(0.1), MeanAbsoluteError).seed(draw);
        let mut learner = model.compile(compile).unwrap();
        let chart = learner.watch_on_batch(&data).unwrap();
        let of = || Forecast::of_batch(learner.recipe(), &inputs, Some(rows));
        let expected = forecast.get_or_insert_with(of);
        let n = expected.stages.len();
        squares.resize(n, 0.0);
        variances.resize(n, 0.0);
        factors.resize(n, Vec::new());
        classes = chart.layers.iter().map(|l| l.path.clone()).collect();
        for (i, seen) in chart.samples[0].layers.iter().enumerate() {
            let signal = seen.signal.unwrap();
            squares[i] += signal.rms.powi(2) / draws as f64;
            variances[i] += signal.deviation.powi(2) / draws as f64;
        }
        let ledger = Ledger::of(&chart, &chart.samples[0]);
        for entry in ledger.entries.iter().filter(|e| e.kind == Kind::Layer) {
            let own = &mut factors[entry.layer];
            own.resize(own.len().max(entry.input + 1), 0.0);
            own[entry.input] += 10.0_f64.powf(entry.decibels / 10.0) / draws as f64;
        }
    }
    let forecast = forecast.unwrap();
    assert!(forecast.left_out.is_empty(), "{name}: {:?}", forecast.left_out);
    let batch = 1.0 - 1.0 / rows as f64;
    let mut worst: Vec<String> = Vec::new();
    let mut check = |what: String, off: f64, limit: f64| {
        if off.is_nan() || off.abs() > limit {
            worst.push(format!("{name}: {what} (off by {off:+.3}, allowed {limit})"));
        }
    };
    let mut most = [0.0_f64; 3];
    for (i, stage) in forecast.stages.iter().enumerate() {
        assert_eq!(stage.path, classes[i]);
        let signal = stage.signal.unwrap();
        let variance = signal.deviation().powi(2) * batch;
        for (k, (what, got, want)) in
            [("E h²", squares[i], signal.square), ("variance", variances[i], variance)]
                .into_iter()
                .enumerate()
        {
            let off = if want == got { 0.0 } else { got / want - 1.0 };
            most[k] = most[k].max(off.abs());
            check(format!("{what} of {}: {got:.4e}, expected {want:.4e}", stage.path), off, tolerance.signal);
        }
        for (k, &got) in factors[i].iter().enumerate().filter(|(_, f)| **f > 0.0) {
            let want = stage.factors[k].unwrap();
            let off = 10.0 * (got / want).log10();
            most[2] = most[2].max(off.abs());
            let what = format!("factor {k} of {}: {got:.4}, expected {want:.4}", stage.path);
            check(what, off, tolerance.decibels);
        }
    }
    println!(
        "{name}: {} stages; at most E h² {:.1} %, variance {:.1} %, factors {:.2} dB off",
        forecast.stages.len(),
        100.0 * most[0],
        100.0 * most[1],
        most[2]
    );
    assert!(worst.is_empty(), "\n{}", worst.join("\n"));
}

/// The same with standard normal data of this many features.
fn on_normals(name: &str, width: usize, model: impl Into<Model>, tolerance: Tolerance) {
    compare(name, model, normals("x", ROWS * width), ROWS, 16, tolerance);
}

const WIDTH: usize = 200;

/// Layers of one kind.
fn deep(depth: usize, dense: impl Fn() -> Dense) -> Sequential {
    (0..depth).fold(Sequential::new([WIDTH]), |net, _| net.add(dense()))
}

#[test]
fn plain_networks() {
    let dense = || Dense::new(WIDTH);
    let he = || dense().kernel_initializer(HeNormal).activation(Relu);
    on_normals("He, ReLU", WIDTH, deep(8, he), Tolerance { signal: 0.12, ..USUAL });
    on_normals("Glorot, tanh", WIDTH, deep(8, || dense().activation(Tanh)), USUAL);
    let wide = || dense().kernel_initializer(RandomNormal.stddev(1.0)).activation(Sigmoid);
    on_normals("N(0, 1), sigmoid", WIDTH, deep(6, wide), USUAL);
    let lecun = || dense().kernel_initializer(LecunNormal).activation(Selu);
    on_normals("LeCun, SELU", WIDTH, deep(8, lecun), USUAL);
    let gelu = || dense().kernel_initializer(HeNormal).activation(Gelu);
    on_normals("He, GELU", WIDTH, deep(6, gelu), Tolerance { signal: 0.12, ..USUAL });
    let orthogonal = || dense().kernel_initializer(Orthogonal).activation(Elu);
    on_normals("orthogonal, ELU", WIDTH, deep(6, orthogonal), USUAL);
}

#[test]
fn normalized_networks() {
    let blocks = |depth, norm: &dyn Fn() -> std::sync::Arc<dyn Layer>, f: std::sync::Arc<dyn Layer>| {
        (0..depth).fold(Sequential::new([WIDTH]), |net, _| {
            let dense = Dense::new(WIDTH).kernel_initializer(HeNormal).use_bias(false);
            net.add(dense).add(norm()).add(f.clone())
        })
    };
    let end = || Dense::new(WIDTH).kernel_initializer(LecunNormal);
    let batch = || std::sync::Arc::new(BatchNormalization::new()) as std::sync::Arc<dyn Layer>;
    let layer = || std::sync::Arc::new(LayerNormalization::new()) as std::sync::Arc<dyn Layer>;
    on_normals("BN, ELU", WIDTH, blocks(8, &batch, std::sync::Arc::new(Elu)).add(end()), USUAL);
    on_normals("BN, ReLU", WIDTH, blocks(8, &batch, std::sync::Arc::new(Relu)).add(end()), USUAL);
    on_normals("LN, ReLU", WIDTH, blocks(8, &layer, std::sync::Arc::new(Relu)).add(end()), USUAL);
    let rms = || std::sync::Arc::new(RMSNormalization::new()) as std::sync::Arc<dyn Layer>;
    on_normals("RMS, tanh", WIDTH, blocks(4, &rms, std::sync::Arc::new(Tanh)).add(end()), USUAL);
    let unit = || std::sync::Arc::new(UnitNormalization::new()) as std::sync::Arc<dyn Layer>;
    on_normals("length 1, tanh", WIDTH, blocks(3, &unit, std::sync::Arc::new(Tanh)).add(end()), USUAL);
    let after = (0..4).fold(Sequential::new([WIDTH]), |net, _| {
        net.add(Dense::new(WIDTH).kernel_initializer(HeNormal).activation(Relu))
            .add(BatchNormalization::new())
    });
    on_normals("BN after ReLU", WIDTH, after.add(end()), USUAL);
}

#[test]
fn small_batches() {
    // In batches of 5 the theory is too low by 0.7 dB a layer: it takes the gradients of samples as all alike.
    for rows in [8, 16, 32] {
        let net = (0..5).fold(Sequential::new([WIDTH]), |net, _| {
            let dense = Dense::new(WIDTH).kernel_initializer(HeNormal).use_bias(false);
            net.add(dense).add(BatchNormalization::new()).add(Relu)
        });
        let end = Dense::new(WIDTH).kernel_initializer(LecunNormal);
        let tolerance = Tolerance { signal: 0.08, decibels: 0.5 };
        compare(
            &format!("BN, ReLU, {rows} rows"),
            net.add(end),
            normals("x", rows * WIDTH),
            rows,
            40,
            tolerance,
        );
    }
}

#[test]
fn epsilon_counts_where_the_signal_is_small() {
    let net = (0..3).fold(Sequential::new([WIDTH]), |net, _| {
        let dense = Dense::new(WIDTH).kernel_initializer(RandomNormal.stddev(0.002)).use_bias(false);
        net.add(dense).add(BatchNormalization::new()).add(Tanh)
    });
    on_normals("BN of a small signal", WIDTH, net.add(Dense::new(WIDTH)), USUAL);
}

#[test]
fn a_frozen_batch_normalization_goes_by_its_averages() {
    let net = (0..3).fold(Sequential::new([WIDTH]), |net, _| {
        let dense = Dense::new(WIDTH).kernel_initializer(RandomNormal.stddev(0.2));
        net.add(dense).add_frozen(BatchNormalization::new()).add(Tanh)
    });
    on_normals("frozen BN", WIDTH, net.add(Dense::new(WIDTH)), USUAL);
}

#[test]
fn networks_with_branches() {
    let he = || Dense::new(WIDTH).kernel_initializer(HeNormal);
    let lecun = || Dense::new(WIDTH).kernel_initializer(LecunNormal);
    let mut x = input([WIDTH]).then(lecun());
    for _ in 0..4 {
        x = add([&x, &x.then(Relu).then(he()).then(Relu).then(he())]);
    }
    on_normals("residual, He", WIDTH, Model::of(&x.then(lecun())), Tolerance { signal: 0.1, ..USUAL });

    let mut x = input([WIDTH]).then(lecun());
    for _ in 0..4 {
        x = add([&x, &x.then(BatchNormalization::new()).then(Relu).then(he())]);
    }
    on_normals("residual, BN", WIDTH, Model::of(&x.then(lecun())), USUAL);

    let x = input([WIDTH]).then(lecun());
    let branches = [x.then(lecun()).then(Tanh), x.then(he()).then(Relu)];
    let after =
        |port: steadygrad::nn::functional::Value| Model::of(&port.then(lecun()).then(Relu).then(lecun()));
    on_normals("average", WIDTH, after(average([&branches[0], &branches[1]])), USUAL);
    on_normals("difference", WIDTH, after(subtract(&branches[0], &branches[1])), USUAL);
    on_normals("sum with a mean", WIDTH, after(add([&branches[0], &branches[1]])), USUAL);
    let gate = [x.then(he()).then(Relu), x.then(lecun()).then(Sigmoid)];
    on_normals("product", WIDTH, after(multiply([&gate[0], &gate[1]])), USUAL);
    let other = x.then(Dense::new(60).kernel_initializer(HeNormal)).then(Relu);
    on_normals("concatenation", WIDTH, after(concatenate([&branches[0], &other])), USUAL);
}

#[test]
fn noise() {
    let he = || Dense::new(WIDTH).kernel_initializer(HeNormal).activation(Relu);
    let net = |noise: &dyn Fn(Sequential) -> Sequential, dense: &dyn Fn() -> Dense| {
        (0..4).fold(Sequential::new([WIDTH]), |net, _| noise(net.add(dense()))).add(Dense::new(WIDTH))
    };
    on_normals("dropout", WIDTH, net(&|n| n.add(Dropout::new(0.3)), &he), Tolerance { signal: 0.1, ..USUAL });
    let selu = || Dense::new(WIDTH).kernel_initializer(LecunNormal).activation(Selu);
    on_normals("alpha dropout, SELU", WIDTH, net(&|n| n.add(AlphaDropout::new(0.2)), &selu), USUAL);
    let gaussian = |n: Sequential| n.add(GaussianDropout::new(0.2)).add(GaussianNoise::new(0.5));
    on_normals("Gaussian noise", WIDTH, net(&gaussian, &he), Tolerance { signal: 0.1, ..USUAL });
}

#[test]
fn widths_biases_and_data() {
    let dense = |n| Dense::new(n).kernel_initializer(HeNormal).activation(Relu);
    let widths = [512, 128, 256, 400, 96, 256];
    let net = widths.iter().fold(Sequential::new([WIDTH]), |net, &n| net.add(dense(n)));
    on_normals("unequal widths", WIDTH, net, Tolerance { signal: 0.1, ..USUAL });

    let biased = || Dense::new(WIDTH).bias_initializer(RandomNormal.stddev(0.3)).activation(Tanh);
    on_normals("biases", WIDTH, deep(6, biased), USUAL);
    let shifted = || Dense::new(WIDTH).bias_initializer(Constant::new(0.8)).activation(Relu);
    on_normals("equal biases", WIDTH, deep(4, shifted), USUAL);

    let raw = || deep(4, || dense(WIDTH));
    let pixels: Vec<f32> = normals("x", ROWS * WIDTH).iter().map(|x| (x.abs() * 90.0).min(255.0)).collect();
    let tolerance = Tolerance { signal: 0.12, ..USUAL };
    compare("data with a mean", raw(), pixels.clone(), ROWS, 16, tolerance);
    let scaled = |scale, offset| {
        let net = Sequential::new([WIDTH]).add(Rescaling::new(scale).offset(offset));
        (0..4).fold(net, |net, _| net.add(dense(WIDTH)))
    };
    compare("rescaled", scaled(1.0 / 127.5, -1.0), pixels.clone(), ROWS, 16, tolerance);
    let then = Sequential::new([WIDTH]).add(Dense::new(WIDTH).kernel_initializer(LecunNormal));
    let then = then.add(Rescaling::new(2.0).offset(-1.0)).add(Sigmoid).add(Dense::new(WIDTH));
    on_normals("rescaled before sigmoid", WIDTH, then, USUAL);
    let digits = digits::all().unwrap();
    let x = digits.x[0].data()[..ROWS * 64].to_vec();
    let net = (0..4).fold(Sequential::new([64]), |net, _| net.add(dense(WIDTH)));
    compare("digits", net, x, ROWS, 24, Tolerance { signal: 0.15, ..USUAL });
}

#[test]
fn less_usual_networks() {
    let he = || Dense::new(WIDTH).kernel_initializer(HeNormal);
    let lecun = || Dense::new(WIDTH).kernel_initializer(LecunNormal);
    // Sixteen layers that make all samples alike.
    let biased = || lecun().bias_initializer(RandomNormal.stddev(0.4)).activation(Tanh);
    on_normals("alike", WIDTH, deep(16, biased), Tolerance { signal: 0.15, ..USUAL });
    on_normals("softplus", WIDTH, deep(4, || lecun().activation(Softplus)), USUAL);
    on_normals("leaky", WIDTH, deep(4, || he().activation(LeakyRelu)), Tolerance { signal: 0.1, ..USUAL });
    let prelu = (0..4).fold(Sequential::new([WIDTH]), |net, _| net.add(he()).add(PRelu::new()));
    on_normals("PReLU", WIDTH, prelu, Tolerance { signal: 0.1, ..USUAL });
    let shifted = |_: usize| {
        BatchNormalization::new().beta_initializer(Constant::new(0.5)).gamma_initializer(Constant::new(0.7))
    };
    let net = (0..4).fold(Sequential::new([WIDTH]), |net, i| net.add(he()).add(shifted(i)).add(Relu));
    on_normals("BN with β and γ", WIDTH, net.add(lecun()), USUAL);
    let groups = (0..3).fold(Sequential::new([WIDTH]), |net, _| {
        net.add(he().bias_initializer(Constant::new(1.0))).add(GroupNormalization::new(4)).add(Silu)
    });
    on_normals("groups", WIDTH, groups.add(lecun()), USUAL);

    // Sums before the activation's end, as in the first residual networks.
    let mut x = input([WIDTH]).then(lecun());
    for _ in 0..3 {
        let branch = x.then(he().use_bias(false)).then(BatchNormalization::new()).then(Relu);
        x = add([&x, &branch.then(lecun()).then(BatchNormalization::new())]).then(Relu);
    }
    // The sum of rectified signals is not normal, which the theory takes it for: some 5 % of the variance in every block.
    let tolerance = Tolerance { signal: 0.25, decibels: 0.6 };
    on_normals("sum, then ReLU", WIDTH, Model::of(&x.then(lecun())), tolerance);
    // All that came before, side by side.
    let mut x = input([WIDTH]).then(lecun());
    for _ in 0..3 {
        x = concatenate([&x, &x.then(BatchNormalization::new()).then(Relu).then(he())]);
    }
    // The units of a concatenation differ in size, and the normalization behind it treats them one by one; the theory has one
    // number for all.
    let tolerance = Tolerance { decibels: 0.7, ..USUAL };
    on_normals("all that came before", WIDTH, Model::of(&x.then(lecun())), tolerance);
    let first = Sequential::new([WIDTH]).add(Dropout::new(0.2)).add(he()).add(Relu).add(Flatten);
    on_normals("dropout first", WIDTH, first.add(lecun()), USUAL);
    let x = input([WIDTH]).then(lecun());
    let small = x.then(Dense::new(1)).then(Sigmoid);
    let gated = multiply([&x, &small]).then(lecun());
    on_normals("one gate for all", WIDTH, Model::of(&gated), Tolerance { signal: 0.1, decibels: 0.5 });
}

/// Images of independent standard normal numbers.
fn on_images(name: &str, shape: [usize; 3], model: impl Into<Model>, tolerance: Tolerance) {
    const IMAGES: usize = 24;
    let size: usize = shape.iter().product();
    compare(name, model, normals("x", IMAGES * size), IMAGES, 16, tolerance);
}

#[test]
fn convolutions() {
    // Few filters, so that the size of the signal differs from draw to draw.
    let tolerance = Tolerance { signal: 0.25, decibels: 0.35 };
    let he = |filters| Conv2D::new(filters, 3).kernel_initializer(HeNormal);
    let end = || Dense::new(10).kernel_initializer(LecunNormal);
    let valid = (0..4).fold(Sequential::new([14, 14, 16]), |net, _| net.add(he(48).activation(Relu)));
    on_images("valid", [14, 14, 16], valid.add(Flatten).add(end()), tolerance);
    // What stands beyond the edges is 0, so that the places there see less: on average so much less of the signal as the theory says,
    // and that makes the places differ from each other, which it does not know.
    let edges = Tolerance { signal: 0.6, ..tolerance };
    let same = (0..4).fold(Sequential::new([10, 10, 16]), |net, _| {
        net.add(he(48).padding(Padding::Same).activation(Relu))
    });
    on_images("same", [10, 10, 16], same.add(Flatten).add(end()), edges);
    let strided = Sequential::new([16, 16, 16])
        .add(he(48).strides(2).padding(Padding::Same).activation(Relu))
        .add(he(64).strides([1, 2]).activation(Relu))
        .add(he(64).groups(4).activation(Relu));
    on_images("strides and groups", [16, 16, 16], strided.add(Flatten).add(end()), tolerance);
    let first = (0..3).fold(Sequential::new([16, 10, 10]), |net, _| {
        net.add(he(48).data_format(DataFormat::ChannelsFirst).use_bias(false))
            .add(BatchNormalization::new().axis(1))
            .add(Relu)
    });
    on_images("channels first, BN", [16, 10, 10], first.add(Flatten).add(end()), tolerance);
    let lecun = || Conv2D::new(48, 3).kernel_initializer(LecunNormal).padding(Padding::Same).activation(Tanh);
    let tanh = (0..4).fold(Sequential::new([12, 12, 16]), |net, _| net.add(lecun()));
    on_images("tanh", [12, 12, 16], tanh.add(Flatten).add(end()), tolerance);
    let apart = Sequential::new([12, 12, 32])
        .add(DepthwiseConv2D::new(3).depth_multiplier(2).depthwise_initializer(RandomNormal.stddev(0.4)))
        .add(Relu)
        .add(SeparableConv2D::new(64, 3).depthwise_initializer(RandomNormal.stddev(0.4)).activation(Relu));
    on_images("depthwise and separable", [12, 12, 32], apart.add(Flatten).add(end()), tolerance);
    let back = Sequential::new([5, 5, 32])
        .add(Conv2DTranspose::new(32, 3).strides(2).padding(Padding::Same).activation(Relu))
        .add(Conv2DTranspose::new(32, 4).strides(2).kernel_initializer(HeNormal).activation(Relu));
    on_images("transposed", [5, 5, 32], back.add(Flatten).add(end()), edges);

    // Neighbours are not as alike as the theory takes them, least of all in noise: the largest of them is larger, and the rectifier
    // before it more often open.
    let pools = Tolerance { signal: 3.0, decibels: 3.0 };
    let net = Sequential::new([16, 16, 16]).add(he(48).activation(Relu)).add(MaxPooling2D::new(2));
    let net = net.add(he(64).activation(Tanh)).add(AveragePooling2D::new([2, 3]));
    on_images("pooling", [16, 16, 16], net.add(Flatten).add(end()), pools);
}
