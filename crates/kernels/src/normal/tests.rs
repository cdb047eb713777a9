//! Statistics and normalization of columns against plain loops in f64, on ragged shapes, every instruction set and any number of threads;
//! and what numbers that are not finite do.

use super::*;
use crate::columns::{channel_sum, column_stats, scale_shift};
use crate::random::{Purpose, Stream};
use crate::{Crew, Isa};

/// outer, axis, inner: columns below, at and beyond a register and a block; rows beyond a piece; planes; nothing.
const SHAPES: [Dims; 12] = [
    (1, 1, 1),
    (2, 3, 1),
    (33, 7, 1),
    (5, 8, 1),
    (17, 20, 1),
    (70, 65, 1),
    (129, 100, 1),
    (32, 300, 1),
    (3, 5, 9),
    (2, 70, 33),
    (0, 5, 1),
    (4, 3, 0),
];

fn numbers(key: &str, n: usize) -> Vec<f32> {
    let stream = Stream::new(0, Purpose::Other, key);
    (0..n).map(|i| stream.normal(0, i as u64) as f32 + 0.5).collect()
}

/// All numbers of a column, with their places.
fn column((outer, axis, inner): Dims, c: usize) -> impl Iterator<Item = usize> {
    (0..outer).flat_map(move |o| (0..inner).map(move |i| (o * axis + c) * inner + i))
}

fn close(got: &[f32], want: impl Fn(usize) -> f64, what: &str) {
    for (i, &got) in got.iter().enumerate() {
        let want = want(i);
        assert!((f64::from(got) - want).abs() <= 3e-5 * (1.0 + want.abs()), "{what} at {i}: {got} {want}");
    }
}

/// Everything that is computed of these numbers, one array behind the other.
fn all(cpu: Cpu<'_>, dims: Dims, x: &[f32], dy: &[f32]) -> [Vec<f32>; 9] {
    let (n, axis) = (x.len(), dims.1);
    let (gamma, beta) = (numbers("gamma", axis), numbers("beta", axis));
    let column = || vec![f32::NAN; axis];
    let (mut mean, mut variance, mut sum, mut sum_dy, mut sum_dy_x) =
        (column(), column(), column(), column(), column());
    let (mut y, mut dx, mut dx_alone, mut scaled) =
        (vec![f32::NAN; n], vec![f32::NAN; n], vec![f32::NAN; n], vec![f32::NAN; n]);
    column_stats(cpu, dims, x, None, &mut mean, &mut variance);
    channel_sum(cpu, dims, x, Some(dy), &mut sum);
    let normal = Normal { dims, mean: &mean, variance: &variance, gamma: Some(&gamma), epsilon: 1e-3 };
    normalize(cpu, normal, Some(&beta), x, &mut y);
    normalize_sums(cpu, normal, x, dy, &mut sum_dy, &mut sum_dy_x);
    normalize_grad(cpu, normal, x, dy, Some((&sum_dy, &sum_dy_x)), &mut dx);
    normalize_grad(cpu, normal, x, dy, None, &mut dx_alone);
    scale_shift(cpu.isa, dims, x, Some(&gamma), Some(&beta), &mut scaled);
    [mean, variance, sum, y, sum_dy, sum_dy_x, dx, dx_alone, scaled]
}

#[test]
fn agree_with_the_oracle() {
    for dims in SHAPES {
        let (outer, axis, inner) = dims;
        let n = outer * axis * inner;
        let (x, dy) = (numbers("x", n), numbers("dy", n));
        let (gamma, beta) = (numbers("gamma", axis), numbers("beta", axis));
        let at = |of: &[f32], i: usize| f64::from(of[i]);
        let count = (outer * inner).max(1) as f64;
        let sum = |c: usize, f: &dyn Fn(usize) -> f64| column(dims, c).map(f).sum::<f64>();
        let mean: Vec<f64> = (0..axis).map(|c| sum(c, &|i| at(&x, i)) / count).collect();
        let variance: Vec<f64> =
            (0..axis).map(|c| sum(c, &|i| (at(&x, i) - mean[c]).powi(2)) / count).collect();
        let inverse = |c: usize| 1.0 / (variance[c] + 1e-3).sqrt();
        let of = |i: usize| i / inner.max(1) % axis;
        let centred = |i: usize| (at(&x, i) - mean[of(i)]) * inverse(of(i));
        let sum_dy: Vec<f64> = (0..axis).map(|c| sum(c, &|i| at(&dy, i))).collect();
        let sum_dy_x: Vec<f64> = (0..axis).map(|c| sum(c, &|i| at(&dy, i) * centred(i))).collect();
        for isa in Isa::available() {
            let what = |name: &str| format!("{isa} {dims:?} {name}");
            let got = all(Cpu::alone(isa), dims, &x, &dy);
            close(&got[0], |c| mean[c], &what("mean"));
            close(&got[1], |c| variance[c], &what("variance"));
            close(&got[2], |c| sum(c, &|i| at(&x, i) * at(&dy, i)), &what("sum"));
            close(&got[3], |i| centred(i) * at(&gamma, of(i)) + at(&beta, of(i)), &what("normalized"));
            close(&got[4], |c| sum_dy[c], &what("sum of dy"));
            close(&got[5], |c| sum_dy_x[c], &what("sum of dy · x"));
            let through = |i: usize| (sum_dy[of(i)] + centred(i) * sum_dy_x[of(i)]) / count;
            let scale = |i: usize| inverse(of(i)) * at(&gamma, of(i));
            close(&got[6], |i| (at(&dy, i) - through(i)) * scale(i), &what("gradient"));
            close(&got[7], |i| at(&dy, i) * scale(i), &what("gradient with constant statistics"));
            close(&got[8], |i| at(&x, i) * at(&gamma, of(i)) + at(&beta, of(i)), &what("scale and shift"));
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let bits = |all: [Vec<f32>; 9]| all.map(|of| of.iter().map(|x| x.to_bits()).collect::<Vec<u32>>());
    for dims in SHAPES.into_iter().chain([(640, 96, 1), (40, 30, 25)]) {
        let n = dims.0 * dims.1 * dims.2;
        let (x, dy) = (numbers("x", n), numbers("dy", n));
        let one = bits(all(Cpu::best(), dims, &x, &dy));
        for threads in [2, 3, 7] {
            let crew = Crew::new(threads).unwrap();
            assert!(one == bits(all(Cpu::with(Isa::best(), &crew), dims, &x, &dy)), "{dims:?} on {threads}");
        }
    }
}

#[test]
fn what_is_not_finite_stays_in_its_column() {
    for (wrong, c) in [(f32::NAN, 2), (f32::INFINITY, 19), (f32::NEG_INFINITY, 8)] {
        let dims = (40, 20, 1);
        let (mut x, dy) = (numbers("x", 800), numbers("dy", 800));
        x[13 * 20 + c] = wrong;
        for isa in Isa::available() {
            let got = all(Cpu::alone(isa), dims, &x, &dy);
            for (k, of) in got.iter().enumerate().filter(|(k, _)| *k != 4 && *k != 8) {
                let sick = |i: usize| i % 20 == c;
                let told = of.iter().enumerate().all(|(i, x)| x.is_finite() != sick(i));
                assert!(told, "{isa} {wrong} in array {k}: {of:?}");
            }
        }
    }
}

#[test]
fn a_large_mean_costs_no_digits_of_the_variance() {
    let dims = (1000, 3, 1);
    let x: Vec<f32> = numbers("x", 3000).iter().map(|x| 10_000.0 + x).collect();
    for isa in Isa::available() {
        let [_, variance, ..] = all(Cpu::alone(isa), dims, &x, &x);
        assert!(variance.iter().all(|v| (0.85..1.15).contains(v)), "{isa} {variance:?}");
    }
}
