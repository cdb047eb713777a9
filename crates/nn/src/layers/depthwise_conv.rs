//! Depthwise convolution: every channel by itself.

use super::convolve::{Sliding, activated, convolved, count, finished, without_groups};
use super::dense::{not_linear, without_adapters};
use super::layer::{Layer, Role, one_input};
use super::spatial::{DataFormat, Padding, Sizes};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::constraints::Constraint;
use crate::initializers::{GlorotUniform, Initializer, Zeros};
use crate::lowering::{Lowering, ParamSpec};
use crate::regularizers::Regularizer;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// A convolution of every channel by itself, over one or two axes: [`DepthwiseConv1D`], [`DepthwiseConv2D`].
///
/// ```text
/// y[o, c·m + j] = b[c·m + j] + Σ_k x[o·stride + k·dilation − before, c]·W[k, c, j],   j = 0 … m − 1, m = depth_multiplier
///
/// x: (batch, …, channels),  W: (kernel_size…, channels, m),  y: (batch, …, channels·m)
/// ```
///
/// Sizes and padding as for [`Conv2D`](super::Conv2D). Weights in Keras' order: kernel, bias. Keras' initializers take
/// kernel_size × channels for the fan, though an output sees kernel_size numbers only: its variance is channels times smaller
/// than that of a full convolution.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::{DepthwiseConv2D, Padding}};
/// let layer = DepthwiseConv2D::new(3).depth_multiplier(2).padding(Padding::Same);
/// let model: Model = Sequential::new([8, 8, 3]).add(layer).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [8, 8, 6]);
/// ```
#[derive(Debug, Clone)]
pub struct DepthwiseConv<const N: usize> {
    depth_multiplier: usize,
    sliding: Sliding<N>,
    activation: Option<Arc<dyn Layer>>,
    use_bias: bool,
    depthwise: ParamSpec,
    bias: ParamSpec,
}

/// A depthwise convolution over sequences (batch, length, channels).
pub type DepthwiseConv1D = DepthwiseConv<1>;
/// A depthwise convolution over images (batch, height, width, channels).
pub type DepthwiseConv2D = DepthwiseConv<2>;

impl<const N: usize> DepthwiseConv<N> {
    /// One filter for each channel with windows of this size, linear, with a bias, Glorot-uniform as in Keras.
    pub fn new(kernel_size: impl Into<Sizes<N>>) -> DepthwiseConv<N> {
        DepthwiseConv {
            depth_multiplier: 1,
            sliding: Sliding::new(kernel_size.into()),
            activation: None,
            use_bias: true,
            depthwise: ParamSpec::new(GlorotUniform),
            bias: ParamSpec::new(Zeros),
        }
    }

    /// How many filters each channel has.
    pub fn depth_multiplier(mut self, depth_multiplier: usize) -> DepthwiseConv<N> {
        self.depth_multiplier = depth_multiplier;
        self
    }

    /// How far the window moves from one place to the next.
    pub fn strides(mut self, strides: impl Into<Sizes<N>>) -> DepthwiseConv<N> {
        self.sliding.strides = strides.into();
        self
    }

    /// What stands beyond the edges.
    pub fn padding(mut self, padding: Padding) -> DepthwiseConv<N> {
        self.sliding.padding = padding;
        self
    }

    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> DepthwiseConv<N> {
        self.sliding.data_format = data_format;
        self
    }

    /// How far a tap lies from the next.
    pub fn dilation_rate(mut self, dilation_rate: impl Into<Sizes<N>>) -> DepthwiseConv<N> {
        self.sliding.dilation_rate = dilation_rate.into();
        self
    }

    /// The activation: any layer.
    pub fn activation(mut self, activation: impl Layer) -> DepthwiseConv<N> {
        self.activation = not_linear(Arc::new(activation));
        self
    }

    /// Whether a bias is added; before a batch normalization it is useless.
    pub fn use_bias(mut self, use_bias: bool) -> DepthwiseConv<N> {
        self.use_bias = use_bias;
        self
    }

    /// How the kernel is drawn.
    pub fn depthwise_initializer(mut self, initializer: impl Initializer) -> DepthwiseConv<N> {
        self.depthwise.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the kernel.
    pub fn depthwise_regularizer(mut self, regularizer: impl Regularizer + 'static) -> DepthwiseConv<N> {
        self.depthwise.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the kernel.
    pub fn depthwise_constraint(mut self, constraint: impl Constraint + 'static) -> DepthwiseConv<N> {
        self.depthwise.constraint = Some(Arc::new(constraint));
        self
    }

    /// How the bias starts.
    pub fn bias_initializer(mut self, initializer: impl Initializer) -> DepthwiseConv<N> {
        self.bias.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the bias.
    pub fn bias_regularizer(mut self, regularizer: impl Regularizer + 'static) -> DepthwiseConv<N> {
        self.bias.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the bias.
    pub fn bias_constraint(mut self, constraint: impl Constraint + 'static) -> DepthwiseConv<N> {
        self.bias.constraint = Some(Arc::new(constraint));
        self
    }
}

impl<const N: usize> Layer for DepthwiseConv<N> {
    fn class(&self) -> &'static str {
        ["DepthwiseConv1D", "DepthwiseConv2D"][N - 1]
    }

    fn config(&self) -> Config {
        let config = Config::new().with("depth_multiplier", self.depth_multiplier);
        self.sliding
            .write(config)
            .with("activation", self.activation.as_ref().map_or("linear".into(), |a| a.as_activation()))
            .with("use_bias", self.use_bias)
            .with("depthwise_initializer", &self.depthwise.initializer)
            .with("bias_initializer", &self.bias.initializer)
            .with("depthwise_regularizer", self.depthwise.regularizer.as_ref())
            .with("bias_regularizer", self.bias.regularizer.as_ref())
            .with("depthwise_constraint", self.depthwise.constraint.as_ref())
            .with("bias_constraint", self.bias.constraint.as_ref())
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, self.class())?;
        let (_, channels) = self.sliding.data_format.split::<N>(shape, self.class())?;
        let filters = channels.saturating_mul(self.depth_multiplier);
        activated(self.sliding.output_shape(shape, filters, self.class())?, self.activation.as_ref())
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = self.sliding.data_format.to_last(at, at.input(0));
        let channels = at.shape(x).last();
        let of = self.sliding.over(at.shape(x), channels * self.depth_multiplier, channels)?;
        let mut shape = self.sliding.kernel_size.0.to_vec();
        shape.extend([channels, self.depth_multiplier]);
        let kernel = at.param("kernel", shape, &self.depthwise)?;
        let z = convolved(at, x, kernel, of);
        finished(
            at,
            z,
            self.use_bias.then_some(&self.bias),
            self.sliding.data_format,
            self.activation.as_ref(),
        )
    }

    fn channel_axis(&self) -> Option<usize> {
        self.sliding.data_format.axis()
    }

    fn role(&self) -> Role {
        Role::Linear { initializer: self.depthwise.initializer.clone() }
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = DepthwiseConv::<N> {
        depth_multiplier: count(args, "depth_multiplier", Some(1))?,
        sliding: Sliding::read(args, false)?,
        activation: args.or("activation", None)?.and_then(not_linear),
        use_bias: args.or("use_bias", true)?,
        depthwise: ParamSpec::read(args, "depthwise", Arc::new(GlorotUniform))?,
        bias: ParamSpec::read(args, "bias", Arc::new(Zeros))?,
    };
    without_adapters(args)?;
    without_groups(args)?;
    Ok(Arc::new(layer))
}

pub(crate) const DEPTHWISE_CONV1D: Entry<dyn Layer> =
    Entry { class: "DepthwiseConv1D", names: &["depthwise_conv1d"], build: build::<1> };
pub(crate) const DEPTHWISE_CONV2D: Entry<dyn Layer> =
    Entry { class: "DepthwiseConv2D", names: &["depthwise_conv2d"], build: build::<2> };
