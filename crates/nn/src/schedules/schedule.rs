//! What a schedule is: a learning rate for every step.

use crate::args::Args;
use crate::config::{Config, FromValue, Value};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// The learning rate as a function of the step.
pub trait Schedule: Debug + Send + Sync + 'static {
    /// Keras' class name: "ExponentialDecay".
    fn class(&self) -> &'static str;
    /// The settings under Keras' names.
    fn config(&self) -> Config;
    /// The rate at this step, counted from 0.
    fn rate(&self, step: u64) -> f64;
}

/// A learning rate: a number, or a schedule.
#[derive(Debug, Clone)]
pub enum Rate {
    /// The same at every step, until somebody changes it.
    Constant(f64),
    /// As the schedule says.
    Schedule(Arc<dyn Schedule>),
}

impl Rate {
    /// Whether it is a finite number of 0 or more, or a schedule with settings that can be.
    ///
    /// # Errors
    /// If it is not: what it must be, and what it is.
    pub fn check(&self) -> Result<()> {
        match self {
            Rate::Schedule(schedule) => {
                crate::catalog::check(super::CATALOG, schedule.class(), &schedule.config())
            }
            Rate::Constant(rate) if rate.is_finite() && *rate >= 0.0 => Ok(()),
            Rate::Constant(rate) => Err(Error::argument(format!(
                "a learning rate must be a finite number of 0 or more, got {rate}"
            ))),
        }
    }

    /// The rate at this step, counted from 0.
    pub fn at(&self, step: u64) -> f64 {
        match self {
            Rate::Constant(rate) => *rate,
            Rate::Schedule(schedule) => schedule.rate(step),
        }
    }
}

impl From<f64> for Rate {
    fn from(rate: f64) -> Rate {
        Rate::Constant(rate)
    }
}

impl<S: Schedule> From<S> for Rate {
    fn from(schedule: S) -> Rate {
        Rate::Schedule(Arc::new(schedule))
    }
}

impl From<&Rate> for Value {
    fn from(rate: &Rate) -> Value {
        match rate {
            Rate::Constant(rate) => (*rate).into(),
            Rate::Schedule(schedule) => crate::catalog::spec(schedule.class(), schedule.config()),
        }
    }
}

impl FromValue for Rate {
    fn from_value(value: &Value) -> Result<Rate> {
        if let Value::Map(_) = value {
            return Ok(Rate::Schedule(crate::catalog::build("schedule", super::CATALOG, value)?));
        }
        let rate = Rate::Constant(f64::from_value(value)?);
        rate.check().map(|()| rate)
    }
}

/// A number of steps that something lasts: above 0, whole as a rule.
pub(super) fn duration(args: &mut Args<'_>, name: &str) -> Result<f64> {
    match args.need(name)? {
        steps if steps > 0.0 && f64::is_finite(steps) => Ok(steps),
        steps => args.reject(name, "a finite number above 0", steps),
    }
}

/// A number that a rate is, or is multiplied by: finite, and 0 or more.
pub(super) fn rate(args: &mut Args<'_>, name: &str, default: Option<f64>) -> Result<f64> {
    let value = match default {
        Some(default) => args.or(name, default)?,
        None => args.need(name)?,
    };
    if value >= 0.0 && f64::is_finite(value) {
        return Ok(value);
    }
    args.reject(name, "a finite number of 0 or more", value)
}

/// A number of steps as it was written: whole if it is whole.
pub(super) fn steps(steps: f64) -> Value {
    if steps.fract() == 0.0 && steps.abs() < 1e15 { Value::Int(steps as i64) } else { Value::Float(steps) }
}

/// ½·(1 + cos(π·passed)), in single precision as Keras has it: near the end, where 1 + cos cancels, the digits differ.
pub(super) fn half_cosine(passed: f64) -> f64 {
    let angle = std::f32::consts::PI * passed as f32;
    let cos = f64::from(angle).cos() as f32;
    f64::from(0.5 * (1.0 + cos))
}
