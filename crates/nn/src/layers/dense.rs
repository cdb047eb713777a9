//! Dense: every output sees every input.

use super::layer::{Layer, Role, one_input};
use crate::args::Args;
use crate::builder::Port;
use crate::catalog::Entry;
use crate::config::{Config, FromValue};
use crate::constraints::Constraint;
use crate::initializers::{GlorotUniform, Initializer, Zeros};
use crate::lowering::{Lowering, ParamSpec};
use crate::regularizers::Regularizer;
use crate::shape::{Extent, Layout, Shape};
use crate::step::{Slot, Step};
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// A fully connected layer.
///
/// ```text
/// y = f(x·W + b),  x: (batch, …, in),  W: (in, units),  b: (units,)
/// dW = xᵀ·δ,  db = Σ δ,  dx = δ·Wᵀ,  with δ = dL/d(x·W + b)
/// ```
///
/// Weights in Keras' order: kernel, bias.
///
/// ```
/// use steadygrad_nn::{layers::Dense, activations::Relu, initializers::HeNormal, Sequential};
/// let model = Sequential::new([784]).add(Dense::new(100).activation(Relu).kernel_initializer(HeNormal));
/// ```
#[derive(Debug, Clone)]
pub struct Dense {
    units: usize,
    activation: Option<Arc<dyn Layer>>,
    use_bias: bool,
    kernel: ParamSpec,
    bias: ParamSpec,
}

impl Dense {
    /// So many units, linear, with a bias, Glorot-uniform as in Keras.
    pub fn new(units: usize) -> Dense {
        Dense {
            units,
            activation: None,
            use_bias: true,
            kernel: ParamSpec::new(GlorotUniform),
            bias: ParamSpec::new(Zeros),
        }
    }

    /// The activation: any layer.
    pub fn activation(mut self, activation: impl Layer) -> Dense {
        self.activation = not_linear(Arc::new(activation));
        self
    }

    /// Whether a bias is added; before a batch normalization it is useless.
    pub fn use_bias(mut self, use_bias: bool) -> Dense {
        self.use_bias = use_bias;
        self
    }

    /// How the kernel is drawn.
    pub fn kernel_initializer(mut self, initializer: impl Initializer) -> Dense {
        self.kernel.initializer = Arc::new(initializer);
        self
    }

    /// How the bias starts.
    pub fn bias_initializer(mut self, initializer: impl Initializer) -> Dense {
        self.bias.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the kernel.
    pub fn kernel_regularizer(mut self, regularizer: impl Regularizer + 'static) -> Dense {
        self.kernel.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The penalty on the bias.
    pub fn bias_regularizer(mut self, regularizer: impl Regularizer + 'static) -> Dense {
        self.bias.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the kernel.
    pub fn kernel_constraint(mut self, constraint: impl Constraint + 'static) -> Dense {
        self.kernel.constraint = Some(Arc::new(constraint));
        self
    }

    /// The bounds of the bias.
    pub fn bias_constraint(mut self, constraint: impl Constraint + 'static) -> Dense {
        self.bias.constraint = Some(Arc::new(constraint));
        self
    }
}

/// The activation, if it does anything: a linear one takes no step.
pub(crate) fn not_linear(activation: Arc<dyn Layer>) -> Option<Arc<dyn Layer>> {
    (activation.as_activation() != "linear".into()).then_some(activation)
}

/// z = x·W over the last axis, with both gradients.
pub(crate) fn product(at: &mut Lowering<'_>, x: Port, kernel: Slot, dw: Option<Slot>, units: usize) -> Port {
    let shape = at.shape(x).clone();
    let (m, k, n) = (Extent::Rows(shape.leading()), Extent::Fixed(shape.last()), Extent::Fixed(units));
    let z = at.port(shape.with_last(units));
    let gemm = |a, b, out, m, k, n, ta, tb| Step::Gemm { a, b, out, m, k, n, ta, tb, bias: None, map: None };
    let (slot, dz) = (at.slot(x), at.gradient(z));
    at.forward(gemm(slot, kernel, at.slot(z), m, k, n, false, false));
    let dx = at.gradient_into(x);
    at.backward(
        dw.map(|dw| gemm(slot, dz, dw, k, m, n, true, false))
            .into_iter()
            .chain(dx.map(|dx| gemm(dz, kernel, dx, m, n, k, false, true))),
    );
    z
}

/// x + b, one number for each element of the last axis.
pub(crate) fn add_bias(at: &mut Lowering<'_>, x: Port, spec: &ParamSpec) -> Result<Port> {
    let shape = at.shape(x).clone();
    let bias = at.param("bias", shape.last(), spec)?;
    let layout = Layout::last(&shape);
    let y = at.port(shape);
    let (slot, out) = (at.slot(x), at.slot(y));
    at.forward(Step::ScaleShift { x: slot, scale: None, shift: Some(bias.slot), out, layout });
    at.same_gradient(x, y);
    if let Some(db) = at.param_gradient(&bias) {
        at.backward([Step::ChannelSum { x: at.gradient(y), times: None, out: db, layout }]);
    }
    Ok(y)
}

/// What Keras can add to a kernel, and is not here.
pub(crate) fn without_adapters(args: &mut Args<'_>) -> Result<()> {
    for name in ["lora_rank", "quantization_config"] {
        args.neutral(name, "left out: there is no such thing here", |_| false)?;
    }
    // Without a rank it says nothing.
    args.neutral("lora_alpha", "a number", |value| f64::from_value(value).is_ok())
}

impl Layer for Dense {
    fn class(&self) -> &'static str {
        "Dense"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("units", self.units)
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
        let shape = one_input(inputs, "Dense")?;
        if self.units == 0 {
            return Err(Error::argument("`units` must be 1 or more, got 0"));
        }
        if shape.rank() == 0 {
            return Err(Error::shape(format!(
                "Dense expects inputs of shape (batch, …, features), got {shape}"
            ))
            .help("give each sample a feature axis, with Flatten or Reshape"));
        }
        let z = shape.with_last(self.units);
        match &self.activation {
            Some(activation) => activation.output_shapes(&[z]),
            None => Ok(vec![z]),
        }
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let kernel = at.param("kernel", [at.shape(x).last(), self.units], &self.kernel)?;
        let dw = at.param_gradient(&kernel);
        let mut y = product(at, x, kernel.slot, dw, self.units);
        if self.use_bias {
            y = add_bias(at, y, &self.bias)?;
        }
        if let Some(activation) = &self.activation {
            y = at.apply(activation, "activation", y)?;
        }
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Linear { initializer: self.kernel.initializer.clone() }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let units: i64 = args.need("units")?;
    let Some(units) = usize::try_from(units).ok().filter(|units| *units > 0) else {
        return args.reject("units", "1 or more", units);
    };
    let dense = Dense {
        units,
        activation: args.or("activation", None)?.and_then(not_linear),
        use_bias: args.or("use_bias", true)?,
        kernel: ParamSpec::read(args, "kernel", Arc::new(GlorotUniform))?,
        bias: ParamSpec::read(args, "bias", Arc::new(Zeros))?,
    };
    without_adapters(args)?;
    Ok(Arc::new(dense))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Dense", names: &["dense"], build };
