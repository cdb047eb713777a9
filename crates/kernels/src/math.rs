//! floor, exp, ln, tanh and erf for f32 lanes: polynomials without branches, so that loops around them become vector code.
//!
//! Every function is right on both paths: where [`Real::mul_add`](crate::Real::mul_add) rounds once ([`Fused`](crate::Fused))
//! and where it rounds twice (f32). NaN gives NaN, odd functions keep the sign of zero, and no input traps.
//! Rounding to nearest is assumed. Where a thread flushes denormals, a denormal argument may count as 0 and a denormal
//! result becomes 0; nothing else changes, but for one case that [`erf`] states.
//!
//! The coefficients are our own: a Remez exchange in 40 digits minimizes the relative error of the *function* over the
//! reduced range; the lowest coefficient is rounded to f32, the others are fitted anew, and so on to the highest. Each
//! polynomial states the error that is left. The greatest error of each function, in units in the last place of the exact
//! value, was measured against f64: on every f32 of 2⁻²⁸ ≤ |x| < 2⁷ (ln: 2⁻⁷ ≤ x < 2⁷) and on every 61st of the others.
//! `tests.rs` checks a sample of them on each run.
//!
//! ```text
//!             fused   unfused                 fused   unfused
//!   exp       0.99    0.96          tanh      1.91    1.95
//!   exp_m1    1.44    1.45          erf       1.63    1.85
//!   ln        0.89    0.89          sigmoid   2.49    2.49
//!   ln_1p     1.53    1.52          floor     exact   exact
//! ```

use crate::real::Lane;

#[cfg(test)]
mod tests;

const SIGN: u32 = 0x8000_0000;
/// ln 2 in two parts. The upper has 15 bits, so that its product with an exponent (8 bits) is exact even unfused.
const LN_2_UPPER: f64 = 0.693_145_751_953_125;
const LN_2_LOWER: f64 = std::f64::consts::LN_2 - LN_2_UPPER;

/// The size of the first with the sign of the second.
#[inline(always)]
fn with_sign<R: Lane>(size: R, sign: R) -> R {
    R::from_bits((size.bits() & !SIGN) | (sign.bits() & SIGN))
}

/// c₀ + c₁x + c₂x² + … by Horner's rule.
#[inline(always)]
fn polynomial<R: Lane, const N: usize>(x: R, coefficients: [f64; N]) -> R {
    let mut sum = R::of(coefficients[N - 1]);
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(x, R::of(coefficients[i]));
    }
    sum
}

/// Largest integer at or below x; exact. ±0, ±∞ and NaN stay what they are.
///
/// The baseline of x86-64 has no rounding instruction. Adding and subtracting 2²³, where f32 has no fraction bits left,
/// rounds on any machine.
#[inline(always)]
pub fn floor<R: Lane>(x: R) -> R {
    let no_fraction = R::of(8_388_608.0);
    let nearest = with_sign((x.abs() + no_fraction) - no_fraction, x);
    let below = R::select(nearest > x, nearest - R::ONE, nearest);
    R::select(x.abs() < no_fraction, below, x)
}

/// x = n·ln 2 + r with |r| ≤ ½ ln 2: returns n + `bias` in the low 9 bits of a word, and eʳ − 1.
///
/// ```text
///   eʳ − 1 = r + r²·q(r), q of degree 5, relative error 2⁻³¹
/// ```
/// Adding 1.5·2²³ + bias rounds to an integer and leaves it in the low bits: no conversion instruction is needed.
#[inline(always)]
fn reduce<R: Lane>(x: R, bias: f64) -> (u32, R) {
    let shift = R::of(12_582_912.0 + bias);
    let shifted = x.mul_add(R::of(std::f64::consts::LOG2_E), shift);
    let n = shifted - shift;
    let r = n.mul_add(R::of(-LN_2_LOWER), n.mul_add(R::of(-LN_2_UPPER), x));
    let q =
        polynomial(r, [0.5, 0.166_666_66, 0.041_666_493, 0.008_333_546, 0.001_393_232_5, 0.000_197_618_05]);
    (shifted.bits(), (r * r).mul_add(q, r))
}

/// 2ⁿ from n + 127 in the low 9 bits of a word.
#[inline(always)]
fn power_of_two<R: Lane>(biased: u32) -> R {
    R::from_bits(biased << 23)
}

/// eˣ. +∞ above 88.7228; gradual underflow below −87.3365, 0 below −103.972.
///
/// ```text
///   x = n·ln 2 + r,  eˣ = 2ⁿ·(1 + (eʳ − 1))
/// ```
#[inline(always)]
pub fn exp<R: Lane>(x: R) -> R {
    // At these bounds the result has reached 0 and ∞. n runs from −150 to 128, more than one factor 2ⁿ can hold.
    let x = x.max(R::of(-104.0)).min(R::of(89.0));
    let (biased, p) = reduce(x, 254.0);
    let half = biased >> 1;
    let scale = power_of_two::<R>(half);
    scale.mul_add(p, scale) * power_of_two(biased - half)
}

/// eˣ − 1, with a small relative error also near 0; +∞ above 88.7228, −1 below −17.33.
///
/// ```text
///   x = n·ln 2 + r,  eˣ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1)
/// ```
#[inline(always)]
pub fn exp_m1<R: Lane>(x: R) -> R {
    let bounded = x.max(R::of(-18.0)).min(R::of(89.0));
    // Half of the formula, because 2¹²⁸ is no f32.
    let (biased, p) = reduce(bounded, 126.0);
    let scale = power_of_two::<R>(biased);
    let half = scale.mul_add(p, scale - R::of(0.5));
    // The sum has lost the sign of −0, and half of a small number may be denormal.
    R::select(x.abs() < R::of(2.0_f64.powi(-25)), x, half + half)
}

/// eˣ − 1 for −40 ≤ x ≤ 0, where one factor 2ⁿ is enough. The sign of a result of 0 is not defined.
#[inline(always)]
fn exp_m1_of_negative<R: Lane>(x: R) -> R {
    let (biased, p) = reduce(x, 127.0);
    let scale = power_of_two::<R>(biased);
    scale.mul_add(p, scale - R::ONE)
}

/// tanh x; odd, and never outside −1 … 1.
///
/// ```text
///   t = e⁻²ˣ − 1,  tanh x = −t / (t + 2)  for x ≥ 0
/// ```
#[inline(always)]
pub fn tanh<R: Lane>(x: R) -> R {
    let (biased, p) = reduce(x.abs().min(R::of(10.0)) * R::of(-2.0), 127.0);
    let scale = power_of_two::<R>(biased);
    let below = scale.mul_add(p, scale - R::ONE);
    let above = scale.mul_add(p, scale + R::ONE);
    with_sign(below / above, x)
}

/// The error function; odd, and never outside −1 … 1.
///
/// ```text
///   erf x = 1 − e^(−Q(x)),  Q(x) = −ln(1 − erf x) = x + x·P(x)  for 0 ≤ x ≤ 4; erf 4 is 1 in f32
/// ```
/// P has degree 9; it is fitted to the relative error of erf, which leaves 2⁻³⁰: at the upper end, where e⁻ᑫ hardly
/// counts, Q may be coarse. So one polynomial serves small and large x, and no second one is computed in vain.
/// Where denormals are flushed and nothing is fused, x·P(x) is lost below |x| = 2⁻¹²³: there erf x is x, 11 % too small.
#[inline(always)]
pub fn erf<R: Lane>(x: R) -> R {
    let size = x.abs().min(R::of(4.0));
    #[rustfmt::skip]
    let p = polynomial(size, [
        0.128_379_17, 0.636_619_87, 0.102_771_096, -0.019_117_933, -0.000_250_126_6, 0.001_792_775_4,
        -0.000_733_881_84, 0.000_163_828_07, -0.000_020_370_964, 0.000_001_088_576_7,
    ]);
    with_sign(exp_m1_of_negative(-size.mul_add(p, size)), x)
}

/// The exponent k of x = 2ᵏ·m with √½ ≤ m < √2, and m. For positive normal x.
#[inline(always)]
fn split<R: Lane>(x: R) -> (i32, R) {
    // Counted from the bits of √½, the exponent field steps where m wraps around.
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let from = x.bits().wrapping_sub(SQRT_HALF);
    (from as i32 >> 23, R::from_bits((from & 0x007f_ffff) + SQRT_HALF))
}

/// k·ln 2 + ln(1 + f) for √½ − 1 ≤ f ≤ √2 − 1.
///
/// ```text
///   ln(1 + f) = f + f²·q(f), q of degree 8, relative error 2⁻²⁷·⁷
/// ```
#[inline(always)]
fn ln_of_parts<R: Lane>(k: R, f: R) -> R {
    #[rustfmt::skip]
    let q = polynomial(f, [
        -0.499_999_88, 0.333_333_25, -0.250_016_1, 0.200_017_5, -0.166_078_6, 0.141_880_93, -0.132_639_63,
        0.128_634_86, -0.075_056_76,
    ]);
    let lower = k.mul_add(R::of(LN_2_LOWER), (f * f) * q);
    k.mul_add(R::of(LN_2_UPPER), f + lower)
}

/// ln x; −∞ at ±0, NaN below, +∞ at +∞. Denormal x is taken at its value.
///
/// ```text
///   x = 2ᵏ·(1 + f),  ln x = k·ln 2 + ln(1 + f)
/// ```
#[inline(always)]
pub fn ln<R: Lane>(x: R) -> R {
    let denormal = x < R::of(f64::from(f32::MIN_POSITIVE));
    let normal = R::select(denormal, x * R::of(8_388_608.0), x);
    let (k, m) = split(normal);
    let k = R::load(k as f32) - R::select(denormal, R::of(23.0), R::ZERO);
    at_the_ends(x, x, ln_of_parts(k, m - R::ONE))
}

/// ln(1 + x), with a small relative error also near 0; −∞ at −1, NaN below, +∞ at +∞.
///
/// ```text
///   1 + x ≈ 2ᵏ·m,  f = 2⁻ᵏ·x + (2⁻ᵏ − 1),  ln(1 + x) = k·ln 2 + ln(1 + f)
/// ```
/// f is made from x, not from the rounded sum, so that nothing of x is lost; f = x where k = 0.
#[inline(always)]
pub fn ln_1p<R: Lane>(x: R) -> R {
    let sum = R::ONE + x;
    let (k, m) = split(sum);
    let scale = R::from_bits((127_i32.wrapping_sub(k) as u32) << 23);
    // Where 1 is below the last bit of x, m has all of x, and 2⁻ᵏ might be no f32.
    let f = R::select(sum < R::of(2.0_f64.powi(60)), scale.mul_add(x, scale - R::ONE), m - R::ONE);
    let y = at_the_ends(sum, x, ln_of_parts(R::load(k as f32), f));
    R::select(x.abs() < R::of(2.0_f64.powi(-25)), x, y)
}

/// The logarithm `y` of `of`, put right where `of` is no positive finite number. `x` is the caller's argument.
#[inline(always)]
fn at_the_ends<R: Lane>(of: R, x: R, y: R) -> R {
    let y = R::select(x < R::INFINITY, y, x);
    let zero_or_below = R::select(of == R::ZERO, -R::INFINITY, R::of(f64::NAN));
    R::select(of > R::ZERO, y, zero_or_below)
}
