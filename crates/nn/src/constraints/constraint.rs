//! What a constraint is: a projection of a weight, applied after every update of the optimizer.

use crate::config::{Config, FromValue, Value};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// A projection as a formula, in any precision.
pub trait Projection: Debug + Send + Sync + 'static {
    /// Keras' class name: "MaxNorm".
    const CLASS: &'static str;

    /// The settings under Keras' names.
    fn config(&self) -> Config;

    /// Whether weights of this shape can be held to it.
    fn check(&self, shape: &[usize]) -> Result<()> {
        let _ = shape;
        Ok(())
    }

    /// Changes `w` (row-major, of `shape`) to what is allowed.
    fn project<R: Real>(&self, w: &mut [R], shape: &[usize]);
}

/// Any [`Projection`] as an object.
pub trait Constraint: Debug + Send + Sync {
    /// Keras' class name.
    fn class(&self) -> &'static str;
    /// The settings.
    fn config(&self) -> Config;
    /// Whether weights of this shape can be held to it: its axes must exist.
    fn check(&self, shape: &[usize]) -> Result<()>;
    /// Changes `w` to what is allowed.
    fn apply(&self, w: &mut [f32], shape: &[usize]);
    /// The same in double precision.
    fn apply64(&self, w: &mut [f64], shape: &[usize]);
}

impl<P: Projection> Constraint for P {
    fn class(&self) -> &'static str {
        P::CLASS
    }
    fn config(&self) -> Config {
        Projection::config(self)
    }
    fn check(&self, shape: &[usize]) -> Result<()> {
        Projection::check(self, shape)
    }
    fn apply(&self, w: &mut [f32], shape: &[usize]) {
        self.project(w, shape);
    }
    fn apply64(&self, w: &mut [f64], shape: &[usize]) {
        self.project(w, shape);
    }
}

impl FromValue for Arc<dyn Constraint> {
    fn from_value(value: &Value) -> Result<Arc<dyn Constraint>> {
        crate::catalog::build("constraint", super::CATALOG, value)
    }
}

impl From<&Arc<dyn Constraint>> for Value {
    fn from(constraint: &Arc<dyn Constraint>) -> Value {
        crate::catalog::spec(constraint.class(), constraint.config())
    }
}
