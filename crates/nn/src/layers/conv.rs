//! Convolution: the same weights at every place of a sequence, an image or a volume.

use super::convolve::{Sliding, activated, convolved, count, finished, strided_or_dilated};
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
use steadygrad_kernels::{Error, Place as _, Result};

/// A convolution over `N` axes: [`Conv1D`], [`Conv2D`], [`Conv3D`].
///
/// ```text
/// y[o, f] = b[f] + Σ_{k, c} x[o·stride + k·dilation − before, c]·W[k, c, f]
///
/// x: (batch, …, channels),  W: (kernel_size…, channels/groups, filters),  y: (batch, …, filters)
/// valid   output = ⌈(input − reach + 1)/stride⌉, before = 0, with reach = (kernel_size − 1)·dilation + 1
/// same    output = ⌈input/stride⌉, before = ⌊max((output − 1)·stride + reach − input, 0)/2⌋
/// causal  output = ⌈input/stride⌉, before = reach − 1
/// ```
///
/// What lies beyond the edges is 0. In groups, filter f sees only the channels of its group. Weights in Keras' order: kernel,
/// bias. The fan of a kernel is kernel_size × channels (He et al. 2015).
///
/// ```
/// use steadygrad_nn::{Model, Sequential, activations::Relu, initializers::HeNormal, layers::{Conv2D, Padding}};
/// let model: Model = Sequential::new([28, 28, 1])
///     .add(Conv2D::new(32, 3).padding(Padding::Same).kernel_initializer(HeNormal).activation(Relu))
///     .add(Conv2D::new(64, [3, 5]).strides(2))
///     .into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [13, 12, 64]);
/// ```
#[derive(Debug, Clone)]
pub struct Conv<const N: usize> {
    filters: usize,
    sliding: Sliding<N>,
    groups: usize,
    activation: Option<Arc<dyn Layer>>,
    use_bias: bool,
    kernel: ParamSpec,
    bias: ParamSpec,
}

/// A convolution over sequences (batch, length, channels).
pub type Conv1D = Conv<1>;
/// A convolution over images (batch, height, width, channels).
pub type Conv2D = Conv<2>;
/// A convolution over volumes (batch, depth, height, width, channels).
pub type Conv3D = Conv<3>;

impl<const N: usize> Conv<N> {
    /// So many filters with windows of this size, linear, with a bias, Glorot-uniform as in Keras.
    pub fn new(filters: usize, kernel_size: impl Into<Sizes<N>>) -> Conv<N> {
        Conv {
            filters,
            sliding: Sliding::new(kernel_size.into()),
            groups: 1,
            activation: None,
            use_bias: true,
            kernel: ParamSpec::new(GlorotUniform),
            bias: ParamSpec::new(Zeros),
        }
    }

    /// How far the window moves from one place to the next.
    pub fn strides(mut self, strides: impl Into<Sizes<N>>) -> Conv<N> {
        self.sliding.strides = strides.into();
        self
    }

    /// What stands beyond the edges. Causal is for one axis.
    pub fn padding(mut self, padding: Padding) -> Conv<N> {
        self.sliding.padding = padding;
        self
    }

    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> Conv<N> {
        self.sliding.data_format = data_format;
        self
    }

    /// How far a tap lies from the next.
    pub fn dilation_rate(mut self, dilation_rate: impl Into<Sizes<N>>) -> Conv<N> {
        self.sliding.dilation_rate = dilation_rate.into();
        self
    }

    /// The activation: any layer.
    pub fn activation(mut self, activation: impl Layer) -> Conv<N> {
        self.activation = not_linear(Arc::new(activation));
        self
    }

    /// Whether a bias is added; before a batch normalization it is useless.
    pub fn use_bias(mut self, use_bias: bool) -> Conv<N> {
        self.use_bias = use_bias;
        self
    }

    /// Groups of channels and filters that do not see each other.
    pub fn groups(mut self, groups: usize) -> Conv<N> {
        self.groups = groups;
        self
    }

    /// How the kernel is drawn.
    pub fn kernel_initializer(mut self, initializer: impl Initializer) -> Conv<N> {
        self.kernel.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the kernel.
    pub fn kernel_regularizer(mut self, regularizer: impl Regularizer + 'static) -> Conv<N> {
        self.kernel.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the kernel.
    pub fn kernel_constraint(mut self, constraint: impl Constraint + 'static) -> Conv<N> {
        self.kernel.constraint = Some(Arc::new(constraint));
        self
    }

    /// How the bias starts.
    pub fn bias_initializer(mut self, initializer: impl Initializer) -> Conv<N> {
        self.bias.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the bias.
    pub fn bias_regularizer(mut self, regularizer: impl Regularizer + 'static) -> Conv<N> {
        self.bias.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the bias.
    pub fn bias_constraint(mut self, constraint: impl Constraint + 'static) -> Conv<N> {
        self.bias.constraint = Some(Arc::new(constraint));
        self
    }

    fn check(&self, channels: usize) -> Result<()> {
        let groups = self.groups;
        if groups == 0 || !self.filters.is_multiple_of(groups) || !channels.is_multiple_of(groups) {
            return Err(Error::argument(format!(
                "`groups` must divide the {channels} channels of the input and the {} filters, got {groups}",
                self.filters
            ))
            .help("1 lets every filter see every channel"));
        }
        Ok(())
    }
}

impl<const N: usize> Layer for Conv<N> {
    fn class(&self) -> &'static str {
        ["Conv1D", "Conv2D", "Conv3D"][N - 1]
    }

    fn config(&self) -> Config {
        let config = Config::new().with("filters", self.filters);
        self.sliding
            .write(config)
            .with("groups", self.groups)
            .with("activation", self.activation.as_ref().map_or("linear".into(), |a| a.as_activation()))
            .with("use_bias", self.use_bias)
            .with("kernel_initializer", &self.kernel.initializer)
            .with("bias_initializer", &self.bias.initializer)
            .with("kernel_regularizer", self.kernel.regularizer.as_ref())
            .with("bias_regularizer", self.bias.regularizer.as_ref())
            .with("kernel_constraint", self.kernel.constraint.as_ref())
            .with("bias_constraint", self.bias.constraint.as_ref())
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, self.class())?;
        let (_, channels) = self.sliding.data_format.split::<N>(shape, self.class())?;
        self.check(channels)?;
        strided_or_dilated(&self.sliding)?;
        activated(self.sliding.output_shape(shape, self.filters, self.class())?, self.activation.as_ref())
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = self.sliding.data_format.to_last(at, at.input(0));
        let of = self.sliding.over(at.shape(x), self.filters, self.groups)?;
        let mut shape = self.sliding.kernel_size.0.to_vec();
        shape.extend([of.channels / self.groups, self.filters]);
        let kernel = at.param("kernel", shape, &self.kernel)?;
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
        Role::Linear { initializer: self.kernel.initializer.clone() }
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let conv = Conv::<N> {
        filters: count(args, "filters", None)?,
        sliding: Sliding::read(args, N == 1)?,
        groups: count(args, "groups", Some(1))?,
        activation: args.or("activation", None)?.and_then(not_linear),
        use_bias: args.or("use_bias", true)?,
        kernel: ParamSpec::read(args, "kernel", Arc::new(GlorotUniform))?,
        bias: ParamSpec::read(args, "bias", Arc::new(Zeros))?,
    };
    without_adapters(args)?;
    if !conv.filters.is_multiple_of(conv.groups) {
        return args.reject("groups", &format!("a divisor of the {} filters", conv.filters), conv.groups);
    }
    strided_or_dilated(&conv.sliding).place(|| args.owner().to_string())?;
    Ok(Arc::new(conv))
}

pub(crate) const CONV1D: Entry<dyn Layer> =
    Entry { class: "Conv1D", names: &["conv1d", "Convolution1D"], build: build::<1> };
pub(crate) const CONV2D: Entry<dyn Layer> =
    Entry { class: "Conv2D", names: &["conv2d", "Convolution2D"], build: build::<2> };
pub(crate) const CONV3D: Entry<dyn Layer> =
    Entry { class: "Conv3D", names: &["conv3d", "Convolution3D"], build: build::<3> };
