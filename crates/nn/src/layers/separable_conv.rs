//! Separable convolution: every channel by itself, then a product over the channels.

use super::convolve::{Sliding, activated, convolved, count, finished, without_groups, without_kernel};
use super::dense::{not_linear, product, without_adapters};
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

/// A depthwise convolution and a product over the channels behind it, over one or two axes: [`SeparableConv1D`],
/// [`SeparableConv2D`] (Sifre 2014, Chollet 2017).
///
/// ```text
/// d[o, c·m + j] = Σ_k x[o·stride + k·dilation − before, c]·D[k, c, j],   y[o, f] = b[f] + Σ_i d[o, i]·P[i, f]
///
/// D: (kernel_size…, channels, m),  P: (1…, channels·m, filters),  m = depth_multiplier
/// ```
///
/// Sizes and padding as for [`Conv2D`](super::Conv2D). Weights in Keras' order: depthwise_kernel, pointwise_kernel, bias.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::SeparableConv2D};
/// let model: Model = Sequential::new([8, 8, 3]).add(SeparableConv2D::new(16, 3)).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [6, 6, 16]);
/// ```
#[derive(Debug, Clone)]
pub struct SeparableConv<const N: usize> {
    depth_multiplier: usize,
    filters: usize,
    sliding: Sliding<N>,
    activation: Option<Arc<dyn Layer>>,
    use_bias: bool,
    depthwise: ParamSpec,
    pointwise: ParamSpec,
    bias: ParamSpec,
}

/// A separable convolution over sequences (batch, length, channels).
pub type SeparableConv1D = SeparableConv<1>;
/// A separable convolution over images (batch, height, width, channels).
pub type SeparableConv2D = SeparableConv<2>;

impl<const N: usize> SeparableConv<N> {
    /// So many filters with windows of this size, linear, with a bias, Glorot-uniform as in Keras.
    pub fn new(filters: usize, kernel_size: impl Into<Sizes<N>>) -> SeparableConv<N> {
        SeparableConv {
            depth_multiplier: 1,
            filters,
            sliding: Sliding::new(kernel_size.into()),
            activation: None,
            use_bias: true,
            depthwise: ParamSpec::new(GlorotUniform),
            pointwise: ParamSpec::new(GlorotUniform),
            bias: ParamSpec::new(Zeros),
        }
    }

    /// How many numbers each channel becomes between the two.
    pub fn depth_multiplier(mut self, depth_multiplier: usize) -> SeparableConv<N> {
        self.depth_multiplier = depth_multiplier;
        self
    }

    /// How far the window moves from one place to the next.
    pub fn strides(mut self, strides: impl Into<Sizes<N>>) -> SeparableConv<N> {
        self.sliding.strides = strides.into();
        self
    }

    /// What stands beyond the edges.
    pub fn padding(mut self, padding: Padding) -> SeparableConv<N> {
        self.sliding.padding = padding;
        self
    }

    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> SeparableConv<N> {
        self.sliding.data_format = data_format;
        self
    }

    /// How far a tap lies from the next.
    pub fn dilation_rate(mut self, dilation_rate: impl Into<Sizes<N>>) -> SeparableConv<N> {
        self.sliding.dilation_rate = dilation_rate.into();
        self
    }

    /// The activation: any layer.
    pub fn activation(mut self, activation: impl Layer) -> SeparableConv<N> {
        self.activation = not_linear(Arc::new(activation));
        self
    }

    /// Whether a bias is added; before a batch normalization it is useless.
    pub fn use_bias(mut self, use_bias: bool) -> SeparableConv<N> {
        self.use_bias = use_bias;
        self
    }

    /// How the first kernel is drawn.
    pub fn depthwise_initializer(mut self, initializer: impl Initializer) -> SeparableConv<N> {
        self.depthwise.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the first kernel.
    pub fn depthwise_regularizer(mut self, regularizer: impl Regularizer + 'static) -> SeparableConv<N> {
        self.depthwise.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the first kernel.
    pub fn depthwise_constraint(mut self, constraint: impl Constraint + 'static) -> SeparableConv<N> {
        self.depthwise.constraint = Some(Arc::new(constraint));
        self
    }

    /// How the second kernel is drawn.
    pub fn pointwise_initializer(mut self, initializer: impl Initializer) -> SeparableConv<N> {
        self.pointwise.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the second kernel.
    pub fn pointwise_regularizer(mut self, regularizer: impl Regularizer + 'static) -> SeparableConv<N> {
        self.pointwise.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the second kernel.
    pub fn pointwise_constraint(mut self, constraint: impl Constraint + 'static) -> SeparableConv<N> {
        self.pointwise.constraint = Some(Arc::new(constraint));
        self
    }

    /// How the bias starts.
    pub fn bias_initializer(mut self, initializer: impl Initializer) -> SeparableConv<N> {
        self.bias.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the bias.
    pub fn bias_regularizer(mut self, regularizer: impl Regularizer + 'static) -> SeparableConv<N> {
        self.bias.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the bias.
    pub fn bias_constraint(mut self, constraint: impl Constraint + 'static) -> SeparableConv<N> {
        self.bias.constraint = Some(Arc::new(constraint));
        self
    }
}

impl<const N: usize> Layer for SeparableConv<N> {
    fn class(&self) -> &'static str {
        ["SeparableConv1D", "SeparableConv2D"][N - 1]
    }

    fn config(&self) -> Config {
        let config =
            Config::new().with("depth_multiplier", self.depth_multiplier).with("filters", self.filters);
        self.sliding
            .write(config)
            .with("activation", self.activation.as_ref().map_or("linear".into(), |a| a.as_activation()))
            .with("use_bias", self.use_bias)
            .with("depthwise_initializer", &self.depthwise.initializer)
            .with("pointwise_initializer", &self.pointwise.initializer)
            .with("bias_initializer", &self.bias.initializer)
            .with("depthwise_regularizer", self.depthwise.regularizer.as_ref())
            .with("pointwise_regularizer", self.pointwise.regularizer.as_ref())
            .with("bias_regularizer", self.bias.regularizer.as_ref())
            .with("depthwise_constraint", self.depthwise.constraint.as_ref())
            .with("pointwise_constraint", self.pointwise.constraint.as_ref())
            .with("bias_constraint", self.bias.constraint.as_ref())
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, self.class())?;
        activated(self.sliding.output_shape(shape, self.filters, self.class())?, self.activation.as_ref())
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = self.sliding.data_format.to_last(at, at.input(0));
        let channels = at.shape(x).last();
        let between = channels.saturating_mul(self.depth_multiplier);
        let mut shape = self.sliding.kernel_size.0.to_vec();
        shape.extend([channels, self.depth_multiplier]);
        let depthwise = at.param("depthwise_kernel", shape, &self.depthwise)?;
        let mut shape = vec![1; N];
        shape.extend([between, self.filters]);
        let pointwise = at.param("pointwise_kernel", shape, &self.pointwise)?;
        let of = self.sliding.over(at.shape(x), between, channels)?;
        let d = convolved(at, x, depthwise, of);
        let dw = at.param_gradient(&pointwise);
        let z = product(at, d, pointwise.slot, dw, self.filters);
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
    let layer = SeparableConv::<N> {
        depth_multiplier: count(args, "depth_multiplier", Some(1))?,
        filters: count(args, "filters", None)?,
        sliding: Sliding::read(args, false)?,
        activation: args.or("activation", None)?.and_then(not_linear),
        use_bias: args.or("use_bias", true)?,
        depthwise: ParamSpec::read(args, "depthwise", Arc::new(GlorotUniform))?,
        pointwise: ParamSpec::read(args, "pointwise", Arc::new(GlorotUniform))?,
        bias: ParamSpec::read(args, "bias", Arc::new(Zeros))?,
    };
    without_adapters(args)?;
    without_groups(args)?;
    without_kernel(args)?;
    Ok(Arc::new(layer))
}

pub(crate) const SEPARABLE_CONV1D: Entry<dyn Layer> = Entry {
    class: "SeparableConv1D",
    names: &["separable_conv1d", "SeparableConvolution1D"],
    build: build::<1>,
};
pub(crate) const SEPARABLE_CONV2D: Entry<dyn Layer> = Entry {
    class: "SeparableConv2D",
    names: &["separable_conv2d", "SeparableConvolution2D"],
    build: build::<2>,
};
