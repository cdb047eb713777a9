//! The executor: walks the steps of a plan and calls the kernels.

mod along;
mod conv;
mod frame;
mod gather;
mod lanes;
mod pool;
mod warp;

use crate::plan::Plan;
use lanes::lanes;
use std::array::from_fn;
use std::ops::Range;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::columns;
use steadygrad_kernels::gemm::{Matrix, gemm_then};
use steadygrad_kernels::normal::{self, Normal};
use steadygrad_kernels::rows::{self, Standard};
use steadygrad_kernels::shuffle::{self, RANK};
use steadygrad_kernels::{Cpu, Flush, map};
use steadygrad_nn::losses::{Block, reduce};
use steadygrad_nn::shape::{Extent, Layout};
use steadygrad_nn::step::{NormalizeGrad, Slot, Step};

/// Parts that a custom step may read, and write, without an allocation.
const PARTS: usize = 16;

/// The batch that a plan is run for.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// Samples.
    pub rows: usize,
    /// The step of training, which noise depends on.
    pub step: u64,
    /// Whether samples have weights; those that were fed are not looked at otherwise.
    pub weighted: bool,
}

/// Runs the steps `which` of the plan, calling `after` behind each.
pub fn run(
    plan: &Plan,
    which: Range<usize>,
    arena: &mut Arena,
    cpu: Cpu<'_>,
    batch: Batch,
    after: impl FnMut(usize, &mut Arena),
) {
    run_ahead(plan, which, arena, cpu, batch, &[], after);
}

/// The same, while the last product asks for the samples that come next: where each lies, and how many numbers it has.
pub(crate) fn run_ahead(
    plan: &Plan,
    which: Range<usize>,
    arena: &mut Arena,
    cpu: Cpu<'_>,
    batch: Batch,
    next: &[(usize, usize)],
    mut after: impl FnMut(usize, &mut Arena),
) {
    let _flush = Flush::denormals();
    let run = Run { plan, cpu, batch, next };
    for i in which {
        run.step(i, arena);
        after(i, arena);
    }
}

struct Run<'a> {
    plan: &'a Plan,
    cpu: Cpu<'a>,
    batch: Batch,
    next: &'a [(usize, usize)],
}

impl Run<'_> {
    fn range(&self, slot: Slot) -> Range<usize> {
        self.plan.range(slot, self.batch.rows)
    }

    /// An optional slot; an empty range for none.
    fn maybe(&self, slot: &Option<Slot>) -> Range<usize> {
        slot.map_or(0..0, |s| self.range(s))
    }

    fn dims(&self, layout: &Layout) -> (usize, usize, usize) {
        layout.at(self.batch.rows)
    }

    fn axes(&self, extents: &[Extent]) -> [usize; RANK] {
        let mut dims = [1; RANK];
        for (d, e) in dims.iter_mut().zip(extents) {
            *d = e.at(self.batch.rows);
        }
        dims
    }

    /// Elementwise work in pieces, one for each thread where they are worth it.
    fn pieces(&self, x: &[f32], y: &[f32], out: &mut [f32], f: impl Fn(&[f32], &[f32], &mut [f32]) + Sync) {
        let size = self.cpu.fair(out.len());
        self.cpu.pieces(out, size, |i, out| {
            let range = i * size..i * size + out.len();
            f(&x[range.clone()], &y[range], out);
        });
    }

    #[allow(clippy::too_many_lines)] // one arm for each step
    fn step(&self, i: usize, arena: &mut Arena) {
        let (isa, rows) = (self.cpu.isa, self.batch.rows);
        match &self.plan.steps[i] {
            Step::Gemm { a, b, out, m, k, n, ta, tb, bias, map } => {
                let ahead = arena.ahead(self.plan.ahead(i, rows));
                let ahead = if self.plan.last_product == Some(i) { ahead.then(self.next) } else { ahead };
                let ([a, b, bias], [out]) =
                    arena.split([self.range(*a), self.range(*b), self.maybe(bias)], [self.range(*out)]);
                let (m, k, n) = (m.at(rows), k.at(rows), n.at(rows));
                let bias = Some(bias).filter(|bias| !bias.is_empty());
                let (a, b) = (Matrix::new(a, m, k, *ta), Matrix::new(b, k, n, *tb));
                let finish = |out: &mut [f32]| {
                    if let Some(f) = map {
                        f.apply(isa, out);
                    }
                };
                gemm_then(self.cpu, a, b, bias, &finish, ahead, out);
            }
            Step::Conv(conv) => self.conv(conv, arena),
            Step::ScaleShift { x, scale, shift, out, layout } => {
                let ([x, s, t], [out]) =
                    arena.split([self.range(*x), self.maybe(scale), self.maybe(shift)], [self.range(*out)]);
                let (s, t) = (scale.map(|_| s), shift.map(|_| t));
                columns::scale_shift(isa, self.dims(layout), x, s, t, out);
            }
            Step::ChannelSum { x, times, out, layout } => {
                let ([x, t], [out]) = arena.split([self.range(*x), self.maybe(times)], [self.range(*out)]);
                columns::channel_sum(self.cpu, self.dims(layout), x, times.map(|_| t), out);
            }
            Step::Map { f, x, out } => {
                let ([x], [out]) = arena.split([self.range(*x)], [self.range(*out)]);
                self.pieces(x, x, out, |x, _, out| f.map(isa, x, out));
            }
            Step::MapGrad { f, saved, dy, out } => {
                let ([saved, dy], [out]) =
                    arena.split([self.range(*saved), self.range(*dy)], [self.range(*out)]);
                self.pieces(saved, dy, out, |saved, dy, out| f.map_grad(isa, saved, dy, out));
            }
            Step::Combine { op, inputs, out } => {
                let third = inputs.get(2).map_or(0..0, |s| self.range(*s));
                let ([a, b, c], [out]) =
                    arena.split([self.range(inputs[0]), self.range(inputs[1]), third], [self.range(*out)]);
                map::combine(isa, *op, a, b, c, out);
            }
            Step::Sum { inputs, out } => {
                for (i, input) in inputs.iter().enumerate() {
                    let ([x], [out]) = arena.split([self.range(*input)], [self.range(*out)]);
                    if i == 0 {
                        out.copy_from_slice(x);
                    } else {
                        map::accumulate(isa, x, out);
                    }
                }
            }
            Step::Affine { x, out, scale, offset } => {
                let ([x], [out]) = arena.split([self.range(*x)], [self.range(*out)]);
                map::affine(isa, *scale as f32, *offset as f32, x, out);
            }
            Step::Fill { out, value } => arena.split([], [self.range(*out)]).1[0].fill(*value as f32),
            Step::Constant { out, values } => {
                let out = &mut *arena.split([], [self.range(*out)]).1[0];
                out.iter_mut().zip(values.iter()).for_each(|(out, &value)| *out = value as f32);
            }
            Step::Expand { x, out, from, to } => {
                let (from, to, n) = (self.axes(from), self.axes(to), to.len());
                let ([x], [out]) = arena.split([self.range(*x)], [self.range(*out)]);
                shuffle::expand(&from[..n], &to[..n], x, out);
            }
            Step::Reduce { x, out, from, to } => {
                let (from, to, n) = (self.axes(from), self.axes(to), to.len());
                let ([x], [out]) = arena.split([self.range(*x)], [self.range(*out)]);
                shuffle::reduce(&from[..n], &to[..n], x, out);
            }
            Step::Permute { x, out, dims, order } => {
                let axes = self.axes(dims);
                let ([x], [out]) = arena.split([self.range(*x)], [self.range(*out)]);
                shuffle::permute(&axes[..dims.len()], order, x, out);
            }
            Step::Concat { inputs, out, outer, inner } => {
                let total: usize = inputs.iter().map(|(_, n)| n * inner).sum();
                let mut start = 0;
                for (input, n) in inputs {
                    let ([x], [out]) = arena.split([self.range(*input)], [self.range(*out)]);
                    let len = n * inner;
                    if !x.is_empty() {
                        shuffle::blocks(outer.at(rows), len, x, len, &mut out[start..], total);
                    }
                    start += len;
                }
            }
            Step::Slice { x, out, outer, total, start, len, inner } => {
                let ([x], [out]) = arena.split([self.range(*x)], [self.range(*out)]);
                if !out.is_empty() {
                    let x = &x[start * inner..];
                    shuffle::blocks(outer.at(rows), len * inner, x, total * inner, out, len * inner);
                }
            }
            Step::ColumnStats { x, mask, mean, variance, layout } => {
                let ([x, m], [mean, variance]) = arena
                    .split([self.range(*x), self.maybe(mask)], [self.range(*mean), self.range(*variance)]);
                columns::column_stats(self.cpu, self.dims(layout), x, mask.map(|_| m), mean, variance);
            }
            Step::Normalize { x, mean, variance, gamma, beta, out, layout, epsilon } => {
                let ([x, mean, variance, g, b], [out]) = arena.split(
                    [
                        self.range(*x),
                        self.range(*mean),
                        self.range(*variance),
                        self.maybe(gamma),
                        self.maybe(beta),
                    ],
                    [self.range(*out)],
                );
                let gamma = gamma.map(|_| g);
                let normal = Normal { dims: self.dims(layout), mean, variance, gamma, epsilon: *epsilon };
                normal::normalize(self.cpu, normal, beta.map(|_| b), x, out);
            }
            Step::NormalizeGrad(normalize) => self.normalize_grad(*normalize, arena),
            Step::UpdateAverage { average, value, momentum } => {
                let ([value], [average]) = arena.split([self.range(*value)], [self.range(*average)]);
                for (a, &v) in average.iter_mut().zip(value) {
                    *a = *a * *momentum as f32 + v * (1.0 - momentum) as f32;
                }
            }
            Step::Standardize { x, out, inverse, len, epsilon, center, .. } => {
                let ([x], [out, inverse]) =
                    arena.split([self.range(*x)], [self.range(*out), self.range(*inverse)]);
                let standard = Standard { len: *len, epsilon: *epsilon, center: *center };
                rows::standardize(isa, standard, x, out, inverse);
            }
            Step::StandardizeGrad { y, inverse, dy, out, len, center, .. } => {
                let ([y, inverse, dy], [out]) =
                    arena.split([self.range(*y), self.range(*inverse), self.range(*dy)], [self.range(*out)]);
                let standard = Standard { len: *len, epsilon: 0.0, center: *center };
                rows::standardize_grad(isa, standard, y, inverse, dy, out);
            }
            Step::Rowwise { f, x, out, layout } => {
                let scratch = self.plan.scratch.clone();
                let ([x], [out, scratch]) = arena.split([self.range(*x)], [self.range(*out), scratch]);
                let (_, n, inner) = self.dims(layout);
                if inner == 1 {
                    f.map(isa, n, x, out);
                } else {
                    lanes(self.dims(layout), f.width(n), [x], out, scratch, |[x], y| f.map(isa, n, x, y));
                }
            }
            Step::RowwiseGrad { f, x, y, dy, out, layout } => {
                let scratch = self.plan.scratch.clone();
                let ([x, y, dy], [out, scratch]) = arena
                    .split([self.range(*x), self.range(*y), self.range(*dy)], [self.range(*out), scratch]);
                let (_, n, inner) = self.dims(layout);
                if inner == 1 {
                    f.map_grad(isa, n, x, y, dy, out);
                } else {
                    lanes(self.dims(layout), n, [x, y, dy], out, scratch, |[x, y, dy], dx| {
                        f.map_grad(isa, n, x, y, dy, dx);
                    });
                }
            }
            Step::Noise { noise, stream, x, out, dims, draws, gradient } => {
                let (to, from, n) = (self.axes(dims), self.axes(draws), dims.len());
                let ([x], [out]) = arena.split([self.range(*x)], [self.range(*out)]);
                let one = |x: f32, u| if *gradient { noise.gradient(x, u) } else { noise.value(x, u) };
                if from != to {
                    let step = self.batch.step;
                    let uniform = |draw| stream.uniform(step, draw as u64);
                    shuffle::shared(&from[..n], &to[..n], |i, draw| out[i] = one(x[i], uniform(draw)));
                    return;
                }
                for (block, (out, x)) in out.chunks_mut(4).zip(x.chunks(4)).enumerate() {
                    let bits = stream.block(self.batch.step, block as u64);
                    for ((out, &x), bits) in out.iter_mut().zip(x).zip(bits) {
                        *out = one(x, (f64::from(bits) + 0.5) * (1.0 / 4_294_967_296.0));
                    }
                }
            }
            Step::Pool(pool) => self.pool(pool, arena),
            Step::PoolGrad(grad) => self.pool_grad(grad, arena),
            Step::Loss { loss, target, prediction, values, shape } => {
                let ([t, p], [values]) =
                    arena.split([self.range(*target), self.range(*prediction)], [self.range(*values)]);
                loss.values(isa, Block { rows, shape: shape.dims() }, t, p, values);
            }
            Step::LossGrad { loss, target, prediction, cotangent, out, shape } => {
                let ([t, p, c], [out]) = arena.split(
                    [self.range(*target), self.range(*prediction), self.range(*cotangent)],
                    [self.range(*out)],
                );
                loss.gradients(isa, Block { rows, shape: shape.dims() }, t, p, c, out);
            }
            Step::Reduction { values, weights, target, ignore, out, cotangent, reduction, scale } => {
                let ([values, w, t], [out, cotangent]) = arena.split(
                    [self.range(*values), self.maybe(weights), self.range(*target)],
                    [self.range(*out), self.range(*cotangent)],
                );
                let weights = weights.filter(|_| self.batch.weighted).map(|_| w);
                out[0] = reduce(*reduction, values, weights, t, *ignore, *scale, cotangent) as f32;
            }
            Step::Penalty { regularizer, w, out, shape, per_row } => {
                let ([w], [out]) = arena.split([self.range(*w)], [self.range(*out)]);
                let divisor = if *per_row { rows as f64 } else { 1.0 };
                out[0] = (regularizer.value(w, shape.dims()) / divisor) as f32;
            }
            Step::PenaltyGrad { regularizer, w, out, shape, per_row } => {
                let ([w], [out]) = arena.split([self.range(*w)], [self.range(*out)]);
                regularizer.gradient(w, shape.dims(), out);
                if *per_row {
                    let divisor = rows as f32;
                    for g in out {
                        *g /= divisor;
                    }
                }
            }
            Step::Along(step) => self.along(step, arena),
            Step::Frame(step) => self.frame(step, arena),
            Step::Gather(step) => self.gather(step, arena),
            Step::GatherGrad(step) => self.gather_grad(step, arena),
            Step::Warp(step) => self.warp(step, arena),
            Step::Custom { step, inputs, outputs } => {
                if inputs.len() <= PARTS && outputs.len() <= PARTS {
                    let part = |slots: &[Slot], i: usize| slots.get(i).map_or(0..0, |s| self.range(*s));
                    let (reads, mut writes) = arena
                        .split::<PARTS, PARTS>(from_fn(|i| part(inputs, i)), from_fn(|i| part(outputs, i)));
                    step.run(rows, &reads[..inputs.len()], &mut writes[..outputs.len()]);
                } else {
                    let ranges = |slots: &[Slot]| slots.iter().map(|s| self.range(*s)).collect::<Vec<_>>();
                    let (reads, mut writes) = arena.split_many(&ranges(inputs), &ranges(outputs));
                    step.run(rows, &reads, &mut writes);
                }
            }
        }
    }

    fn normalize_grad(&self, of: NormalizeGrad, arena: &mut Arena) {
        let ([x, mean, variance, g, dy, m], [sum_dy, sum_dy_x, dx_out]) = arena.split(
            [
                self.range(of.x),
                self.range(of.mean),
                self.range(of.variance),
                self.maybe(&of.gamma),
                self.range(of.dy),
                self.maybe(&of.mask),
            ],
            [self.range(of.sum_dy), self.range(of.sum_dy_x), self.maybe(&of.dx)],
        );
        let gamma = of.gamma.map(|_| g);
        let normal = Normal { dims: self.dims(&of.layout), mean, variance, gamma, epsilon: of.epsilon };
        normal::normalize_sums(self.cpu, normal, x, dy, sum_dy, sum_dy_x);
        if of.dx.is_some() {
            match (of.batch, of.mask) {
                (true, Some(_)) => normal::normalize_grad_masked(normal, m, x, dy, sum_dy, sum_dy_x, dx_out),
                (true, None) => {
                    normal::normalize_grad(self.cpu, normal, x, dy, Some((sum_dy, sum_dy_x)), dx_out);
                }
                _ => normal::normalize_grad(self.cpu, normal, x, dy, None, dx_out),
            }
        }
    }
}

/// Numbers of scratch that a step needs, which its plan sets aside: for lanes that do not lie in a row.
pub(crate) fn scratch(step: &Step, rows: usize) -> usize {
    match step {
        Step::Conv(conv) => conv.of.scratch(conv.pass, rows),
        Step::Rowwise { f, layout, .. } if layout.inner > 1 => {
            let (_, n, _) = layout.at(rows);
            n + f.width(n)
        }
        Step::RowwiseGrad { f, layout, .. } if layout.inner > 1 => {
            let (_, n, _) = layout.at(rows);
            // x and dx, y and dy
            2 * n + 2 * f.width(n)
        }
        _ => 0,
    }
}
