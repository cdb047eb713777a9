//! The largest of a row, and the largest k.

use crate::args::Args;
use steadygrad_kernels::Result;

/// The setting `k`: how many of the largest count.
pub(super) fn top(args: &mut Args<'_>) -> Result<usize> {
    match args.or("k", 5)? {
        0 => args.reject("k", "1 or more", 0),
        k => Ok(k),
    }
}

/// The index of the largest number; the first among equals, and the first NaN where there is one.
pub(super) fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    for (i, &x) in row.iter().enumerate() {
        if x > row[best] || (x.is_nan() && !row[best].is_nan()) {
            best = i;
        }
    }
    best
}

/// Whether the number at `at` is among the k largest; equals of the k-th count as well.
pub(super) fn in_top(row: &[f32], at: usize, k: usize) -> bool {
    let Some(&chosen) = row.get(at) else { return false };
    chosen.is_finite() && row.iter().filter(|&&x| x > chosen).count() < k
}

/// Whether the number at `at` is one of exactly k chosen: among equals, the first are taken.
pub(super) fn chosen(row: &[f32], at: usize, k: usize) -> bool {
    let x = row[at];
    let before = row.iter().enumerate().filter(|&(i, &other)| other > x || (other == x && i < at)).count();
    before < k
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_and_odd_numbers() {
        assert_eq!(argmax(&[0.5, 0.7, 0.7]), 1);
        assert_eq!(argmax(&[0.5, f32::NAN, 0.7]), 1);
        let row = [0.2, 0.5, 0.5, 0.5];
        assert!(in_top(&row, 3, 1) && !in_top(&row, 0, 3) && in_top(&row, 0, 4));
        assert!(!in_top(&row, 9, 4) && !in_top(&[f32::NAN, 0.0], 0, 2));
        assert!(chosen(&row, 1, 1) && !chosen(&row, 2, 1) && chosen(&row, 2, 2));
    }
}
