//! A convolution and its two gradients as steps.

use super::{Access, Slot};
use crate::activations::Activation;
use std::sync::Arc;
use steadygrad_kernels::conv::{Conv, Pass};

/// One pass of a convolution.
///
/// ```text
/// Forward  out = y   from a = x,  b = the weights; then, fused: + bias, then f
/// Input    out = dx  from a = dy, b = the weights; a transposed convolution uses it as its forward pass
/// Weights  out = dw  from a = x,  b = dy
/// ```
#[derive(Debug, Clone)]
pub struct ConvStep {
    /// Which pass.
    pub pass: Pass,
    /// The geometry.
    pub of: Conv,
    /// What is read sample by sample.
    pub a: Slot,
    /// The weights, or the gradient of the output.
    pub b: Slot,
    /// What is written.
    pub out: Slot,
    /// Added at every place; not for the gradient of the weights.
    pub bias: Option<Slot>,
    /// Applied at the end; `out` then holds f(z), and z is not kept.
    pub map: Option<Arc<dyn Activation>>,
}

impl ConvStep {
    /// Without bias and function.
    pub fn new(pass: Pass, of: Conv, a: Slot, b: Slot, out: Slot) -> ConvStep {
        ConvStep { pass, of, a, b, out, bias: None, map: None }
    }

    /// Numbers side by side at each position of what is written.
    pub fn width(&self) -> usize {
        match self.pass {
            Pass::Forward => self.of.filters,
            Pass::Input => self.of.channels,
            Pass::Weights => 1,
        }
    }

    pub(super) fn visit(&mut self, see: &mut dyn FnMut(&mut Slot, Access)) {
        see(&mut self.a, Access::Read);
        see(&mut self.b, Access::Read);
        if let Some(bias) = &mut self.bias {
            see(bias, Access::Read);
        }
        see(&mut self.out, Access::Write);
    }

    pub(super) fn label(&self) -> String {
        let name = match (self.pass, self.of.depthwise()) {
            (Pass::Forward, false) => "conv",
            (Pass::Forward, true) => "depthwise_conv",
            (Pass::Input, false) => "conv_back",
            (Pass::Input, true) => "depthwise_conv_back",
            (Pass::Weights, false) => "conv_weights",
            (Pass::Weights, true) => "depthwise_conv_weights",
        };
        let sizes: Vec<String> = self.of.window.axes.iter().map(|a| a.size.to_string()).collect();
        let (from, to) = match self.pass {
            Pass::Input => (self.of.filters, self.of.channels),
            _ => (self.of.channels, self.of.filters),
        };
        let mut label = format!("{name} {} {from} → {to}", sizes.join("×"));
        if self.bias.is_some() {
            label += " + bias";
        }
        if let Some(f) = &self.map {
            label += &format!(" → {}", f.name());
        }
        label
    }
}
