//! What the normalizations of single samples share: rows brought to a standard, then a scale and a shift.

use crate::args::Args;
use crate::builder::{Param, Port};
use crate::config::Config;
use crate::initializers::{Ones, Zeros};
use crate::lowering::{Lowering, ParamSpec};
use crate::shape::{Extent, Layout, Shape};
use crate::step::Step;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The last axis to mean square 1, and where `center` is set to mean 0 first.
///
/// ```text
/// x̂ = (x − μ)/√(mean (x − μ)² + ε)
/// dx = (dx̂ − mean dx̂ − x̂·mean(dx̂·x̂))/√(mean (x − μ)² + ε)      without centring: μ = 0, and no mean dx̂
/// ```
pub(crate) fn standardized(at: &mut Lowering<'_>, x: Port, epsilon: f64, center: bool) -> Port {
    let shape = at.shape(x).clone();
    let (rows, len) = (Extent::Rows(shape.leading()), shape.last());
    let y = at.port(shape);
    let inverse = at.scratch(rows);
    let (from, to) = (at.slot(x), at.slot(y));
    at.forward(Step::Standardize { x: from, out: to, inverse, rows, len, epsilon, center });
    if let Some(out) = at.gradient_into(x) {
        let dy = at.gradient(y);
        at.backward([Step::StandardizeGrad { y: to, inverse, dy, out, rows, len, center }]);
    }
    y
}

/// x·scale + shift, with one number of each for every element of an axis.
///
/// ```text
/// dx = dy·scale,  dscale = Σ dy·x,  dshift = Σ dy
/// ```
pub(crate) fn scaled(
    at: &mut Lowering<'_>,
    x: Port,
    scale: Option<Param>,
    shift: Option<Param>,
    layout: Layout,
) -> Port {
    if scale.is_none() && shift.is_none() {
        return x;
    }
    let y = at.port(at.shape(x).clone());
    let (from, dy) = (at.slot(x), at.gradient(y));
    let factor = scale.map(|p| p.slot);
    let step =
        Step::ScaleShift { x: from, scale: factor, shift: shift.map(|p| p.slot), out: at.slot(y), layout };
    at.forward(step);
    let mut steps = Vec::new();
    if factor.is_none() {
        at.same_gradient(x, y);
    } else if let Some(out) = at.gradient_into(x) {
        steps.push(Step::ScaleShift { x: dy, scale: factor, shift: None, out, layout });
    }
    for (param, times) in [(scale, Some(from)), (shift, None)] {
        if let Some(out) = param.and_then(|p| at.param_gradient(&p)) {
            steps.push(Step::ChannelSum { x: dy, times, out, layout });
        }
    }
    at.backward(steps);
    y
}

/// γ and β of a normalization: whether there are any, how they start and what they are subject to.
#[derive(Debug, Clone)]
pub(crate) struct Affine {
    pub center: bool,
    pub scale: bool,
    pub beta: ParamSpec,
    pub gamma: ParamSpec,
}

impl Affine {
    /// Both, γ = 1 and β = 0.
    pub fn new() -> Affine {
        Affine { center: true, scale: true, beta: ParamSpec::new(Zeros), gamma: ParamSpec::new(Ones) }
    }

    pub fn read(args: &mut Args<'_>) -> Result<Affine> {
        Ok(Affine {
            center: args.or("center", true)?,
            scale: args.or("scale", true)?,
            beta: ParamSpec::read(args, "beta", Arc::new(Zeros))?,
            gamma: ParamSpec::read(args, "gamma", Arc::new(Ones))?,
        })
    }

    /// The settings but `center` and `scale`, in Keras' order.
    pub fn write(&self, config: Config) -> Config {
        config
            .with("beta_initializer", &self.beta.initializer)
            .with("gamma_initializer", &self.gamma.initializer)
            .with("beta_regularizer", self.beta.regularizer.as_ref())
            .with("gamma_regularizer", self.gamma.regularizer.as_ref())
            .with("beta_constraint", self.beta.constraint.as_ref())
            .with("gamma_constraint", self.gamma.constraint.as_ref())
    }

    /// x·γ + β with weights of this shape, one number of each for every element of the layout's axis.
    pub fn lower(&self, at: &mut Lowering<'_>, x: Port, shape: Shape, layout: Layout) -> Result<Port> {
        let gamma = self.scale.then(|| at.param("gamma", shape.clone(), &self.gamma)).transpose()?;
        let beta = self.center.then(|| at.param("beta", shape, &self.beta)).transpose()?;
        Ok(scaled(at, x, gamma, beta, layout))
    }
}

/// ε as it must be.
pub(crate) fn check_epsilon(args: &Args<'_>, epsilon: f64) -> Result<()> {
    if epsilon.is_nan() || epsilon < 0.0 { args.reject("epsilon", "0 or more", epsilon) } else { Ok(()) }
}
