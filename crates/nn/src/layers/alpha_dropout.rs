//! AlphaDropout: dropout that leaves mean and variance as SELU made them.

use super::layer::{Layer, Role, one_input};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::noise::{Noise, NoiseShape, check_rate, noisy};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Place, Result};

/// Alpha dropout (Klambauer, Unterthiner, Mayr and Hochreiter 2017), for networks of SELU.
///
/// ```text
/// training   y = a·α′ + b with probability rate, else a·x + b
///            α′ = −λ·α ≈ −1.7581,  a = ((1 − rate)·(1 + rate·α′²))^(−1/2),  b = −a·α′·rate
/// inference  y = x
/// ```
///
/// Values of mean 0 and variance 1 keep both; ordinary dropout would not. At rate 1, where nothing is left, y = 0.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{AlphaDropout, Dense}, initializers::LecunNormal};
/// let model = Sequential::new([64])
///     .add(Dense::new(100).kernel_initializer(LecunNormal))
///     .add(AlphaDropout::new(0.1));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AlphaDropout {
    rate: f64,
    noise_shape: NoiseShape,
    seed: Option<u64>,
}

impl AlphaDropout {
    /// Drops this fraction, 0 … 1.
    pub fn new(rate: f64) -> AlphaDropout {
        AlphaDropout { rate, noise_shape: NoiseShape::default(), seed: None }
    }

    /// Which values are dropped together: batch first, 1 for axes along which all are, `None` for the others.
    pub fn noise_shape(mut self, axes: impl Into<Vec<Option<usize>>>) -> AlphaDropout {
        self.noise_shape = NoiseShape::new(axes);
        self
    }

    /// A seed of its own instead of the run's.
    pub fn seed(mut self, seed: u64) -> AlphaDropout {
        self.seed = Some(seed);
        self
    }
}

impl Layer for AlphaDropout {
    fn class(&self) -> &'static str {
        "AlphaDropout"
    }

    fn config(&self) -> Config {
        Config::new().with("rate", self.rate).with("seed", self.seed).with("noise_shape", &self.noise_shape)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "AlphaDropout")?;
        check_rate(self.rate)?;
        self.noise_shape.draws(shape)?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = noisy(at, Noise::AlphaDropout { rate: self.rate }, &self.noise_shape, self.seed, x)?;
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Noise(Noise::AlphaDropout { rate: self.rate })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = AlphaDropout {
        rate: args.need("rate")?,
        seed: args.or("seed", None)?,
        noise_shape: NoiseShape::given(args.or("noise_shape", None)?),
    };
    check_rate(layer.rate).place(|| args.owner().to_string())?;
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "AlphaDropout", names: &["alpha_dropout"], build };
