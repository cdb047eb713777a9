//! A histogram: how often values fall into bins of one width over a symmetrical range.

/// Bins of a histogram: an odd number, so that 0 has a bin of its own.
pub const BINS: usize = 41;

/// How many root mean squares the range reaches at most; what is further out would make a needle of all the rest.
const REACH: f64 = 4.0;

/// How often values fall into [`BINS`] bins of one width over −`bound` … `bound`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// The end of the range on either side: the largest size of a value, or 4 root mean squares where that is less.
    pub bound: f64,
    /// The values in each bin, from −`bound` up.
    pub counts: Vec<u64>,
    /// Finite values outside of the range.
    pub beyond: u64,
    /// Values that are not finite.
    pub not_finite: u64,
}

impl Histogram {
    /// Of these values.
    ///
    /// ```
    /// use steadygrad_kernels::histogram::{BINS, Histogram};
    /// let h = Histogram::of(&[-1.0, 0.0, 0.0, 1.0, f32::NAN]);
    /// assert_eq!((h.bound, h.counts[0], h.counts[BINS / 2], h.counts[BINS - 1]), (1.0, 1, 2, 1));
    /// assert_eq!((h.beyond, h.not_finite), (0, 1));
    /// ```
    pub fn of(values: &[f32]) -> Histogram {
        let finite = || values.iter().filter(|x| x.is_finite()).map(|&x| f64::from(x));
        let (mut n, mut square, mut most) = (0_u64, 0.0, 0.0_f64);
        for x in finite() {
            (n, square, most) = (n + 1, square + x * x, most.max(x.abs()));
        }
        let bound = most.min(REACH * (square / n.max(1) as f64).sqrt());
        let mut counts = vec![0; BINS];
        let mut beyond = 0;
        for x in finite() {
            // All values 0: they are in the middle.
            let at = if bound > 0.0 { (x / bound + 1.0) / 2.0 * BINS as f64 } else { BINS as f64 / 2.0 };
            match x.abs() <= bound {
                true => counts[(at as usize).min(BINS - 1)] += 1,
                false => beyond += 1,
            }
        }
        Histogram { bound, counts, beyond, not_finite: values.len() as u64 - n }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once_at_any_size() {
        for size in [1e-38_f32, 1e-20, 1.0, 1e20, 1e37] {
            let values: Vec<f32> = (-50..=50).map(|i| i as f32 / 50.0 * size).collect();
            let h = Histogram::of(&values);
            assert_eq!(h.counts.iter().sum::<u64>() + h.beyond, 101, "{size}");
            assert_eq!(h.counts.first(), h.counts.last(), "{size}: as symmetrical as the values");
        }
    }

    #[test]
    fn what_is_far_out_is_counted_apart() {
        let mut values = vec![1.0; 999];
        values.push(1000.0);
        let h = Histogram::of(&values);
        assert_eq!((h.beyond, h.counts.iter().sum::<u64>()), (1, 999));
    }

    #[test]
    fn nothing_zeros_and_what_is_no_number() {
        assert_eq!(Histogram::of(&[]).counts.iter().sum::<u64>(), 0);
        let h = Histogram::of(&[0.0; 5]);
        assert_eq!((h.bound, h.counts[BINS / 2]), (0.0, 5));
        let h = Histogram::of(&[f32::NAN, f32::INFINITY]);
        assert_eq!((h.not_finite, h.counts.iter().sum::<u64>()), (2, 0));
    }
}
