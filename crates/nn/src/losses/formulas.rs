//! What the formulas of several losses share.

use crate::args::Args;
use crate::shape::Shape;
use steadygrad_kernels::{Error, Real, Result};

/// Keras' ε: how near to 0 and 1 a probability may come before it is clipped.
pub(super) const EPSILON: f64 = 1e-7;

/// A formula for one target and prediction at a time, and its slope.
///
/// It is a trait and no closure, because a closure is not always inlined; what is not inlined is compiled for the baseline
/// instruction set, where a fused multiply-add is a call. Mark both as `#[inline(always)]`.
pub(super) trait Pair {
    /// The value.
    fn pair<R: Real>(&self, target: R, prediction: R) -> R;
    /// Its slope for the prediction.
    fn slope<R: Real>(&self, target: R, prediction: R) -> R;
}

/// So many partial sums are added side by side.
const LANES: usize = 16;

/// The sum of the values of a lane's pairs.
#[inline(always)]
pub(super) fn sum_of<P: Pair, R: Real>(formula: &P, target: &[R], prediction: &[R]) -> R {
    let (targets, predictions) = (target.chunks_exact(LANES), prediction.chunks_exact(LANES));
    let rest = targets.remainder().iter().zip(predictions.remainder());
    let mut sum = R::ZERO;
    if prediction.len() >= LANES {
        let mut lanes = [R::ZERO; LANES];
        for (target, prediction) in targets.zip(predictions) {
            for ((lane, &t), &p) in lanes.iter_mut().zip(target).zip(prediction) {
                *lane = *lane + formula.pair(t, p);
            }
        }
        for lane in lanes {
            sum = sum + lane;
        }
    }
    for (&t, &p) in rest {
        sum = sum + formula.pair(t, p);
    }
    sum
}

/// out = scale · slope, pair by pair.
#[inline(always)]
pub(super) fn slopes_of<P: Pair, R: Real>(
    formula: &P,
    target: &[R],
    prediction: &[R],
    scale: R,
    out: &mut [R],
) {
    for ((out, &t), &p) in out.iter_mut().zip(target).zip(prediction) {
        *out = scale * formula.slope(t, p);
    }
}

/// The mean of the values of a lane's pairs.
#[inline(always)]
pub(super) fn mean_of<P: Pair, R: Real>(formula: &P, target: &[R], prediction: &[R]) -> R {
    sum_of(formula, target, prediction) / R::of(prediction.len() as f64)
}

/// Its gradient.
#[inline(always)]
pub(super) fn mean_slopes_of<P: Pair, R: Real>(
    formula: &P,
    target: &[R],
    prediction: &[R],
    cotangent: R,
    out: &mut [R],
) {
    slopes_of(formula, target, prediction, cotangent / R::of(prediction.len() as f64), out);
}

/// The sum of f over the pairs of a lane; for an f of plain arithmetic.
#[inline(always)]
pub(super) fn sum<R: Real>(target: &[R], prediction: &[R], f: impl Fn(R, R) -> R) -> R {
    target.iter().zip(prediction).fold(R::ZERO, |sum, (&t, &p)| sum + f(t, p))
}

/// out = f(target, prediction), pair by pair; for an f of plain arithmetic.
#[inline(always)]
pub(super) fn each<R: Real>(target: &[R], prediction: &[R], out: &mut [R], f: impl Fn(R, R) -> R) {
    for ((out, &t), &p) in out.iter_mut().zip(target).zip(prediction) {
        *out = f(t, p);
    }
}

/// A probability kept within ε … 1 − ε. In f32, 1 − ε is 0.999 999 88, as it is in Keras.
#[inline(always)]
pub(super) fn clip<R: Real>(p: R) -> R {
    p.max(R::of(EPSILON)).min(R::ONE - R::of(EPSILON))
}

/// The slope of [`clip`]: 1 within the bounds and at them, 0 outside; 1 for NaN, so that it stays visible.
#[inline(always)]
pub(super) fn clip_slope<R: Real>(p: R) -> R {
    R::select((p < R::of(EPSILON)) | (p > R::ONE - R::of(EPSILON)), R::ZERO, R::ONE)
}

/// The largest number.
#[inline(always)]
pub(super) fn largest<R: Real>(x: &[R]) -> R {
    let mut top = -R::INFINITY;
    for &x in x {
        top = top.max(x);
    }
    top
}

/// The largest number, and Σ exp(x − largest).
#[inline(always)]
pub(super) fn top_and_sum<R: Real>(x: &[R]) -> (R, R) {
    let top = largest(x);
    let (chunks, mut sum) = (x.chunks_exact(LANES), R::ZERO);
    let rest = chunks.remainder();
    if x.len() >= LANES {
        let mut lanes = [R::ZERO; LANES];
        for chunk in chunks {
            for (lane, &x) in lanes.iter_mut().zip(chunk) {
                *lane = *lane + (x - top).exp();
            }
        }
        for lane in lanes {
            sum = sum + lane;
        }
    }
    for &x in rest {
        sum = sum + (x - top).exp();
    }
    (top, sum)
}

/// t·(1 − smoothing) + smoothing / parts
#[inline(always)]
pub(super) fn smoothed<R: Real>(t: R, smoothing: f64, parts: usize) -> R {
    t * R::of(1.0 - smoothing) + R::of(smoothing / parts as f64)
}

/// xᵞ for x ≥ 0, without a call of pow for the usual exponents.
#[inline(always)]
pub(super) fn power<R: Real>(x: R, gamma: f64) -> R {
    if gamma == 2.0 {
        x * x
    } else if gamma == 1.0 {
        x
    } else if gamma == 0.0 {
        R::ONE
    } else {
        x.powf(R::of(gamma))
    }
}

/// Its slope γ·xᵞ⁻¹; 0 where it would be infinite.
#[inline(always)]
pub(super) fn power_slope<R: Real>(x: R, gamma: f64) -> R {
    if gamma == 0.0 {
        return R::ZERO;
    }
    let slope = R::of(gamma) * power(x, gamma - 1.0);
    R::select((x == R::ZERO) & (gamma < 1.0), R::ZERO, slope)
}

/// Reads `label_smoothing`.
pub(super) fn label_smoothing(args: &mut Args<'_>) -> Result<f64> {
    let smoothing = args.or("label_smoothing", 0.0)?;
    if !(0.0..=1.0).contains(&smoothing) {
        return args.reject("label_smoothing", "a number from 0 to 1", smoothing);
    }
    Ok(smoothing)
}

/// An error if a target is no probability. A little room is left for numbers that were computed.
pub(super) fn check_probabilities(prediction: &Shape, target: &[f32], help: &str) -> Result<()> {
    const ROOM: f32 = 1e-4;
    match target.iter().position(|t| !(-ROOM..=1.0 + ROOM).contains(t)) {
        None => Ok(()),
        Some(i) => {
            let sample = i / prediction.size().max(1);
            Err(Error::data(format!("sample {sample} has the target {}, expected 0 to 1", target[i]))
                .help(help))
        }
    }
}

/// An error if a label is no class. `sample`: labels per sample.
pub(super) fn check_labels(
    classes: usize,
    per_sample: usize,
    target: &[f32],
    ignore: Option<f64>,
) -> Result<()> {
    for (i, &label) in target.iter().enumerate() {
        let fits = label >= 0.0 && label < classes as f32 && label.fract() == 0.0;
        if fits || ignore.is_some_and(|ignore| f64::from(label) == ignore) {
            continue;
        }
        let help = if label.is_nan() {
            "remove the samples without a label, or give them a class of their own"
        } else if label.fract() != 0.0 {
            "these targets are no class numbers: use categorical_crossentropy for probabilities of classes, and \
             mean_squared_error for quantities"
        } else {
            "give the last layer as many units as there are classes, and number the labels from 0"
        };
        return Err(Error::data(format!(
            "sample {} has the label {label}, expected a whole number from 0 to {}",
            i / per_sample.max(1),
            classes.saturating_sub(1)
        ))
        .help(help));
    }
    Ok(())
}
