//! BatchNormalization: every feature to mean 0 and variance 1 over the batch, then scaled and shifted.

use super::axes::{check_mask, positions};
use super::layer::{Layer, Role, Standard};
use super::renorm::{Correction, RenormClipping, SquareRoot};
use super::standard::{Affine, check_epsilon};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::constraints::Constraint;
use crate::initializers::{Initializer, Ones, Zeros};
use crate::lowering::Lowering;
use crate::regularizers::Regularizer;
use crate::shape::{Extent, Layout, Shape};
use crate::step::{NormalizeGrad, Slot, Step};
use std::sync::Arc;
use steadygrad_kernels::map::Op;
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
/// input, of shape (batch, …) without the last axis, is a mask: positions where it is 0 do not count in the statistics.
///
/// With [`renorm`](BatchNormalization::renorm), training too normalizes as the moving averages will (batch
/// renormalization, Ioffe 2017), which helps small batches: y = (x̂·r + d)·γ + β, where r and d take the batch's
/// statistics to averages of them and are constants for the gradient. Further weights: moving_stddev, renorm_mean,
/// renorm_stddev.
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
    affine: Affine,
    moving_mean: Arc<dyn Initializer>,
    moving_variance: Arc<dyn Initializer>,
    renorm: bool,
    renorm_clipping: Option<RenormClipping>,
    renorm_momentum: f64,
}

impl BatchNormalization {
    /// Over the last axis, with Keras' momentum 0.99 and ε 0.001.
    #[allow(clippy::new_without_default)]
    pub fn new() -> BatchNormalization {
        BatchNormalization {
            axis: -1,
            momentum: 0.99,
            epsilon: 0.001,
            affine: Affine::new(),
            moving_mean: Arc::new(Zeros),
            moving_variance: Arc::new(Ones),
            renorm: false,
            renorm_clipping: None,
            renorm_momentum: 0.99,
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
        self.affine.center = center;
        self
    }

    /// Whether it is multiplied by γ.
    pub fn scale(mut self, scale: bool) -> BatchNormalization {
        self.affine.scale = scale;
        self
    }

    /// How γ starts.
    pub fn gamma_initializer(mut self, initializer: impl Initializer) -> BatchNormalization {
        self.affine.gamma.initializer = Arc::new(initializer);
        self
    }

    /// How β starts.
    pub fn beta_initializer(mut self, initializer: impl Initializer) -> BatchNormalization {
        self.affine.beta.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on γ.
    pub fn gamma_regularizer(mut self, regularizer: impl Regularizer + 'static) -> BatchNormalization {
        self.affine.gamma.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The penalty on β.
    pub fn beta_regularizer(mut self, regularizer: impl Regularizer + 'static) -> BatchNormalization {
        self.affine.beta.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of γ.
    pub fn gamma_constraint(mut self, constraint: impl Constraint + 'static) -> BatchNormalization {
        self.affine.gamma.constraint = Some(Arc::new(constraint));
        self
    }

    /// The bounds of β.
    pub fn beta_constraint(mut self, constraint: impl Constraint + 'static) -> BatchNormalization {
        self.affine.beta.constraint = Some(Arc::new(constraint));
        self
    }

    /// How the moving mean starts.
    pub fn moving_mean_initializer(mut self, initializer: impl Initializer) -> BatchNormalization {
        self.moving_mean = Arc::new(initializer);
        self
    }

    /// How the moving variance starts.
    pub fn moving_variance_initializer(mut self, initializer: impl Initializer) -> BatchNormalization {
        self.moving_variance = Arc::new(initializer);
        self
    }

    /// Whether the batch's statistics are corrected to moving averages of them.
    pub fn renorm(mut self, renorm: bool) -> BatchNormalization {
        self.renorm = renorm;
        self
    }

    /// The limits of that correction; none unless set.
    pub fn renorm_clipping(mut self, clipping: RenormClipping) -> BatchNormalization {
        self.renorm_clipping = Some(clipping);
        self
    }

    /// How much stays, at each step, of the averages that the correction aims at.
    pub fn renorm_momentum(mut self, momentum: f64) -> BatchNormalization {
        self.renorm_momentum = momentum;
        self
    }

    /// The shape of the values; the second input, if there is one, is a mask that goes with them.
    fn values<'a>(&self, inputs: &'a [Shape]) -> Result<&'a Shape> {
        let (x, mask) = match inputs {
            [x] => (x, None),
            [x, mask] => (x, Some(mask)),
            other => {
                return Err(Error::shape(format!(
                    "BatchNormalization takes values, and a mask as a second input if there is one; got {} inputs",
                    other.len()
                )));
            }
        };
        positions(&[self.axis], x, "BatchNormalization")?;
        mask.map_or(Ok(()), |mask| check_mask(self.axis, x, mask))?;
        Ok(x)
    }
}

/// What a normalization by the batch's statistics goes by: the statistics, and the factor and shift after it.
struct Batch {
    mean: Slot,
    variance: Slot,
    factor: Option<Slot>,
    shift: Option<Slot>,
    /// r and d of a renormalization.
    correction: Option<(Slot, Slot)>,
}

impl BatchNormalization {
    /// The correction of a renormalization, in place of γ and β, and its averages: (factor, shift, (r, d), updates).
    fn renormalized(
        &self,
        at: &mut Lowering<'_>,
        batch: &mut Batch,
        states: [Slot; 5],
        channels: usize,
    ) -> Vec<Step> {
        let [moving_mean, moving_variance, moving_stddev, renorm_mean, renorm_stddev] = states;
        let outputs = [(); 6].map(|()| at.scratch(Extent::Fixed(channels)));
        let [r, d, factor, shift, deviation, variance] = outputs;
        let step = Correction {
            clipping: self.renorm_clipping.unwrap_or_default(),
            epsilon: self.epsilon,
            momentum: self.momentum,
            scale: batch.factor.is_some(),
            center: batch.shift.is_some(),
        };
        let inputs = [batch.mean, batch.variance, renorm_mean, renorm_stddev, moving_stddev];
        let inputs = inputs.into_iter().chain(batch.factor).chain(batch.shift).collect();
        at.forward(Step::Custom { step: Arc::new(step), inputs, outputs: outputs.to_vec() });
        batch.factor = Some(factor);
        batch.shift = Some(shift);
        batch.correction = Some((r, d));
        let update = |average, value, momentum| Step::UpdateAverage { average, value, momentum };
        vec![
            update(moving_mean, batch.mean, self.momentum),
            update(moving_stddev, deviation, self.momentum),
            update(moving_variance, variance, 0.0),
            update(renorm_mean, batch.mean, self.renorm_momentum),
            update(renorm_stddev, deviation, self.renorm_momentum),
        ]
    }
}

impl Layer for BatchNormalization {
    fn class(&self) -> &'static str {
        "BatchNormalization"
    }

    fn config(&self) -> Config {
        let affine = &self.affine;
        Config::new()
            .with("axis", self.axis)
            .with("momentum", self.momentum)
            .with("epsilon", self.epsilon)
            .with("center", affine.center)
            .with("scale", affine.scale)
            .with("beta_initializer", &affine.beta.initializer)
            .with("gamma_initializer", &affine.gamma.initializer)
            .with("moving_mean_initializer", &self.moving_mean)
            .with("moving_variance_initializer", &self.moving_variance)
            .with("beta_regularizer", affine.beta.regularizer.as_ref())
            .with("gamma_regularizer", affine.gamma.regularizer.as_ref())
            .with("beta_constraint", affine.beta.constraint.as_ref())
            .with("gamma_constraint", affine.gamma.constraint.as_ref())
            .with("synchronized", false)
            .with("renorm", self.renorm)
            .with("renorm_clipping", self.renorm_clipping)
            .with("renorm_momentum", self.renorm_momentum)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.values(inputs)?.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let shape = at.shape(x).clone();
        let mask = at.inputs().get(1).map(|&m| at.slot(m));
        let position = positions(&[self.axis], &shape, self.class())?[0];
        let channels = shape.dims()[position - 1];
        let extent = Extent::Fixed(channels);
        let layout = Layout {
            outer: Extent::Rows(shape.dims()[..position - 1].iter().product()),
            axis: extent,
            inner: shape.dims()[position..].iter().product(),
        };
        let affine = &self.affine;
        let gamma = affine.scale.then(|| at.param("gamma", channels, &affine.gamma)).transpose()?;
        let beta = affine.center.then(|| at.param("beta", channels, &affine.beta)).transpose()?;
        let moving_mean = at.state("moving_mean", channels, &self.moving_mean);
        let moving_variance = at.state("moving_variance", channels, &self.moving_variance);
        let renorm = self.renorm.then(|| {
            let deviation: Arc<dyn Initializer> = Arc::new(SquareRoot(self.moving_variance.clone()));
            [
                at.state("moving_stddev", channels, &deviation),
                at.state("renorm_mean", channels, &self.moving_mean),
                at.state("renorm_stddev", channels, &deviation),
            ]
        });

        let (factor, shift) = (gamma.map(|g| g.slot), beta.map(|b| b.slot));
        let mut by = Batch { mean: moving_mean, variance: moving_variance, factor, shift, correction: None };
        let mut updates = Vec::new();
        let batch = at.training() && at.trainable();
        if batch {
            by.mean = at.scratch(extent);
            by.variance = at.scratch(extent);
            let (mean, variance) = (by.mean, by.variance);
            at.forward(Step::ColumnStats { x: at.slot(x), mask, mean, variance, layout });
            updates = match renorm {
                Some([stddev, renorm_mean, renorm_stddev]) => {
                    let states = [moving_mean, moving_variance, stddev, renorm_mean, renorm_stddev];
                    self.renormalized(at, &mut by, states, channels)
                }
                None => [(moving_mean, mean), (moving_variance, variance)]
                    .map(|(average, value)| Step::UpdateAverage { average, value, momentum: self.momentum })
                    .to_vec(),
            };
        }
        let y = at.port(shape);
        let (from, out, epsilon) = (at.slot(x), at.slot(y), self.epsilon);
        let Batch { mean, variance, factor, shift, correction } = by;
        at.forward(Step::Normalize {
            x: from,
            mean,
            variance,
            gamma: factor,
            beta: shift,
            out,
            layout,
            epsilon,
        });
        updates.into_iter().for_each(|step| at.forward(step));

        let dx = at.gradient_into(x);
        let d_gamma = gamma.and_then(|g| at.param_gradient(&g));
        let d_beta = beta.and_then(|b| at.param_gradient(&b));
        if dx.is_some() || d_gamma.is_some() || d_beta.is_some() {
            let sum_dy = d_beta.unwrap_or_else(|| at.scratch(extent));
            let sum_dy_x = match (d_gamma, correction) {
                (Some(d_gamma), None) => d_gamma,
                _ => at.scratch(extent),
            };
            let dy = at.gradient(y);
            let mut steps = vec![Step::NormalizeGrad(NormalizeGrad {
                x: from,
                mean,
                variance,
                gamma: factor,
                dy,
                mask,
                sum_dy,
                sum_dy_x,
                dx,
                layout,
                epsilon,
                batch,
            })];
            if let (Some(d_gamma), Some((r, d))) = (d_gamma, correction) {
                // dγ = Σ dy·(x̂·r + d)
                let (through, direct) = (at.scratch(extent), at.scratch(extent));
                let times = |inputs, out| Step::Combine { op: Op::Multiply, inputs, out };
                steps.push(times(vec![sum_dy_x, r], through));
                steps.push(times(vec![sum_dy, d], direct));
                steps.push(Step::Sum { inputs: vec![through, direct], out: d_gamma });
            }
            at.backward(steps);
        }
        at.output(y);
        Ok(())
    }

    fn channel_axis(&self) -> Option<usize> {
        usize::try_from(self.axis).ok()
    }

    fn role(&self) -> Role {
        Role::Normalize(Standard::OverBatch)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = BatchNormalization {
        axis: args.or("axis", -1)?,
        momentum: args.or("momentum", 0.99)?,
        epsilon: args.or("epsilon", 0.001)?,
        affine: Affine::read(args)?,
        moving_mean: args.or::<Arc<dyn Initializer>>("moving_mean_initializer", Arc::new(Zeros))?,
        moving_variance: args.or::<Arc<dyn Initializer>>("moving_variance_initializer", Arc::new(Ones))?,
        renorm: args.or("renorm", false)?,
        renorm_clipping: args.or("renorm_clipping", None)?,
        renorm_momentum: args.or("renorm_momentum", 0.99)?,
    };
    args.switch("synchronized")?;
    for (name, momentum) in [("momentum", layer.momentum), ("renorm_momentum", layer.renorm_momentum)] {
        if !(0.0..=1.0).contains(&momentum) {
            return args.reject(name, "between 0 and 1", momentum);
        }
    }
    check_epsilon(args, layer.epsilon)?;
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "BatchNormalization", names: &["batch_normalization"], build };
