//! What a block of values looks like: mean, size, spread over the batch, zeros, saturation, and whether it is finite.

use crate::columns::column_stats;
use crate::isa::Isa;
use crate::norm::sum_of_squares;

/// Statistics of a block of rows × units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Statistics {
    /// Mean of all values.
    pub mean: f64,
    /// Root of the mean square of all values.
    pub rms: f64,
    /// Standard deviation over the batch, per unit; root mean square over the units. A bias does not hold it up.
    pub deviation: f64,
    /// Fraction of values that are exactly 0; NaN where some are not finite.
    pub zero: f64,
    /// Fraction of values beyond 97 % of the way from the middle to a bound, where there are bounds; NaN where some values
    /// are not finite.
    pub saturated: f64,
    /// All values are finite.
    pub finite: bool,
}

/// Looks at rows × units values.
///
/// `bounds` are the limits of an activation that is bounded on both sides. `alive` has a flag for each unit, which is set
/// where a value is not 0. `mean` and `variance` are scratch of the size of a row.
///
/// ```
/// use steadygrad_kernels::{Isa, statistics::observe};
/// let mut alive = [false; 2];
/// let s = observe(Isa::best(), &[1.0, 0.0, 3.0, 0.0], None, &mut alive, &mut [0.0; 2], &mut [0.0; 2]);
/// assert_eq!((s.mean, s.zero, s.deviation), (1.0, 0.5, 0.5_f64.sqrt()));
/// assert_eq!(alive, [true, false]);
/// ```
pub fn observe(
    isa: Isa,
    x: &[f32],
    bounds: Option<(f64, f64)>,
    alive: &mut [bool],
    mean: &mut [f32],
    variance: &mut [f32],
) -> Statistics {
    let units = alive.len().max(1);
    let rows = x.len() / units;
    let n = x.len().max(1) as f64;
    let square = rms(x);
    if !square.is_finite() {
        // What is no number is not 0 either.
        for row in x.chunks_exact(units) {
            for (&v, alive) in row.iter().zip(alive.iter_mut()) {
                *alive |= v != 0.0;
            }
        }
        return Statistics {
            mean: x.iter().map(|&x| f64::from(x)).sum::<f64>() / n,
            rms: square,
            deviation: f64::NAN,
            zero: f64::NAN,
            saturated: f64::NAN,
            finite: false,
        };
    }
    let (middle, spread) = if SQUARES.contains(&square) {
        column_stats(isa, (rows, units, 1), x, None, mean, variance);
        let over_units = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / units as f64;
        (over_units(mean), over_units(variance))
    } else {
        far(x, units)
    };
    let (mut zeros, mut saturated) = (0_usize, 0_usize);
    let (low, high) = match bounds {
        Some((low, high)) => {
            let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
            ((middle - 0.97 * half) as f32, (middle + 0.97 * half) as f32)
        }
        None => (f32::NEG_INFINITY, f32::INFINITY),
    };
    for row in x.chunks_exact(units) {
        for (&v, alive) in row.iter().zip(alive.iter_mut()) {
            zeros += usize::from(v == 0.0);
            saturated += usize::from((v < low) | (v > high));
            *alive |= v != 0.0;
        }
    }
    Statistics {
        mean: middle,
        rms: square,
        deviation: spread.sqrt(),
        zero: zeros as f64 / n,
        saturated: saturated as f64 / n,
        finite: true,
    }
}

/// Sizes whose squares an f32 can hold with room to spare.
const SQUARES: std::ops::Range<f64> = 1e-12..1e15;

/// Mean of all values, and mean over the units of their variance, in f64: for sizes whose squares no f32 can hold.
fn far(x: &[f32], units: usize) -> (f64, f64) {
    let rows = (x.len() / units).max(1) as f64;
    let one = |unit: usize| {
        let column = || x.iter().skip(unit).step_by(units).map(|&v| f64::from(v));
        let mean = column().sum::<f64>() / rows;
        (mean, column().map(|v| (v - mean).powi(2)).sum::<f64>() / rows)
    };
    let (means, variances) = (0..units).map(one).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    (means / units as f64, variances / units as f64)
}

/// The root of the mean square, summed in f64, so that it neither overflows nor vanishes; 0 for nothing.
pub fn rms(x: &[f32]) -> f64 {
    // The sum has the same bits on every instruction set.
    (sum_of_squares(Isa::best(), x) / x.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_squares_survive_huge_and_tiny_numbers() {
        assert!((rms(&[1e30, -1e30]) / 1e30 - 1.0).abs() < 1e-6);
        assert!((rms(&[1e-30, 1e-30]) / 1e-30 - 1.0).abs() < 1e-6);
        assert_eq!(rms(&[]), 0.0);
        assert!(rms(&[f32::NAN]).is_nan());
        assert_eq!(rms(&[f32::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn a_signal_far_from_1_has_its_deviation_all_the_same() {
        for size in [1e-38, 1e-25, 1e-13, 1.0, 1e14, 1e16, 1e25, 1e37] {
            let x = [1.0, -2.0, 3.0, 6.0].map(|v| (v * size) as f32);
            let (mut mean, mut variance) = ([0.0; 2], [0.0; 2]);
            let s = observe(Isa::best(), &x, None, &mut [false; 2], &mut mean, &mut variance);
            // Unit by unit: 1, 3 and −2, 6.
            let (deviation, middle) = (((1.0 + 16.0) / 2.0_f64).sqrt(), 2.0);
            assert!((s.deviation / size / deviation - 1.0).abs() < 1e-5, "{size}: {s:?}");
            assert!((s.mean / size / middle - 1.0).abs() < 1e-5, "{size}: {s:?}");
        }
    }

    #[test]
    fn saturation_is_counted_within_the_bounds_of_the_activation() {
        let x = [0.99, -0.98, 0.5, 0.0];
        let s = observe(Isa::best(), &x, Some((-1.0, 1.0)), &mut [false; 2], &mut [0.0; 2], &mut [0.0; 2]);
        assert_eq!(s.saturated, 0.5);
        let s = observe(Isa::best(), &[0.99, 0.5], Some((0.0, 1.0)), &mut [false], &mut [0.0], &mut [0.0]);
        assert_eq!(s.saturated, 0.5);
        let s = observe(Isa::best(), &[f32::NAN, 0.5], None, &mut [false], &mut [0.0], &mut [0.0]);
        assert!(!s.finite && s.zero.is_nan() && s.saturated.is_nan() && s.deviation.is_nan());
        let s = observe(Isa::best(), &[], None, &mut [], &mut [], &mut []);
        assert!(s.finite && s.rms == 0.0);
    }
}
