//! Losses that look at one lane of numbers at a time, usually the last axis.

use super::loss::{Block, Head, Loss, LossRule, without_last};
use super::reduction::Reduction;
use crate::config::Config;
use crate::shape::{Extent, Layout, Shape};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Error, Real, Result};

/// A loss that looks at one lane of numbers at a time: a value and its gradient. Every `RowLoss` is a [`LossRule`].
///
/// ```
/// use steadygrad_kernels::Real;
/// use steadygrad_nn::losses::{Block, Loss, RowLoss};
///
/// #[derive(Debug)]
/// struct FourthPower;
/// impl RowLoss for FourthPower {
///     const CLASS: &'static str = "FourthPower";
///     const NAME: &'static str = "fourth_power";
///     fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
///         target.iter().zip(prediction).fold(R::ZERO, |sum, (&t, &p)| sum + (p - t) * (p - t) * (p - t) * (p - t))
///     }
///     fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
///         for ((out, &t), &p) in out.iter_mut().zip(target).zip(prediction) {
///             *out = cotangent * R::of(4.0) * (p - t) * (p - t) * (p - t);
///         }
///     }
/// }
/// let mut value = [0.0];
/// FourthPower.values64(Block { rows: 1, shape: &[2] }, &[0.0, 0.0], &[1.0, 2.0], &mut value);
/// assert_eq!(value, [17.0]);
/// ```
pub trait RowLoss: Debug + Send + Sync + 'static {
    /// Keras' class name: "MeanSquaredError".
    const CLASS: &'static str;
    /// Keras' name, which is its key in a history: "mean_squared_error".
    const NAME: &'static str;

    /// The settings under Keras' names, without `name` and `reduction`.
    fn config(&self) -> Config {
        Config::new()
    }

    /// The axis of a lane, counted as in Keras: 0 is the batch, −1 the last.
    fn axis(&self) -> i64 {
        -1
    }

    /// Whether a lane's target is one label instead of as many numbers as the prediction has.
    fn takes_labels(&self) -> bool {
        false
    }

    /// The value of a lane. Mark it `#[inline(always)]`.
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R;

    /// cotangent · ∂value/∂prediction, written to `out`.
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]);

    /// See [`LossRule::on_logits`].
    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        let _ = head;
        None
    }

    /// See [`LossRule::ignore`].
    fn ignore(&self) -> Option<f64> {
        None
    }

    /// See [`LossRule::reduction`].
    fn reduction(&self) -> Reduction {
        Reduction::Mean
    }

    /// See [`LossRule::check`].
    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        let _ = (prediction, target);
        Ok(())
    }
}

/// The lanes of a batch; the last axis where the one asked for does not exist, which [`LossRule::check`] reports.
fn layout(shape: &Shape, axis: i64) -> Layout {
    Layout::along(shape, axis).filter(|_| axis != -1).unwrap_or_else(|| Layout::last(shape))
}

/// (outer, axis, inner) of a block.
fn lanes(block: Block<'_>, axis: i64) -> (usize, usize, usize) {
    let along = Layout::along_dims(block.shape, axis).filter(|_| axis != -1);
    let last = || (block.rows * block.shape.iter().rev().skip(1).product::<usize>(), block.last(), 1);
    along.map_or_else(last, |layout| layout.at(block.rows))
}

/// The numbers of lane (o, i) of outer × n × inner.
fn gather<R: Real>(from: &[R], o: usize, i: usize, inner: usize, lane: &mut [R]) {
    let n = lane.len();
    for (k, to) in lane.iter_mut().enumerate() {
        *to = from[(o * n + k) * inner + i];
    }
}

/// Lanes of up to so many numbers are gathered without allocating.
const SHORT: usize = 256;

/// Room for lanes that are gathered: in place where they are short, else allocated.
struct Room<R> {
    short: [R; SHORT],
    long: Vec<R>,
}

impl<R: Real> Room<R> {
    #[inline(always)]
    fn new(len: usize) -> Room<R> {
        Room { short: [R::ZERO; SHORT], long: if len > SHORT { vec![R::ZERO; len] } else { Vec::new() } }
    }

    #[inline(always)]
    fn of(&mut self, len: usize) -> &mut [R] {
        if len > SHORT { &mut self.long[..len] } else { &mut self.short[..len] }
    }
}

impl<L: RowLoss> LossRule for L {
    const CLASS: &'static str = L::CLASS;
    const NAME: &'static str = L::NAME;

    fn config(&self) -> Config {
        RowLoss::config(self)
    }

    fn target_shape(&self, prediction: &Shape) -> Shape {
        if !self.takes_labels() {
            return prediction.clone();
        }
        let axis = self.axis();
        let at = if axis < 0 { axis + prediction.rank() as i64 } else { axis - 1 };
        let mut dims = prediction.dims().to_vec();
        if at < 0 || at as usize >= dims.len() {
            return without_last(prediction);
        }
        dims.remove(at as usize);
        dims.into()
    }

    fn extent(&self, prediction: &Shape) -> Extent {
        let layout = layout(prediction, self.axis());
        layout.outer.times(layout.inner)
    }

    fn row_by_row(&self, prediction: &Shape) -> bool {
        // Counted from the end, an axis may be the batch, too.
        matches!(layout(prediction, self.axis()).axis, Extent::Fixed(_))
    }

    #[inline(always)]
    fn values<R: Real>(&self, block: Block<'_>, target: &[R], prediction: &[R], out: &mut [R]) {
        let (_, n, inner) = lanes(block, self.axis());
        let width = if self.takes_labels() { 1 } else { n };
        if inner == 1 {
            let lanes = target.chunks_exact(width.max(1)).zip(prediction.chunks_exact(n.max(1)));
            for (out, (target, prediction)) in out.iter_mut().zip(lanes) {
                *out = self.value(target, prediction);
            }
            return;
        }
        let (mut t, mut p) = (Room::new(width), Room::new(n));
        let (t, p) = (t.of(width), p.of(n));
        for (lane, out) in out.iter_mut().enumerate() {
            gather(target, lane / inner, lane % inner, inner, t);
            gather(prediction, lane / inner, lane % inner, inner, p);
            *out = self.value(t, p);
        }
    }

    #[inline(always)]
    fn gradients<R: Real>(
        &self,
        block: Block<'_>,
        target: &[R],
        prediction: &[R],
        cotangent: &[R],
        out: &mut [R],
    ) {
        let (_, n, inner) = lanes(block, self.axis());
        let width = if self.takes_labels() { 1 } else { n };
        if inner == 1 {
            let lanes = target.chunks_exact(width.max(1)).zip(prediction.chunks_exact(n.max(1)));
            let out = out.chunks_exact_mut(n.max(1));
            for ((&c, out), (target, prediction)) in cotangent.iter().zip(out).zip(lanes) {
                self.gradient(target, prediction, c, out);
            }
            return;
        }
        let (mut t, mut p, mut dp) = (Room::new(width), Room::new(n), Room::new(n));
        let (t, p, dp) = (t.of(width), p.of(n), dp.of(n));
        for (lane, &c) in cotangent.iter().enumerate() {
            let (o, i) = (lane / inner, lane % inner);
            gather(target, o, i, inner, t);
            gather(prediction, o, i, inner, p);
            self.gradient(t, p, c, dp);
            for (k, &d) in dp.iter().enumerate() {
                out[(o * n + k) * inner + i] = d;
            }
        }
    }

    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        RowLoss::on_logits(self, head)
    }

    fn ignore(&self) -> Option<f64> {
        RowLoss::ignore(self)
    }

    fn reduction(&self) -> Reduction {
        RowLoss::reduction(self)
    }

    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        if self.axis() != -1 && Layout::along(prediction, self.axis()).is_none() {
            return Err(Error::argument(format!(
                "`axis` is {}, but predictions of the shape {prediction} have the axes 0 (the batch) to {}",
                self.axis(),
                prediction.rank()
            ))
            .at(L::NAME)
            .help("−1 is the last axis"));
        }
        RowLoss::check(self, prediction, target)
    }
}
