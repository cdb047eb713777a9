//! Normal weights of a fixed standard deviation.

use super::initializer::{Draw, Initializer, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Normal, not truncated, and of the same size for every shape.
///
/// ```text
/// w ~ N(mean, stddev²)
/// ```
///
/// The fixed size is what makes deep networks vanish or explode; [`VarianceScaling`](super::VarianceScaling) is not fixed.
///
/// ```
/// use steadygrad_nn::initializers::{Draw, Initializer, RandomNormal};
/// assert!((RandomNormal.variance(&[5, 3]).unwrap() - 0.0025).abs() < 1e-15);
/// let mut w = [0.0; 4];
/// RandomNormal.stddev(2.0).seed(7).fill(&Draw::new(0, "w"), &[4], &mut w).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomNormal {
    mean: f64,
    stddev: f64,
    seed: Option<u64>,
}

/// With mean 0 and standard deviation 0.05.
#[allow(non_upper_case_globals)]
pub const RandomNormal: RandomNormal = RandomNormal { mean: 0.0, stddev: 0.05, seed: None };

impl RandomNormal {
    /// The mean.
    pub fn mean(mut self, mean: f64) -> RandomNormal {
        self.mean = mean;
        self
    }

    /// The standard deviation; 0 or more.
    pub fn stddev(mut self, stddev: f64) -> RandomNormal {
        self.stddev = stddev;
        self
    }

    /// A seed of its own, which then decides alone.
    pub fn seed(mut self, seed: u64) -> RandomNormal {
        self.seed = Some(seed);
        self
    }

    fn check(&self) -> Result<()> {
        require(self.mean.is_finite(), "RandomNormal", "mean", "a finite number", self.mean)?;
        let sound = self.stddev >= 0.0 && self.stddev.is_finite();
        require(sound, "RandomNormal", "stddev", "0 or more", self.stddev)
    }
}

impl Initializer for RandomNormal {
    fn class(&self) -> &'static str {
        "RandomNormal"
    }

    fn config(&self) -> Config {
        Config::new().with("seed", self.seed).with("mean", self.mean).with("stddev", self.stddev)
    }

    fn fill(&self, draw: &Draw, _: &[usize], out: &mut [f32]) -> Result<()> {
        self.check()?;
        let stream = draw.stream(self.seed);
        for (i, w) in out.iter_mut().enumerate() {
            *w = (self.mean + self.stddev * stream.normal(0, i as u64)) as f32;
        }
        Ok(())
    }

    fn variance(&self, _: &[usize]) -> Option<f64> {
        (self.mean == 0.0).then_some(self.stddev * self.stddev)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Initializer>> {
    let normal = RandomNormal {
        mean: args.or("mean", 0.0)?,
        stddev: args.or("stddev", 0.05)?,
        seed: args.or("seed", None)?,
    };
    normal.check()?;
    Ok(Arc::new(normal))
}

pub(crate) const ENTRY: Entry<dyn Initializer> =
    Entry { class: "RandomNormal", names: &["random_normal", "normal"], build };
