//! RMSNormalization: every sample to mean square 1 over its own features, then scaled.

use super::axes::{axis_value, gather, positions, sizes};
use super::layer::{Layer, Role, Standard, one_input};
use super::standard::{check_epsilon, scaled, standardized};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::initializers::Ones;
use crate::lowering::{Lowering, ParamSpec};
use crate::shape::{Layout, Shape};
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Root mean square normalization (Zhang and Sennrich 2019): layer normalization without the mean and without β.
///
/// ```text
/// y = x/√(mean x² + ε)·scale
/// dx = (g − x̂·mean(g·x̂))/√(mean x² + ε),  g = dy·scale
/// ```
///
/// Its weight: scale, of the shape of the normalized axes.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Dense, RMSNormalization}};
/// let model = Sequential::new([64]).add(RMSNormalization::new()).add(Dense::new(10));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RMSNormalization {
    axes: Vec<i64>,
    epsilon: f64,
}

impl RMSNormalization {
    /// Over the last axis, with Keras' ε 1e-6.
    #[allow(clippy::new_without_default)]
    pub fn new() -> RMSNormalization {
        RMSNormalization { axes: vec![-1], epsilon: 1e-6 }
    }

    /// The axis that is normalized: −1 the last, 1 the first of a sample.
    pub fn axis(self, axis: i64) -> RMSNormalization {
        self.axes([axis])
    }

    /// Several axes that are normalized together.
    pub fn axes(mut self, axes: impl Into<Vec<i64>>) -> RMSNormalization {
        self.axes = axes.into();
        self
    }

    /// Added to the mean square.
    pub fn epsilon(mut self, epsilon: f64) -> RMSNormalization {
        self.epsilon = epsilon;
        self
    }
}

impl Layer for RMSNormalization {
    fn class(&self) -> &'static str {
        "RMSNormalization"
    }

    fn config(&self) -> Config {
        Config::new().with("axis", axis_value(&self.axes)).with("epsilon", self.epsilon)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "RMSNormalization")?;
        positions(&self.axes, shape, "RMSNormalization")?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let shape = at.shape(x).clone();
        let axes = positions(&self.axes, &shape, "RMSNormalization")?;
        let gathered = gather(at, x, &axes);
        let y = standardized(at, gathered.port, self.epsilon, false);
        let scale = at.param("scale", sizes(&shape, &axes), &ParamSpec::new(Ones))?;
        let layout = Layout::last(at.shape(y));
        let y = scaled(at, y, Some(scale), None, layout);
        let y = gathered.restore(at, y);
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Normalize(Standard::MeanSquare)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = RMSNormalization { axes: args.or("axis", vec![-1])?, epsilon: args.or("epsilon", 1e-6)? };
    check_epsilon(args, layer.epsilon)?;
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "RMSNormalization", names: &["rms_normalization"], build };
