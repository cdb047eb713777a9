//! Rows of a table by their numbers, and the sums of what comes back to each row.

use crate::isa::{Isa, Task};
use crate::real::Lane;

/// The row that a number names: a whole number from 0 to `rows` − 1.
///
/// ```
/// use steadygrad_kernels::gather::row_of;
/// assert_eq!(row_of(2.0, 3), Some(2));
/// assert_eq!([row_of(3.0, 3), row_of(-1.0, 3), row_of(0.5, 3), row_of(f32::NAN, 3)], [None; 4]);
/// ```
#[inline]
pub fn row_of(number: f32, rows: usize) -> Option<usize> {
    // A cast cuts what is negative or no number to 0, and what is too large to the largest.
    let row = number as usize;
    (row < rows && row as f32 == number).then_some(row)
}

/// out\[i\] = table\[numbers\[i\]\], rows of `len` numbers; NaN for a number that names no row.
pub fn gather(table: &[f32], len: usize, numbers: &[f32], out: &mut [f32]) {
    let rows = table.len() / len.max(1);
    for (out, &number) in out.chunks_exact_mut(len.max(1)).zip(numbers) {
        match row_of(number, rows) {
            Some(row) => out.copy_from_slice(&table[row * len..(row + 1) * len]),
            None => out.fill(f32::NAN),
        }
    }
}

/// out\[r\] = Σ dy\[i\] over all i with numbers\[i\] = r, in their order; numbers that name no row add nothing.
///
/// ```
/// use steadygrad_kernels::{Isa, gather::gather_grad};
/// let mut out = [f32::NAN; 3];
/// gather_grad(Isa::best(), &[1.0, 2.0, 4.0], 1, &[2.0, 0.0, 2.0], &mut out);
/// assert_eq!(out, [2.0, 0.0, 5.0]);
/// ```
pub fn gather_grad(isa: Isa, dy: &[f32], len: usize, numbers: &[f32], out: &mut [f32]) {
    isa.run(GatherGrad { dy, len: len.max(1), numbers, out });
}

struct GatherGrad<'a> {
    dy: &'a [f32],
    len: usize,
    numbers: &'a [f32],
    out: &'a mut [f32],
}

impl Task for GatherGrad<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let GatherGrad { dy, len, numbers, out } = self;
        let (dy, out) = (R::slice(dy), R::slice_mut(out));
        out.fill(R::ZERO);
        let rows = out.len() / len;
        for (dy, &number) in dy.chunks_exact(len).zip(numbers) {
            let Some(row) = row_of(number, rows) else { continue };
            for (out, &dy) in out[row * len..(row + 1) * len].iter_mut().zip(dy) {
                *out = *out + dy;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_row_is_no_number() {
        let table = [1.0, 2.0, 3.0, 4.0];
        let mut out = [0.0; 12];
        gather(&table, 2, &[1.0, -0.0, 2.0, 0.5, f32::INFINITY, -1.0], &mut out);
        assert_eq!(out[..4], [3.0, 4.0, 1.0, 2.0]);
        assert!(out[4..].iter().all(|x| x.is_nan()));
        gather(&table, 2, &[], &mut []);
        let mut back = [f32::NAN; 4];
        gather_grad(Isa::best(), &[1.0; 6], 2, &[f32::NAN, 1.0, 9.0], &mut back);
        assert_eq!(back, [0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn rows_beyond_what_f32_counts() {
        assert_eq!(row_of(16_777_216.0, 1 << 25), Some(1 << 24));
        assert_eq!(row_of(f32::MAX, usize::MAX), None);
        assert_eq!(row_of(f32::NEG_INFINITY, 4), None);
    }
}
