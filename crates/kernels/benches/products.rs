//! temp
use std::time::Instant;
use steadygrad_kernels::{
    Cpu, Flush,
    gemm::{Matrix, gemm},
};
fn least(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    run();
    let times = (0.003 / start.elapsed().as_secs_f64().max(1e-7)).ceil() as usize;
    let one = |_| {
        let start = Instant::now();
        for _ in 0..times {
            run();
        }
        start.elapsed().as_secs_f64() / times as f64
    };
    (0..31).map(one).fold(f64::INFINITY, f64::min)
}
fn main() {
    let _f = Flush::denormals();
    for (m, k, n) in [
        (32, 784, 100),
        (32, 100, 100),
        (32, 100, 10),
        (128, 100, 100),
        (256, 784, 300),
        (256, 300, 100),
        (256, 784, 2048),
        (256, 2048, 2048),
        (1, 784, 300),
        (1, 2048, 2048),
        (1, 300, 100),
        (2, 784, 300),
        (4, 784, 300),
    ] {
        for (name, m, k, n, ta, tb) in
            [("fwd", m, k, n, false, false), ("dx", m, n, k, false, true), ("dw", k, m, n, true, false)]
        {
            let a: Vec<f32> = (0..m * k).map(|i| (i % 13) as f32 * 0.1).collect();
            let b: Vec<f32> = (0..n * k).map(|i| (i % 17) as f32 * 0.1).collect();
            let mut out = vec![0.0; m * n];
            let cpu = Cpu::best();
            let ours =
                least(|| gemm(cpu, Matrix::new(&a, m, k, ta), Matrix::new(&b, k, n, tb), None, &mut out));
            let g = 2e-9 * (m * k * n) as f64;
            println!("{name:<4} {m:>5} {k:>5} {n:>5}: ours {:>6.1} GF ({:>8.2} µs)", g / ours, ours * 1e6);
        }
    }
}
