//! How large numbers are: their root mean square, in f32 within pieces and in f64 over them.

use crate::isa::{Isa, Task};
use crate::norm::sum_of_squares;
use crate::real::{Lane, Real};

/// Sums that run side by side in f32: enough to hide how long an addition takes.
pub(crate) const LANES: usize = 64;
/// Numbers whose sums are kept in f32 before they are added in f64.
pub(crate) const PIECE: usize = 64 * LANES;
/// Sizes whose squares an f32 can hold with room to spare.
pub(crate) const SQUARES: std::ops::Range<f64> = 1e-12..1e15;

/// The root of the mean square, good to six digits; it neither overflows nor vanishes; 0 for nothing.
///
/// ```
/// use steadygrad_kernels::{Isa, size::rms};
/// assert_eq!(rms(Isa::best(), &[3.0, -3.0]), 3.0);
/// assert_eq!(rms(Isa::best(), &[1e-30]).log10().round(), -30.0);
/// ```
pub fn rms(isa: Isa, x: &[f32]) -> f64 {
    let n = x.len().max(1) as f64;
    let quick = (isa.run(Squares(x)) / n).sqrt();
    if SQUARES.contains(&quick) { quick } else { exact_rms(isa, x) }
}

/// The same summed in f64.
pub(crate) fn exact_rms(isa: Isa, x: &[f32]) -> f64 {
    (sum_of_squares(isa, x) / x.len().max(1) as f64).sqrt()
}

/// Σ x²
struct Squares<'a>(&'a [f32]);

impl Task for Squares<'_> {
    type Output = f64;
    #[inline(always)]
    fn run<R: Lane>(self) -> f64 {
        let mut total = [0.0; WIDTH];
        for piece in R::slice(self.0).chunks(PIECE) {
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
            gather(&lanes, &mut total);
        }
        total.iter().sum()
    }
}

/// Sums that run side by side in f64.
pub(crate) const WIDTH: usize = 8;

/// Adds sums to sums in f64, side by side: one after the other would take as long as summing a piece.
#[inline(always)]
pub(crate) fn gather<R: Real>(lanes: &[R], total: &mut [f64; WIDTH]) {
    for part in lanes.chunks_exact(WIDTH) {
        for j in 0..WIDTH {
            total[j] += part[j].f64();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_its_oracle_at_every_length_and_size() {
        for isa in Isa::available() {
            for len in [1, 7, 8, 63, 64, 65, 100, 4095, 4096, 4097, 10_000] {
                for size in [1e-42, 1e-38, 1e-20, 1e-12, 1.0, 1e15, 1e20, 1e38] {
                    let x: Vec<f32> = (0..len).map(|i| (((i * 37) % 19) as f64 - 9.5) as f32).collect();
                    let x: Vec<f32> = x.iter().map(|v| (f64::from(*v) / 10.0 * size) as f32).collect();
                    let oracle = (x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / len as f64).sqrt();
                    let got = rms(isa, &x);
                    assert!((got - oracle).abs() <= 2e-6 * oracle, "{isa} {len} {size}: {got} {oracle}");
                }
            }
        }
    }

    #[test]
    fn nothing_zeros_and_what_is_no_number() {
        for isa in Isa::available() {
            assert_eq!(rms(isa, &[]), 0.0);
            assert_eq!(rms(isa, &[0.0, -0.0]), 0.0);
            for at in [0, 50, 64, 99] {
                let mut x = [1.0; 100];
                x[at] = f32::NAN;
                assert!(rms(isa, &x).is_nan(), "{isa} {at}");
                x[at] = f32::NEG_INFINITY;
                assert_eq!(rms(isa, &x), f64::INFINITY, "{isa} {at}");
            }
        }
    }
}
