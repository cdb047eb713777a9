//! Random orthogonal matrices: all singular values are equal.

use super::initializer::{Draw, Initializer, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// A random matrix with orthonormal rows or columns, whichever are fewer, times a gain.
///
/// ```text
/// W seen as (rows, cols) = (product of all axes but the last, last axis)
/// A ~ N(0, 1), of size (max(rows, cols), min(rows, cols));  A = Q·R
/// W = gain·Q·sign(diag R), transposed where rows < cols
/// WᵀW = gain²·I for rows ≥ cols,  WWᵀ = gain²·I otherwise
/// ```
///
/// A product of such matrices neither shrinks nor stretches anything, however many there are
/// (Saxe, McClelland, Ganguli 2014). The signs make Q uniform over all orthogonal matrices (Mezzadri 2007).
///
/// ```
/// use steadygrad_nn::initializers::{Draw, Initializer, Orthogonal};
/// let mut w = [0.0_f32; 4];
/// Orthogonal.fill(&Draw::new(1, "w"), &[2, 2], &mut w).unwrap();
/// assert!((w[0] * w[1] + w[2] * w[3]).abs() < 1e-6);
/// assert!((w[0] * w[0] + w[2] * w[2] - 1.0).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orthogonal {
    gain: f64,
    seed: Option<u64>,
}

/// With gain 1.
#[allow(non_upper_case_globals)]
pub const Orthogonal: Orthogonal = Orthogonal { gain: 1.0, seed: None };

impl Orthogonal {
    /// What all singular values are.
    pub fn gain(mut self, gain: f64) -> Orthogonal {
        self.gain = gain;
        self
    }

    /// A seed of its own, which then decides alone.
    pub fn seed(mut self, seed: u64) -> Orthogonal {
        self.seed = Some(seed);
        self
    }
}

/// (rows, cols) of a weight seen as a matrix; `None` below two axes.
fn matrix(shape: &[usize]) -> Option<(usize, usize)> {
    match shape {
        [leading @ .., last] if !leading.is_empty() => Some((leading.iter().product(), *last)),
        _ => None,
    }
}

impl Initializer for Orthogonal {
    fn class(&self) -> &'static str {
        "Orthogonal"
    }

    fn config(&self) -> Config {
        Config::new().with("seed", self.seed).with("gain", self.gain)
    }

    fn fill(&self, draw: &Draw, shape: &[usize], out: &mut [f32]) -> Result<()> {
        let Some((rows, cols)) = matrix(shape) else {
            return Err(Error::shape(format!("a weight of shape {shape:?} is no matrix"))
                .at("Orthogonal")
                .help("Orthogonal needs two axes or more; biases start with Zeros"));
        };
        require(self.gain.is_finite(), "Orthogonal", "gain", "a finite number", self.gain)?;
        let (m, n) = (rows.max(cols), rows.min(cols));
        let stream = draw.stream(self.seed);
        let mut q: Vec<f64> = (0..(m * n) as u64).map(|i| stream.normal(0, i)).collect();
        orthonormalize(&mut q, m, n);
        for (at, w) in out.iter_mut().enumerate() {
            let (i, j) = (at / cols, at % cols);
            let entry = if rows < cols { q[i * m + j] } else { q[j * m + i] };
            *w = (self.gain * entry) as f32;
        }
        Ok(())
    }

    /// Columns of length gain, spread over the longer side.
    fn variance(&self, shape: &[usize]) -> Option<f64> {
        let (rows, cols) = matrix(shape)?;
        Some(self.gain * self.gain / rows.max(cols).max(1) as f64)
    }
}

/// Replaces `n` columns of `m` numbers, lying one after the other, m ≥ n, by Q·sign(diag R) of their QR decomposition.
///
/// ```text
/// Hₖ = I − 2·vₖ·vₖᵀ takes column k to R;  Q = H₁·H₂·…·Hₙ, applied to the unit vectors from the last to the first
/// ```
fn orthonormalize(a: &mut [f64], m: usize, n: usize) {
    let mut signs = vec![1.0; n];
    for k in 0..n {
        let (left, right) = a.split_at_mut((k + 1) * m);
        let v = &mut left[k * m + k..];
        let norm = dot(v, v).sqrt();
        // R's diagonal gets the sign that adds to v₀ and does not cancel it.
        let diagonal = if v[0] > 0.0 { -norm } else { norm };
        signs[k] = if diagonal < 0.0 { -1.0 } else { 1.0 };
        v[0] -= diagonal;
        let length = dot(v, v).sqrt();
        if length > 0.0 {
            v.iter_mut().for_each(|v| *v /= length);
        }
        for column in right.chunks_exact_mut(m) {
            reflect(v, &mut column[k..]);
        }
    }
    // The vectors lie on and below the diagonal: column k of Q is made where vₖ was, once it is no more needed.
    let mut q = vec![0.0; m * n];
    for (k, column) in q.chunks_exact_mut(m.max(1)).enumerate() {
        column[k] = signs[k];
    }
    for k in (0..n).rev() {
        let v = &a[k * m + k..(k + 1) * m];
        for column in q[k * m..].chunks_exact_mut(m) {
            reflect(v, &mut column[k..]);
        }
    }
    a.copy_from_slice(&q);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// x − 2·v·(v·x)
fn reflect(v: &[f64], x: &mut [f64]) {
    let twice = 2.0 * dot(v, x);
    for (x, v) in x.iter_mut().zip(v) {
        *x -= twice * v;
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Initializer>> {
    Ok(Arc::new(Orthogonal { gain: args.or("gain", 1.0)?, seed: args.or("seed", None)? }))
}

pub(crate) const ENTRY: Entry<dyn Initializer> =
    Entry { class: "Orthogonal", names: &["orthogonal", "OrthogonalInitializer"], build };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_orthonormal_and_r_has_a_positive_diagonal() {
        let stream = Draw::new(5, "q").stream(None);
        for (m, n) in [(1, 1), (5, 5), (7, 3), (40, 17)] {
            let a: Vec<f64> = (0..m * n).map(|i| stream.normal(0, i as u64)).collect();
            let mut q = a.clone();
            orthonormalize(&mut q, m, n);
            for i in 0..n {
                for j in 0..n {
                    let (qi, qj) = (&q[i * m..(i + 1) * m], &q[j * m..(j + 1) * m]);
                    let want = if i == j { 1.0 } else { 0.0 };
                    assert!((dot(qi, qj) - want).abs() < 1e-13, "{m}x{n} {i} {j}");
                    // R = QᵀA is upper triangular, and its diagonal is positive.
                    let r = dot(qi, &a[j * m..(j + 1) * m]);
                    assert!(if i > j { r.abs() < 1e-12 } else { i < j || r > 0.0 }, "{m}x{n} {i} {j} {r}");
                }
            }
        }
    }

    #[test]
    fn a_matrix_of_zeros_gives_an_orthogonal_one_all_the_same() {
        let mut q = vec![0.0; 6];
        orthonormalize(&mut q, 3, 2);
        assert!((dot(&q[..3], &q[..3]) - 1.0).abs() < 1e-15 && dot(&q[..3], &q[3..]).abs() < 1e-15);
        orthonormalize(&mut [], 0, 0);
    }
}
