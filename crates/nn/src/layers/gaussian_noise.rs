//! GaussianNoise: random numbers added while the network learns.

use super::layer::{Layer, Role, one_input};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::noise::{Noise, NoiseShape, noisy};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Error, Place, Result};

/// Additive Gaussian noise.
///
/// ```text
/// training   y = x + N(0, stddev²)
/// inference  y = x
/// ```
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Dense, GaussianNoise}};
/// let model = Sequential::new([64]).add(GaussianNoise::new(0.1)).add(Dense::new(10));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianNoise {
    stddev: f64,
    seed: Option<u64>,
}

impl GaussianNoise {
    /// Noise of this standard deviation, in units of the values.
    pub fn new(stddev: f64) -> GaussianNoise {
        GaussianNoise { stddev, seed: None }
    }

    /// A seed of its own instead of the run's.
    pub fn seed(mut self, seed: u64) -> GaussianNoise {
        self.seed = Some(seed);
        self
    }

    fn check(&self) -> Result<()> {
        if self.stddev >= 0.0 && self.stddev.is_finite() {
            return Ok(());
        }
        Err(Error::argument(format!("`stddev` must be 0 or more, got {}", self.stddev))
            .help("it is the standard deviation of what is added, in units of the values"))
    }
}

impl Layer for GaussianNoise {
    fn class(&self) -> &'static str {
        "GaussianNoise"
    }

    fn config(&self) -> Config {
        Config::new().with("stddev", self.stddev).with("seed", self.seed)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "GaussianNoise")?;
        self.check()?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let noise = Noise::Gaussian { stddev: self.stddev };
        let y = noisy(at, noise, &NoiseShape::default(), self.seed, x)?;
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Noise(Noise::Gaussian { stddev: self.stddev })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = GaussianNoise { stddev: args.need("stddev")?, seed: args.or("seed", None)? };
    layer.check().place(|| args.owner().to_string())?;
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "GaussianNoise", names: &["gaussian_noise"], build };
