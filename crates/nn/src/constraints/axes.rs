//! Norms along axes of an array, and the scaling of what they are norms of, without memory of its own.

use crate::config::{FromValue, Value};
use steadygrad_kernels::{Error, Real, Result};

/// Axes to take a norm along: one, or several together. Negative ones count from the end.
#[derive(Debug, Clone, PartialEq)]
pub enum Axes {
    /// One axis.
    One(i64),
    /// Several: for the kernel of a convolution `[0, 1, 2]`, so that each filter has one norm.
    Several(Vec<i64>),
}

impl From<i64> for Axes {
    fn from(axis: i64) -> Axes {
        Axes::One(axis)
    }
}
impl<const N: usize> From<[i64; N]> for Axes {
    fn from(axes: [i64; N]) -> Axes {
        Axes::Several(axes.to_vec())
    }
}
impl From<&Axes> for Value {
    fn from(axes: &Axes) -> Value {
        match axes {
            Axes::One(axis) => (*axis).into(),
            Axes::Several(axes) => axes.clone().into(),
        }
    }
}
impl FromValue for Axes {
    fn from_value(value: &Value) -> Result<Axes> {
        match value {
            Value::List(_) => Ok(Axes::Several(Vec::from_value(value)?)),
            one => Ok(Axes::One(i64::from_value(one)?)),
        }
    }
}

/// How many norms are worked on at a time, where neighbours have different ones.
const BLOCK: usize = 64;

impl Axes {
    fn list(&self) -> &[i64] {
        match self {
            Axes::One(axis) => std::slice::from_ref(axis),
            Axes::Several(axes) => axes,
        }
    }

    /// Whether the norm runs along this axis.
    fn contain(&self, axis: usize, rank: usize) -> bool {
        let (axis, rank) = (axis as i64, rank as i64);
        self.list().iter().any(|&a| a == axis || a + rank == axis)
    }

    /// Whether a shape has all these axes.
    pub(super) fn check(&self, shape: &[usize]) -> Result<()> {
        let rank = shape.len() as i64;
        match self.list().iter().find(|&&axis| axis >= rank || axis < -rank) {
            Some(axis) => Err(Error::shape(format!(
                "the constraint's axis {axis} does not exist in shape {shape:?}, which has {rank} axes"
            ))),
            None => Ok(()),
        }
    }

    /// w ← w · factor(‖w‖), with the norm of all numbers that differ only in their place along the axes. The squares are
    /// added in double precision.
    pub(super) fn rescale<R: Real>(&self, w: &mut [R], shape: &[usize], factor: impl Fn(f64) -> f64) {
        if w.is_empty() {
            return;
        }
        let rank = shape.len();
        // The last axes that are all along the norm, or all across it, are a run of neighbours in memory.
        let along = rank > 0 && self.contain(rank - 1, rank);
        let outer =
            (0..rank).rev().find(|&axis| self.contain(axis, rank) != along).map_or(0, |axis| axis + 1);
        let run: usize = shape[outer..].iter().product();
        let size = |along: bool| -> usize {
            (0..outer).filter(|&axis| self.contain(axis, rank) == along).map(|axis| shape[axis]).product()
        };
        // Where the i-th place among the outer axes of one kind begins.
        let place = |mut i: usize, along: bool| -> usize {
            let (mut at, mut stride) = (0, run);
            for axis in (0..outer).rev() {
                if self.contain(axis, rank) == along {
                    at += (i % shape[axis]) * stride;
                    i /= shape[axis];
                }
                stride *= shape[axis];
            }
            at
        };
        let (across, repeats) = (size(false), size(true));
        for i in 0..across {
            let base = place(i, false);
            if along {
                let mut squares = 0.0;
                for j in 0..repeats {
                    squares += steadygrad_kernels::norm::squares(&w[base + place(j, true)..][..run]);
                }
                let factor = R::of(factor(squares.sqrt()));
                for j in 0..repeats {
                    for w in &mut w[base + place(j, true)..][..run] {
                        *w = *w * factor;
                    }
                }
            } else {
                for start in (0..run).step_by(BLOCK) {
                    let width = BLOCK.min(run - start);
                    let mut squares = [0.0; BLOCK];
                    for j in 0..repeats {
                        let row = &w[base + place(j, true) + start..][..width];
                        for (sum, w) in squares.iter_mut().zip(row) {
                            *sum += w.f64() * w.f64();
                        }
                    }
                    let factors = squares.map(|sum| R::of(factor(sum.sqrt())));
                    for j in 0..repeats {
                        let row = &mut w[base + place(j, true) + start..][..width];
                        for (w, &factor) in row.iter_mut().zip(&factors) {
                            *w = *w * factor;
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Straight from the definition, with every index taken apart.
    fn plain(axes: &Axes, w: &[f64], shape: &[usize]) -> Vec<f64> {
        let rank = shape.len();
        let key = |mut i: usize| -> Vec<usize> {
            let mut key = vec![0; rank];
            for axis in (0..rank).rev() {
                key[axis] = if axes.contain(axis, rank) { 0 } else { i % shape[axis] };
                i /= shape[axis];
            }
            key
        };
        (0..w.len())
            .map(|i| (0..w.len()).filter(|&j| key(j) == key(i)).map(|j| w[j] * w[j]).sum::<f64>().sqrt())
            .collect()
    }

    #[test]
    fn norms_are_those_of_the_definition_for_all_axes_of_all_shapes() {
        let shapes: [&[usize]; 7] =
            [&[5], &[3, 4], &[4, 70], &[70, 3], &[2, 3, 4], &[3, 2, 2, 5], &[1, 1, 3, 1]];
        for shape in shapes {
            let n: usize = shape.iter().product();
            let w: Vec<f64> = (0..n).map(|i| ((i * 37 % 19) as f64 - 8.5) / 5.0).collect();
            for mask in 1..1_u32 << shape.len() {
                let list: Vec<i64> = (0..shape.len() as i64).filter(|axis| mask & 1 << axis != 0).collect();
                let back: Vec<i64> = list.iter().map(|axis| axis - shape.len() as i64).collect();
                for axes in [Axes::Several(list), Axes::Several(back)] {
                    assert!(axes.check(shape).is_ok());
                    let mut unit = w.clone();
                    axes.rescale(&mut unit, shape, |norm| 1.0 / norm);
                    for ((got, w), norm) in unit.iter().zip(&w).zip(plain(&axes, &w, shape)) {
                        assert!((got - w / norm).abs() < 1e-12, "{axes:?} {shape:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn axes_that_do_not_exist_are_named_and_do_not_panic() {
        let axes = Axes::One(2);
        assert!(axes.check(&[3, 4]).unwrap_err().to_string().contains("axis 2"));
        axes.rescale(&mut [1.0_f32; 12], &[3, 4], |_| 1.0);
        Axes::One(0).rescale(&mut [] as &mut [f32], &[0, 4], |_| 1.0);
        Axes::One(0).rescale(&mut [2.0_f32], &[], |norm| 1.0 / norm);
    }
}
