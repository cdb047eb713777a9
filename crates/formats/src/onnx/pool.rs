//! Pooling: windows that slide, windows over everything, and bins.

use super::conv::behind;
use super::export::{Export, Made, refuse, size};
use super::graph::Value;
use super::proto::Attribute;
use steadygrad_kernels::along::Sparse;
use steadygrad_kernels::pool::{Kind, Places, Pooling};
use steadygrad_kernels::window::Axis;
use steadygrad_nn::step::Pool;

impl Export<'_> {
    /// Writes a pooling.
    pub fn pool(&mut self, step: &Pool) -> Made<()> {
        let Pooling { kind, axes, channels } = step.pooling;
        let x = self.rows(step.x)?;
        let samples = x.size() / step.pooling.input().max(1);
        let bins: Vec<Places> = axes.into_iter().filter(|axis| matches!(axis, Places::Bins { .. })).collect();
        let y = match bins[..] {
            [] => {
                let sliding = axes.map(|axis| match axis {
                    Places::Sliding(axis) => axis,
                    Places::Bins { .. } => Axis::ONE,
                });
                self.sliding(&x, kind, &sliding, channels, samples)
            }
            [Places::Bins { input, output }]
                if axes.iter().filter(|axis| **axis != Places::ONE).count() <= 1 =>
            {
                match (output, kind) {
                    (1, _) => self.over_all(&x, kind, samples, input, channels),
                    (_, Kind::Average) => {
                        let row = |o: usize| {
                            let seen = bins[0].seen(o);
                            let weight = 1.0 / seen.len() as f64;
                            seen.map(|place| (place, weight)).collect()
                        };
                        let matrix = Sparse::new(input, (0..output).map(row).collect());
                        self.matrix(&x, &matrix, samples, channels)?
                    }
                    _ => self.largest_of_bins(&x, bins[0], samples, channels),
                }
            }
            _ => return refuse("pools into bins over several axes at once"),
        };
        self.set(step.out, y);
        Ok(())
    }

    /// `MaxPool` or `AveragePool`. With the channels first, each of them is a sample of one channel.
    fn sliding(&mut self, x: &Value, kind: Kind, axes: &[Axis; 3], channels: usize, samples: usize) -> Value {
        let first = channels == 1 && samples != 1;
        let (x, axes) = if first {
            let missing = axes.iter().take(2).take_while(|axis| **axis == Axis::ONE).count();
            let shape = |from: usize| -> Vec<usize> {
                [samples].into_iter().chain(axes[from..].iter().map(|a| a.input)).collect()
            };
            let from = (0..=missing).find(|&from| x.dims == shape(from)).unwrap_or(missing);
            (self.graph.reshape(x, &shape(from)), axes[from..].to_vec())
        } else {
            self.positions(x, axes, channels, |axis| axis.input)
        };
        let n = axes.len();
        let x = if first {
            x
        } else {
            self.graph.transpose(&x, &[n].into_iter().chain(0..n).collect::<Vec<_>>())
        };
        let ints = |of: &dyn Fn(&Axis) -> usize| axes.iter().map(|a| of(a) as i64).collect::<Vec<_>>();
        let pads = ints(&|a| a.before).into_iter().chain(axes.iter().map(|a| behind(a).max(0)));
        let mut settings = vec![
            ("kernel_shape", Attribute::Ints(ints(&|a| a.size))),
            ("strides", Attribute::Ints(ints(&|a| a.stride))),
            ("pads", Attribute::Ints(pads.collect())),
        ];
        let op = if kind == Kind::Average { "AveragePool" } else { "MaxPool" };
        if kind == Kind::Average {
            settings.push(("count_include_pad", Attribute::Int(0)));
        }
        let to: Vec<usize> = [x.dims[0]].into_iter().chain(axes.iter().map(|a| a.output)).collect();
        let y = self.graph.node(op, &[&x], settings, to);
        if first { y } else { self.graph.transpose(&y, &(1..=n).chain([0]).collect::<Vec<_>>()) }
    }

    /// The mean or the largest over all positions, written over the axes as they lie before a Transpose.
    fn over_all(&mut self, x: &Value, kind: Kind, samples: usize, input: usize, channels: usize) -> Value {
        let op = if kind == Kind::Average { "ReduceMean" } else { "ReduceMax" };
        let rank = x.dims.len();
        let parts = (0..=rank).flat_map(|i| (i..=rank).map(move |j| (i, j)));
        let mut fitting = parts.filter(|&(i, j)| {
            size(&x.dims[..i]) == samples && size(&x.dims[i..j]) == input && size(&x.dims[j..]) == channels
        });
        let (x, range) = match fitting.find(|(i, j)| i < j) {
            Some((i, j)) => (x.clone(), i..j),
            None => (self.graph.reshape(x, &[samples, input, channels]), 1..2),
        };
        let (straight, order) = self.graph.straight(&x);
        let mut axes: Vec<i64> = range.clone().map(|i| straight.axis(order[i])).collect();
        axes.sort_unstable();
        let y = self.graph.reduced(op, &straight, &axes);
        let y = self.graph.transpose(&y, &order);
        let dims: Vec<usize> = x.dims[..range.start].iter().chain(&x.dims[range.end..]).copied().collect();
        self.graph.reshape(&y, &dims)
    }

    /// The largest of each bin, side by side.
    fn largest_of_bins(&mut self, x: &Value, bins: Places, samples: usize, channels: usize) -> Value {
        let (x, at) = self.graph.along(x, samples, bins.input(), channels);
        let axis = x.axis(at);
        let all: Vec<Value> = (0..bins.output())
            .map(|o| {
                let seen = bins.seen(o);
                let part = self.graph.slice(&x, at, seen.start, seen.len());
                self.graph.reduced("ReduceMax", &part, &[axis])
            })
            .collect();
        let mut dims = x.dims.clone();
        dims[at] = all.len();
        self.graph.node("Concat", &all.iter().collect::<Vec<_>>(), vec![("axis", Attribute::Int(axis))], dims)
    }
}
