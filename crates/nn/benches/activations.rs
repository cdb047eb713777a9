//! Activations and their slopes, each alone: over what fits into the first cache, and over what does not.
//!
//! `cargo bench -p steadygrad-nn --bench activations -- [PART OF A NAME]`

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::time::Duration;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::{Flush, Isa};
use steadygrad_nn::activations::{Activation, Elu, Gelu, Relu, Saved, Tanh};

fn main() {
    // As in training: denormal numbers would be measured otherwise.
    let _flush = Flush::denormals();
    let settings = Criterion::default()
        .sample_size(20)
        .nresamples(2_000)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    let mut criterion = settings.configure_from_args();
    activations(&mut criterion);
    criterion.final_summary();
}

fn activations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("activations");
    let all: [&dyn Activation; 4] = [&Relu, &Elu, &Gelu, &Tanh];
    let isa = Isa::best();
    for len in [3_200, 1_000_000] {
        // Of both signs by chance, as no branch could guess them.
        let stream = Stream::new(1, Purpose::Other, "activations");
        let x: Vec<f32> = (0..len as u64).map(|i| stream.normal(0, i) as f32).collect();
        let (mut y, mut dx) = (vec![0.0; len], vec![0.0; len]);
        let dy = vec![0.5; len];
        group.throughput(Throughput::Elements(len as u64));
        for activation in all {
            group.bench_function(BenchmarkId::new(activation.name(), len), |bencher| {
                bencher.iter(|| activation.map(isa, black_box(&x), &mut y));
            });
            activation.map(isa, &x, &mut y);
            let saved = match activation.saved() {
                Saved::Input => &x,
                Saved::Output => &y,
            };
            let name = format!("{} gradient", activation.name());
            group.bench_function(BenchmarkId::new(name, len), |bencher| {
                bencher.iter(|| activation.map_grad(isa, black_box(saved), &dy, &mut dx));
            });
        }
    }
    group.finish();
}
