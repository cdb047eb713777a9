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
    column_stats(isa, (rows, units, 1), x, None, mean, variance);
    let over_units = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / units as f64;
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
        mean: over_units(mean),
        rms: square,
        deviation: over_units(variance).sqrt(),
        zero: zeros as f64 / n,
        saturated: saturated as f64 / n,
        finite: true,
    }
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
