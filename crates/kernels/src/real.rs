//! One formula for every precision: [`Real`] is f64 for checking, and f32 with or without fused multiply-add for running.

use crate::math;
use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A real number type that formulas are written in.
///
/// Formulas should be branch-free ([`Real::select`] instead of `if`), so that the one loop around them becomes
/// vector code. `f32` means: products and sums rounded one by one (the portable path). [`Fused`] is an f32 whose
/// [`Real::mul_add`] rounds once (the path of machines with FMA). `f64` is the oracle's.
///
/// ```
/// use steadygrad_kernels::Real;
/// fn softsign<R: Real>(x: R) -> R { x / (R::ONE + x.abs()) }
/// assert_eq!(softsign(-3.0_f32), -0.75);
/// assert_eq!(softsign(-3.0_f64), -0.75);
/// ```
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// +∞
    const INFINITY: Self;
    /// The spacing of numbers just above 1.
    const EPSILON: Self;

    /// A constant, rounded to this precision.
    fn of(x: f64) -> Self;
    /// The value as f64 (exact).
    fn f64(self) -> f64;

    /// self · a + b; rounded once where the instruction set has it.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// |x|
    fn abs(self) -> Self;
    /// √x
    fn sqrt(self) -> Self;
    /// eˣ
    fn exp(self) -> Self;
    /// eˣ − 1, accurate near 0.
    fn exp_m1(self) -> Self;
    /// ln x
    fn ln(self) -> Self;
    /// ln(1 + x), accurate near 0.
    fn ln_1p(self) -> Self;
    /// tanh x
    fn tanh(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// xʸ for x ≥ 0.
    fn powf(self, y: Self) -> Self;
    /// Largest integer at or below x.
    fn floor(self) -> Self;

    /// `a` if the condition holds, else `b`; both are computed.
    #[inline(always)]
    fn select(condition: bool, a: Self, b: Self) -> Self {
        if condition { a } else { b }
    }
    /// 1 / (1 + e⁻ˣ)
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::ONE / (Self::ONE + (-self).exp())
    }
    /// The larger; NaN if `self` is NaN.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select(self < other, other, self)
    }
    /// The smaller; NaN if `self` is NaN.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select(self > other, other, self)
    }
    /// −1, 0 or 1 (0 for ±0; NaN stays NaN).
    #[inline(always)]
    fn sign(self) -> Self {
        Self::select(self > Self::ZERO, Self::ONE, Self::select(self < Self::ZERO, -Self::ONE, self))
    }
    /// Not a number.
    #[inline(always)]
    #[allow(clippy::eq_op)]
    fn is_nan(self) -> bool {
        self != self
    }
    /// Neither infinite nor NaN.
    #[inline(always)]
    fn is_finite(self) -> bool {
        self.abs() < Self::INFINITY
    }
}

mod sealed {
    /// Only f32 and [`super::Fused`] have the layout of an f32.
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for super::Fused {}
}

/// A [`Real`] that lives in f32 memory: what a kernel loop computes in. Only `f32` and [`Fused`] are lanes.
pub trait Lane: Real + sealed::Sealed {
    /// The same memory, as numbers of this type.
    fn slice(x: &[f32]) -> &[Self];
    /// The same memory, as numbers of this type.
    fn slice_mut(x: &mut [f32]) -> &mut [Self];
    /// From memory.
    fn load(x: f32) -> Self;
    /// To memory.
    fn store(self) -> f32;
    /// The bits of the f32.
    fn bits(self) -> u32;
    /// From the bits of an f32.
    fn from_bits(bits: u32) -> Self;
}

/// An f32 on a machine with fused multiply-add.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
#[repr(transparent)]
pub struct Fused(f32);

impl Add for Fused {
    type Output = Fused;
    #[inline(always)]
    fn add(self, b: Fused) -> Fused {
        Fused(self.0 + b.0)
    }
}
impl Sub for Fused {
    type Output = Fused;
    #[inline(always)]
    fn sub(self, b: Fused) -> Fused {
        Fused(self.0 - b.0)
    }
}
impl Mul for Fused {
    type Output = Fused;
    #[inline(always)]
    fn mul(self, b: Fused) -> Fused {
        Fused(self.0 * b.0)
    }
}
impl Div for Fused {
    type Output = Fused;
    #[inline(always)]
    fn div(self, b: Fused) -> Fused {
        Fused(self.0 / b.0)
    }
}
impl Neg for Fused {
    type Output = Fused;
    #[inline(always)]
    fn neg(self) -> Fused {
        Fused(-self.0)
    }
}

impl Lane for f32 {
    #[inline(always)]
    fn slice(x: &[f32]) -> &[f32] {
        x
    }
    #[inline(always)]
    fn slice_mut(x: &mut [f32]) -> &mut [f32] {
        x
    }
    #[inline(always)]
    fn load(x: f32) -> f32 {
        x
    }
    #[inline(always)]
    fn store(self) -> f32 {
        self
    }
    #[inline(always)]
    fn bits(self) -> u32 {
        self.to_bits()
    }
    #[inline(always)]
    fn from_bits(bits: u32) -> f32 {
        f32::from_bits(bits)
    }
}

impl Lane for Fused {
    #[inline(always)]
    fn slice(x: &[f32]) -> &[Fused] {
        // SAFETY: `Fused` is a transparent f32, so length, layout and valid values are the same.
        unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), x.len()) }
    }
    #[inline(always)]
    fn slice_mut(x: &mut [f32]) -> &mut [Fused] {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len()) }
    }
    #[inline(always)]
    fn load(x: f32) -> Fused {
        Fused(x)
    }
    #[inline(always)]
    fn store(self) -> f32 {
        self.0
    }
    #[inline(always)]
    fn bits(self) -> u32 {
        self.0.to_bits()
    }
    #[inline(always)]
    fn from_bits(bits: u32) -> Fused {
        Fused(f32::from_bits(bits))
    }
}

/// The two f32 types differ only in how they multiply and add.
macro_rules! single {
    ($type:ty, $make:expr, |$s:ident, $a:ident, $b:ident| $mul_add:expr) => {
        impl Real for $type {
            const ZERO: Self = $make(0.0);
            const ONE: Self = $make(1.0);
            const INFINITY: Self = $make(f32::INFINITY);
            const EPSILON: Self = $make(f32::EPSILON);
            #[inline(always)]
            fn of(x: f64) -> Self {
                $make(x as f32)
            }
            #[inline(always)]
            fn f64(self) -> f64 {
                f64::from(self.store())
            }
            #[inline(always)]
            fn mul_add($s, $a: Self, $b: Self) -> Self {
                $mul_add
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $make(f32::abs(self.store()))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $make(f32::sqrt(self.store()))
            }
            #[inline(always)]
            fn floor(self) -> Self {
                math::floor(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                math::exp(self)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                math::exp_m1(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                math::ln(self)
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                math::ln_1p(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                math::tanh(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                math::erf(self)
            }
            #[inline(always)]
            fn powf(self, y: Self) -> Self {
                $make(f32::powf(self.store(), y.store()))
            }
        }
    };
}

single!(f32, std::convert::identity, |self, a, b| self * a + b);
single!(Fused, Fused, |self, a, b| Fused(f32::mul_add(self.0, a.0, b.0)));

impl Real for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const INFINITY: f64 = f64::INFINITY;
    const EPSILON: f64 = f64::EPSILON;
    #[inline(always)]
    fn of(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn mul_add(self, a: f64, b: f64) -> f64 {
        self * a + b
    }
    #[inline(always)]
    fn abs(self) -> f64 {
        f64::abs(self)
    }
    #[inline(always)]
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    fn exp_m1(self) -> f64 {
        f64::exp_m1(self)
    }
    fn ln(self) -> f64 {
        f64::ln(self)
    }
    fn ln_1p(self) -> f64 {
        f64::ln_1p(self)
    }
    fn tanh(self) -> f64 {
        f64::tanh(self)
    }
    fn erf(self) -> f64 {
        libm::erf(self)
    }
    fn powf(self, y: f64) -> f64 {
        f64::powf(self, y)
    }
    fn floor(self) -> f64 {
        f64::floor(self)
    }
}
