//! Labels of the hinge losses: −1 and 1, or 0 and 1.

use super::formulas::{each, sum};
use super::loss::Block;
use steadygrad_kernels::Real;

/// Whether all targets of the batch are 0 or 1, and so stand for −1 and 1.
#[inline(always)]
fn zeros_and_ones<R: Real>(target: &[R]) -> bool {
    target.iter().all(|&t| t == R::ZERO || t == R::ONE)
}

/// A target as −1 or 1.
#[inline(always)]
fn sign<R: Real>(t: R, zeros_and_ones: bool) -> R {
    R::select(zeros_and_ones, R::of(2.0) * t - R::ONE, t)
}

/// The mean of f(max(1 − t·p, 0)) over the last axis.
#[inline(always)]
pub(super) fn values<R: Real>(
    block: Block<'_>,
    target: &[R],
    prediction: &[R],
    out: &mut [R],
    f: impl Fn(R) -> R + Copy,
) {
    let binary = zeros_and_ones(target);
    let n = block.last().max(1);
    let lanes = target.chunks_exact(n).zip(prediction.chunks_exact(n));
    for (out, (target, prediction)) in out.iter_mut().zip(lanes) {
        let total = sum(target, prediction, |t, p| f((R::ONE - sign(t, binary) * p).max(R::ZERO)));
        *out = total / R::of(n as f64);
    }
}

/// Its gradient; df is the slope of f. At the kink itself the slope of the side that is not flat counts.
#[inline(always)]
pub(super) fn gradients<R: Real>(
    block: Block<'_>,
    target: &[R],
    prediction: &[R],
    cotangent: &[R],
    out: &mut [R],
    df: impl Fn(R) -> R + Copy,
) {
    let binary = zeros_and_ones(target);
    let n = block.last().max(1);
    let lanes = target.chunks_exact(n).zip(prediction.chunks_exact(n)).zip(out.chunks_exact_mut(n));
    for (&c, ((target, prediction), out)) in cotangent.iter().zip(lanes) {
        let scale = c / R::of(n as f64);
        each(target, prediction, out, |t, p| {
            let t = sign(t, binary);
            let margin = R::ONE - t * p;
            R::select(margin < R::ZERO, R::ZERO, -scale * df(margin) * t)
        });
    }
}
