//! What a block of values looks like: mean, size, spread over the batch, zeros, saturation, and whether it is finite.

use crate::isa::{Isa, Task};
use crate::real::Lane;
use crate::size::{SQUARES, WIDTH, exact_rms, gather};

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
    statistics.rms = exact_rms(isa, x);
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

/// The same, summed side by side.
#[derive(Default)]
struct Totals {
    sum: [f64; WIDTH],
    squares: [f64; WIDTH],
    variances: [f64; WIDTH],
    zeros: [f64; WIDTH],
    saturated: [f64; WIDTH],
}

/// Sums of a block of units over some rows: of x − pivot and its square, of x², of zeros and of saturated values.
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
        // −0 is what changes no sum: that makes it one masked addition.
        self.zeros[j] = self.zeros[j] + R::select(x == R::ZERO, R::ONE, -R::ZERO);
        if BOUNDED {
            self.saturated[j] = self.saturated[j] + R::select((x < low) | (x > high), R::ONE, -R::ZERO);
        }
    }
}

/// Sums of a block of units over all rows.
struct Units {
    shifted: [f64; BLOCK],
    spread: [f64; BLOCK],
    zeros: [f64; BLOCK],
}

impl Units {
    #[inline(always)]
    fn add<R: Lane>(&mut self, piece: &Sums<R>) {
        for j in 0..BLOCK {
            self.shifted[j] += piece.shifted[j].f64();
            self.spread[j] += piece.spread[j].f64();
            self.zeros[j] += piece.zeros[j].f64();
        }
    }
}

impl Totals {
    /// Adds the units of a block. No branch, so that this is vector code: it is as much work as some rows.
    #[inline(always)]
    fn add<R: Lane>(&mut self, units: &Units, pivot: &[R; BLOCK], rows: f64) {
        let part = 1.0 / rows;
        for first in (0..BLOCK).step_by(WIDTH) {
            for k in 0..WIDTH {
                let j = first + k;
                let mean = units.shifted[j] * part;
                let variance = units.spread[j] * part - mean * mean;
                self.sum[k] += units.shifted[j] + rows * pivot[j].f64();
                self.variances[k] += if variance > 0.0 { variance } else { 0.0 };
                self.zeros[k] += units.zeros[j];
            }
        }
    }

    fn seen(&self) -> Seen {
        let all = |sums: &[f64; WIDTH]| sums.iter().sum::<f64>();
        Seen {
            sum: all(&self.sum),
            squares: all(&self.squares),
            variances: all(&self.variances),
            zeros: all(&self.zeros),
            saturated: all(&self.saturated),
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
        let mut totals = Totals::default();
        // Without rows there is nothing to see.
        let end = if rows > 0 { units } else { 0 };
        for first in (0..end).step_by(BLOCK) {
            // The last block reaches back over units that are done, so that it is a full one too.
            let start = first.min(units.saturating_sub(BLOCK));
            let (width, done) = (BLOCK.min(units - start), first - start);
            let mut pivot = [R::ZERO; BLOCK];
            pivot[..width].copy_from_slice(&x[start..start + width]);
            let mut block = Units { shifted: [0.0; BLOCK], spread: [0.0; BLOCK], zeros: [0.0; BLOCK] };
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
                // Units that were counted in the block before count as nothing.
                sums.squares[..done].fill(R::ZERO);
                gather(&sums.squares, &mut totals.squares);
                if BOUNDED {
                    sums.saturated[..done].fill(R::ZERO);
                    gather(&sums.saturated, &mut totals.saturated);
                }
                block.add(&sums);
            }
            let alive = self.alive.iter_mut().skip(start).zip(&block.zeros[..width]);
            for (alive, zeros) in alive {
                *alive |= *zeros < rows as f64;
            }
            pivot[..done].fill(R::ZERO);
            for sums in [&mut block.shifted, &mut block.spread, &mut block.zeros] {
                sums[..done].fill(0.0);
            }
            totals.add(&block, &pivot, rows as f64);
        }
        totals.seen()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn it_agrees_with_its_oracle_at_every_shape_and_size() {
        for (isa, units) in
            Isa::available().into_iter().flat_map(|i| [1, 5, 31, 32, 33, 64, 100].map(|u| (i, u)))
        {
            for (rows, size, shift) in [
                (1, 1.0, 0.0),
                (2, 1e-38, 0.0),
                (32, 1.0, 0.0),
                (64, 1e25, 0.0),
                (65, 1.0, 20.0),
                (130, 1.0, 0.0),
            ] {
                let one = |i: usize| ((i * 7919) % 101) as f64 / 10.0 - 3.0 + shift;
                let x = (0..rows * units).map(one).map(|v| if v < -1.0 { 0.0 } else { v * size });
                let x: Vec<f32> = x.map(|v| v as f32).collect();
                let mut alive = vec![false; units];
                let s = observe(isa, &x, Some((0.0, size)), &mut alive);
                let (mean, variance) = far(&x, units);
                let n = x.len() as f64;
                let share = |holds: &dyn Fn(f32) -> bool| x.iter().filter(|v| holds(**v)).count() as f64 / n;
                let near = |got: f64, wanted: f64| (got - wanted).abs() < 1e-5 * size * (1.0 + shift);
                let text = format!("{isa} {rows} × {units}, {size}: {s:?}");
                assert!(near(s.mean, mean) && near(s.deviation, variance.sqrt()), "{text}");
                assert!(near(s.rms, exact_rms(isa, &x)) && s.finite, "{text}");
                assert_eq!(s.zero, share(&|v| v == 0.0), "{text}");
                let (low, high) = ((0.015 * size) as f32, (0.985 * size) as f32);
                assert_eq!(s.saturated, share(&|v| v < low || v > high), "{text}");
                let lives = |unit: usize| x.iter().skip(unit).step_by(units).any(|v| *v != 0.0);
                assert!((0..units).all(|unit| alive[unit] == lives(unit)), "{text}");
            }
        }
    }

    #[test]
    fn one_value_that_is_no_number_is_seen_wherever_it_is() {
        for isa in Isa::available() {
            for (at, value) in [(0, f32::NAN), (40, f32::INFINITY), (131, f32::NAN), (199, f32::NEG_INFINITY)]
            {
                let mut x = [1.0; 200];
                x[at] = value;
                let s = observe(isa, &x, None, &mut [false; 40]);
                assert!(!s.finite && s.zero.is_nan() && s.deviation.is_nan(), "{isa} {at} {value}: {s:?}");
                assert!(s.rms.is_nan() == value.is_nan() && s.rms.is_nan() | s.rms.is_infinite());
            }
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
