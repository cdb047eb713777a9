//! What a regularizer is: a penalty on weights or activities, with its gradient, in both precisions.

use crate::args::Args;
use crate::config::{Config, FromValue, Value};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Lane, Real, Result};

/// A penalty as a formula, in any precision.
pub trait PenaltyRule: Debug + Send + Sync + 'static {
    /// Keras' class name: "L2".
    const CLASS: &'static str;

    /// The settings under Keras' names.
    fn config(&self) -> Config;

    /// Whether weights of this shape can be penalized.
    fn check(&self, shape: &[usize]) -> Result<()> {
        let _ = shape;
        Ok(())
    }

    /// The penalty of all of `w`, summed in double precision.
    fn value<R: Real>(&self, w: &[R], shape: &[usize]) -> f64;

    /// Its gradient, written to `out`.
    fn gradient<R: Real>(&self, w: &[R], shape: &[usize], out: &mut [R]);
}

/// Any [`PenaltyRule`] as an object.
pub trait Regularizer: Debug + Send + Sync {
    /// Keras' class name.
    fn class(&self) -> &'static str;
    /// The settings.
    fn config(&self) -> Config;
    /// Whether weights of this shape can be penalized.
    fn check(&self, shape: &[usize]) -> Result<()>;
    /// The penalty.
    fn value(&self, w: &[f32], shape: &[usize]) -> f64;
    /// Its gradient.
    fn gradient(&self, w: &[f32], shape: &[usize], out: &mut [f32]);
    /// The penalty in double precision.
    fn value64(&self, w: &[f64], shape: &[usize]) -> f64;
    /// Its gradient in double precision.
    fn gradient64(&self, w: &[f64], shape: &[usize], out: &mut [f64]);
}

impl<P: PenaltyRule> Regularizer for P {
    fn class(&self) -> &'static str {
        P::CLASS
    }
    fn config(&self) -> Config {
        PenaltyRule::config(self)
    }
    fn check(&self, shape: &[usize]) -> Result<()> {
        PenaltyRule::check(self, shape)
    }
    fn value(&self, w: &[f32], shape: &[usize]) -> f64 {
        PenaltyRule::value(self, <f32 as Lane>::slice(w), shape)
    }
    fn gradient(&self, w: &[f32], shape: &[usize], out: &mut [f32]) {
        PenaltyRule::gradient(self, w, shape, out);
    }
    fn value64(&self, w: &[f64], shape: &[usize]) -> f64 {
        PenaltyRule::value(self, w, shape)
    }
    fn gradient64(&self, w: &[f64], shape: &[usize], out: &mut [f64]) {
        PenaltyRule::gradient(self, w, shape, out);
    }
}

impl FromValue for Arc<dyn Regularizer> {
    fn from_value(value: &Value) -> Result<Arc<dyn Regularizer>> {
        crate::catalog::build("regularizer", super::CATALOG, value)
    }
}

impl From<&Arc<dyn Regularizer>> for Value {
    fn from(regularizer: &Arc<dyn Regularizer>) -> Value {
        crate::catalog::spec(regularizer.class(), regularizer.config())
    }
}

/// The factor of a penalty: a finite number of 0 or more; Keras takes nothing for the default.
pub(super) fn factor(args: &mut Args<'_>, name: &str, default: f64) -> Result<f64> {
    match args.or(name, None)?.unwrap_or(default) {
        value if value >= 0.0 && f64::is_finite(value) => Ok(value),
        value => args.reject(name, "a finite number of 0 or more", value),
    }
}
