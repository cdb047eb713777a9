//! GroupNormalization: groups of channels of every sample to mean 0 and variance 1, then scaled and shifted.

use super::axes::positions;
use super::layer::{Layer, Role, Standard, one_input};
use super::permute::permuted;
use super::standard::{Affine, check_epsilon, standardized};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::constraints::Constraint;
use crate::initializers::Initializer;
use crate::lowering::Lowering;
use crate::regularizers::Regularizer;
use crate::shape::{Extent, Layout, Shape};
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// Group normalization (Wu and He 2018).
///
/// ```text
/// μ, σ² = mean and biased variance over all positions and the channels of one group, for each sample alone
/// y = (x − μ)/√(σ² + ε)·γ + β
/// ```
///
/// One group: all of a sample together. As many groups as channels (`groups=-1`): each channel alone, which is instance
/// normalization (Ulyanov, Vedaldi and Lempitsky 2016). Weights in Keras' order: gamma, beta, one for each channel.
///
/// ```
/// use steadygrad_nn::{Sequential, Model, layers::GroupNormalization};
/// let model: Model = Sequential::new([8, 8, 12]).add(GroupNormalization::new(4)).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [8, 8, 12]);
/// ```
#[derive(Debug, Clone)]
pub struct GroupNormalization {
    groups: i64,
    axis: i64,
    epsilon: f64,
    affine: Affine,
}

impl GroupNormalization {
    /// So many groups of the last axis, with Keras' ε 0.001; −1 for a group of its own for each channel.
    pub fn new(groups: i64) -> GroupNormalization {
        GroupNormalization { groups, axis: -1, epsilon: 0.001, affine: Affine::new() }
    }

    /// The axis of the channels: −1 the last, 1 the first of a sample.
    pub fn axis(mut self, axis: i64) -> GroupNormalization {
        self.axis = axis;
        self
    }

    /// Added to the variance.
    pub fn epsilon(mut self, epsilon: f64) -> GroupNormalization {
        self.epsilon = epsilon;
        self
    }

    /// Whether β is added.
    pub fn center(mut self, center: bool) -> GroupNormalization {
        self.affine.center = center;
        self
    }

    /// Whether it is multiplied by γ.
    pub fn scale(mut self, scale: bool) -> GroupNormalization {
        self.affine.scale = scale;
        self
    }

    /// How γ starts.
    pub fn gamma_initializer(mut self, initializer: impl Initializer) -> GroupNormalization {
        self.affine.gamma.initializer = Arc::new(initializer);
        self
    }

    /// How β starts.
    pub fn beta_initializer(mut self, initializer: impl Initializer) -> GroupNormalization {
        self.affine.beta.initializer = Arc::new(initializer);
        self
    }

    /// The penalty on γ.
    pub fn gamma_regularizer(mut self, regularizer: impl Regularizer + 'static) -> GroupNormalization {
        self.affine.gamma.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The penalty on β.
    pub fn beta_regularizer(mut self, regularizer: impl Regularizer + 'static) -> GroupNormalization {
        self.affine.beta.regularizer = Some(Arc::new(regularizer));
        self
    }

    /// The bounds of γ.
    pub fn gamma_constraint(mut self, constraint: impl Constraint + 'static) -> GroupNormalization {
        self.affine.gamma.constraint = Some(Arc::new(constraint));
        self
    }

    /// The bounds of β.
    pub fn beta_constraint(mut self, constraint: impl Constraint + 'static) -> GroupNormalization {
        self.affine.beta.constraint = Some(Arc::new(constraint));
        self
    }

    /// The position of the channels, and the number of groups.
    fn groups_of(&self, shape: &Shape) -> Result<(usize, usize)> {
        let position = positions(&[self.axis], shape, "GroupNormalization")?[0];
        let channels = shape.dims()[position - 1];
        let groups = if self.groups == -1 { channels as i64 } else { self.groups };
        if groups < 1 || channels as i64 % groups != 0 {
            let divisors: Vec<String> =
                (1..=channels).filter(|d| channels.is_multiple_of(*d)).map(|d| d.to_string()).collect();
            return Err(Error::argument(format!(
                "`groups` must divide the {channels} channels of axis {position} of {shape}, got {}",
                self.groups
            ))
            .help(format!("take one of {}; -1 gives each channel a group of its own", divisors.join(", "))));
        }
        Ok((position, groups as usize))
    }
}

impl Layer for GroupNormalization {
    fn class(&self) -> &'static str {
        "GroupNormalization"
    }

    fn config(&self) -> Config {
        let config = Config::new()
            .with("groups", self.groups)
            .with("axis", self.axis)
            .with("epsilon", self.epsilon)
            .with("center", self.affine.center)
            .with("scale", self.affine.scale);
        self.affine.write(config)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "GroupNormalization")?;
        self.groups_of(shape)?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let shape = at.shape(x).clone();
        let (position, groups) = self.groups_of(&shape)?;
        let (before, after) = (&shape.dims()[..position - 1], &shape.dims()[position..]);
        let (before, after): (usize, usize) = (before.iter().product(), after.iter().product());
        let channels = shape.dims()[position - 1];
        let part = channels / groups.max(1);
        // (before, groups, part, after) with the groups in front, so that each group is one row.
        let mut y = at.reshaped(x, [before, groups, part, after].into());
        if before != 1 {
            y = permuted(at, y, &[2, 1, 3, 4]);
        }
        let apart = at.shape(y).clone();
        y = at.reshaped(y, [groups, before * part * after].into());
        y = standardized(at, y, self.epsilon, true);
        y = at.reshaped(y, apart);
        if before != 1 {
            y = permuted(at, y, &[2, 1, 3, 4]);
        }
        y = at.reshaped(y, shape);
        let layout = Layout { outer: Extent::Rows(before), axis: Extent::Fixed(channels), inner: after };
        y = self.affine.lower(at, y, channels.into(), layout)?;
        at.output(y);
        Ok(())
    }

    fn channel_axis(&self) -> Option<usize> {
        usize::try_from(self.axis).ok()
    }

    fn role(&self) -> Role {
        Role::Normalize(Standard::OverUnits)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let groups = args.or("groups", 32_i64)?;
    if groups < 1 && groups != -1 {
        return args.reject("groups", "1 or more, or -1 for as many as channels", groups);
    }
    let axis = args.or("axis", -1)?;
    let epsilon = args.or("epsilon", 0.001)?;
    check_epsilon(args, epsilon)?;
    Ok(Arc::new(GroupNormalization { groups, axis, epsilon, affine: Affine::read(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "GroupNormalization", names: &["group_normalization"], build };
