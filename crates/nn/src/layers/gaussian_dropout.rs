//! GaussianDropout: values times random numbers around 1 while the network learns.

use super::layer::{Layer, Role, one_input};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::noise::{Noise, NoiseShape, check_rate, noisy};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Error, Place, Result};

/// Multiplicative Gaussian noise (Srivastava et al. 2014, section 10), with the mean and variance of dropout.
///
/// ```text
/// training   y = x·N(1, rate/(1 − rate))
/// inference  y = x
/// ```
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Dense, GaussianDropout}};
/// let model = Sequential::new([64]).add(Dense::new(100)).add(GaussianDropout::new(0.2));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianDropout {
    rate: f64,
    seed: Option<u64>,
}

impl GaussianDropout {
    /// With the variance of dropout of this rate: 0 or more, below 1.
    pub fn new(rate: f64) -> GaussianDropout {
        GaussianDropout { rate, seed: None }
    }

    /// A seed of its own instead of the run's.
    pub fn seed(mut self, seed: u64) -> GaussianDropout {
        self.seed = Some(seed);
        self
    }

    fn check(&self) -> Result<()> {
        check_rate(self.rate)?;
        if self.rate == 1.0 {
            return Err(Error::argument("`rate` must be below 1, got 1")
                .help("at 1 the variance rate/(1 − rate) of the noise is infinite"));
        }
        Ok(())
    }
}

impl Layer for GaussianDropout {
    fn class(&self) -> &'static str {
        "GaussianDropout"
    }

    fn config(&self) -> Config {
        Config::new().with("rate", self.rate).with("seed", self.seed)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "GaussianDropout")?;
        self.check()?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let noise = Noise::GaussianDropout { rate: self.rate };
        let y = noisy(at, noise, &NoiseShape::default(), self.seed, x)?;
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Noise(Noise::GaussianDropout { rate: self.rate })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = GaussianDropout { rate: args.need("rate")?, seed: args.or("seed", None)? };
    layer.check().place(|| args.owner().to_string())?;
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "GaussianDropout", names: &["gaussian_dropout"], build };
