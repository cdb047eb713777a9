//! Convolution and pooling, each alone, over batches of 64 images.
//!
//! `cargo bench -p steadygrad-kernels --bench convolution -- [PART OF A NAME]`. Elements are multiply-adds in `convolution`, numbers
//! that are read in `pooling`.

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use std::hint::black_box;
use std::time::Duration;
use steadygrad_kernels::conv::{Conv, Pass};
use steadygrad_kernels::pool::{Kind, Places, Pooling, pool, pool_grad};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::window::{Axis, Window};
use steadygrad_kernels::{Cpu, Flush};

const BATCH: usize = 64;

fn main() {
    // As in training: denormal numbers would be measured otherwise.
    let _flush = Flush::denormals();
    let settings = Criterion::default()
        .sample_size(10)
        .nresamples(2_000)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    let mut criterion = settings.configure_from_args();
    convolution(&mut criterion);
    pooling(&mut criterion);
    criterion.final_summary();
}

/// Windows of 3×3, each pass on one thread.
fn convolution(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("convolution");
    // As often in every sample: more and more often takes too long here.
    group.sampling_mode(SamplingMode::Flat);
    for (size, channels, filters, groups) in [
        (28, 1, 32, 1),
        (28, 32, 64, 1),
        (14, 64, 64, 1),
        (7, 128, 128, 1),
        (4, 256, 256, 1),
        (28, 64, 64, 64),
    ] {
        let axis = Axis::same(size, 3, 1, 1);
        let conv = Conv { window: Window::new(&[axis, axis]), channels, filters, groups };
        let (x, w) = (vec![0.5; BATCH * conv.input()], vec![0.1; conv.weights()]);
        let (mut y, mut dx) = (vec![0.1; BATCH * conv.output()], vec![0.0; BATCH * conv.input()]);
        let mut dw = vec![0.0; conv.weights()];
        let most = [Pass::Forward, Pass::Input, Pass::Weights].map(|pass| conv.scratch(pass, BATCH));
        let mut scratch = vec![0.0; most.into_iter().max().unwrap_or(0)];
        let cpu = Cpu::best();
        let shape = match groups {
            1 => format!("{size}×{size}×{channels} to {filters}"),
            _ => format!("{size}×{size}×{channels} to {filters} in {groups} groups"),
        };
        group.throughput(Throughput::Elements((conv.work() * BATCH) as u64));
        group.bench_function(BenchmarkId::new("forward", &shape), |bencher| {
            bencher.iter(|| conv.forward(cpu, black_box(&x), &w, &mut y, &mut scratch, &|_| ()));
        });
        group.bench_function(BenchmarkId::new("input gradient", &shape), |bencher| {
            bencher.iter(|| conv.input_gradient(cpu, black_box(&y), &w, &mut dx, &mut scratch, &|_| ()));
        });
        group.bench_function(BenchmarkId::new("weight gradient", &shape), |bencher| {
            bencher.iter(|| conv.weight_gradient(cpu, black_box(&x), &y, &mut dw, &mut scratch));
        });
    }
    group.finish();
}

/// The maximum of 2×2 places.
fn pooling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pooling");
    for (size, channels) in [(24, 64), (24, 6)] {
        let axis = Places::Sliding(Axis::valid(size, 2, 2, 1));
        let of = Pooling::new(Kind::Max, &[axis, axis], channels);
        // By chance, as it takes longer to tell which is largest where that changes from place to place.
        let stream = Stream::new(1, Purpose::Other, "pooling");
        let x: Vec<f32> = (0..BATCH * of.input()).map(|i| stream.normal(0, i as u64) as f32).collect();
        let (mut y, mut dx) = (vec![0.0; BATCH * of.output()], vec![0.0; x.len()]);
        let isa = Cpu::best().isa;
        let shape = format!("{size}×{size}×{channels}");
        group.throughput(Throughput::Elements(x.len() as u64));
        group.bench_function(BenchmarkId::new("forward", &shape), |bencher| {
            bencher.iter(|| pool(isa, &of, black_box(&x), &mut y));
        });
        group.bench_function(BenchmarkId::new("gradient", &shape), |bencher| {
            bencher.iter(|| pool_grad(isa, &of, black_box(&x), &y, &mut dx));
        });
    }
    group.finish();
}
