//! Steps as operators: the list of them, products, and what works on each number alone.

use super::activations::activation;
use super::export::{Export, Fixed, Made, per_row, refuse, size};
use super::graph::{Value, inverse};
use super::proto::Attribute;
use std::sync::Arc;
use steadygrad_kernels::map::Op;
use steadygrad_nn::activations::Activation;
use steadygrad_nn::step::{CustomStep, Slot, Step};
use steadygrad_nn::{Extent, Layout};

impl Export<'_> {
    /// Writes one step.
    pub fn step(&mut self, i: usize, step: &Step) -> Made<()> {
        match step {
            Step::Gemm { a, b, out, m, k, n, ta, tb, bias, map } => {
                if *ta {
                    return refuse("multiplies samples with one another");
                }
                let sizes = (per_row(*m)?, *k, *n);
                let (y, out) = self.product(i, *a, *b, *out, sizes, *tb)?;
                self.finished(y, *bias, map.as_ref(), out)
            }
            Step::Conv(conv) => self.conv(i, conv),
            Step::ScaleShift { x, scale, shift, out, layout } => {
                let x = self.rows(*x)?;
                let y = self.scaled(&x, *scale, *shift, layout)?;
                self.set(*out, y);
                Ok(())
            }
            Step::Map { f, x, out } => {
                let x = self.rows(*x)?;
                let y = self.mapped(f, &x)?;
                self.set(*out, y);
                Ok(())
            }
            Step::Combine { op, inputs, out } => self.combined(*op, inputs, *out),
            Step::Sum { inputs, out } => {
                let inputs = self.alike(inputs)?;
                let sum = self.through_all(&inputs, |export, inputs| match inputs {
                    [one] => one.clone(),
                    [a, b] => export.graph.binary("Add", a, b),
                    all => {
                        let largest = |i: usize| all.iter().map(|value| value.dims[i]).max().unwrap_or(1);
                        let dims = (0..all[0].dims.len()).map(largest).collect();
                        export.graph.node("Sum", &all.iter().collect::<Vec<_>>(), Vec::new(), dims)
                    }
                });
                self.set(*out, sum);
                Ok(())
            }
            Step::Affine { x, out, scale, offset } => {
                let x = self.rows(*x)?;
                let y = self.graph.through(&x, |graph, x| {
                    let y = if *scale == 1.0 { x.clone() } else { graph.with_number("Mul", x, *scale) };
                    if *offset == 0.0 { y } else { graph.with_number("Add", &y, *offset) }
                });
                self.set(*out, y);
                Ok(())
            }
            Step::Fill { out, value } => {
                let Extent::Fixed(n) = self.recipe.slot(*out).extent else {
                    return refuse("fills values with a number");
                };
                self.constant(*out, "fill", vec![*value as f32; n]);
                Ok(())
            }
            Step::Constant { out, values } => {
                self.constant(*out, "constant", values.iter().map(|x| *x as f32).collect());
                Ok(())
            }
            Step::Normalize { .. } | Step::Standardize { .. } => self.normalize(i, step),
            Step::Rowwise { f, x, out, layout } => self.rowwise(&**f, *x, *out, layout),
            Step::Pool(pool) => self.pool(pool),
            Step::Custom { step, inputs, outputs } => self.custom(&**step, inputs, outputs),
            Step::Noise { .. } | Step::Warp(_) => refuse("draws random numbers"),
            other => self.moved(other),
        }
    }

    /// x·W (+ b), over the last axis; where the channels lie first already, as a convolution with windows of one place.
    fn product(
        &mut self,
        i: usize,
        a: Slot,
        b: Slot,
        out: Slot,
        (rows, k, n): (usize, Extent, Extent),
        transposed: bool,
    ) -> Made<(Value, Slot)> {
        let (Extent::Fixed(k), Extent::Fixed(n)) = (k, n) else {
            return refuse("multiplies samples with one another");
        };
        let x = self.rows(a)?;
        let mut weights = self.numbers(b)?.clone();
        if transposed {
            weights.numbers = turned(&weights.numbers, &[n, k], &[1, 0]);
        }
        if let Some((from, order)) = self.graph.turned(&x) {
            let spatial = from.dims.len() - 1;
            let last: Vec<usize> = (1..=spatial).chain([0]).collect();
            if (1..=3).contains(&spatial)
                && order == last
                && from.dims[0] == k
                && size(&from.dims[1..]) == rows
            {
                let mut dims = vec![n, k];
                dims.extend(vec![1; spatial]);
                let numbers = turned(&weights.numbers, &[k, n], &[1, 0]);
                let kernel = self.graph.constant(&weights.name, dims, numbers);
                let (bias, out) = self.bias_behind(i, out, n)?;
                let mut to = from.dims.clone();
                to[0] = n;
                let inputs: Vec<&Value> = [&from, &kernel].into_iter().chain(bias.as_ref()).collect();
                let ones = Attribute::Ints(vec![1; spatial]);
                let y = self.graph.node("Conv", &inputs, vec![("kernel_shape", ones)], to);
                return Ok((self.graph.transpose(&y, &last), out));
            }
        }
        let kernel = self.graph.constant(&weights.name, vec![k, n], weights.numbers);
        let (bias, out) = self.bias_behind(i, out, n)?;
        let fits = x.dims.split_last().is_some_and(|(last, rest)| *last == k && size(rest) == rows);
        let x = match (fits, rows) {
            (true, _) => x,
            (false, 1) => self.graph.reshape(&x, &[k]),
            (false, _) => self.graph.reshape(&x, &[rows, k]),
        };
        let mut dims = x.dims.clone();
        if let Some(last) = dims.last_mut() {
            *last = n;
        }
        if dims.len() == 1 {
            let inputs: Vec<&Value> = [&x, &kernel].into_iter().chain(bias.as_ref()).collect();
            return Ok((self.graph.node("Gemm", &inputs, Vec::new(), dims), out));
        }
        let y = self.graph.node("MatMul", &[&x, &kernel], Vec::new(), dims);
        Ok((bias.map_or(y.clone(), |bias| self.graph.binary("Add", &y, &bias)), out))
    }

    /// What a product may end in: a bias over the last axis, then a function.
    pub fn finished(
        &mut self,
        mut y: Value,
        bias: Option<Slot>,
        map: Option<&Arc<dyn Activation>>,
        out: Slot,
    ) -> Made<()> {
        if let Some(bias) = bias {
            let width = y.dims.last().copied().unwrap_or(1);
            let bias = self.known(bias, vec![width])?;
            y = self.graph.binary("Add", &y, &bias);
        }
        if let Some(f) = map {
            y = self.mapped(f, &y)?;
        }
        self.set(out, y);
        Ok(())
    }

    /// f(x)
    fn mapped(&mut self, f: &Arc<dyn Activation>, x: &Value) -> Made<Value> {
        let mut known = true;
        let y = self.graph.through(x, |graph, x| {
            activation(graph, f.name(), &f.config(), x).unwrap_or_else(|| {
                known = false;
                x.clone()
            })
        });
        if known { Ok(y) } else { refuse(format!("the activation `{}` is not known", f.name())) }
    }

    /// x·scale + shift along an axis; behind a Transpose it is done before it.
    pub fn scaled(
        &mut self,
        x: &Value,
        scale: Option<Slot>,
        shift: Option<Slot>,
        layout: &Layout,
    ) -> Made<Value> {
        let (outer, Extent::Fixed(n)) = (per_row(layout.outer)?, layout.axis) else {
            return refuse("scales the samples of a batch one by one");
        };
        let (x, at) = self.graph.along(x, outer, n, layout.inner);
        let (mut y, order) = self.graph.straight(&x);
        let mut dims = vec![n];
        dims.extend(vec![1; y.dims.len() - 1 - order[at]]);
        if let Some(scale) = scale {
            let scale = self.known(scale, dims.clone())?;
            y = self.graph.binary("Mul", &y, &scale);
        }
        if let Some(shift) = shift {
            let shift = self.known(shift, dims)?;
            y = self.graph.binary("Add", &y, &shift);
        }
        Ok(self.graph.transpose(&y, &order))
    }

    /// Values of one shape, that of the first of them; or that become it when axes of 1 are stretched.
    fn alike(&mut self, slots: &[Slot]) -> Made<Vec<Value>> {
        let values: Vec<Value> = slots.iter().map(|slot| self.rows(*slot)).collect::<Made<_>>()?;
        let Some(first) = values.first().cloned() else { return refuse("reads nothing") };
        let values: Vec<Value> = values.iter().map(|value| self.graph.reshape(value, &first.dims)).collect();
        let small = self.graph.unstretched(&values);
        // One axis must keep its length in one of them.
        let whole = (0..first.dims.len()).all(|i| small.iter().any(|value| value.dims[i] == first.dims[i]));
        Ok(if whole { small } else { values })
    }

    /// f of values of one shape; where all have the same Transpose before them, it moves behind.
    pub fn through_all(&mut self, values: &[Value], f: impl FnOnce(&mut Self, &[Value]) -> Value) -> Value {
        match self.graph.all_straight(values) {
            Some((from, order)) => {
                let y = f(self, &from);
                self.graph.transpose(&y, &order)
            }
            None => f(self, values),
        }
    }

    fn combined(&mut self, op: Op, inputs: &[Slot], out: Slot) -> Made<()> {
        let word = match op {
            Op::Add => "Add",
            Op::Subtract => "Sub",
            Op::Multiply => "Mul",
            Op::Maximum => "Max",
            Op::Minimum => "Min",
            Op::Rectify => return self.rectified(inputs, out),
            _ => return refuse("computes a gradient"),
        };
        let inputs = self.alike(inputs)?;
        let y = self.through_all(&inputs, |export, inputs| {
            inputs[1..].iter().fold(inputs[0].clone(), |a, b| export.graph.binary(word, &a, b))
        });
        self.set(out, y);
        Ok(())
    }

    /// x where it is above 0, else slope·x; the slopes have an axis of 1 where there is one for all.
    fn rectified(&mut self, inputs: &[Slot], out: Slot) -> Made<()> {
        let [x, slope] = inputs else { return refuse("reads nothing") };
        let x = self.rows(*x)?;
        let Fixed { name, dims, numbers } = self.numbers(*slope)?.clone();
        let (x, order) = if dims.len() == x.dims.len() {
            self.graph.straight(&x)
        } else {
            (x.clone(), (0..x.dims.len()).collect())
        };
        let back = inverse(&order);
        let slope = if dims.len() == back.len() {
            let to = back.iter().map(|&i| dims[i]).collect();
            self.graph.constant(&name, to, turned(&numbers, &dims, &back))
        } else {
            self.graph.constant(&name, dims, numbers)
        };
        let y = self.graph.node("PRelu", &[&x, &slope], Vec::new(), x.dims.clone());
        let y = self.graph.transpose(&y, &order);
        self.set(out, y);
        Ok(())
    }

    fn constant(&mut self, out: Slot, word: &str, numbers: Vec<f32>) {
        let name = format!("{}/{word}", self.graph.layer);
        self.fix(out, Fixed { name, dims: vec![numbers.len()], numbers });
    }

    /// A step of the user's own: run here and now where it reads nothing but weights.
    fn custom(&mut self, step: &dyn CustomStep, inputs: &[Slot], outputs: &[Slot]) -> Made<()> {
        let known: Option<Vec<Vec<f32>>> =
            inputs.iter().map(|slot| self.numbers(*slot).ok().map(|fixed| fixed.numbers.clone())).collect();
        let extent = |slot: &Slot| match self.recipe.slot(*slot).extent {
            Extent::Fixed(n) => Some(vec![0.0_f32; n]),
            Extent::Rows(_) => None,
        };
        let made: Option<Vec<Vec<f32>>> = outputs.iter().map(extent).collect();
        let (Some(known), Some(mut made)) = (known, made) else {
            return refuse(format!("the step `{}` is one of its own", step.name()));
        };
        let known: Vec<&[f32]> = known.iter().map(Vec::as_slice).collect();
        step.run(1, &known, &mut made.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
        for (slot, numbers) in outputs.iter().zip(made) {
            self.constant(*slot, step.name(), numbers);
        }
        Ok(())
    }
}

/// Numbers with their axes in another order: axis i of what comes out is axis `order[i]`.
pub(super) fn turned(numbers: &[f32], dims: &[usize], order: &[usize]) -> Vec<f32> {
    let mut strides = vec![1; dims.len()];
    for i in (1..dims.len()).rev() {
        strides[i - 1] = strides[i] * dims[i];
    }
    let place = |mut index: usize| {
        let mut at = 0;
        for &axis in order.iter().rev() {
            at += index % dims[axis] * strides[axis];
            index /= dims[axis];
        }
        at
    };
    (0..numbers.len()).map(|index| numbers[place(index)]).collect()
}
