//! BatchNormalization: every feature to mean 0 and variance 1 over the batch, then scaled and shifted.

use super::layer::{Layer, Role};
use super::one_input;
use crate::activations::no_axis;
use crate::catalog::Entry;
use crate::config::{Args, Config};
use crate::initializers::{Initializer, Ones, Zeros};
use crate::lowering::{Lowering, ParamSpec};
use crate::recipe::Step;
use crate::shape::{Extent, Layout, Shape};
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// Batch normalization (Ioffe and Szegedy 2015).
///
/// ```text
/// training   μ, σ² = mean and biased variance over all axes but `axis`
///            moving ← moving·momentum + batch·(1 − momentum)
/// inference  μ, σ² = the moving averages
/// y = (x − μ)/√(σ² + ε)·γ + β
/// dx = γ/√(σ² + ε)·(dy − mean(dy) − x̂·mean(dy·x̂))      in training, through the statistics
/// ```
///
/// It stands before or after the activation; the layer before it needs no bias. A frozen one (`trainable=false`) uses its
/// moving averages, and leaves them alone. Weights in Keras' order: gamma, beta, moving_mean, moving_variance. A second
/// input, of shape (batch, …) without the axis, is a mask: positions where it is 0 do not count in the statistics.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{BatchNormalization, Dense}, activations::Relu};
/// let model = Sequential::new([64])
///     .add(Dense::new(100).use_bias(false))
///     .add(BatchNormalization::new().momentum(0.9))
///     .add(Relu);
/// ```
#[derive(Debug, Clone)]
pub struct BatchNormalization {
    axis: i64,
    momentum: f64,
    epsilon: f64,
    center: bool,
    scale: bool,
    beta: ParamSpec,
    gamma: ParamSpec,
    moving_mean: Arc<dyn Initializer>,
    moving_variance: Arc<dyn Initializer>,
}

impl BatchNormalization {
    /// Over the last axis, with Keras' momentum 0.99 and ε 0.001.
    #[allow(clippy::new_without_default)]
    pub fn new() -> BatchNormalization {
        BatchNormalization {
            axis: -1,
            momentum: 0.99,
            epsilon: 0.001,
            center: true,
            scale: true,
            beta: ParamSpec::new(Zeros),
            gamma: ParamSpec::new(Ones),
            moving_mean: Arc::new(Zeros),
            moving_variance: Arc::new(Ones),
        }
    }

    /// The axis of the features: −1 the last, 1 the first of a sample.
    pub fn axis(mut self, axis: i64) -> BatchNormalization {
        self.axis = axis;
        self
    }

    /// How much of the moving averages stays at each step.
    pub fn momentum(mut self, momentum: f64) -> BatchNormalization {
        self.momentum = momentum;
        self
    }

    /// Added to the variance.
    pub fn epsilon(mut self, epsilon: f64) -> BatchNormalization {
        self.epsilon = epsilon;
        self
    }

    /// Whether β is added.
    pub fn center(mut self, center: bool) -> BatchNormalization {
        self.center = center;
        self
    }

    /// Whether it is multiplied by γ.
    pub fn scale(mut self, scale: bool) -> BatchNormalization {
        self.scale = scale;
        self
    }

    /// How γ starts.
    pub fn gamma_initializer(mut self, initializer: impl Initializer) -> BatchNormalization {
        self.gamma.initializer = Arc::new(initializer);
        self
    }

    /// How β starts.
    pub fn beta_initializer(mut self, initializer: impl Initializer) -> BatchNormalization {
        self.beta.initializer = Arc::new(initializer);
        self
    }
}

impl Layer for BatchNormalization {
    fn class(&self) -> &'static str {
        "BatchNormalization"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("axis", self.axis)
            .with("momentum", self.momentum)
            .with("epsilon", self.epsilon)
            .with("center", self.center)
            .with("scale", self.scale)
            .with("beta_initializer", &self.beta.initializer)
            .with("gamma_initializer", &self.gamma.initializer)
            .with("moving_mean_initializer", &self.moving_mean)
            .with("moving_variance_initializer", &self.moving_variance)
            .with("beta_regularizer", self.beta.regularizer.as_ref())
            .with("gamma_regularizer", self.gamma.regularizer.as_ref())
            .with("beta_constraint", self.beta.constraint.as_ref())
            .with("gamma_constraint", self.gamma.constraint.as_ref())
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = match inputs {
            [x, mask] if self.axis == -1 && x.dims()[..x.rank() - 1] == *mask.dims() => x,
            [x, mask] => {
                return Err(Error::shape(format!(
                    "a mask of shape {mask} does not go with values of shape {x}"
                )));
            }
            other => one_input(other, "BatchNormalization")?,
        };
        match Layout::along(shape, self.axis) {
            Some(layout) if layout.axis != Extent::Rows(1) => Ok(vec![shape.clone()]),
            _ => Err(no_axis(self.axis, shape)),
        }
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let shape = at.shape(x).clone();
        let mask = at.inputs().get(1).map(|&m| at.slot(m));
        let layout = Layout::along(&shape, self.axis).ok_or_else(|| no_axis(self.axis, &shape))?;
        let channels = layout.axis.at(1);
        let extent = Extent::Fixed(channels);
        let gamma = self.scale.then(|| at.param("gamma", channels, &self.gamma)).transpose()?;
        let beta = self.center.then(|| at.param("beta", channels, &self.beta)).transpose()?;
        let moving_mean = at.state("moving_mean", channels, &self.moving_mean);
        let moving_variance = at.state("moving_variance", channels, &self.moving_variance);

        let batch = at.training() && at.trainable();
        let (mean, variance) = if batch {
            let (mean, variance) = (at.scratch(extent), at.scratch(extent));
            at.forward(Step::ColumnStats { x: at.slot(x), mask, mean, variance, layout });
            (mean, variance)
        } else {
            (moving_mean, moving_variance)
        };
        let y = at.port(shape);
        let (slot, epsilon) = (at.slot(x), self.epsilon);
        let (gamma_slot, beta_slot) = (gamma.map(|g| g.slot), beta.map(|b| b.slot));
        let out = at.slot(y);
        at.forward(Step::Normalize {
            x: slot,
            mean,
            variance,
            gamma: gamma_slot,
            beta: beta_slot,
            out,
            layout,
            epsilon,
        });
        let dx = at.gradient_into(x);
        let d_gamma = gamma.and_then(|g| at.param_gradient(&g));
        let d_beta = beta.and_then(|b| at.param_gradient(&b));
        if dx.is_some() || d_gamma.is_some() || d_beta.is_some() {
            let sum_dy = d_beta.unwrap_or_else(|| at.scratch(extent));
            let sum_dy_x = d_gamma.unwrap_or_else(|| at.scratch(extent));
            let dy = at.gradient(y);
            at.backward([Step::NormalizeGrad {
                x: slot,
                mean,
                variance,
                gamma: gamma_slot,
                dy,
                mask,
                sum_dy,
                sum_dy_x,
                dx,
                layout,
                epsilon,
                batch,
            }]);
        }
        if batch {
            let momentum = self.momentum;
            at.forward(Step::UpdateAverage { average: moving_mean, value: mean, momentum });
            at.forward(Step::UpdateAverage { average: moving_variance, value: variance, momentum });
        }
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Normalize
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = BatchNormalization {
        axis: args.or("axis", -1)?,
        momentum: args.or("momentum", 0.99)?,
        epsilon: args.or("epsilon", 0.001)?,
        center: args.or("center", true)?,
        scale: args.or("scale", true)?,
        beta: ParamSpec::read(args, "beta", Arc::new(Zeros))?,
        gamma: ParamSpec::read(args, "gamma", Arc::new(Ones))?,
        moving_mean: args.or::<Arc<dyn Initializer>>("moving_mean_initializer", Arc::new(Zeros))?,
        moving_variance: args.or::<Arc<dyn Initializer>>("moving_variance_initializer", Arc::new(Ones))?,
    };
    args.ignore(&["synchronized", "renorm_clipping", "renorm_momentum"]);
    if args.or("renorm", false)? {
        return Err(Error::unsupported("batch renormalization (`renorm=true`) is not supported")
            .at(args.owner().to_string())
            .help("leave `renorm` out; for small batches use LayerNormalization or GroupNormalization"));
    }
    if !(0.0..=1.0).contains(&layer.momentum) {
        return args.reject("momentum", "between 0 and 1", layer.momentum);
    }
    if layer.epsilon.is_nan() || layer.epsilon < 0.0 {
        return args.reject("epsilon", "0 or more", layer.epsilon);
    }
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "BatchNormalization", names: &["batch_normalization"], build };
