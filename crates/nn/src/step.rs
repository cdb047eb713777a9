//! A step is data: which arithmetic, on which slots.

pub(crate) mod along;
mod conv;
pub(crate) mod frame;
mod gather;
mod label;
mod pool;
pub(crate) mod warp;

pub use along::Along;
pub use conv::ConvStep;
pub use frame::Frame;
pub use gather::{Gather, GatherGrad};
pub use pool::{Pool, PoolGrad};
pub use warp::{Motion, Warp};

use crate::activations::{Activation, Rowwise};
use crate::losses::{Loss, Reduction};
use crate::noise::Noise;
use crate::regularizers::Regularizer;
use crate::shape::{Extent, Layout, Shape};
use std::fmt;
use std::sync::Arc;
use steadygrad_kernels::map::Op;
use steadygrad_kernels::random::Stream;

/// A place for numbers: an index into [`crate::recipe::Recipe::slots`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}
/// Whether a step reads or writes a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only reads.
    Read,
    /// Overwrites all of it, whatever was there.
    Write,
    /// Changes what is there (moving statistics).
    Update,
}

/// A step that a layer of the user's own brings along.
pub trait CustomStep: fmt::Debug + Send + Sync {
    /// What it is called in the printed plan.
    fn name(&self) -> &str;
    /// Computes all outputs, in the order of [`Step::Custom`], from the inputs.
    fn run(&self, rows: usize, inputs: &[&[f32]], outputs: &mut [&mut [f32]]);
    /// The same in double precision: the oracle that gradients are checked with.
    fn run64(&self, rows: usize, inputs: &[&[f64]], outputs: &mut [&mut [f64]]);
}

/// The gradient of [`Step::Normalize`]: Σ dy and Σ dy·x̂ (the gradients of beta and gamma) and, if asked, dx.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)] // the names are those of the formula
pub struct NormalizeGrad {
    pub x: Slot,
    pub mean: Slot,
    pub variance: Slot,
    pub gamma: Option<Slot>,
    pub dy: Slot,
    pub mask: Option<Slot>,
    pub sum_dy: Slot,
    pub sum_dy_x: Slot,
    pub dx: Option<Slot>,
    pub layout: Layout,
    pub epsilon: f64,
    /// Whether dx goes through the statistics of the batch as well.
    pub batch: bool,
}

/// One operation. A step overwrites what it writes; only [`Step::UpdateAverage`] changes something in place.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // the slots of a step are named in its formula
pub enum Step {
    /// out\[m,n\] = a\[m,k\] · b\[k,n\]; `ta`, `tb`: the operand lies transposed in memory. Then, fused: + bias, then f.
    Gemm {
        /// Left operand.
        a: Slot,
        /// Right operand.
        b: Slot,
        /// Product.
        out: Slot,
        /// Rows, inner size, columns.
        m: Extent,
        k: Extent,
        n: Extent,
        /// `a` is stored as \[k,m\].
        ta: bool,
        /// `b` is stored as \[n,k\].
        tb: bool,
        /// Added to every row.
        bias: Option<Slot>,
        /// Applied at the end; `out` then holds f(z), and z is not kept.
        map: Option<Arc<dyn Activation>>,
    },
    /// A convolution, or a gradient of one.
    Conv(ConvStep),
    /// out = x · scale + shift, each with one value per element of the axis.
    ScaleShift { x: Slot, scale: Option<Slot>, shift: Option<Slot>, out: Slot, layout: Layout },
    /// out\[c\] = Σ x\[·,c,·\] (· times\[·,c,·\]).
    ChannelSum { x: Slot, times: Option<Slot>, out: Slot, layout: Layout },
    /// out = f(x)
    Map { f: Arc<dyn Activation>, x: Slot, out: Slot },
    /// out = dy · f′(saved)
    MapGrad { f: Arc<dyn Activation>, saved: Slot, dy: Slot, out: Slot },
    /// out = op(inputs), element by element, two or three inputs.
    Combine { op: Op, inputs: Vec<Slot>, out: Slot },
    /// out = Σ inputs, in this order.
    Sum { inputs: Vec<Slot>, out: Slot },
    /// out = scale · x + offset
    Affine { x: Slot, out: Slot, scale: f64, offset: f64 },
    /// out = value everywhere.
    Fill { out: Slot, value: f64 },
    /// out = these numbers.
    Constant { out: Slot, values: Arc<[f64]> },
    /// out = x repeated along the axes where `from` is 1 and `to` is not; both with the batch in front.
    Expand { x: Slot, out: Slot, from: Vec<Extent>, to: Vec<Extent> },
    /// out = x summed over the axes where `to` is 1 and `from` is not.
    Reduce { x: Slot, out: Slot, from: Vec<Extent>, to: Vec<Extent> },
    /// out = x with its axes (batch in front) in another order: axis i of `out` is axis `order[i]` of `x`.
    Permute { x: Slot, out: Slot, dims: Vec<Extent>, order: Vec<usize> },
    /// out = inputs side by side along the axis: (slot, size of its axis).
    Concat { inputs: Vec<(Slot, usize)>, out: Slot, outer: Extent, inner: usize },
    /// out = x\[·, start..start+len, ·\] of an axis of `total`.
    Slice { x: Slot, out: Slot, outer: Extent, total: usize, start: usize, len: usize, inner: usize },
    /// mean and biased variance of every element of the axis; rows of `mask` that are 0 do not count.
    ColumnStats { x: Slot, mask: Option<Slot>, mean: Slot, variance: Slot, layout: Layout },
    /// out = (x − mean) / √(variance + epsilon) · gamma + beta
    Normalize {
        x: Slot,
        mean: Slot,
        variance: Slot,
        gamma: Option<Slot>,
        beta: Option<Slot>,
        out: Slot,
        layout: Layout,
        epsilon: f64,
    },
    /// The gradient of Normalize.
    NormalizeGrad(NormalizeGrad),
    /// average ← average · momentum + value · (1 − momentum), in place.
    UpdateAverage { average: Slot, value: Slot, momentum: f64 },
    /// Every row of `len` to mean 0 (where `center`) and mean square 1: out = (x − mean) · inverse.
    Standardize { x: Slot, out: Slot, inverse: Slot, rows: Extent, len: usize, epsilon: f64, center: bool },
    /// Its gradient, from its output and `inverse`.
    StandardizeGrad { y: Slot, inverse: Slot, dy: Slot, out: Slot, rows: Extent, len: usize, center: bool },
    /// out = f of every lane along the axis (softmax and its kin).
    Rowwise { f: Arc<dyn Rowwise>, x: Slot, out: Slot, layout: Layout },
    /// Its gradient for x.
    RowwiseGrad { f: Arc<dyn Rowwise>, x: Slot, y: Slot, dy: Slot, out: Slot, layout: Layout },
    /// out = x with noise; the same numbers again in its gradient (dy in `x`) when `gradient` is set. `x` has `dims`, batch
    /// first, and shares one random number along the axes where `draws` is 1.
    Noise {
        noise: Noise,
        stream: Stream,
        x: Slot,
        out: Slot,
        dims: Vec<Extent>,
        draws: Vec<Extent>,
        gradient: bool,
    },
    /// out = the mean or the largest of what windows over each sample see.
    Pool(Pool),
    /// Its gradient for x.
    PoolGrad(PoolGrad),
    /// One loss value per sample (or per position).
    Loss { loss: Arc<dyn Loss>, target: Slot, prediction: Slot, values: Slot, shape: Shape },
    /// The gradient of Σ cotangent · values for the prediction.
    LossGrad { loss: Arc<dyn Loss>, target: Slot, prediction: Slot, cotangent: Slot, out: Slot, shape: Shape },
    /// Values to one number, and what each value's gradient is multiplied by.
    Reduction {
        values: Slot,
        weights: Option<Slot>,
        target: Slot,
        ignore: Option<f64>,
        out: Slot,
        cotangent: Slot,
        reduction: Reduction,
        scale: f64,
    },
    /// out = penalty of w (of `shape`), divided by the number of rows where `per_row`.
    Penalty { regularizer: Arc<dyn Regularizer>, w: Slot, out: Slot, shape: Shape, per_row: bool },
    /// Its gradient.
    PenaltyGrad { regularizer: Arc<dyn Regularizer>, w: Slot, out: Slot, shape: Shape, per_row: bool },
    /// A fixed matrix along one axis.
    Along(Along),
    /// Padding and cropping.
    Frame(Frame),
    /// Rows of a table.
    Gather(Gather),
    /// The gradient of the table.
    GatherGrad(GatherGrad),
    /// Images through affine maps.
    Warp(Warp),
    /// Anything else, brought by a layer of the user's own.
    Custom { step: Arc<dyn CustomStep>, inputs: Vec<Slot>, outputs: Vec<Slot> },
}

impl Step {
    /// Shows every slot of the step, and how it is used, in a fixed order; the slot may be replaced.
    pub fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        use Access::{Read, Update, Write};
        let optional = |slot: &mut Option<Slot>, see: &mut dyn FnMut(&mut Slot, Access)| {
            if let Some(slot) = slot {
                see(slot, Read);
            }
        };
        match self {
            Step::Gemm { a, b, out, bias, .. } => {
                see(a, Read);
                see(b, Read);
                optional(bias, see);
                see(out, Write);
            }
            Step::Conv(conv) => conv.visit(see),
            Step::ScaleShift { x, scale, shift, out, .. } => {
                see(x, Read);
                optional(scale, see);
                optional(shift, see);
                see(out, Write);
            }
            Step::ChannelSum { x, times, out, .. } => {
                see(x, Read);
                optional(times, see);
                see(out, Write);
            }
            Step::Map { x, out, .. }
            | Step::Affine { x, out, .. }
            | Step::Expand { x, out, .. }
            | Step::Reduce { x, out, .. }
            | Step::Permute { x, out, .. }
            | Step::Slice { x, out, .. }
            | Step::Rowwise { x, out, .. }
            | Step::Noise { x, out, .. } => {
                see(x, Read);
                see(out, Write);
            }
            Step::Fill { out, .. } | Step::Constant { out, .. } => see(out, Write),
            Step::MapGrad { saved, dy, out, .. } => {
                see(saved, Read);
                see(dy, Read);
                see(out, Write);
            }
            Step::Combine { inputs, out, .. } | Step::Sum { inputs, out } => {
                for slot in inputs {
                    see(slot, Read);
                }
                see(out, Write);
            }
            Step::Concat { inputs, out, .. } => {
                for (slot, _) in inputs {
                    see(slot, Read);
                }
                see(out, Write);
            }
            Step::ColumnStats { x, mask, mean, variance, .. } => {
                see(x, Read);
                optional(mask, see);
                see(mean, Write);
                see(variance, Write);
            }
            Step::Normalize { x, mean, variance, gamma, beta, out, .. } => {
                for slot in [x, mean, variance] {
                    see(slot, Read);
                }
                optional(gamma, see);
                optional(beta, see);
                see(out, Write);
            }
            Step::NormalizeGrad(n) => {
                for slot in [&mut n.x, &mut n.mean, &mut n.variance, &mut n.dy] {
                    see(slot, Read);
                }
                optional(&mut n.gamma, see);
                optional(&mut n.mask, see);
                see(&mut n.sum_dy, Write);
                see(&mut n.sum_dy_x, Write);
                if let Some(dx) = &mut n.dx {
                    see(dx, Write);
                }
            }
            Step::UpdateAverage { average, value, .. } => {
                see(value, Read);
                see(average, Update);
            }
            Step::Standardize { x, out, inverse, .. } => {
                see(x, Read);
                see(out, Write);
                see(inverse, Write);
            }
            Step::StandardizeGrad { y, inverse, dy, out, .. } => {
                for slot in [y, inverse, dy] {
                    see(slot, Read);
                }
                see(out, Write);
            }
            Step::RowwiseGrad { x, y, dy, out, .. } => {
                for slot in [x, y, dy] {
                    see(slot, Read);
                }
                see(out, Write);
            }
            Step::Pool(pool) => pool.visit(see),
            Step::PoolGrad(grad) => grad.visit(see),
            Step::Loss { target, prediction, values, .. } => {
                see(target, Read);
                see(prediction, Read);
                see(values, Write);
            }
            Step::LossGrad { target, prediction, cotangent, out, .. } => {
                for slot in [target, prediction, cotangent] {
                    see(slot, Read);
                }
                see(out, Write);
            }
            Step::Reduction { values, weights, target, out, cotangent, .. } => {
                see(values, Read);
                optional(weights, see);
                see(target, Read);
                see(out, Write);
                see(cotangent, Write);
            }
            Step::Penalty { w, out, .. } | Step::PenaltyGrad { w, out, .. } => {
                see(w, Read);
                see(out, Write);
            }
            Step::Along(along) => along.visit(see),
            Step::Frame(frame) => frame.visit(see),
            Step::Gather(gather) => gather.visit(see),
            Step::GatherGrad(gather) => gather.visit(see),
            Step::Warp(warp) => warp.visit(see),
            Step::Custom { inputs, outputs, .. } => {
                for slot in inputs {
                    see(slot, Read);
                }
                for slot in outputs {
                    see(slot, Write);
                }
            }
        }
    }

    /// All slots with their use.
    pub fn slots(&self) -> Vec<(Slot, Access)> {
        let mut all = Vec::new();
        self.clone().visit(&mut |slot, access| all.push((*slot, access)));
        all
    }
}
