//! Steps that move numbers, repeat them, look them up, or take them by a fixed matrix.

use super::export::{Export, Fixed, Made, per_row, refuse, sample, size};
use super::graph::Value;
use super::proto::Attribute;
use steadygrad_kernels::along::Sparse;
use steadygrad_nn::Extent;
use steadygrad_nn::step::{Frame, Slot, Step};

/// Numbers of a matrix that is written out; a file would be hundreds of megabytes beyond it.
const MOST: usize = 1 << 26;

impl Export<'_> {
    /// Writes a step of this kind; what is not one computes gradients or losses.
    pub fn moved(&mut self, step: &Step) -> Made<()> {
        let (out, y) = match step {
            Step::Expand { x, out, from, to } => return self.expanded(*x, *out, from, to),
            Step::Reduce { x, out, from, to } => {
                let (from, to) = (sample(from)?, sample(to)?);
                let x = self.rows(*x)?;
                let x = self.graph.reshape(&x, &from);
                let axes: Vec<i64> =
                    (0..from.len()).filter(|&i| from[i] != to[i]).map(|i| x.axis(i)).collect();
                (out, if axes.is_empty() { x } else { self.graph.reduced("ReduceSum", &x, &axes) })
            }
            Step::Permute { x, out, dims, order } => {
                let [0, order @ ..] = order.as_slice() else { return refuse("moves the axis of the batch") };
                let x = self.rows(*x)?;
                let x = self.graph.reshape(&x, &sample(dims)?);
                let order: Vec<usize> = order.iter().map(|axis| axis - 1).collect();
                (out, self.graph.transpose(&x, &order))
            }
            Step::Concat { inputs, out, outer, inner } => {
                (out, self.concatenated(inputs, per_row(*outer)?, *inner)?)
            }
            Step::Slice { x, out, outer, total, start, len, inner } => {
                let x = self.rows(*x)?;
                let (x, at) = self.graph.along(&x, per_row(*outer)?, *total, *inner);
                (out, self.graph.slice(&x, at, *start, *len))
            }
            Step::Along(along) => {
                let x = self.rows(along.x)?;
                (&along.out, self.matrix(&x, &along.matrix, per_row(along.outer)?, along.inner)?)
            }
            Step::Frame(frame) => (&frame.out, self.framed(frame)?),
            Step::Gather(gather) => {
                let numbers = self.rows(gather.numbers)?;
                let table = self.known(gather.table, vec![gather.rows, gather.len])?;
                let to = vec![("to", Attribute::Int(7))];
                let places = self.graph.node("Cast", &[&numbers], to, numbers.dims.clone());
                let mut dims = numbers.dims.clone();
                dims.push(gather.len);
                let first = vec![("axis", Attribute::Int(0))];
                (&gather.out, self.graph.node("Gather", &[&table, &places], first, dims))
            }
            _ => return refuse("computes a loss or a gradient"),
        };
        self.set(*out, y);
        Ok(())
    }

    fn expanded(&mut self, x: Slot, out: Slot, from: &[Extent], to: &[Extent]) -> Made<()> {
        let to = sample(to)?;
        if let Ok(known) = self.numbers(x) {
            // Weights for every sample: the nodes that read them stretch them themselves.
            let dims: Option<Vec<usize>> =
                from[1..].iter().map(|e| (*e == Extent::Fixed(e.at(1))).then(|| e.at(1))).collect();
            let Some(dims) = dims.filter(|_| from[0] == Extent::ONE) else {
                return refuse("repeats numbers that do not belong to samples");
            };
            let fixed = Fixed { dims, ..known.clone() };
            self.fix(out, fixed);
            return Ok(());
        }
        let x = self.rows(x)?;
        let x = self.graph.reshape(&x, &sample(from)?);
        let y = self.graph.stretch(&x, &to);
        self.set(out, y);
        Ok(())
    }

    fn concatenated(&mut self, inputs: &[(Slot, usize)], outer: usize, inner: usize) -> Made<Value> {
        let mut values = Vec::with_capacity(inputs.len());
        for (slot, len) in inputs {
            let x = self.rows(*slot)?;
            values.push(self.graph.along(&x, outer, *len, inner));
        }
        let agree = |a: &(Value, usize), b: &(Value, usize)| {
            let others = |v: &(Value, usize)| {
                let mut dims = v.0.dims.clone();
                dims[v.1] = 0;
                dims
            };
            a.1 == b.1 && others(a) == others(b)
        };
        if !values.windows(2).all(|pair| agree(&pair[0], &pair[1])) {
            for (value, (_, len)) in values.iter_mut().zip(inputs) {
                *value = (self.graph.reshape(&value.0, &[outer, *len, inner]), 1);
            }
        }
        let Some(at) = values.first().map(|value| value.1) else { return refuse("reads nothing") };
        let values: Vec<Value> = values.into_iter().map(|value| value.0).collect();
        let total: usize = inputs.iter().map(|input| input.1).sum();
        let (values, order) = match self.graph.all_straight(&values) {
            Some(straight) => straight,
            None => {
                let order = (0..values[0].dims.len()).collect();
                (values, order)
            }
        };
        let at = order[at];
        let mut dims = values[0].dims.clone();
        dims[at] = total;
        let axis = Attribute::Int(values[0].axis(at));
        let y = self.graph.node("Concat", &values.iter().collect::<Vec<_>>(), vec![("axis", axis)], dims);
        Ok(self.graph.transpose(&y, &order))
    }

    /// The matrix times x along an axis.
    pub fn matrix(&mut self, x: &Value, matrix: &Sparse, outer: usize, inner: usize) -> Made<Value> {
        let (rows, columns) = (matrix.rows(), matrix.columns());
        if rows.saturating_mul(columns) > MOST {
            return refuse(format!("resizes an axis by a matrix of {rows} × {columns} numbers"));
        }
        let mut numbers = vec![0.0; rows * columns];
        for row in 0..rows {
            matrix.row(row).for_each(|(column, weight)| numbers[row * columns + column] += weight as f32);
        }
        let name = format!("{}/matrix", self.graph.layer);
        let matrix = self.graph.constant(&name, vec![rows, columns], numbers);
        // The axis, and all that is behind it as one.
        let mut dims = if outer == 1 { Vec::new() } else { vec![outer] };
        let fits = x.dims.len() >= 2 && x.dims[x.dims.len() - 2..] == [columns, inner];
        let x = if fits && size(&x.dims[..x.dims.len() - 2]) == outer {
            x.clone()
        } else {
            dims.extend([columns, inner]);
            self.graph.reshape(x, &dims)
        };
        let mut to = x.dims.clone();
        let at = to.len() - 2;
        to[at] = rows;
        Ok(self.graph.node("MatMul", &[&matrix, &x], Vec::new(), to))
    }

    /// Padding and cropping, done before a Transpose.
    fn framed(&mut self, frame: &Frame) -> Made<Value> {
        let (from, to) = (sample(&frame.from)?, sample(&frame.to)?);
        let x = self.rows(frame.x)?;
        let x = self.graph.reshape(&x, &from);
        let (mut y, order) = self.graph.straight(&x);
        let rank = order.len();
        let mut pads = vec![0; 2 * (rank + 1)];
        let mut dims = y.dims.clone();
        for (i, &at) in order.iter().enumerate() {
            let (low, n) = (frame.start[i + 1] as i64, from[i] as i64);
            let high = low + to[i] as i64;
            let (start, end) = (low.max(0), high.min(n));
            if start >= end {
                return refuse("frames a part of the image in which there is nothing");
            }
            if (start, end) != (0, n) {
                y = self.graph.slice(&y, at, start as usize, (end - start) as usize);
            }
            (pads[at + 1], pads[at + rank + 2]) = ((-low).max(0), (high - n).max(0));
            dims[at] = to[i];
        }
        if pads.iter().any(|&n| n != 0) {
            let pads = self.graph.whole(&pads);
            let fill = self.graph.number(frame.fill);
            y = self.graph.node("Pad", &[&y, &pads, &fill], Vec::new(), dims);
        }
        Ok(self.graph.transpose(&y, &order))
    }
}
