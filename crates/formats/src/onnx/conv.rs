//! Convolution, and the way back that a transposed one is.

use super::export::{Export, Made, refuse};
use super::graph::Value;
use super::linear::turned;
use super::proto::Attribute;
use steadygrad_kernels::conv::Pass;
use steadygrad_kernels::window::Axis;
use steadygrad_nn::step::ConvStep;

/// One of the sizes of an axis.
type Size = fn(&Axis) -> usize;

impl Export<'_> {
    /// Writes a convolution: channels to the front, `Conv` or `ConvTranspose`, channels back.
    pub fn conv(&mut self, i: usize, step: &ConvStep) -> Made<()> {
        let of = step.of;
        let (op, channels, filters) = match step.pass {
            Pass::Forward => ("Conv", of.channels, of.filters),
            Pass::Input => ("ConvTranspose", of.filters, of.channels),
            Pass::Weights => return refuse("computes a gradient"),
        };
        let (input, output): (Size, Size) = match step.pass {
            Pass::Input => (|axis| axis.output, |axis| axis.input),
            _ => (|axis| axis.input, |axis| axis.output),
        };
        let x = self.rows(step.a)?;
        let (x, axes) = self.positions(&x, &of.window.axes, channels, input);
        let kernel = self.numbers(step.b)?.clone();
        // [taps, channels, filters] to [filters, channels, taps]; the way back has the same weights.
        let mut dims: Vec<usize> = axes.iter().map(|a| a.size).collect();
        dims.extend([of.channels / of.groups.max(1), of.filters]);
        let n = axes.len();
        let order: Vec<usize> = [n + 1, n].into_iter().chain(0..n).collect();
        let to = order.iter().map(|&axis| dims[axis]).collect();
        let kernel = self.graph.constant(&kernel.name, to, turned(&kernel.numbers, &dims, &order));
        let (bias, out) = self.bias_behind(i, step.out, filters)?;

        let ints = |of: &dyn Fn(&Axis) -> usize| Attribute::Ints(axes.iter().map(|a| of(a) as i64).collect());
        let mut settings = vec![
            ("kernel_shape", ints(&|a| a.size)),
            ("strides", ints(&|a| a.stride)),
            ("dilations", ints(&|a| a.dilation)),
            ("group", Attribute::Int(of.groups as i64)),
        ];
        let behind: Vec<i64> = axes.iter().map(behind).collect();
        let before = axes.iter().map(|a| a.before as i64);
        settings.push(("pads", Attribute::Ints(before.chain(behind.iter().map(|&n| n.max(0))).collect())));
        if step.pass == Pass::Input && behind.iter().any(|&n| n < 0) {
            // Numbers at the end that no window reached.
            settings.push(("output_padding", Attribute::Ints(behind.iter().map(|&n| (-n).max(0)).collect())));
        }
        let x = self.graph.transpose(&x, &[n].into_iter().chain(0..n).collect::<Vec<_>>());
        let to: Vec<usize> = [filters].into_iter().chain(axes.iter().map(output)).collect();
        let inputs: Vec<&Value> = [&x, &kernel].into_iter().chain(bias.as_ref()).collect();
        let y = self.graph.node(op, &inputs, settings, to);
        let y = self.graph.transpose(&y, &(1..=n).chain([0]).collect::<Vec<_>>());
        self.finished(y, step.bias, step.map.as_ref(), out)
    }

    /// The value as positions × channels, and the axes that there are: those of the value where they fit.
    pub fn positions(
        &mut self,
        x: &Value,
        axes: &[Axis; 3],
        channels: usize,
        input: Size,
    ) -> (Value, Vec<Axis>) {
        let missing = axes.iter().take(2).take_while(|axis| **axis == Axis::ONE).count();
        let shape =
            |from: usize| -> Vec<usize> { axes[from..].iter().map(input).chain([channels]).collect() };
        let from = (0..=missing).find(|&from| x.dims == shape(from)).unwrap_or(missing);
        (self.graph.reshape(x, &shape(from)), axes[from..].to_vec())
    }
}

/// The padding behind an axis; below 0 so many numbers that no window sees.
pub(super) fn behind(axis: &Axis) -> i64 {
    let seen = axis.output.saturating_sub(1) * axis.stride + Axis::reach(axis.size, axis.dilation);
    seen as i64 - axis.before as i64 - axis.input as i64
}
