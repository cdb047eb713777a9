//! A small convolutional network: samples a second of training, on one thread and on two; and of its kernels alone.
//!
//! `cargo bench -p steadygrad-engine --bench small_cnn`. The same network beside other frameworks: `bench/run.sh --workloads G`.

#![allow(clippy::print_stdout, reason = "what was measured is for whoever runs it")]

use std::time::Instant;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, Learner, Trainable};
use steadygrad_kernels::conv::{Conv, Pass};
use steadygrad_kernels::pool::{Kind, Places, Pooling, pool, pool_grad};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::window::{Axis, Window};
use steadygrad_kernels::{Cpu, Result};
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Relu, Softmax};
use steadygrad_nn::initializers::HeNormal;
use steadygrad_nn::layers::{BatchNormalization, Conv2D, Dense, Flatten, MaxPooling2D};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Adam;

const SAMPLES: usize = 6_400;
const BATCH: usize = 64;

fn learner(threads: usize) -> Result<Learner> {
    let conv = |filters| Conv2D::new(filters, 3).kernel_initializer(HeNormal).use_bias(false);
    Sequential::new([28, 28, 1])
        .add(conv(32))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(conv(64))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(MaxPooling2D::new(2))
        .add(Flatten)
        .add(Dense::new(128).kernel_initializer(HeNormal).activation(Relu))
        .add(Dense::new(10).activation(Softmax))
        .compile(Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).seed(1).threads(threads))
}

/// The smallest of some times of it, in seconds.
fn least(times: usize, mut run: impl FnMut()) -> f64 {
    run();
    let one = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..times).map(one).fold(f64::INFINITY, f64::min)
}

/// Billions of operations a second in each pass, on one thread.
fn kernel(size: usize, channels: usize, filters: usize, groups: usize) {
    let axis = Axis::same(size, 3, 1, 1);
    let conv = Conv { window: Window::new(&[axis, axis]), channels, filters, groups };
    let (x, w) = (vec![0.5; BATCH * conv.input()], vec![0.1; conv.weights()]);
    let (mut y, mut dx) = (vec![0.1; BATCH * conv.output()], vec![0.0; BATCH * conv.input()]);
    let mut dw = vec![0.0; conv.weights()];
    let most = [Pass::Forward, Pass::Input, Pass::Weights].map(|pass| conv.scratch(pass, BATCH));
    let mut scratch = vec![0.0; most.into_iter().max().unwrap_or(0)];
    let cpu = Cpu::best();
    let forward = least(7, || conv.forward(cpu, &x, &w, &mut y, &mut scratch, &|_| ()));
    let input = least(7, || conv.input_gradient(cpu, &y, &w, &mut dx, &mut scratch, &|_| ()));
    let weights = least(7, || conv.weight_gradient(cpu, &x, &y, &mut dw, &mut scratch));
    let of = |seconds: f64| 2e-9 * (conv.work() * BATCH) as f64 / seconds;
    println!(
        "3×3 {size:>2}×{size:<2} {channels:>3} → {filters:<3} groups {groups:<3} GFLOP/s: forward {:5.0}  input {:5.0}  weights {:5.0}",
        of(forward),
        of(input),
        of(weights)
    );
}

fn pooling(size: usize, channels: usize) {
    let axis = Places::Sliding(Axis::valid(size, 2, 2, 1));
    let of = Pooling::new(Kind::Max, &[axis, axis], channels);
    let stream = Stream::new(1, Purpose::Other, "pooling");
    let x: Vec<f32> = (0..BATCH * of.input()).map(|i| stream.normal(0, i as u64) as f32).collect();
    let (mut y, mut dx) = (vec![0.0; BATCH * of.output()], vec![0.0; x.len()]);
    let cpu = Cpu::best();
    let forward = least(7, || pool(cpu.isa, &of, &x, &mut y));
    let back = least(7, || pool_grad(cpu.isa, &of, &x, &y, &mut dx));
    let each = 1e9 / x.len() as f64;
    println!(
        "maximum of 2×2, {size}×{size}×{channels}: ns a number: {:.2}, back {:.2}",
        forward * each,
        back * each
    );
}

fn main() -> Result<()> {
    for (size, channels, filters, groups) in [
        (28, 1, 32, 1),
        (28, 32, 64, 1),
        (14, 64, 64, 1),
        (7, 128, 128, 1),
        (4, 256, 256, 1),
        (28, 64, 64, 64),
    ] {
        kernel(size, channels, filters, groups);
    }
    pooling(24, 64);
    pooling(24, 6);
    let stream = Stream::new(1, Purpose::Other, "images");
    let x = (0..SAMPLES * 784).map(|i| stream.normal(0, i as u64) as f32).collect();
    let y = (0..SAMPLES).map(|i| stream.below(1, i as u64, 10) as f32).collect();
    let data = Dataset::new(Array::new([SAMPLES, 28, 28, 1], x)?, Array::new([SAMPLES], y)?)?;
    let mut learners = [learner(1)?, learner(2)?];
    let mut seconds = [Vec::new(), Vec::new()];
    for epoch in 0..4 {
        for (learner, seconds) in learners.iter_mut().zip(&mut seconds) {
            let start = Instant::now();
            let history =
                learner.fit(&data, Fit::epochs(epoch + 1).initial_epoch(epoch).batch_size(BATCH))?;
            seconds.push((start.elapsed().as_secs_f64(), history.last("loss").unwrap_or(f64::NAN)));
        }
    }
    for (threads, seconds) in [1, 2].into_iter().zip(&seconds) {
        // The first epoch plans.
        let mut times: Vec<f64> = seconds[1..].iter().map(|s| s.0).collect();
        times.sort_by(f64::total_cmp);
        let loss = seconds.last().map_or(f64::NAN, |s| s.1);
        println!(
            "training, {threads} thread(s): {:.0} samples a second, loss {loss:.4}",
            SAMPLES as f64 / times[1]
        );
    }
    Ok(())
}
