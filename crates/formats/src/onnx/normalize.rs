//! Normalization: by known moments, and of every sample by its own.

use super::export::{Export, Made, per_row, refuse, size};
use super::graph::{Value, inverse};
use super::proto::Attribute;
use steadygrad_nn::Extent;
use steadygrad_nn::step::{Slot, Step};

impl Export<'_> {
    /// Writes a normalization.
    pub fn normalize(&mut self, i: usize, step: &Step) -> Made<()> {
        match step {
            Step::Normalize { x, mean, variance, gamma, beta, out, layout, epsilon } => {
                let (outer, Extent::Fixed(n)) = (per_row(layout.outer)?, layout.axis) else {
                    return refuse("normalizes the samples of a batch one by one");
                };
                let x = self.rows(*x)?;
                let (x, at) = self.graph.along(&x, outer, n, layout.inner);
                // The channels come first, behind the batch.
                let rank = x.dims.len();
                let front: Vec<usize> = [at].into_iter().chain((0..rank).filter(|&i| i != at)).collect();
                let home = inverse(&front);
                let x = self.graph.transpose(&x, &front);
                let gamma = self.or_all(*gamma, 1.0, &[n])?;
                let beta = self.or_all(*beta, 0.0, &[n])?;
                let (mean, variance) = (self.known(*mean, vec![n])?, self.known(*variance, vec![n])?);
                let settings = vec![("epsilon", Attribute::Float(*epsilon as f32))];
                let inputs = [&x, &gamma, &beta, &mean, &variance];
                let y = self.graph.node("BatchNormalization", &inputs, settings, x.dims.clone());
                let y = self.graph.transpose(&y, &home);
                self.set(*out, y);
                Ok(())
            }
            Step::Standardize { x, out, rows, len, epsilon, center, .. } => {
                let x = self.rows(*x)?;
                let (x, at) = self.last(&x, per_row(*rows)?, *len);
                if *center {
                    self.layer_normalization(i, &x, at, *out, *epsilon)
                } else {
                    // x/√(mean x² + ε)
                    let axes: Vec<i64> = (at..x.dims.len()).map(|at| x.axis(at)).collect();
                    let square = self.graph.binary("Mul", &x, &x);
                    let mean = self.graph.reduced("ReduceMean", &square, &axes);
                    let mean = self.graph.with_number("Add", &mean, *epsilon);
                    let root = self.graph.unary("Sqrt", &mean);
                    let y = self.graph.binary("Div", &x, &root);
                    self.set(*out, y);
                    Ok(())
                }
            }
            _ => refuse("is no normalization"),
        }
    }

    /// The value with its last axes, from one on, holding so many numbers, and which axis that is.
    fn last(&mut self, x: &Value, rows: usize, len: usize) -> (Value, usize) {
        let fits = |at: usize| size(&x.dims[..at]) == rows && size(&x.dims[at..]) == len;
        match (0..x.dims.len()).find(|&at| fits(at)) {
            Some(at) => (x.clone(), at),
            None if rows == 1 => (self.graph.reshape(x, &[len]), 0),
            None => (self.graph.reshape(x, &[rows, len]), 1),
        }
    }

    fn layer_normalization(&mut self, i: usize, x: &Value, at: usize, out: Slot, epsilon: f64) -> Made<()> {
        let dims = &x.dims[at..];
        let (gamma, beta, out) = match self.affine_behind(i, out, size(dims)) {
            Some(affine) => {
                self.joined.insert(i + 1);
                affine
            }
            None => (None, None, out),
        };
        let gamma = self.or_all(gamma, 1.0, dims)?;
        let beta = beta.map(|beta| self.known(beta, dims.to_vec())).transpose()?;
        let inputs: Vec<&Value> = [x, &gamma].into_iter().chain(beta.as_ref()).collect();
        let settings =
            vec![("axis", Attribute::Int(x.axis(at))), ("epsilon", Attribute::Float(epsilon as f32))];
        let y = self.graph.node("LayerNormalization", &inputs, settings, x.dims.clone());
        self.set(out, y);
        Ok(())
    }

    /// Weights under these axes, or the same number everywhere.
    fn or_all(&mut self, weights: Option<Slot>, number: f32, dims: &[usize]) -> Made<Value> {
        match weights {
            Some(slot) => self.known(slot, dims.to_vec()),
            None => {
                let name = format!("{number} for all of {dims:?}");
                Ok(self.graph.constant(&name, dims.to_vec(), vec![number; size(dims)]))
            }
        }
    }
}
