//! Facts about products of random matrices: the singular values of deep networks' Jacobians, and of recurrent ones.

use crate::facts::{fact, near, number, share};
use crate::simulate::normals;
use steadygrad::nn::initializers::{Draw, HeNormal, Initializer, LecunNormal, Orthogonal};
use steadygrad_kernels::Cpu;
use steadygrad_kernels::gemm::{Matrix, gemm};

/// a·b of two square matrices, b transposed where asked for.
fn product(a: &[f32], b: &[f32], n: usize, transposed: bool) -> Vec<f32> {
    let mut out = vec![0.0; n * n];
    gemm(Cpu::best(), Matrix::new(a, n, n, false), Matrix::new(b, n, n, transposed), None, &mut out);
    out
}

fn drawn(initializer: &dyn Initializer, n: usize, key: &str) -> Vec<f32> {
    let mut w = vec![0.0; n * n];
    initializer.fill(&Draw::new(3, key), &[n, n], &mut w).unwrap();
    w
}

/// The Jacobian of so many layers at a random point; with rectifiers, each row of weights lives with probability 1/2.
fn jacobian(initializer: &dyn Initializer, relu: bool, n: usize, depth: usize, key: &str) -> Vec<f32> {
    let mut whole: Option<Vec<f32>> = None;
    for layer in 0..depth {
        let mut w = drawn(initializer, n, &format!("{key} {layer}"));
        if relu {
            let signs = normals(layer as u64, &format!("{key} signs"), n);
            for (row, sign) in w.chunks_exact_mut(n).zip(signs) {
                if sign < 0.0 {
                    row.fill(0.0);
                }
            }
        }
        whole = Some(whole.map_or(w.clone(), |before| product(&w, &before, n, false)));
    }
    whole.unwrap()
}

/// m₂/m₁² − 1 with m_k = tr (J·Jᵀ)^k/n.
fn spread(jacobian: &[f32], n: usize) -> f64 {
    let gram = product(jacobian, jacobian, n, true);
    let first = (0..n).map(|i| f64::from(gram[i * n + i])).sum::<f64>() / n as f64;
    let second = gram.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>() / n as f64;
    second / (first * first) - 1.0
}

#[test]
fn spectra_of_jacobians() {
    assert_eq!(fact("jac.spectra")["relu_g"], "2L");
    const N: usize = 300;
    let mean = |initializer: &dyn Initializer, relu: bool, depth: usize| {
        let one = |i| spread(&jacobian(initializer, relu, N, depth, &format!("{i} {relu}")), N);
        (0..6).map(one).sum::<f64>() / 6.0
    };
    for depth in [4, 8] {
        let l = depth as f64;
        share("linear, Gaussian", mean(&LecunNormal, false, depth), l, 0.25);
        share("ReLU, Gaussian", mean(&HeNormal, true, depth), 2.0 * l, 0.25);
        share("ReLU, orthogonal", mean(&Orthogonal.gain(2.0_f64.sqrt()), true, depth), l, 0.25);
    }
    // In double precision, so that only the weights are rounded.
    let n = 100;
    let wide = |layer: usize| -> Vec<f64> {
        drawn(&Orthogonal, n, &format!("isometry {layer}")).into_iter().map(f64::from).collect()
    };
    let times = |a: &[f64], b: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        let one = |(i, j): (usize, usize)| (0..n).map(|k| a[i * n + k] * b(k, j)).sum();
        (0..n * n).map(|at| one((at / n, at % n))).collect()
    };
    let whole = (1..8).fold(wide(0), |j, layer| {
        let w = wide(layer);
        times(&j, &|k, i| w[k * n + i])
    });
    let gram = times(&whole, &|k, i| whole[i * n + k]);
    let first = (0..n).map(|i| gram[i * n + i]).sum::<f64>() / n as f64;
    let second = gram.iter().map(|g| g * g).sum::<f64>() / n as f64;
    near("linear, orthogonal: an isometry", second / (first * first) - 1.0, 0.0, 1e-10);
}

/// J·x, or Jᵀ·x.
fn applied(j: &[f32], x: &[f64], transposed: bool) -> Vec<f64> {
    let n = x.len();
    let at = |i: usize, k: usize| f64::from(if transposed { j[k * n + i] } else { j[i * n + k] });
    (0..n).map(|i| (0..n).map(|k| at(i, k) * x[k]).sum()).collect()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[test]
fn the_largest_singular_value() {
    const N: usize = 400;
    let want = fact("jac.edge");
    for (depth, want) in [1, 4, 8].into_iter().zip(want.as_array().unwrap()) {
        let largest = |i: u64| {
            let j = jacobian(&LecunNormal, false, N, depth, &format!("edge {i}"));
            let mut x: Vec<f64> = normals(i, "edge", N).into_iter().map(f64::from).collect();
            let mut value = 0.0;
            for _ in 0..60 {
                let y = applied(&j, &applied(&j, &x, false), true);
                value = norm(&y) / norm(&x);
                let size = norm(&y);
                x = y.iter().map(|v| v / size).collect();
            }
            value
        };
        let mean = (0..4).map(largest).sum::<f64>() / 4.0;
        share(&format!("{depth} layers"), mean, want.as_f64().unwrap(), 0.12);
    }
}

#[test]
fn gradients_through_time() {
    // The same orthogonal matrix times 0.9, fifty times: every gradient shrinks by 0.9^50.
    let n = 60;
    let w = drawn(&Orthogonal.gain(0.9), n, "recurrent");
    let start: Vec<f64> = normals(1, "recurrent", n).into_iter().map(f64::from).collect();
    let end = (0..50).fold(start.clone(), |g, _| applied(&w, &g, true));
    near("0.9^50", norm(&end) / norm(&start), number("rnn.pascanu", "0.9^50"), 1e-8);
    // The spectral radius of N(0, s²/n), from the growth of a vector.
    let (n, s) = (400, 1.3);
    let w = drawn(&LecunNormal, n, "radius");
    let mut x: Vec<f64> = normals(2, "radius", n).into_iter().map(f64::from).collect();
    let mut logarithm = 0.0;
    for step in 0..200 {
        let y: Vec<f64> = applied(&w, &x, false).iter().map(|y| s * y).collect();
        if step >= 100 {
            logarithm += (norm(&y) / norm(&x)).ln() / 100.0;
        }
        x = y.iter().map(|v| v / norm(&y)).collect();
    }
    share("spectral radius", logarithm.exp(), s, 0.05);
}
