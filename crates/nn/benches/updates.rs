//! Rules of update, each alone: over the weights of a small network, and over more than any cache holds.
//!
//! `cargo bench -p steadygrad-nn --bench updates -- [PART OF A NAME]`. Elements are weights.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::time::Duration;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::{Flush, Isa};
use steadygrad_nn::optimizers::{Adam, Optimizer, Sgd, Tensor, Tick};

fn main() {
    // As in training: denormal numbers would be measured otherwise.
    let _flush = Flush::denormals();
    let settings = Criterion::default()
        .sample_size(20)
        .nresamples(2_000)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    let mut criterion = settings.configure_from_args();
    updates(&mut criterion);
    criterion.final_summary();
}

fn updates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("updates");
    let rules: [(&str, Optimizer); 3] = [
        ("sgd", Sgd::new(0.01).into()),
        ("momentum", Sgd::new(0.01).momentum(0.9).into()),
        ("adam", Adam::new(0.001).into()),
    ];
    for len in [80_000, 10_000_000] {
        let stream = Stream::new(1, Purpose::Other, "updates");
        let gradient: Vec<f32> = (0..len as u64).map(|i| stream.normal(0, i) as f32).collect();
        let mut weights = vec![0.1; len];
        group.throughput(Throughput::Elements(len as u64));
        for (name, optimizer) in &rules {
            let rule = &optimizer.rule;
            let mut kept = vec![vec![0.0; len]; rule.memories("kernel", &[len]).len()];
            let mut memories: Vec<&mut [f32]> = kept.iter_mut().map(Vec::as_mut_slice).collect();
            let scalars = rule.scalars();
            let tick = Tick { step: 10, learning_rate: 0.001 };
            group.bench_function(BenchmarkId::new(*name, len), |bencher| {
                bencher.iter(|| {
                    let tensor = Tensor {
                        shape: &[len],
                        weights: &mut weights,
                        gradient: black_box(&gradient),
                        memories: &mut memories,
                        scratch: &mut [],
                    };
                    rule.update(Isa::best(), &tick, &scalars, tensor);
                });
            });
        }
    }
    group.finish();
}
