//! Dropout: some values are 0 while the network learns.

use super::layer::{Layer, Role, one_input};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::noise::{Noise, NoiseShape, check_rate, noisy};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Place, Result};

/// Dropout (Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014).
///
/// ```text
/// training   y = 0 with probability rate, else x/(1 − rate):  the mean stays x
/// inference  y = x
/// ```
///
/// Which values are dropped depends on the seed, the layer's name and the step of training alone.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Dense, Dropout}, activations::Relu};
/// let model = Sequential::new([64]).add(Dense::new(100).activation(Relu)).add(Dropout::new(0.2));
/// // The same features dropped at all of 10 time steps:
/// let same = Sequential::new([10, 8]).add(Dropout::new(0.2).noise_shape([None, Some(1), None]));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dropout {
    rate: f64,
    noise_shape: NoiseShape,
    seed: Option<u64>,
}

impl Dropout {
    /// Drops this fraction, 0 … 1.
    pub fn new(rate: f64) -> Dropout {
        Dropout { rate, noise_shape: NoiseShape::default(), seed: None }
    }

    /// Which values are dropped together: batch first, 1 for axes along which all are, `None` for the others.
    pub fn noise_shape(mut self, axes: impl Into<Vec<Option<usize>>>) -> Dropout {
        self.noise_shape = NoiseShape::new(axes);
        self
    }

    /// A seed of its own instead of the run's.
    pub fn seed(mut self, seed: u64) -> Dropout {
        self.seed = Some(seed);
        self
    }
}

impl Layer for Dropout {
    fn class(&self) -> &'static str {
        "Dropout"
    }

    fn config(&self) -> Config {
        Config::new().with("rate", self.rate).with("seed", self.seed).with("noise_shape", &self.noise_shape)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "Dropout")?;
        check_rate(self.rate)?;
        self.noise_shape.draws(shape)?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = noisy(at, Noise::Dropout { rate: self.rate }, &self.noise_shape, self.seed, x)?;
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Noise(Noise::Dropout { rate: self.rate })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = Dropout {
        rate: args.need("rate")?,
        seed: args.or("seed", None)?,
        noise_shape: NoiseShape::given(args.or("noise_shape", None)?),
    };
    check_rate(layer.rate).place(|| args.owner().to_string())?;
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Dropout", names: &["dropout"], build };
