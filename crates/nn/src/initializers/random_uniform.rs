//! Uniform weights between two fixed limits.

use super::initializer::{Draw, Initializer, require, within};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Uniform between two limits that are the same for every shape.
///
/// ```text
/// w ~ U[minval, maxval),  variance (maxval − minval)²/12
/// ```
///
/// ```
/// use steadygrad_nn::initializers::{Draw, Initializer, RandomUniform};
/// let mut w = [0.0; 100];
/// RandomUniform.minval(-1.0).maxval(2.0).fill(&Draw::new(0, "w"), &[100], &mut w).unwrap();
/// assert!(w.iter().all(|w| (-1.0..2.0).contains(w)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomUniform {
    minval: f64,
    maxval: f64,
    seed: Option<u64>,
}

/// Between −0.05 and 0.05.
#[allow(non_upper_case_globals)]
pub const RandomUniform: RandomUniform = RandomUniform { minval: -0.05, maxval: 0.05, seed: None };

impl RandomUniform {
    /// The lower limit, which can be reached.
    pub fn minval(mut self, minval: f64) -> RandomUniform {
        self.minval = minval;
        self
    }

    /// The upper limit, which is not reached.
    pub fn maxval(mut self, maxval: f64) -> RandomUniform {
        self.maxval = maxval;
        self
    }

    /// A seed of its own, which then decides alone.
    pub fn seed(mut self, seed: u64) -> RandomUniform {
        self.seed = Some(seed);
        self
    }

    fn check(&self) -> Result<()> {
        require(self.minval.is_finite(), "RandomUniform", "minval", "a finite number", self.minval)?;
        let sound = self.maxval >= self.minval && self.maxval.is_finite();
        require(sound, "RandomUniform", "maxval", &format!("`minval` ({}) or more", self.minval), self.maxval)
    }
}

impl Initializer for RandomUniform {
    fn class(&self) -> &'static str {
        "RandomUniform"
    }

    fn config(&self) -> Config {
        Config::new().with("seed", self.seed).with("minval", self.minval).with("maxval", self.maxval)
    }

    fn fill(&self, draw: &Draw, _: &[usize], out: &mut [f32]) -> Result<()> {
        self.check()?;
        let (stream, width) = (draw.stream(self.seed), self.maxval - self.minval);
        for (i, w) in out.iter_mut().enumerate() {
            *w = within(self.minval + width * stream.uniform(0, i as u64), self.minval, self.maxval);
        }
        Ok(())
    }

    fn variance(&self, _: &[usize]) -> Option<f64> {
        let width = self.maxval - self.minval;
        (self.minval == -self.maxval).then_some(width * width / 12.0)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Initializer>> {
    let uniform = RandomUniform {
        minval: args.or("minval", -0.05)?,
        maxval: args.or("maxval", 0.05)?,
        seed: args.or("seed", None)?,
    };
    uniform.check()?;
    Ok(Arc::new(uniform))
}

pub(crate) const ENTRY: Entry<dyn Initializer> =
    Entry { class: "RandomUniform", names: &["random_uniform", "uniform"], build };
