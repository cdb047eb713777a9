//! PReLU: a rectifier whose slope below 0 is learned.

use super::leaky_relu::LeakyRelu;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::constraints::Constraint;
use crate::initializers::{Draw, Initializer, Zeros};
use crate::layers::layer::one_input;
use crate::layers::layer::{Layer, Role};
use crate::lowering::{Lowering, ParamSpec};
use crate::regularizers::Regularizer;
use crate::shape::{Extent, Shape};
use crate::step::Step;
use std::sync::Arc;
use steadygrad_kernels::map::Op;
use steadygrad_kernels::{Error, Result};

/// The rectifier with a learned slope below 0, one for each number of a sample.
///
/// ```text
/// y = x for x > 0, else alpha·x
/// dx = dy·(1 for x > 0, alpha for x < 0, 0 at 0),  dalpha = Σ dy·x over the samples with x < 0
/// ```
///
/// `alpha` has the shape of a sample, with 1 on the shared axes, over which dalpha is summed too
/// (He, Zhang, Ren, Sun 2015).
///
/// ```
/// use steadygrad_nn::{Sequential, activations::PRelu, initializers::Constant};
/// let model = Sequential::new([8, 8, 3])
///     .add(PRelu::new().shared_axes([1, 2]).alpha_initializer(Constant::new(0.25)));
/// ```
#[derive(Debug, Clone)]
pub struct PRelu {
    alpha: ParamSpec,
    shared_axes: Option<Vec<usize>>,
}

impl PRelu {
    /// Slopes that start at 0, none shared.
    pub fn new() -> PRelu {
        PRelu { alpha: ParamSpec::new(Zeros), shared_axes: None }
    }

    /// How the slopes start.
    pub fn alpha_initializer(mut self, initializer: impl Initializer) -> PRelu {
        self.alpha.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on the slopes.
    pub fn alpha_regularizer(mut self, regularizer: impl Regularizer + 'static) -> PRelu {
        self.alpha.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of the slopes.
    pub fn alpha_constraint(mut self, constraint: impl Constraint + 'static) -> PRelu {
        self.alpha.constraint = Some(Arc::new(constraint));
        self
    }

    /// Axes along which there is one slope only; 1 is the first axis of a sample.
    pub fn shared_axes(mut self, axes: impl Into<Vec<usize>>) -> PRelu {
        self.shared_axes = Some(axes.into());
        self
    }

    /// The shape of `alpha`.
    fn alpha_shape(&self, shape: &Shape) -> Result<Shape> {
        let mut dims = shape.dims().to_vec();
        for &axis in self.shared_axes.iter().flatten() {
            match axis.checked_sub(1).and_then(|at| dims.get_mut(at)) {
                Some(d) => *d = 1,
                None => {
                    return Err(Error::argument(format!(
                        "there is no axis {axis} to share in samples of shape {shape}"
                    ))
                    .help("1 is the first axis of a sample; the batch, axis 0, is always shared"));
                }
            }
        }
        Ok(dims.into())
    }
}

impl Default for PRelu {
    fn default() -> PRelu {
        PRelu::new()
    }
}

impl Layer for PRelu {
    fn class(&self) -> &'static str {
        "PReLU"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("alpha_initializer", &self.alpha.initializer)
            .with("alpha_regularizer", self.alpha.regularizer.as_ref())
            .with("alpha_constraint", self.alpha.constraint.as_ref())
            .with("shared_axes", self.shared_axes.clone())
    }

    fn plain_name(&self) -> &str {
        "prelu"
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "PReLU")?;
        self.alpha_shape(shape)?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let shape = at.shape(x).clone();
        let small = self.alpha_shape(&shape)?;
        let alpha = at.param("alpha", small.clone(), &self.alpha)?;
        let dims = |batch, shape: &Shape| -> Vec<Extent> {
            std::iter::once(batch).chain(shape.dims().iter().map(|&d| Extent::Fixed(d))).collect()
        };
        let (one, all) = (dims(Extent::ONE, &small), dims(Extent::Rows(1), &shape));
        let extent = Extent::Rows(shape.size());
        let slope = at.scratch(extent);
        let y = at.port(shape);
        let (slot, dy) = (at.slot(x), at.gradient(y));
        at.forward(Step::Expand { x: alpha.slot, out: slope, from: one.clone(), to: all.clone() });
        at.forward(Step::Combine { op: Op::Rectify, inputs: vec![slot, slope], out: at.slot(y) });
        let mut steps = Vec::new();
        if let Some(out) = at.gradient_into(x) {
            steps.push(Step::Combine { op: Op::RectifySlope, inputs: vec![slot, slope, dy], out });
        }
        if let Some(out) = at.param_gradient(&alpha) {
            let each = at.scratch(extent);
            steps.push(Step::Combine { op: Op::RectifyParameter, inputs: vec![slot, dy], out: each });
            steps.push(Step::Reduce { x: each, out, from: all, to: one });
        }
        at.backward(steps);
        at.output(y);
        Ok(())
    }

    /// As it starts: a leaky rectifier, if all slopes start equal.
    fn role(&self) -> Role {
        let mut start = [0.0, 0.0];
        let initializer = &self.alpha.initializer;
        match initializer.fill(&Draw::new(0, "alpha"), &[2], &mut start) {
            Ok(()) if initializer.variance(&[2]).is_none() && start[0] == start[1] => {
                Role::Pointwise(Arc::new(LeakyRelu.negative_slope(start[0].into())))
            }
            _ => Role::Unknown,
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let alpha = ParamSpec::read(args, "alpha", Arc::new(Zeros))?;
    let shared_axes: Option<Vec<usize>> = args.or("shared_axes", None)?;
    Ok(Arc::new(PRelu { alpha, shared_axes }))
}

/// Under the names of `layer=`.
pub(crate) const LAYER: Entry<dyn Layer> = Entry { class: "PReLU", names: &["p_re_lu", "prelu"], build };
