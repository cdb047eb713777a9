//! Transposed convolution: a convolution run backward, from small to large.

use super::convolve::{Sliding, activated, count, finished, strided_or_dilated, transposed, without_groups};
use super::dense::{not_linear, without_adapters};
use super::layer::{Layer, Role, one_input};
use super::spatial::{DataFormat, Padding, Sizes, one_or_more};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::constraints::Constraint;
use crate::initializers::{GlorotUniform, Initializer, Zeros};
use crate::lowering::{Lowering, ParamSpec};
use crate::regularizers::Regularizer;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::conv::Conv;
use steadygrad_kernels::window::{Axis, Window};
use steadygrad_kernels::{Error, Place as _, Result};

/// A transposed convolution over `N` axes: [`Conv1DTranspose`], [`Conv2DTranspose`], [`Conv3DTranspose`].
///
/// ```text
/// y[i, f] = b[f] + Σ_{o, k meeting i} Σ_c x[o, c]·W[k, f, c],   o meets i with tap k where i = o·stride + k·dilation − before
///
/// x: (batch, …, channels),  W: (kernel_size…, filters, channels),  y: (batch, …, filters)
/// valid   output = (input − 1)·stride + reach + p,  p = output_padding, or max(stride − reach, 0)
/// same    output = input·stride,  or (input − 1)·stride + reach mod 2 + p with an output_padding p
/// ```
///
/// It is the gradient of a convolution from y to x, with the padding that this convolution has. Weights in Keras' order: kernel,
/// bias.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::{Conv2DTranspose, Padding}};
/// let layer = Conv2DTranspose::new(8, 3).strides(2).padding(Padding::Same);
/// let model: Model = Sequential::new([4, 4, 3]).add(layer).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [8, 8, 8]);
/// ```
#[derive(Debug, Clone)]
pub struct ConvTranspose<const N: usize> {
    filters: usize,
    sliding: Sliding<N>,
    output_padding: Option<Sizes<N>>,
    activation: Option<Arc<dyn Layer>>,
    use_bias: bool,
    kernel: ParamSpec,
    bias: ParamSpec,
}

/// A transposed convolution over sequences (batch, length, channels).
pub type Conv1DTranspose = ConvTranspose<1>;
/// A transposed convolution over images (batch, height, width, channels).
pub type Conv2DTranspose = ConvTranspose<2>;
/// A transposed convolution over volumes (batch, depth, height, width, channels).
pub type Conv3DTranspose = ConvTranspose<3>;

impl<const N: usize> ConvTranspose<N> {
    /// So many filters with windows of this size, linear, with a bias, Glorot-uniform as in Keras.
    pub fn new(filters: usize, kernel_size: impl Into<Sizes<N>>) -> ConvTranspose<N> {
        ConvTranspose {
            filters,
            sliding: Sliding::new(kernel_size.into()),
            output_padding: None,
            activation: None,
            use_bias: true,
            kernel: ParamSpec::new(GlorotUniform),
            bias: ParamSpec::new(Zeros),
        }
    }

    /// How far the window moves from one place to the next.
    pub fn strides(mut self, strides: impl Into<Sizes<N>>) -> ConvTranspose<N> {
        self.sliding.strides = strides.into();
        self
    }

    /// What stands beyond the edges.
    pub fn padding(mut self, padding: Padding) -> ConvTranspose<N> {
        self.sliding.padding = padding;
        self
    }

    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> ConvTranspose<N> {
        self.sliding.data_format = data_format;
        self
    }

    /// How far a tap lies from the next.
    pub fn dilation_rate(mut self, dilation_rate: impl Into<Sizes<N>>) -> ConvTranspose<N> {
        self.sliding.dilation_rate = dilation_rate.into();
        self
    }

    /// The activation: any layer.
    pub fn activation(mut self, activation: impl Layer) -> ConvTranspose<N> {
        self.activation = not_linear(Arc::new(activation));
        self
    }

    /// Whether a bias is added; before a batch normalization it is useless.
    pub fn use_bias(mut self, use_bias: bool) -> ConvTranspose<N> {
        self.use_bias = use_bias;
        self
    }

    /// How many numbers longer each axis is than it has to be, below its stride.
    pub fn output_padding(mut self, output_padding: impl Into<Sizes<N>>) -> ConvTranspose<N> {
        self.output_padding = Some(output_padding.into());
        self
    }

    /// How the kernel is drawn.
    pub fn kernel_initializer(mut self, initializer: impl Initializer) -> ConvTranspose<N> {
        self.kernel.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the kernel.
    pub fn kernel_regularizer(mut self, regularizer: impl Regularizer + 'static) -> ConvTranspose<N> {
        self.kernel.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the kernel.
    pub fn kernel_constraint(mut self, constraint: impl Constraint + 'static) -> ConvTranspose<N> {
        self.kernel.constraint = Some(Arc::new(constraint));
        self
    }

    /// How the bias starts.
    pub fn bias_initializer(mut self, initializer: impl Initializer) -> ConvTranspose<N> {
        self.bias.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the bias.
    pub fn bias_regularizer(mut self, regularizer: impl Regularizer + 'static) -> ConvTranspose<N> {
        self.bias.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the bias.
    pub fn bias_constraint(mut self, constraint: impl Constraint + 'static) -> ConvTranspose<N> {
        self.bias.constraint = Some(Arc::new(constraint));
        self
    }

    /// The axes of the convolution from the output to an input of these sizes.
    fn axes(&self, input: [usize; N]) -> Result<[Axis; N]> {
        let Sliding { kernel_size, strides, padding, dilation_rate, .. } = self.sliding;
        one_or_more([("kernel_size", kernel_size), ("strides", strides), ("dilation_rate", dilation_rate)])?;
        if padding == Padding::Causal {
            return Err(Error::argument("`padding` must be valid or same; causal is for Conv1D"));
        }
        if input.contains(&0) {
            return Err(Error::shape(format!("no axis of the input may be empty, got {input:?}")));
        }
        let mut axes = [Axis::ONE; N];
        for (i, axis) in axes.iter_mut().enumerate() {
            let (size, stride, dilation) = (kernel_size.0[i], strides.0[i], dilation_rate.0[i]);
            let reach = Axis::reach(size, dilation);
            let more = self.output_padding.map(|p| p.0[i]);
            if let Some(more) = more.filter(|&more| more >= stride) {
                return Err(Error::argument(format!(
                    "`output_padding` must be below the stride of its axis, {stride}, got {more}"
                ))
                .help("a longer padding belongs to ZeroPadding behind this layer"));
            }
            let between = (input[i] - 1).saturating_mul(stride);
            let output = match (padding, more) {
                (Padding::Same, None) => input[i].saturating_mul(stride),
                (Padding::Same, Some(more)) => between.saturating_add(reach % 2).saturating_add(more),
                (_, more) => {
                    between.saturating_add(reach).saturating_add(more.unwrap_or(stride.saturating_sub(reach)))
                }
            };
            Shape::from(output.saturating_add(reach)).check()?;
            *axis = padding.axis(output, size, stride, dilation);
            if axis.output != input[i] {
                return Err(Error::argument(format!(
                    "with padding = \"same\" and `output_padding` {} an axis of {} would become one of {output}, which a \
                     window of {reach} with stride {stride} takes back to {}",
                    more.unwrap_or(0),
                    input[i],
                    axis.output
                ))
                .help("leave `output_padding` out, or make it larger"));
            }
        }
        Ok(axes)
    }
}

impl<const N: usize> Layer for ConvTranspose<N> {
    fn class(&self) -> &'static str {
        ["Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"][N - 1]
    }

    fn config(&self) -> Config {
        let mut config = Config::new().with("filters", self.filters);
        config = self.sliding.write(config);
        config
            .with("output_padding", self.output_padding)
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
        strided_or_dilated(&self.sliding)?;
        let (sizes, _) = self.sliding.data_format.split::<N>(shape, self.class())?;
        let output = self.axes(sizes)?.map(|a| a.input);
        activated(self.sliding.data_format.join(&output, self.filters), self.activation.as_ref())
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = self.sliding.data_format.to_last(at, at.input(0));
        let (sizes, channels) = DataFormat::ChannelsLast.split::<N>(at.shape(x), self.class())?;
        let axes = self.axes(sizes)?;
        let mut shape = self.sliding.kernel_size.0.to_vec();
        shape.extend([self.filters, channels]);
        let kernel = at.param("kernel", shape, &self.kernel)?;
        // As a convolution it goes from the output, so that its channels are the filters here.
        let of = Conv { window: Window::new(&axes), channels: self.filters, filters: channels, groups: 1 };
        let z = transposed(
            at,
            x,
            kernel,
            of,
            DataFormat::ChannelsLast.join(&axes.map(|a| a.input), self.filters),
        );
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
    let layer = ConvTranspose::<N> {
        filters: count(args, "filters", None)?,
        sliding: Sliding::read(args, false)?,
        output_padding: args.or("output_padding", None)?,
        activation: args.or("activation", None)?.and_then(not_linear),
        use_bias: args.or("use_bias", true)?,
        kernel: ParamSpec::read(args, "kernel", Arc::new(GlorotUniform))?,
        bias: ParamSpec::read(args, "bias", Arc::new(Zeros))?,
    };
    without_adapters(args)?;
    without_groups(args)?;
    strided_or_dilated(&layer.sliding).place(|| args.owner().to_string())?;
    Ok(Arc::new(layer))
}

pub(crate) const CONV1D_TRANSPOSE: Entry<dyn Layer> = Entry {
    class: "Conv1DTranspose",
    names: &["conv1d_transpose", "Convolution1DTranspose"],
    build: build::<1>,
};
pub(crate) const CONV2D_TRANSPOSE: Entry<dyn Layer> = Entry {
    class: "Conv2DTranspose",
    names: &["conv2d_transpose", "Convolution2DTranspose"],
    build: build::<2>,
};
pub(crate) const CONV3D_TRANSPOSE: Entry<dyn Layer> = Entry {
    class: "Conv3DTranspose",
    names: &["conv3d_transpose", "Convolution3DTranspose"],
    build: build::<3>,
};
