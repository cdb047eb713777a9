//! A sparse matrix along one axis: what resizing and other fixed linear maps of an axis are.

use crate::isa::{Isa, Task};
use crate::real::Lane;

/// A matrix of which only the entries that are not 0 are kept, row by row.
///
/// ```
/// use steadygrad_kernels::along::Sparse;
/// // The mean of two neighbours.
/// let mean = Sparse::new(4, vec![vec![(0, 0.5), (1, 0.5)], vec![(2, 0.5), (3, 0.5)]]);
/// assert_eq!((mean.rows(), mean.columns()), (2, 4));
/// assert_eq!(mean.transposed().row(3).collect::<Vec<_>>(), [(1, 0.5)]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sparse {
    columns: usize,
    starts: Vec<usize>,
    places: Vec<usize>,
    weights: Vec<f64>,
}

impl Sparse {
    /// The rows as lists of (column, weight), with all columns below `columns`; weights of 0 are left out.
    pub fn new(columns: usize, rows: Vec<Vec<(usize, f64)>>) -> Sparse {
        let mut sparse = Sparse { columns, starts: vec![0], places: Vec::new(), weights: Vec::new() };
        for row in rows {
            for (place, weight) in row.into_iter().filter(|(_, weight)| *weight != 0.0) {
                debug_assert!(place < columns);
                sparse.places.push(place);
                sparse.weights.push(weight);
            }
            sparse.starts.push(sparse.places.len());
        }
        sparse
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many columns it has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// (column, weight) of all entries of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[row]..self.starts[row + 1];
        self.places[range.clone()].iter().copied().zip(self.weights[range].iter().copied())
    }

    /// The matrix with rows and columns exchanged.
    pub fn transposed(&self) -> Sparse {
        let mut rows = vec![Vec::new(); self.columns];
        for row in 0..self.rows() {
            self.row(row).for_each(|(place, weight)| rows[place].push((row, weight)));
        }
        Sparse::new(self.rows(), rows)
    }
}

/// out\[o, r, i\] = Σ matrix\[r, c\] · x\[o, c, i\], for `outer` × columns × `inner` numbers, in the order of the columns.
///
/// ```
/// use steadygrad_kernels::{Isa, along::{Sparse, along}};
/// let mean = Sparse::new(4, vec![vec![(0, 0.5), (1, 0.5)], vec![(2, 0.5), (3, 0.5)]]);
/// let mut out = [0.0; 2];
/// along(Isa::best(), &mean, 1, 1, &[1.0, 3.0, 5.0, 9.0], &mut out);
/// assert_eq!(out, [2.0, 7.0]);
/// ```
pub fn along(isa: Isa, matrix: &Sparse, outer: usize, inner: usize, x: &[f32], out: &mut [f32]) {
    isa.run(Along { matrix, outer, inner, x, out });
}

struct Along<'a> {
    matrix: &'a Sparse,
    outer: usize,
    inner: usize,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Task for Along<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let Along { matrix, outer, inner, x, out } = self;
        let (x, out) = (R::slice(x), R::slice_mut(out));
        let (rows, columns) = (matrix.rows(), matrix.columns());
        for o in 0..outer {
            let x = &x[o * columns * inner..(o + 1) * columns * inner];
            for r in 0..rows {
                let at = (o * rows + r) * inner;
                if inner == 1 {
                    let sum = |sum: R, (c, weight): (usize, f64)| x[c].mul_add(R::of(weight), sum);
                    out[at] = matrix.row(r).fold(R::ZERO, sum);
                    continue;
                }
                let out = &mut out[at..at + inner];
                out.fill(R::ZERO);
                for (c, weight) in matrix.row(r) {
                    let weight = R::of(weight);
                    for (out, &x) in out.iter_mut().zip(&x[c * inner..(c + 1) * inner]) {
                        *out = x.mul_add(weight, *out);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transpose_of_the_transpose_is_the_matrix() {
        let matrix = Sparse::new(3, vec![vec![(1, 2.0)], vec![], vec![(0, -1.0), (2, 0.0)]]);
        assert_eq!(matrix.row(2).count(), 1);
        assert_eq!(matrix.transposed().transposed(), matrix);
    }

    #[test]
    fn nothing_along_nothing() {
        let empty = Sparse::new(0, vec![vec![], vec![]]);
        let mut out = [f32::NAN; 4];
        along(Isa::best(), &empty, 1, 2, &[], &mut out);
        assert_eq!(out, [0.0; 4]);
        along(Isa::best(), &empty, 0, 2, &[], &mut []);
    }
}
