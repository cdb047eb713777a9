//! The oracle: the same recipe in plain f64 loops, without fusing, planning or vector code. Every kernel and every
//! gradient is checked against it.

mod along;
mod conv;
mod frame;
mod gather;
mod pool;
mod warp;

use steadygrad_kernels::shuffle;
use steadygrad_nn::losses::{Block, reduce};
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::shape::{Extent, Layout};
use steadygrad_nn::step::{NormalizeGrad, Slot, Step};

/// A recipe with a value for every slot.
///
/// ```
/// use steadygrad_engine::oracle::Oracle;
/// use steadygrad_nn::{Model, Sequential, activations::Relu, model::Purpose};
/// let model: Model = Sequential::new([2]).add(Relu).into();
/// let recipe = model.lower(&Purpose::inference()).unwrap();
/// let mut oracle = Oracle::new(&recipe, 1);
/// oracle.set(recipe.inputs[0], &[-1.0, 3.0]);
/// oracle.forward(0);
/// assert_eq!(oracle.get(recipe.outputs[0]), [0.0, 3.0]);
/// ```
#[derive(Debug)]
pub struct Oracle<'a> {
    recipe: &'a Recipe,
    rows: usize,
    values: Vec<Vec<f64>>,
}

impl<'a> Oracle<'a> {
    /// All slots at 0, for a batch of this many rows.
    pub fn new(recipe: &'a Recipe, rows: usize) -> Oracle<'a> {
        let values = recipe.slots.iter().map(|s| vec![0.0; s.extent.at(rows)]).collect();
        Oracle { recipe, rows, values }
    }

    /// Sets a slot.
    ///
    /// # Panics
    /// If the length is not the slot's.
    pub fn set(&mut self, slot: Slot, values: &[f64]) {
        self.values[slot.0 as usize].copy_from_slice(values);
    }

    /// Reads a slot.
    pub fn get(&self, slot: Slot) -> &[f64] {
        &self.values[slot.0 as usize]
    }

    /// One number of a slot, to be changed.
    pub fn number(&mut self, slot: Slot, i: usize) -> &mut f64 {
        &mut self.values[slot.0 as usize][i]
    }

    /// Runs the forward steps for this step of training.
    pub fn forward(&mut self, step: u64) {
        for s in &self.recipe.forward {
            self.run(s, step);
        }
    }

    /// Runs the backward steps.
    pub fn backward(&mut self, step: u64) {
        for s in &self.recipe.backward {
            self.run(s, step);
        }
    }

    /// Σ weight · loss + Σ penalties, of the last forward pass.
    pub fn total_loss(&self) -> f64 {
        let losses: f64 = self.recipe.losses.iter().map(|l| l.weight * self.get(l.value)[0]).sum();
        losses + self.recipe.penalties.iter().map(|p| self.get(*p)[0]).sum::<f64>()
    }

    fn put(&mut self, slot: Slot, values: Vec<f64>) {
        assert_eq!(self.values[slot.0 as usize].len(), values.len(), "{slot}");
        self.values[slot.0 as usize] = values;
    }

    fn axes(&self, extents: &[Extent]) -> Vec<usize> {
        extents.iter().map(|e| e.at(self.rows)).collect()
    }

    fn run(&mut self, step: &Step, time: u64) {
        let rows = self.rows;
        match step {
            Step::Gemm { a, b, out, m, k, n, ta, tb, bias, map } => {
                let (m, k, n) = (m.at(rows), k.at(rows), n.at(rows));
                let (a, b) = (self.get(*a), self.get(*b));
                let mut y = vec![0.0; m * n];
                for i in 0..m {
                    for j in 0..n {
                        let mut sum = 0.0;
                        for p in 0..k {
                            let a = if *ta { a[p * m + i] } else { a[i * k + p] };
                            let b = if *tb { b[j * k + p] } else { b[p * n + j] };
                            sum += a * b;
                        }
                        sum += bias.map_or(0.0, |bias| self.get(bias)[j]);
                        y[i * n + j] = map.as_ref().map_or(sum, |f| f.value(sum));
                    }
                }
                self.put(*out, y);
            }
            Step::Conv(conv) => self.conv(conv),
            Step::ScaleShift { x, scale, shift, out, layout } => {
                let y = self.per_channel(layout, |at, c| {
                    let scaled = self.get(*x)[at] * scale.map_or(1.0, |s| self.get(s)[c]);
                    scaled + shift.map_or(0.0, |s| self.get(s)[c])
                });
                self.put(*out, y);
            }
            Step::ChannelSum { x, times, out, layout } => {
                let y = self
                    .channel_sums(layout, |at, _| self.get(*x)[at] * times.map_or(1.0, |t| self.get(t)[at]));
                self.put(*out, y);
            }
            Step::Map { f, x, out } => {
                let y = self.get(*x).iter().map(|&x| f.value(x)).collect();
                self.put(*out, y);
            }
            Step::MapGrad { f, saved, dy, out } => {
                let y = self.get(*saved).iter().zip(self.get(*dy)).map(|(&s, &dy)| dy * f.slope(s)).collect();
                self.put(*out, y);
            }
            Step::Combine { op, inputs, out } => {
                let at = |slot: Option<&Slot>, i: usize| slot.map_or(0.0, |s| self.get(*s)[i]);
                let n = self.get(*out).len();
                let y = (0..n)
                    .map(|i| op.at(at(inputs.first(), i), at(inputs.get(1), i), at(inputs.get(2), i)))
                    .collect();
                self.put(*out, y);
            }
            Step::Sum { inputs, out } => {
                let n = self.get(*out).len();
                let y = (0..n).map(|i| inputs.iter().map(|s| self.get(*s)[i]).sum()).collect();
                self.put(*out, y);
            }
            Step::Affine { x, out, scale, offset } => {
                let y = self.get(*x).iter().map(|x| x * scale + offset).collect();
                self.put(*out, y);
            }
            Step::Fill { out, value } => self.values[out.0 as usize].fill(*value),
            Step::Constant { out, values } => self.put(*out, values.to_vec()),
            Step::Expand { x, out, from, to } => {
                let mut y = vec![0.0; self.get(*out).len()];
                shuffle::expand(&self.axes(from), &self.axes(to), self.get(*x), &mut y);
                self.put(*out, y);
            }
            Step::Reduce { x, out, from, to } => {
                let mut y = vec![0.0; self.get(*out).len()];
                shuffle::reduce(&self.axes(from), &self.axes(to), self.get(*x), &mut y);
                self.put(*out, y);
            }
            Step::Permute { x, out, dims, order } => {
                let mut y = vec![0.0; self.get(*out).len()];
                shuffle::permute(&self.axes(dims), order, self.get(*x), &mut y);
                self.put(*out, y);
            }
            Step::Concat { inputs, out, outer, inner } => {
                let mut y = Vec::new();
                for o in 0..outer.at(rows) {
                    for (slot, n) in inputs {
                        let len = n * inner;
                        y.extend_from_slice(&self.get(*slot)[o * len..(o + 1) * len]);
                    }
                }
                self.put(*out, y);
            }
            Step::Slice { x, out, outer, total, start, len, inner } => {
                let mut y = Vec::new();
                for o in 0..outer.at(rows) {
                    let at = (o * total + start) * inner;
                    y.extend_from_slice(&self.get(*x)[at..at + len * inner]);
                }
                self.put(*out, y);
            }
            Step::ColumnStats { x, mask, mean, variance, layout } => {
                let (outer, axis, inner) = layout.at(rows);
                let weight = |at: usize| match mask {
                    Some(mask) => self.get(*mask)[at / (axis * inner) * inner + at % inner],
                    None => 1.0,
                };
                let count = match mask {
                    Some(mask) => self.get(*mask).iter().sum::<f64>() + 1e-7,
                    None => (outer * inner) as f64,
                };
                let sums = self.channel_sums(layout, |at, _| weight(at) * self.get(*x)[at]);
                let mu: Vec<f64> = sums.iter().map(|s| s / count).collect();
                let squares =
                    self.channel_sums(layout, |at, c| weight(at) * (self.get(*x)[at] - mu[c]).powi(2));
                let var = squares.iter().map(|s| s / count).collect();
                self.put(*mean, mu);
                self.put(*variance, var);
            }
            Step::Normalize { x, mean, variance, gamma, beta, out, layout, epsilon } => {
                let y = self.per_channel(layout, |at, c| {
                    let hat =
                        (self.get(*x)[at] - self.get(*mean)[c]) / (self.get(*variance)[c] + epsilon).sqrt();
                    hat * gamma.map_or(1.0, |g| self.get(g)[c]) + beta.map_or(0.0, |b| self.get(b)[c])
                });
                self.put(*out, y);
            }
            Step::NormalizeGrad(normalize) => self.normalize_grad(normalize),
            Step::UpdateAverage { average, value, momentum } => {
                let (average, value) = (*average, self.get(*value).to_vec());
                for (a, v) in self.values[average.0 as usize].iter_mut().zip(value) {
                    *a = *a * momentum + v * (1.0 - momentum);
                }
            }
            Step::Standardize { x, out, inverse, len, epsilon, center, .. } => {
                let (mut y, mut scales) = (Vec::new(), Vec::new());
                for row in self.get(*x).chunks((*len).max(1)) {
                    let n = row.len() as f64;
                    let mean = if *center { row.iter().sum::<f64>() / n } else { 0.0 };
                    let square = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
                    let scale = 1.0 / (square + epsilon).sqrt();
                    y.extend(row.iter().map(|x| (x - mean) * scale));
                    scales.push(scale);
                }
                self.put(*out, y);
                self.put(*inverse, scales);
            }
            Step::StandardizeGrad { y, inverse, dy, out, len, center, .. } => {
                let len = (*len).max(1);
                let mut dx = Vec::new();
                for ((y, dy), scale) in
                    self.get(*y).chunks(len).zip(self.get(*dy).chunks(len)).zip(self.get(*inverse))
                {
                    let n = y.len() as f64;
                    let mean = if *center { dy.iter().sum::<f64>() / n } else { 0.0 };
                    let dot = y.iter().zip(dy).map(|(y, dy)| y * dy).sum::<f64>() / n;
                    dx.extend(y.iter().zip(dy).map(|(y, dy)| (dy - mean - y * dot) * scale));
                }
                self.put(*out, dx);
            }
            Step::Rowwise { f, x, out, layout } => {
                let y =
                    self.lanes(layout, &[*x], f.width(layout.axis.at(rows)), |lane, y| f.map64(&lane[0], y));
                self.put(*out, y);
            }
            Step::RowwiseGrad { f, x, y, dy, out, layout } => {
                let dx = self.lanes(layout, &[*x, *y, *dy], layout.axis.at(rows), |lane, dx| {
                    f.map_grad64(&lane[0], &lane[1], &lane[2], dx);
                });
                self.put(*out, dx);
            }
            Step::Noise { noise, stream, x, out, dims, draws, gradient } => {
                let mut y = self.get(*x).to_vec();
                shuffle::shared(&self.axes(draws), &self.axes(dims), |i, draw| {
                    let u = stream.uniform(time, draw as u64);
                    y[i] = if *gradient { noise.gradient(y[i], u) } else { noise.value(y[i], u) };
                });
                self.put(*out, y);
            }
            Step::Pool(pool) => self.pool(pool),
            Step::PoolGrad(grad) => self.pool_grad(grad),
            Step::Loss { loss, target, prediction, values, shape } => {
                let mut y = vec![0.0; self.get(*values).len()];
                let block = Block { rows, shape: shape.dims() };
                loss.values64(block, self.get(*target), self.get(*prediction), &mut y);
                self.put(*values, y);
            }
            Step::LossGrad { loss, target, prediction, cotangent, out, shape } => {
                let mut y = vec![0.0; self.get(*out).len()];
                let block = Block { rows, shape: shape.dims() };
                loss.gradients64(
                    block,
                    self.get(*target),
                    self.get(*prediction),
                    self.get(*cotangent),
                    &mut y,
                );
                self.put(*out, y);
            }
            Step::Reduction { values, weights, target, ignore, out, cotangent, reduction, scale } => {
                let mut slopes = vec![0.0; self.get(*cotangent).len()];
                let weights = weights.as_ref().map(|w| self.get(*w));
                let (values, target) = (self.get(*values), self.get(*target));
                let value = reduce(*reduction, values, weights, target, *ignore, *scale, &mut slopes);
                self.put(*out, vec![value]);
                self.put(*cotangent, slopes);
            }
            Step::Penalty { regularizer, w, out, shape, per_row } => {
                let value = regularizer.value64(self.get(*w), shape.dims());
                self.put(*out, vec![if *per_row { value / rows as f64 } else { value }]);
            }
            Step::PenaltyGrad { regularizer, w, out, shape, per_row } => {
                let mut y = vec![0.0; self.get(*out).len()];
                regularizer.gradient64(self.get(*w), shape.dims(), &mut y);
                let divisor = if *per_row { rows as f64 } else { 1.0 };
                self.put(*out, y.iter().map(|y| y / divisor).collect());
            }
            Step::Along(step) => self.along(step),
            Step::Frame(step) => self.frame(step),
            Step::Gather(step) => self.gather(step),
            Step::GatherGrad(step) => self.gather_grad(step),
            Step::Warp(step) => self.warp(step, time),
            Step::Custom { step, inputs, outputs } => {
                let mut results: Vec<Vec<f64>> =
                    outputs.iter().map(|s| vec![0.0; self.get(*s).len()]).collect();
                let read: Vec<&[f64]> = inputs.iter().map(|s| self.get(*s)).collect();
                let mut write: Vec<&mut [f64]> = results.iter_mut().map(Vec::as_mut_slice).collect();
                step.run64(rows, &read, &mut write);
                for (slot, values) in outputs.iter().zip(results) {
                    self.put(*slot, values);
                }
            }
        }
    }

    fn normalize_grad(&mut self, of: &NormalizeGrad) {
        let NormalizeGrad { x, mean, variance, gamma, dy, layout, .. } = of;
        let (outer, axis, inner) = layout.at(self.rows);
        let inverse = |c: usize| 1.0 / (self.get(*variance)[c] + of.epsilon).sqrt();
        let hat = |at: usize, c: usize| (self.get(*x)[at] - self.get(*mean)[c]) * inverse(c);
        let sums = self.channel_sums(layout, |at, _| self.get(*dy)[at]);
        let products = self.channel_sums(layout, |at, c| self.get(*dy)[at] * hat(at, c));
        if let Some(dx) = of.dx {
            let share = |at: usize| match &of.mask {
                _ if !of.batch => 0.0,
                Some(mask) => {
                    let total = self.get(*mask).iter().sum::<f64>() + 1e-7;
                    self.get(*mask)[at / (axis * inner) * inner + at % inner] / total
                }
                None => 1.0 / (outer * inner) as f64,
            };
            let values = self.per_channel(layout, |at, c| {
                let through = share(at) * (sums[c] + hat(at, c) * products[c]);
                (self.get(*dy)[at] - through) * inverse(c) * gamma.map_or(1.0, |g| self.get(g)[c])
            });
            self.put(dx, values);
        }
        self.put(of.sum_dy, sums);
        self.put(of.sum_dy_x, products);
    }

    /// f(position, channel) for every position.
    fn per_channel(&self, layout: &Layout, f: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let (outer, axis, inner) = layout.at(self.rows);
        (0..outer * axis * inner).map(|at| f(at, at / inner % axis)).collect()
    }

    /// Σ f(position, channel) for every channel.
    fn channel_sums(&self, layout: &Layout, f: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let (outer, axis, inner) = layout.at(self.rows);
        let mut sums = vec![0.0; axis];
        for at in 0..outer * axis * inner {
            let c = at / inner % axis;
            sums[c] += f(at, c);
        }
        sums
    }

    /// A function of lanes along the axis.
    fn lanes(
        &self,
        layout: &Layout,
        inputs: &[Slot],
        width: usize,
        f: impl Fn(&[Vec<f64>], &mut [f64]),
    ) -> Vec<f64> {
        let (outer, _, inner) = layout.at(self.rows);
        let mut out = vec![0.0; outer * width * inner];
        for o in 0..outer {
            for i in 0..inner {
                let lane = |slot: &Slot| {
                    let x = self.get(*slot);
                    let n = x.len() / (outer * inner).max(1);
                    (0..n).map(|j| x[(o * n + j) * inner + i]).collect::<Vec<f64>>()
                };
                let gathered: Vec<Vec<f64>> = inputs.iter().map(lane).collect();
                let mut result = vec![0.0; width];
                f(&gathered, &mut result);
                for (j, v) in result.into_iter().enumerate() {
                    out[(o * width + j) * inner + i] = v;
                }
            }
        }
        out
    }
}
