//! A convolution as steps: what all layers of the kind lower to.

use super::dense::{add_bias, product};
use super::spatial::{DataFormat, Padding, Sizes, window};
use crate::args::Args;
use crate::builder::{Param, Port};
use crate::config::{Config, FromValue, Value};
use crate::initializers::{GlorotUniform, Initializer};
use crate::layers::layer::Layer;
use crate::lowering::{Lowering, ParamSpec};
use crate::shape::Shape;
use crate::step::{ConvStep, Step};
use std::sync::Arc;
use steadygrad_kernels::conv::{Conv, Pass};
use steadygrad_kernels::window::Window;
use steadygrad_kernels::{Error, Result};

/// How a window slides, as layers are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sliding<const N: usize> {
    pub kernel_size: Sizes<N>,
    pub strides: Sizes<N>,
    pub padding: Padding,
    pub data_format: DataFormat,
    pub dilation_rate: Sizes<N>,
}

impl<const N: usize> Sliding<N> {
    /// Keras' defaults.
    pub fn new(kernel_size: Sizes<N>) -> Sliding<N> {
        Sliding {
            kernel_size,
            strides: Sizes::from(1),
            padding: Padding::Valid,
            data_format: DataFormat::ChannelsLast,
            dilation_rate: Sizes::from(1),
        }
    }

    /// From a layer's settings.
    pub fn read(args: &mut Args<'_>, causal: bool) -> Result<Sliding<N>> {
        Ok(Sliding {
            kernel_size: Sizes::read(args, "kernel_size", None)?,
            strides: Sizes::read(args, "strides", Some(Sizes::from(1)))?,
            padding: Padding::read(args, causal)?,
            data_format: DataFormat::read(args)?,
            dilation_rate: Sizes::read(args, "dilation_rate", Some(Sizes::from(1)))?,
        })
    }

    /// As a layer's settings, in Keras' order.
    pub fn write(&self, config: Config) -> Config {
        config
            .with("kernel_size", self.kernel_size)
            .with("strides", self.strides)
            .with("padding", self.padding)
            .with("data_format", self.data_format)
            .with("dilation_rate", self.dilation_rate)
    }

    /// The shape of the output with so many filters at each place.
    pub fn output_shape(&self, shape: &Shape, filters: usize, class: &str) -> Result<Shape> {
        let (sizes, _) = self.data_format.split::<N>(shape, class)?;
        let axes =
            window(self.padding, sizes, self.kernel_size, self.strides, self.dilation_rate, "kernel_size")
                .map_err(|e| self.data_format.doubt(shape, e))?;
        Ok(self.data_format.join(&axes.map(|a| a.output), filters))
    }

    /// The convolution of samples of this shape, channels last.
    pub fn over(&self, shape: &Shape, filters: usize, groups: usize) -> Result<Conv> {
        let (sizes, channels) = DataFormat::ChannelsLast.split::<N>(shape, "a convolution")?;
        let axes =
            window(self.padding, sizes, self.kernel_size, self.strides, self.dilation_rate, "kernel_size")?;
        Ok(Conv { window: Window::new(&axes), channels, filters, groups })
    }
}

/// z = x convolved with the kernel, channels last, with both gradients.
pub(crate) fn convolved(at: &mut Lowering<'_>, x: Port, kernel: Param, of: Conv) -> Port {
    let dw = at.param_gradient(&kernel);
    if of.groups == 1 && of.window.axes.iter().all(|a| a.size == 1 && a.stride == 1) {
        // A window of one tap is a product over the last axis.
        return product(at, x, kernel.slot, dw, of.filters);
    }
    let rank = at.shape(x).rank();
    let outputs = of.window.axes.map(|a| a.output);
    let z = at.port(DataFormat::ChannelsLast.join(&outputs[outputs.len() + 1 - rank..], of.filters));
    let (slot, dz) = (at.slot(x), at.gradient(z));
    let step = |pass, a, b, out| Step::Conv(ConvStep::new(pass, of, a, b, out));
    at.forward(step(Pass::Forward, slot, kernel.slot, at.slot(z)));
    let dx = at.gradient_into(x);
    at.backward(
        dw.map(|dw| step(Pass::Weights, slot, dz, dw))
            .into_iter()
            .chain(dx.map(|dx| step(Pass::Input, dz, kernel.slot, dx))),
    );
    z
}

/// The transposed convolution: the gradient of `of` as a layer, from its output to its input.
pub(crate) fn transposed(at: &mut Lowering<'_>, x: Port, kernel: Param, of: Conv, output: Shape) -> Port {
    let dw = at.param_gradient(&kernel);
    let z = at.port(output);
    let (slot, dz) = (at.slot(x), at.gradient(z));
    let step = |pass, a, b, out| Step::Conv(ConvStep::new(pass, of, a, b, out));
    at.forward(step(Pass::Input, slot, kernel.slot, at.slot(z)));
    let dx = at.gradient_into(x);
    at.backward(
        dw.map(|dw| step(Pass::Weights, dz, slot, dw))
            .into_iter()
            .chain(dx.map(|dx| step(Pass::Forward, dz, kernel.slot, dx))),
    );
    z
}

/// z + b where there is a bias, in the format of the layer, and the activation on top.
pub(crate) fn finished(
    at: &mut Lowering<'_>,
    z: Port,
    bias: Option<&ParamSpec>,
    format: DataFormat,
    activation: Option<&Arc<dyn Layer>>,
) -> Result<()> {
    let mut y = z;
    if let Some(bias) = bias {
        y = add_bias(at, y, bias)?;
    }
    y = format.restore(at, y);
    if let Some(activation) = activation {
        y = at.apply(activation, "activation", y)?;
    }
    at.output(y);
    Ok(())
}

/// The shape behind the activation.
pub(crate) fn activated(z: Shape, activation: Option<&Arc<dyn Layer>>) -> Result<Vec<Shape>> {
    match activation {
        Some(activation) => activation.output_shapes(&[z]),
        None => Ok(vec![z]),
    }
}

/// A count of 1 or more under this name.
pub(crate) fn count(args: &mut Args<'_>, name: &str, default: Option<usize>) -> Result<usize> {
    let count: i64 = match default {
        Some(default) => args.or(name, default as i64)?,
        None => args.need(name)?,
    };
    match usize::try_from(count) {
        Ok(count) if count > 0 => Ok(count),
        _ => args.reject(name, "1 or more", count),
    }
}

/// What Keras 2 wrote of every convolution, also of those that have no groups: files of that time have it.
pub(crate) fn without_groups(args: &mut Args<'_>) -> Result<()> {
    args.neutral("groups", "left out, or 1", |value| usize::from_value(value).is_ok_and(|groups| groups == 1))
}

/// What Keras 2 wrote of a separable convolution: a kernel that there is not, as every convolution has it.
pub(crate) fn without_kernel(args: &mut Args<'_>) -> Result<()> {
    let usual = |value: &Value| {
        Arc::<dyn Initializer>::from_value(value).is_ok_and(|i| i.class() == GlorotUniform.class())
    };
    args.neutral("kernel_initializer", "left out; there are depthwise_… and pointwise_initializer", usual)?;
    args.neutral(
        "kernel_regularizer",
        "left out; there are depthwise_… and pointwise_regularizer",
        |_| false,
    )?;
    args.neutral("kernel_constraint", "left out; there are depthwise_… and pointwise_constraint", |_| false)
}

/// A convolution that both strides and dilates has no output that Keras would give.
pub(crate) fn strided_or_dilated<const N: usize>(sliding: &Sliding<N>) -> Result<()> {
    let more = |sizes: Sizes<N>| sizes.0.iter().any(|&s| s > 1);
    if more(sliding.strides) && more(sliding.dilation_rate) {
        return Err(Error::argument(format!(
            "`strides` {:?} and `dilation_rate` {:?} cannot both be above 1",
            sliding.strides.0, sliding.dilation_rate.0
        ))
        .help("use one of the two"));
    }
    Ok(())
}
