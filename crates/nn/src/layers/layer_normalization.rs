//! LayerNormalization: every sample to mean 0 and variance 1 over its own features, then scaled and shifted.

use super::axes::{axis_value, gather, positions, sizes};
use super::layer::{Layer, Role, Standard, one_input};
use super::standard::{Affine, check_epsilon, standardized};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::constraints::Constraint;
use crate::initializers::Initializer;
use crate::lowering::Lowering;
use crate::regularizers::Regularizer;
use crate::shape::{Layout, Shape};
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// Layer normalization (Ba, Kiros and Hinton 2016).
///
/// ```text
/// μ, σ² = mean and biased variance over `axis`, for each sample alone
/// y = (x − μ)/√(σ² + ε)·γ + β
/// dx = (g − mean(g) − x̂·mean(g·x̂))/√(σ² + ε),  g = dy·γ
/// ```
///
/// Training and inference are the same, and so is a batch of one: what a sample becomes does not depend on the others.
/// Weights in Keras' order: gamma, beta, each of the shape of the normalized axes.
///
/// ```
/// use steadygrad_nn::{Sequential, Model, layers::{Dense, LayerNormalization}, activations::Relu};
/// let model: Model =
///     Sequential::new([64]).add(Dense::new(100)).add(LayerNormalization::new()).add(Relu).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [100]);
/// ```
#[derive(Debug, Clone)]
pub struct LayerNormalization {
    axes: Vec<i64>,
    epsilon: f64,
    affine: Affine,
}

impl LayerNormalization {
    /// Over the last axis, with Keras' ε 0.001.
    #[allow(clippy::new_without_default)]
    pub fn new() -> LayerNormalization {
        LayerNormalization { axes: vec![-1], epsilon: 0.001, affine: Affine::new() }
    }

    /// The axis that is normalized: −1 the last, 1 the first of a sample.
    pub fn axis(self, axis: i64) -> LayerNormalization {
        self.axes([axis])
    }

    /// Several axes that are normalized together.
    pub fn axes(mut self, axes: impl Into<Vec<i64>>) -> LayerNormalization {
        self.axes = axes.into();
        self
    }

    /// Added to the variance.
    pub fn epsilon(mut self, epsilon: f64) -> LayerNormalization {
        self.epsilon = epsilon;
        self
    }

    /// Whether β is added.
    pub fn center(mut self, center: bool) -> LayerNormalization {
        self.affine.center = center;
        self
    }

    /// Whether it is multiplied by γ.
    pub fn scale(mut self, scale: bool) -> LayerNormalization {
        self.affine.scale = scale;
        self
    }

    /// How γ starts.
    pub fn gamma_initializer(mut self, initializer: impl Initializer) -> LayerNormalization {
        self.affine.gamma.initializer = Arc::new(initializer);
        self
    }

    /// How β starts.
    pub fn beta_initializer(mut self, initializer: impl Initializer) -> LayerNormalization {
        self.affine.beta.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on γ.
    pub fn gamma_regularizer(mut self, regularizer: impl Regularizer + 'static) -> LayerNormalization {
        self.affine.gamma.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The penalty on β.
    pub fn beta_regularizer(mut self, regularizer: impl Regularizer + 'static) -> LayerNormalization {
        self.affine.beta.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of γ.
    pub fn gamma_constraint(mut self, constraint: impl Constraint + 'static) -> LayerNormalization {
        self.affine.gamma.constraint = Some(Arc::new(constraint));
        self
    }

    /// The bounds of β.
    pub fn beta_constraint(mut self, constraint: impl Constraint + 'static) -> LayerNormalization {
        self.affine.beta.constraint = Some(Arc::new(constraint));
        self
    }
}

impl Layer for LayerNormalization {
    fn class(&self) -> &'static str {
        "LayerNormalization"
    }

    fn config(&self) -> Config {
        let config = Config::new()
            .with("axis", axis_value(&self.axes))
            .with("epsilon", self.epsilon)
            .with("center", self.affine.center)
            .with("scale", self.affine.scale)
            .with("rms_scaling", false);
        self.affine.write(config)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "LayerNormalization")?;
        positions(&self.axes, shape, "LayerNormalization")?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let shape = at.shape(x).clone();
        let axes = positions(&self.axes, &shape, "LayerNormalization")?;
        let gathered = gather(at, x, &axes);
        let y = standardized(at, gathered.port, self.epsilon, true);
        let layout = Layout::last(at.shape(y));
        let y = self.affine.lower(at, y, sizes(&shape, &axes).into(), layout)?;
        let y = gathered.restore(at, y);
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Normalize(Standard::OverUnits)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let axes = args.or("axis", vec![-1])?;
    let epsilon = args.or("epsilon", 0.001)?;
    check_epsilon(args, epsilon)?;
    if args.or("rms_scaling", false)? {
        return Err(Error::unsupported("`rms_scaling=true` of older versions is not supported")
            .at(args.owner().to_string())
            .help("use RMSNormalization"));
    }
    Ok(Arc::new(LayerNormalization { axes, epsilon, affine: Affine::read(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "LayerNormalization", names: &["layer_normalization"], build };
