//! Sums over a slice that come out the same on every instruction set, and the loops of an optimizer around its rule.

use crate::isa::{Isa, Task};
use crate::real::{Lane, Real};

/// Additions that run side by side; element i belongs to sum i mod `WIDTH`.
const WIDTH: usize = 16;
/// Elements of a piece: each piece is summed by itself, and the sums of the pieces are added in order.
const PIECE: usize = 8192;

/// Σ x², in double precision, in pieces of fixed size and in fixed order.
///
/// The square of an f32 is exact in an f64, so all instruction sets agree bit for bit.
///
/// ```
/// use steadygrad_kernels::{Isa, norm::sum_of_squares};
/// assert_eq!(sum_of_squares(Isa::best(), &[3.0, 4.0]), 25.0);
/// ```
pub fn sum_of_squares(isa: Isa, x: &[f32]) -> f64 {
    struct Squares<'a>(&'a [f32]);
    impl Task for Squares<'_> {
        type Output = f64;
        #[inline(always)]
        fn run<R: Lane>(self) -> f64 {
            squares(R::slice(self.0))
        }
    }
    isa.run(Squares(x))
}

/// Whether all numbers are finite; a third of the time that their norm takes.
///
/// ```
/// use steadygrad_kernels::{Isa, norm::all_finite};
/// assert!(all_finite(Isa::best(), &[3.0, -f32::MAX]) && !all_finite(Isa::best(), &[0.0, f32::NAN]));
/// ```
pub fn all_finite(isa: Isa, x: &[f32]) -> bool {
    struct AllFinite<'a>(&'a [f32]);
    impl Task for AllFinite<'_> {
        type Output = bool;
        #[inline(always)]
        fn run<R: Lane>(self) -> bool {
            // 0 · x is 0 for a finite x, and NaN for any other; a sum with a NaN stays NaN.
            let x = R::slice(self.0);
            let mut sums = [R::ZERO; 4 * WIDTH];
            let mut rows = x.chunks_exact(4 * WIDTH);
            for row in &mut rows {
                for (sum, &x) in sums.iter_mut().zip(row) {
                    *sum = x.mul_add(R::ZERO, *sum);
                }
            }
            for (sum, &x) in sums.iter_mut().zip(rows.remainder()) {
                *sum = x.mul_add(R::ZERO, *sum);
            }
            sums.iter().all(|sum| sum.f64() == 0.0)
        }
    }
    isa.run(AllFinite(x))
}

/// Σ x² as [`sum_of_squares`], for loops that are generic already.
#[inline(always)]
pub fn squares<R: Real>(x: &[R]) -> f64 {
    sum(x, |x| x * x)
}

/// Σ f(x) in double precision, in pieces of fixed size and in fixed order.
#[inline(always)]
pub fn sum<R: Real>(x: &[R], f: impl Fn(f64) -> f64) -> f64 {
    let mut total = 0.0;
    for piece in x.chunks(PIECE) {
        let mut sums = [0.0; WIDTH];
        let mut rows = piece.chunks_exact(WIDTH);
        for row in &mut rows {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += f(x.f64());
            }
        }
        for (sum, x) in sums.iter_mut().zip(rows.remainder()) {
            *sum += f(x.f64());
        }
        total += fold(&sums);
    }
    total
}

/// The sums in pairs: 0 with 8, 1 with 9, …, then 0 with 4, and so on.
#[inline(always)]
fn fold(sums: &[f64; WIDTH]) -> f64 {
    let mut sums = *sums;
    let mut half = WIDTH / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}

/// An element-by-element change of one array.
trait Change {
    fn at<R: Real>(&self, x: R) -> R;
}

struct Changed<'a, C>(C, &'a mut [f32]);

impl<C: Change> Task for Changed<'_, C> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        for x in R::slice_mut(self.1) {
            *x = self.0.at(*x);
        }
    }
}

/// x ← x · factor
///
/// ```
/// use steadygrad_kernels::{Isa, norm::scale};
/// let mut x = [1.0, -2.0];
/// scale(Isa::best(), 0.5, &mut x);
/// assert_eq!(x, [0.5, -1.0]);
/// ```
pub fn scale(isa: Isa, factor: f64, x: &mut [f32]) {
    struct Scale(f64);
    impl Change for Scale {
        #[inline(always)]
        fn at<R: Real>(&self, x: R) -> R {
            x * R::of(self.0)
        }
    }
    isa.run(Changed(Scale(factor), x));
}

/// x ← x / divisor
pub fn divide(isa: Isa, divisor: f64, x: &mut [f32]) {
    struct Divide(f64);
    impl Change for Divide {
        #[inline(always)]
        fn at<R: Real>(&self, x: R) -> R {
            x / R::of(self.0)
        }
    }
    isa.run(Changed(Divide(divisor), x));
}

/// x ← x cut to −limit … limit; NaN stays NaN.
///
/// ```
/// use steadygrad_kernels::{Isa, norm::clip};
/// let mut x = [0.25, -2.0, f32::INFINITY];
/// clip(Isa::best(), 1.0, &mut x);
/// assert_eq!(x, [0.25, -1.0, 1.0]);
/// ```
pub fn clip(isa: Isa, limit: f64, x: &mut [f32]) {
    struct Clip(f64);
    impl Change for Clip {
        #[inline(always)]
        fn at<R: Real>(&self, x: R) -> R {
            x.max(-R::of(self.0)).min(R::of(self.0))
        }
    }
    isa.run(Changed(Clip(limit), x));
}

/// w ← w − w · decay
pub fn decay(isa: Isa, decay: f64, w: &mut [f32]) {
    struct Decay(f64);
    impl Change for Decay {
        #[inline(always)]
        fn at<R: Real>(&self, w: R) -> R {
            w - w * R::of(self.0)
        }
    }
    isa.run(Changed(Decay(decay), w));
}

/// x ← (x + sum) / count, and sum ← 0: the mean of gathered gradients.
///
/// # Panics
/// If the lengths differ.
pub fn mean_of(isa: Isa, count: f64, sum: &mut [f32], x: &mut [f32]) {
    struct MeanOf<'a>(f64, &'a mut [f32], &'a mut [f32]);
    impl Task for MeanOf<'_> {
        type Output = ();
        #[inline(always)]
        fn run<R: Lane>(self) {
            let count = R::of(self.0);
            for (sum, x) in R::slice_mut(self.1).iter_mut().zip(R::slice_mut(self.2)) {
                *x = (*x + *sum) / count;
                *sum = R::ZERO;
            }
        }
    }
    assert_eq!(sum.len(), x.len());
    isa.run(MeanOf(count, sum, x));
}

/// average ← momentum · average + (1 − momentum) · w
///
/// # Panics
/// If the lengths differ.
pub fn average(isa: Isa, momentum: f64, w: &[f32], average: &mut [f32]) {
    struct Average<'a>(f64, &'a [f32], &'a mut [f32]);
    impl Task for Average<'_> {
        type Output = ();
        #[inline(always)]
        fn run<R: Lane>(self) {
            let (old, new) = (R::of(self.0), R::of(1.0 - self.0));
            for (average, &w) in R::slice_mut(self.2).iter_mut().zip(R::slice(self.1)) {
                *average = old * *average + new * w;
            }
        }
    }
    assert_eq!(w.len(), average.len());
    isa.run(Average(momentum, w, average));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f32> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn sums_agree_on_all_instruction_sets_and_with_the_plain_sum() {
        for n in [0, 1, 15, 16, 17, 8191, 8192, 8193, 20_000] {
            let x = numbers(n);
            let plain: f64 = x.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let first = sum_of_squares(Isa::portable(), &x);
            assert!((first - plain).abs() <= 1e-13 * plain);
            for isa in Isa::available() {
                assert_eq!(sum_of_squares(isa, &x).to_bits(), first.to_bits(), "{isa} {n}");
            }
        }
    }

    #[test]
    fn large_numbers_do_not_overflow_and_special_ones_show() {
        assert_eq!(
            sum_of_squares(Isa::best(), &[1e30, 1e30]),
            2.0 * f64::from(1e30_f32) * f64::from(1e30_f32)
        );
        assert_eq!(sum_of_squares(Isa::best(), &[1.0, f32::INFINITY]), f64::INFINITY);
        assert!(sum_of_squares(Isa::best(), &[1.0, f32::NAN]).is_nan());
    }

    #[test]
    fn one_number_that_is_not_finite_shows_wherever_it_is() {
        for isa in Isa::available() {
            for n in [0, 1, 16, 63, 64, 65, 300] {
                let mut x = numbers(n);
                assert!(all_finite(isa, &x));
                for i in 0..n {
                    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                        let kept = std::mem::replace(&mut x[i], bad);
                        assert!(!all_finite(isa, &x), "{isa} {n} {i}");
                        x[i] = kept;
                    }
                }
            }
        }
    }

    #[test]
    fn loops_do_what_they_say() {
        for isa in Isa::available() {
            let x = numbers(37);
            let each = |f: &dyn Fn(&mut [f32]), want: &dyn Fn(f64) -> f64| {
                let mut y = x.clone();
                f(&mut y);
                for (y, x) in y.iter().zip(&x) {
                    assert!((f64::from(*y) - want(f64::from(*x))).abs() < 1e-6, "{isa}");
                }
            };
            each(&|y| scale(isa, 0.3, y), &|x| x * 0.3);
            each(&|y| divide(isa, 3.0, y), &|x| x / 3.0);
            each(&|y| clip(isa, 0.5, y), &|x| x.clamp(-0.5, 0.5));
            each(&|y| decay(isa, 0.01, y), &|x| x - x * 0.01);
            each(&|y| average(isa, 0.75, &[1.0; 37], y), &|x| 0.75 * x + 0.25);
            each(&|y| mean_of(isa, 4.0, &mut [2.0; 37], y), &|x| (x + 2.0) / 4.0);
            let mut sum = vec![2.0; 3];
            mean_of(isa, 2.0, &mut sum, &mut [0.0; 3]);
            assert_eq!(sum, [0.0; 3]);
            let mut nan = [f32::NAN];
            clip(isa, 1.0, &mut nan);
            assert!(nan[0].is_nan());
        }
    }
}
