//! A penalty on rows or columns that point the same way.

use super::regularizer::{PenaltyRule, Regularizer, factor};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::{Error, Real, Result};

/// Which vectors of a matrix are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// Its rows.
    Rows,
    /// Its columns.
    Columns,
}

/// The mean of |cos| of the angles between all pairs of rows, or of columns.
///
/// ```text
/// uᵢ = wᵢ/max(‖wᵢ‖, 10⁻¹²)
/// penalty  factor · Σ over i<j of |uᵢ·uⱼ| / (number of pairs)
/// gradient factor / (number of pairs) · (sᵢ − (uᵢ·sᵢ)·uᵢ)/‖wᵢ‖   with sᵢ = Σ over j≠i of sign(uᵢ·uⱼ)·uⱼ
/// ```
///
/// For matrices only. Fewer than two vectors have no pairs: the penalty is 0, where Keras says NaN.
///
/// ```
/// use steadygrad_nn::regularizers::{Along, OrthogonalRegularizer, Regularizer};
/// let penalty = OrthogonalRegularizer::new(1.0, Along::Rows);
/// assert_eq!(penalty.value64(&[1.0, 0.0, 0.0, 2.0], &[2, 2]), 0.0);
/// assert_eq!(penalty.value64(&[3.0, 4.0, 6.0, 8.0], &[2, 2]), 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrthogonalRegularizer {
    factor: f64,
    mode: Along,
}

impl OrthogonalRegularizer {
    /// With this factor, for rows or for columns.
    pub fn new(factor: f64, mode: Along) -> OrthogonalRegularizer {
        OrthogonalRegularizer { factor, mode }
    }
}

/// The vectors of a matrix, without a copy.
struct Vectors<'a, R> {
    w: &'a [R],
    count: usize,
    length: usize,
    /// From a vector to the next, and from a number to the next within a vector.
    strides: (usize, usize),
}

impl<R: Real> Vectors<'_, R> {
    fn at(&self, i: usize, k: usize) -> usize {
        i * self.strides.0 + k * self.strides.1
    }
    fn dot(&self, i: usize, j: usize) -> f64 {
        (0..self.length).map(|k| self.w[self.at(i, k)].f64() * self.w[self.at(j, k)].f64()).sum()
    }
    fn norm(&self, i: usize) -> f64 {
        self.dot(i, i).sqrt().max(1e-12)
    }
}

impl OrthogonalRegularizer {
    fn vectors<'a, R>(&self, w: &'a [R], shape: &[usize]) -> Option<(Vectors<'a, R>, f64)> {
        let &[rows, columns] = shape else { return None };
        let (count, length, strides) = match self.mode {
            Along::Rows => (rows, columns, (columns, 1)),
            Along::Columns => (columns, rows, (1, columns)),
        };
        let pairs = (count * count.saturating_sub(1)) as f64 / 2.0;
        (count > 1).then_some((Vectors { w, count, length, strides }, self.factor / pairs))
    }
}

impl PenaltyRule for OrthogonalRegularizer {
    const CLASS: &'static str = "OrthogonalRegularizer";

    fn config(&self) -> Config {
        let mode = match self.mode {
            Along::Rows => "rows",
            Along::Columns => "columns",
        };
        Config::new().with("factor", self.factor).with("mode", mode)
    }

    fn check(&self, shape: &[usize]) -> Result<()> {
        match shape.len() {
            2 => Ok(()),
            _ => Err(Error::shape(format!(
                "an OrthogonalRegularizer is for matrices, not for shape {shape:?}"
            ))),
        }
    }

    fn value<R: Real>(&self, w: &[R], shape: &[usize]) -> f64 {
        let Some((v, factor)) = self.vectors(w, shape) else { return 0.0 };
        let mut total = 0.0;
        for i in 0..v.count {
            let size = v.norm(i);
            for j in 0..i {
                total += (v.dot(i, j) / (size * v.norm(j))).abs();
            }
        }
        factor * total
    }

    fn gradient<R: Real>(&self, w: &[R], shape: &[usize], out: &mut [R]) {
        out.fill(R::ZERO);
        let Some((v, factor)) = self.vectors(w, shape) else { return };
        for i in 0..v.count {
            let size = v.norm(i);
            // Along wᵢ itself the angles do not change: that part of the sum is taken out again.
            let mut along = 0.0;
            for j in (0..v.count).filter(|&j| j != i) {
                let (product, other) = (v.dot(i, j), v.norm(j));
                let share = factor * product.sign() / (size * other);
                along += share * product;
                for k in 0..v.length {
                    let at = v.at(i, k);
                    out[at] = out[at] + R::of(share) * v.w[v.at(j, k)];
                }
            }
            let share = R::of(along / (size * size));
            for k in 0..v.length {
                let at = v.at(i, k);
                out[at] = out[at] - share * v.w[at];
            }
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Regularizer>> {
    let factor = factor(args, "factor", 0.01)?;
    let mode = match args.or("mode", "rows".to_string())?.as_str() {
        "rows" => Along::Rows,
        "columns" => Along::Columns,
        other => return args.reject("mode", "\"rows\" or \"columns\"", format!("\"{other}\"")),
    };
    Ok(Arc::new(OrthogonalRegularizer { factor, mode }))
}

pub(crate) const ENTRY: Entry<dyn Regularizer> =
    Entry { class: "OrthogonalRegularizer", names: &["orthogonal_regularizer"], build };
