//! Matrix products, normalization and a hand-over between threads, each alone.
//!
//! `cargo bench -p steadygrad-kernels --bench kernels -- [PART OF A NAME]`. Elements are multiply-adds in `products`, numbers in
//! `normalization`.

use criterion::{Bencher, BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::time::Duration;
use steadygrad_kernels::columns::column_stats;
use steadygrad_kernels::gemm::{Matrix, gemm};
use steadygrad_kernels::normal::{Normal, normalize, normalize_grad, normalize_sums};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::{Cpu, Crew, Flush};

fn main() {
    // As in training: denormal numbers would be measured otherwise.
    let _flush = Flush::denormals();
    let settings = Criterion::default()
        .sample_size(20)
        .nresamples(2_000)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    let mut criterion = settings.configure_from_args();
    products(&mut criterion);
    normalization(&mut criterion);
    threads(&mut criterion);
    criterion.final_summary();
}

fn normals(count: usize) -> Vec<f32> {
    let stream = Stream::new(1, Purpose::Other, "kernels");
    (0..count as u64).map(|i| stream.normal(0, i) as f32).collect()
}

/// The three products of a dense layer: batch × inputs times inputs × units, and back.
fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("products");
    for (batch, inputs, units) in
        [(32, 784, 100), (32, 100, 100), (128, 100, 100), (256, 784, 300), (256, 2048, 2048), (1, 784, 300)]
    {
        let (x, w, dy) = (normals(batch * inputs), normals(inputs * units), normals(batch * units));
        let shape = format!("{batch}×{inputs}×{units}");
        let row = Matrix::new(&x, batch, inputs, false);
        let columns = Matrix::new(&x, inputs, batch, true);
        let weights = Matrix::new(&w, inputs, units, false);
        let turned = Matrix::new(&w, units, inputs, true);
        let delta = Matrix::new(&dy, batch, units, false);
        group.throughput(Throughput::Elements((batch * inputs * units) as u64));
        for (name, a, b, len) in [
            ("forward", row, weights, batch * units),
            ("input gradient", delta, turned, batch * inputs),
            ("weight gradient", columns, delta, inputs * units),
        ] {
            let mut out = vec![0.0; len];
            group.bench_function(BenchmarkId::new(name, &shape), |bencher: &mut Bencher<'_>| {
                bencher.iter(|| gemm(Cpu::best(), black_box(a), black_box(b), None, &mut out));
            });
        }
    }
    group.finish();
}

/// The four passes of a batch normalization.
fn normalization(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("normalization");
    let cpu = Cpu::best();
    for (batch, units) in [(32, 100), (256, 2048)] {
        let (x, dy) = (normals(batch * units), normals(batch * units));
        let (mut mean, mut variance) = (vec![0.0; units], vec![0.0; units]);
        let (mut sum_dy, mut sum_dy_x) = (vec![0.0; units], vec![0.0; units]);
        let (gamma, beta) = (vec![1.5; units], vec![0.5; units]);
        let mut out = vec![0.0; batch * units];
        let dims = (batch, units, 1);
        let shape = format!("{batch}×{units}");
        group.throughput(Throughput::Elements((batch * units) as u64));
        group.bench_function(BenchmarkId::new("statistics", &shape), |bencher| {
            bencher.iter(|| column_stats(cpu, dims, black_box(&x), None, &mut mean, &mut variance));
        });
        column_stats(cpu, dims, &x, None, &mut mean, &mut variance);
        let normal = Normal { dims, mean: &mean, variance: &variance, gamma: Some(&gamma), epsilon: 1e-3 };
        group.bench_function(BenchmarkId::new("normalize", &shape), |bencher| {
            bencher.iter(|| normalize(cpu, normal, Some(&beta), black_box(&x), &mut out));
        });
        group.bench_function(BenchmarkId::new("sums", &shape), |bencher| {
            bencher.iter(|| normalize_sums(cpu, normal, black_box(&x), &dy, &mut sum_dy, &mut sum_dy_x));
        });
        let sums = Some((&sum_dy[..], &sum_dy_x[..]));
        group.bench_function(BenchmarkId::new("gradient", &shape), |bencher| {
            bencher.iter(|| normalize_grad(cpu, normal, black_box(&x), &dy, sums, &mut out));
        });
    }
    group.finish();
}

/// Two parts with nothing to do, which the caller has done before anybody else can come; and two that wait for each other: what it costs
/// to hand work over to another thread.
fn threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("threads");
    // Where the system gives no second thread there is nothing to measure.
    if let Ok(crew) = Crew::new(2) {
        group.bench_function("two empty parts", |bencher| {
            bencher.iter(|| {
                crew.share(2, &|part| {
                    black_box(part);
                })
            });
        });
        group.bench_function("two threads meet", |bencher| {
            bencher.iter(|| {
                let begun = AtomicUsize::new(0);
                crew.share(2, &|_| meet(&begun));
            });
        });
    }
    group.finish();
}

/// Waits until both parts have begun. Not for ever, should one thread ever be given both.
fn meet(begun: &AtomicUsize) {
    begun.fetch_add(1, AcqRel);
    for look in 0..1_000_000 {
        if begun.load(Acquire) == 2 {
            return;
        }
        match look {
            0..1000 => std::hint::spin_loop(),
            _ => std::thread::yield_now(),
        }
    }
}
