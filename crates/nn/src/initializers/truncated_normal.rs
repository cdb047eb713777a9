//! Normal weights of a fixed size, without the tails.

use super::initializer::{Draw, Initializer, TRUNCATED_STDDEV, require, truncated_normal, within};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Normal, redrawn beyond two standard deviations, and of the same size for every shape.
///
/// ```text
/// w ~ N(mean, stddev²) given |w − mean| < 2·stddev
/// ```
///
/// As in Keras, `stddev` is that before the cut: the weights have 0.8796·stddev. (In
/// [`VarianceScaling`](super::VarianceScaling) the cut is made up for.)
///
/// ```
/// use steadygrad_nn::initializers::{Draw, Initializer, TruncatedNormal};
/// let mut w = [0.0; 100];
/// TruncatedNormal.stddev(1.0).fill(&Draw::new(0, "w"), &[100], &mut w).unwrap();
/// assert!(w.iter().all(|w| w.abs() < 2.0));
/// assert!((TruncatedNormal.stddev(1.0).variance(&[100]).unwrap() - 0.7737).abs() < 1e-4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruncatedNormal {
    mean: f64,
    stddev: f64,
    seed: Option<u64>,
}

/// With mean 0 and standard deviation 0.05.
#[allow(non_upper_case_globals)]
pub const TruncatedNormal: TruncatedNormal = TruncatedNormal { mean: 0.0, stddev: 0.05, seed: None };

impl TruncatedNormal {
    /// The mean.
    pub fn mean(mut self, mean: f64) -> TruncatedNormal {
        self.mean = mean;
        self
    }

    /// The standard deviation before the cut; 0 or more.
    pub fn stddev(mut self, stddev: f64) -> TruncatedNormal {
        self.stddev = stddev;
        self
    }

    /// A seed of its own, which then decides alone.
    pub fn seed(mut self, seed: u64) -> TruncatedNormal {
        self.seed = Some(seed);
        self
    }

    fn check(&self) -> Result<()> {
        require(self.mean.is_finite(), "TruncatedNormal", "mean", "a finite number", self.mean)?;
        let sound = self.stddev >= 0.0 && self.stddev.is_finite();
        require(sound, "TruncatedNormal", "stddev", "0 or more", self.stddev)
    }
}

impl Initializer for TruncatedNormal {
    fn class(&self) -> &'static str {
        "TruncatedNormal"
    }

    fn config(&self) -> Config {
        Config::new().with("seed", self.seed).with("mean", self.mean).with("stddev", self.stddev)
    }

    fn fill(&self, draw: &Draw, _: &[usize], out: &mut [f32]) -> Result<()> {
        self.check()?;
        let stream = draw.stream(self.seed);
        let (low, high) = (self.mean - 2.0 * self.stddev, self.mean + 2.0 * self.stddev);
        for (i, w) in out.iter_mut().enumerate() {
            *w = within(self.mean + self.stddev * truncated_normal(stream.uniform(0, i as u64)), low, high);
        }
        Ok(())
    }

    fn variance(&self, _: &[usize]) -> Option<f64> {
        (self.mean == 0.0).then_some((self.stddev * TRUNCATED_STDDEV).powi(2))
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Initializer>> {
    let normal = TruncatedNormal {
        mean: args.or("mean", 0.0)?,
        stddev: args.or("stddev", 0.05)?,
        seed: args.or("seed", None)?,
    };
    normal.check()?;
    Ok(Arc::new(normal))
}

pub(crate) const ENTRY: Entry<dyn Initializer> =
    Entry { class: "TruncatedNormal", names: &["truncated_normal"], build };
