//! What a block of values looks like: mean, size, spread over the batch, zeros, saturation, and whether it is finite.

use crate::isa::{Isa, Task};
use crate::norm::sum_of_squares;
use crate::real::Lane;

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
/// where a value is not 0.
///
/// ```
/// use steadygrad_kernels::{Isa, statistics::observe};
/// let mut alive = [false; 2];
/// let s = observe(Isa::best(), &[1.0, 0.0, 3.0, 0.0], None, &mut alive);
/// assert_eq!((s.mean, s.zero, s.deviation), (1.0, 0.5, 0.5_f64.sqrt()));
/// assert_eq!(alive, [true, false]);
/// ```
pub fn observe(isa: Isa, x: &[f32], bounds: Option<(f64, f64)>, alive: &mut [bool]) -> Statistics {
    let units = alive.len().max(1);
    let n = x.len().max(1) as f64;
    let (low, high) = match bounds {
        Some((low, high)) => {
            let (middle, half) = ((low + high) / 2.0, (high - low) / 2.0);
            ((middle - 0.97 * half) as f32, (middle + 0.97 * half) as f32)
        }
        None => (f32::NEG_INFINITY, f32::INFINITY),
    };
    let bounded = bounds.is_some();
    let seen = match bounded {
        true => isa.run(Look::<true> { x, units, low, high, alive }),
        false => isa.run(Look::<false> { x, units, low, high, alive }),
    };
    let mut statistics = Statistics {
        mean: seen.sum / n,
        rms: (seen.squares / n).sqrt(),
        deviation: (seen.variances / units as f64).sqrt(),
        zero: seen.zeros / n,
        saturated: seen.saturated / n,
        finite: true,
    };
    if SQUARES.contains(&statistics.rms) || seen.zeros == x.len() as f64 {
        return statistics;
    }
    // Squares that no f32 can hold, or values that are not finite.
    statistics.rms = exact_rms(x);
    if statistics.rms.is_finite() {
        let (mean, variance) = far(x, units);
        (statistics.mean, statistics.deviation) = (mean, variance.sqrt());
        return statistics;
    }
    Statistics {
        mean: x.iter().map(|&x| f64::from(x)).sum::<f64>() / n,
        rms: statistics.rms,
        deviation: f64::NAN,
        zero: f64::NAN,
        saturated: f64::NAN,
        finite: false,
    }
}

/// Units that are looked at side by side, so that their sums stay in registers.
const BLOCK: usize = 32;
/// Rows whose sums are kept in f32 before they are added in f64.
const PIECE: usize = 64;

/// One reading of rows × units values; saturation is counted where there are bounds.
struct Look<'a, const BOUNDED: bool> {
    x: &'a [f32],
    units: usize,
    low: f32,
    high: f32,
    alive: &'a mut [bool],
}

/// What was counted and summed.
#[derive(Default)]
struct Seen {
    sum: f64,
    squares: f64,
    /// Σ over the units of their variance.
    variances: f64,
    zeros: f64,
    saturated: f64,
}

/// Sums of a block of units: of x − pivot and its square, of x², of zeros and of saturated values.
struct Sums<R> {
    shifted: [R; BLOCK],
    spread: [R; BLOCK],
    squares: [R; BLOCK],
    zeros: [R; BLOCK],
    saturated: [R; BLOCK],
}

impl<R: Lane> Sums<R> {
    #[inline(always)]
    fn zero() -> Sums<R> {
        let zero = [R::ZERO; BLOCK];
        Sums { shifted: zero, spread: zero, squares: zero, zeros: zero, saturated: zero }
    }

    #[inline(always)]
    fn add<const BOUNDED: bool>(&mut self, j: usize, x: R, pivot: R, low: R, high: R) {
        let d = x - pivot;
        self.shifted[j] = self.shifted[j] + d;
        self.spread[j] = d.mul_add(d, self.spread[j]);
        self.squares[j] = x.mul_add(x, self.squares[j]);
        self.zeros[j] = self.zeros[j] + R::select(x == R::ZERO, R::ONE, R::ZERO);
        if BOUNDED {
            self.saturated[j] = self.saturated[j] + R::select((x < low) | (x > high), R::ONE, R::ZERO);
        }
    }
}

impl<const BOUNDED: bool> Task for Look<'_, BOUNDED> {
    type Output = Seen;
    #[inline(always)]
    fn run<R: Lane>(self) -> Seen {
        let (units, x) = (self.units, R::slice(self.x));
        let rows = x.len() / units;
        let (low, high) = (R::load(self.low), R::load(self.high));
        let mut seen = Seen::default();
        for first in (0..units).step_by(BLOCK) {
            // The last block reaches back over units that are done, so that it is a full one too.
            let start = first.min(units.saturating_sub(BLOCK));
            let (width, done) = (BLOCK.min(units - start), first - start);
            let mut pivot = [R::ZERO; BLOCK];
            if rows > 0 {
                pivot[..width].copy_from_slice(&x[start..start + width]);
            }
            let (mut shifted, mut spread, mut zeros) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
            for top in (0..rows).step_by(PIECE) {
                let mut sums = Sums::zero();
                for row in top..rows.min(top + PIECE) {
                    let at = row * units + start;
                    // A full block has a size that the compiler knows.
                    match <&[R; BLOCK]>::try_from(&x[at..at + width]) {
                        Ok(values) => {
                            for j in 0..BLOCK {
                                sums.add::<BOUNDED>(j, values[j], pivot[j], low, high);
                            }
                        }
                        Err(_) => {
                            for j in 0..width {
                                sums.add::<BOUNDED>(j, x[at + j], pivot[j], low, high);
                            }
                        }
                    }
                }
                for j in done..width {
                    shifted[j] += sums.shifted[j].f64();
                    spread[j] += sums.spread[j].f64();
                    zeros[j] += sums.zeros[j].f64();
                    seen.squares += sums.squares[j].f64();
                    seen.saturated += sums.saturated[j].f64();
                }
            }
            let n = rows.max(1) as f64;
            for j in done..width {
                let mean = shifted[j] / n;
                seen.sum += shifted[j] + n * pivot[j].f64();
                seen.variances += (spread[j] / n - mean * mean).max(0.0);
                seen.zeros += zeros[j];
                if let Some(alive) = self.alive.get_mut(start + j) {
                    *alive |= zeros[j] < rows as f64;
                }
            }
        }
        seen
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

/// The root of the mean square, good to six digits; it neither overflows nor vanishes; 0 for nothing.
pub fn rms(isa: Isa, x: &[f32]) -> f64 {
    let n = x.len().max(1) as f64;
    let quick = (isa.run(Squares { x, from: &[] }).0 / n).sqrt();
    if SQUARES.contains(&quick) { quick } else { exact_rms(x) }
}

/// The same summed in f64.
fn exact_rms(x: &[f32]) -> f64 {
    (sum_of_squares(Isa::best(), x) / x.len().max(1) as f64).sqrt()
}

/// (Σ before², Σ (after − before)²): how large weights were, and how far a step went; good to six digits.
///
/// ```
/// use steadygrad_kernels::{Isa, statistics::squares};
/// assert_eq!(squares(Isa::best(), &[3.0, 4.0], &[3.0, 4.5]), (25.0, 0.25));
/// assert_eq!(squares(Isa::best(), &[1e-30], &[3e-30]).1.log10().round(), -59.0);
/// ```
///
/// # Panics
/// If they are not equally many.
pub fn squares(isa: Isa, before: &[f32], after: &[f32]) -> (f64, f64) {
    assert_eq!(before.len(), after.len());
    let n = before.len().max(1) as f64;
    let (size, change) = isa.run(Squares { x: before, from: after });
    let fits = |square: f64| SQUARES.contains(&(square / n).sqrt());
    if fits(size) && fits(change) {
        return (size, change);
    }
    let pairs = || before.iter().zip(after).map(|(&b, &a)| (f64::from(b), f64::from(a)));
    (pairs().map(|(b, _)| b * b).sum(), pairs().map(|(b, a)| (a - b).powi(2)).sum())
}

/// Σ x², and Σ (from − x)² where `from` is given; in f32 within pieces, in f64 over them.
struct Squares<'a> {
    x: &'a [f32],
    from: &'a [f32],
}

impl Task for Squares<'_> {
    type Output = (f64, f64);
    #[inline(always)]
    fn run<R: Lane>(self) -> (f64, f64) {
        const LANES: usize = 64;
        const PIECE: usize = 64 * LANES;
        let (x, from) = (R::slice(self.x), R::slice(self.from));
        let (mut total, mut differences) = (0.0, 0.0);
        let add = |lanes: &[R; LANES]| lanes.iter().map(|l| l.f64()).sum::<f64>();
        if from.is_empty() {
            for piece in x.chunks(PIECE) {
                let mut lanes = [R::ZERO; LANES];
                let mut rows = piece.chunks_exact(LANES);
                for row in &mut rows {
                    for j in 0..LANES {
                        lanes[j] = row[j].mul_add(row[j], lanes[j]);
                    }
                }
                for (lane, &x) in lanes.iter_mut().zip(rows.remainder()) {
                    *lane = x.mul_add(x, *lane);
                }
                total += add(&lanes);
            }
            return (total, 0.0);
        }
        for (piece, from) in x.chunks(PIECE).zip(from.chunks(PIECE)) {
            let (mut lanes, mut apart) = ([R::ZERO; LANES], [R::ZERO; LANES]);
            let (mut rows, mut others) = (piece.chunks_exact(LANES), from.chunks_exact(LANES));
            for (row, other) in (&mut rows).zip(&mut others) {
                for j in 0..LANES {
                    let d = other[j] - row[j];
                    lanes[j] = row[j].mul_add(row[j], lanes[j]);
                    apart[j] = d.mul_add(d, apart[j]);
                }
            }
            for (j, (&x, &y)) in rows.remainder().iter().zip(others.remainder()).enumerate() {
                let d = y - x;
                lanes[j] = x.mul_add(x, lanes[j]);
                apart[j] = d.mul_add(d, apart[j]);
            }
            total += add(&lanes);
            differences += add(&apart);
        }
        (total, differences)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_squares_survive_huge_and_tiny_numbers() {
        assert!((rms(Isa::best(), &[1e30, -1e30]) / 1e30 - 1.0).abs() < 1e-6);
        assert!((rms(Isa::best(), &[1e-30, 1e-30]) / 1e-30 - 1.0).abs() < 1e-6);
        assert_eq!(rms(Isa::best(), &[]), 0.0);
        assert!(rms(Isa::best(), &[f32::NAN]).is_nan());
        assert_eq!(rms(Isa::best(), &[f32::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn a_signal_far_from_1_has_its_deviation_all_the_same() {
        for size in [1e-38, 1e-25, 1e-13, 1.0, 1e14, 1e16, 1e25, 1e37] {
            let x = [1.0, -2.0, 3.0, 6.0].map(|v| (v * size) as f32);
            let s = observe(Isa::best(), &x, None, &mut [false; 2]);
            // Unit by unit: 1, 3 and −2, 6.
            let (deviation, middle) = (((1.0 + 16.0) / 2.0_f64).sqrt(), 2.0);
            assert!((s.deviation / size / deviation - 1.0).abs() < 1e-5, "{size}: {s:?}");
            assert!((s.mean / size / middle - 1.0).abs() < 1e-5, "{size}: {s:?}");
        }
    }

    #[test]
    fn every_unit_counts_once_whatever_their_number() {
        for units in [1, 5, 31, 32, 33, 64, 100] {
            let rows = 130;
            let x: Vec<f32> = (0..rows * units).map(|i| ((i * 7919) % 101) as f32 / 10.0 - 3.0).collect();
            let x: Vec<f32> = x.iter().map(|&v| if v < -1.0 { 0.0 } else { v }).collect();
            let mut alive = vec![false; units];
            let s = observe(Isa::best(), &x, Some((0.0, 1.0)), &mut alive);
            let (mean, variance) = far(&x, units);
            let n = x.len() as f64;
            let share = |holds: &dyn Fn(f32) -> bool| x.iter().filter(|v| holds(**v)).count() as f64 / n;
            assert!(
                (s.mean - mean).abs() < 1e-5 && (s.deviation - variance.sqrt()).abs() < 1e-5,
                "{units}: {s:?}"
            );
            assert!((s.rms - exact_rms(&x)).abs() < 1e-5, "{units}: {s:?}");
            assert_eq!(s.zero, share(&|v| v == 0.0), "{units}");
            assert_eq!(s.saturated, share(&|v| !(0.015..=0.985).contains(&v)), "{units}");
            assert!(alive.iter().all(|a| *a));
        }
    }

    #[test]
    fn saturation_is_counted_within_the_bounds_of_the_activation() {
        let x = [0.99, -0.98, 0.5, 0.0];
        let s = observe(Isa::best(), &x, Some((-1.0, 1.0)), &mut [false; 2]);
        assert_eq!(s.saturated, 0.5);
        let s = observe(Isa::best(), &[0.99, 0.5], Some((0.0, 1.0)), &mut [false]);
        assert_eq!(s.saturated, 0.5);
        let s = observe(Isa::best(), &[f32::NAN, 0.5], None, &mut [false]);
        assert!(!s.finite && s.zero.is_nan() && s.saturated.is_nan() && s.deviation.is_nan());
        let s = observe(Isa::best(), &[], None, &mut []);
        assert!(s.finite && s.rms == 0.0);
    }
}
