//! Random factors: between two bounds, or one number for both directions.

use crate::args::Args;
use crate::config::{FromValue, Value};
use steadygrad_kernels::{Error, Result};

/// A number f, which stands for −|f| … |f|, or two bounds.
///
/// ```
/// use steadygrad_nn::layers::Factor;
/// assert_eq!(Factor::from(0.2).bounds(), [-0.2, 0.2]);
/// assert_eq!(Factor::from((0.3, -0.1)).bounds(), [-0.1, 0.3]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Factor {
    /// So much in either direction.
    Around(f64),
    /// Between these.
    Between(f64, f64),
}

impl Factor {
    /// The lower and the upper bound.
    pub fn bounds(&self) -> [f64; 2] {
        match *self {
            Factor::Around(factor) => [-factor.abs(), factor.abs()],
            Factor::Between(a, b) => [a.min(b), a.max(b)],
        }
    }

    /// An error unless it lies in −1 … 1; at −1 itself only where it may.
    pub(crate) fn check(self, args: &Args<'_>, name: &str, closed: bool) -> Result<Factor> {
        // One number is looked at as it was given: its other side follows from it.
        let numbers = match self {
            Factor::Around(factor) => [factor, factor],
            Factor::Between(a, b) => [a, b],
        };
        let fine = |x: f64| (-1.0..=1.0).contains(&x) && (closed || x > -1.0);
        match numbers.into_iter().find(|x| !fine(*x)) {
            None => Ok(self),
            Some(x) => {
                let range = if closed { "between -1 and 1" } else { "above -1 and up to 1" };
                args.reject(name, range, x)
            }
        }
    }
}

impl From<f64> for Factor {
    fn from(factor: f64) -> Factor {
        Factor::Around(factor)
    }
}

impl From<(f64, f64)> for Factor {
    fn from((a, b): (f64, f64)) -> Factor {
        Factor::Between(a, b)
    }
}

impl From<Factor> for Value {
    fn from(factor: Factor) -> Value {
        match factor {
            Factor::Around(factor) => factor.into(),
            Factor::Between(a, b) => vec![a, b].into(),
        }
    }
}

impl FromValue for Factor {
    fn from_value(value: &Value) -> Result<Factor> {
        match value {
            Value::List(_) => match Vec::from_value(value)?.as_slice() {
                [a, b] => Ok(Factor::Between(*a, *b)),
                other => Err(Error::argument(format!(
                    "expected a number or a list of two, found a list of {}",
                    other.len()
                ))),
            },
            one => f64::from_value(one).map(Factor::Around),
        }
    }
}
