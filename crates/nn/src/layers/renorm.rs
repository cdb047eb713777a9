//! Batch renormalization: the correction that makes training's normalization agree with the moving averages.

use crate::config::{Config, FromValue, Value};
use crate::initializers::{Draw, Initializer};
use crate::step::CustomStep;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The limits of batch renormalization's correction (Ioffe 2017); `None` for no limit.
///
/// ```
/// use steadygrad_nn::layers::{BatchNormalization, RenormClipping};
/// let clipping = RenormClipping { rmax: Some(3.0), rmin: Some(1.0 / 3.0), dmax: Some(5.0) };
/// let layer = BatchNormalization::new().renorm(true).renorm_clipping(clipping);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RenormClipping {
    /// The largest factor r.
    pub rmax: Option<f64>,
    /// The smallest factor r.
    pub rmin: Option<f64>,
    /// The largest |d|.
    pub dmax: Option<f64>,
}

impl FromValue for RenormClipping {
    fn from_value(value: &Value) -> Result<RenormClipping> {
        let config = Config::from_value(value)?;
        let mut args = crate::args::Args::new("renorm_clipping", &config);
        let clipping = RenormClipping {
            rmax: args.or("rmax", None)?,
            rmin: args.or("rmin", None)?,
            dmax: args.or("dmax", None)?,
        };
        args.finish()?;
        Ok(clipping)
    }
}

impl From<RenormClipping> for Value {
    fn from(clipping: RenormClipping) -> Value {
        let mut config = Config::new();
        for (name, limit) in [("rmax", clipping.rmax), ("rmin", clipping.rmin), ("dmax", clipping.dmax)] {
            if let Some(limit) = limit {
                config.set(name, limit);
            }
        }
        config.into()
    }
}

/// r and d, and what they make of γ and β.
///
/// ```text
/// s = √(variance + ε),  σ = max(renorm_stddev, √ε)
/// r = clip(s/σ, rmin, rmax),  d = clip((mean − renorm_mean)/σ, −dmax, dmax)
/// y = (x̂·r + d)·γ + β = x̂·factor + shift,  factor = r·γ,  shift = d·γ + β
/// new moving variance = (moving_stddev·momentum + s·(1 − momentum))² − ε
/// ```
#[derive(Debug, Clone)]
pub(crate) struct Correction {
    pub clipping: RenormClipping,
    pub epsilon: f64,
    pub momentum: f64,
    pub scale: bool,
    pub center: bool,
}

impl Correction {
    /// Inputs: mean, variance, renorm_mean, renorm_stddev, moving_stddev, then γ and β where there are any.
    /// Outputs: r, d, factor, shift, s, the new moving variance.
    fn correct<R: Real>(&self, inputs: &[&[R]], outputs: &mut [&mut [R]]) {
        let clipping = &self.clipping;
        for c in 0..inputs[0].len() {
            let [mean, variance, renorm_mean, renorm_stddev, moving] =
                [0, 1, 2, 3, 4].map(|i: usize| inputs[i][c].f64());
            let gamma = if self.scale { inputs[5][c].f64() } else { 1.0 };
            let beta = if self.center { inputs[5 + usize::from(self.scale)][c].f64() } else { 0.0 };
            let deviation = (variance + self.epsilon).sqrt();
            let usual = renorm_stddev.max(self.epsilon.sqrt());
            let r = (deviation / usual)
                .min(clipping.rmax.unwrap_or(f64::INFINITY))
                .max(clipping.rmin.unwrap_or(f64::NEG_INFINITY));
            let most = clipping.dmax.unwrap_or(f64::INFINITY);
            let d = ((mean - renorm_mean) / usual).min(most).max(-most);
            let moved = moving * self.momentum + deviation * (1.0 - self.momentum);
            let values =
                [r, d, r * gamma, d * gamma + beta, deviation, (moved * moved - self.epsilon).max(0.0)];
            for (out, value) in outputs.iter_mut().zip(values) {
                out[c] = R::of(value);
            }
        }
    }
}

impl CustomStep for Correction {
    fn name(&self) -> &str {
        "renorm"
    }
    fn run(&self, _: usize, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) {
        self.correct(inputs, outputs);
    }
    fn run64(&self, _: usize, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        self.correct(inputs, outputs);
    }
}

/// The square roots of another initializer's values: deviations where that one gives variances.
#[derive(Debug, Clone)]
pub(crate) struct SquareRoot(pub Arc<dyn Initializer>);

impl Initializer for SquareRoot {
    fn class(&self) -> &'static str {
        "SquareRoot"
    }
    fn config(&self) -> Config {
        Config::new().with("of", &self.0)
    }
    fn fill(&self, draw: &Draw, shape: &[usize], out: &mut [f32]) -> Result<()> {
        self.0.fill(draw, shape, out)?;
        for value in out {
            *value = value.max(0.0).sqrt();
        }
        Ok(())
    }
}
