//! What an initializer is: values for a shape, drawn from a stream.

use crate::config::{Config, FromValue, Value};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::random::{Purpose, Stream, normal_quantile};
use steadygrad_kernels::{Error, Result};

/// Gives a parameter its first values.
pub trait Initializer: Debug + Send + Sync + 'static {
    /// Keras' class name: "HeNormal".
    fn class(&self) -> &'static str;

    /// The settings under Keras' names.
    fn config(&self) -> Config;

    /// Fills `out`, which has the size of `shape` (row-major), or says why this shape cannot be.
    fn fill(&self, draw: &Draw, shape: &[usize], out: &mut [f32]) -> Result<()>;

    /// The variance of one weight of this shape, if it is a random one with mean 0: what the theory reads.
    fn variance(&self, shape: &[usize]) -> Option<f64> {
        let _ = shape;
        None
    }
}

/// Where an initializer's random numbers come from: the run's seed and the parameter's key, or a seed of its own.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    stream: Stream,
}

impl Draw {
    /// The numbers of this seed for this key.
    pub fn new(seed: u64, key: &str) -> Draw {
        Draw { stream: Stream::new(seed, Purpose::Initialize, key) }
    }

    /// The same, unless the initializer has a seed of its own, which then decides alone, as in Keras.
    pub fn stream(&self, seed: Option<u64>) -> Stream {
        seed.map_or(self.stream, |seed| Stream::new(seed, Purpose::Initialize, ""))
    }
}

/// Inputs to one unit, and units that one input reaches, for a weight of this shape.
///
/// Dense kernels are (in, out); convolution kernels (…, in, out) count every position of the window.
///
/// ```text
/// ()          1, 1
/// (n,)        n, n
/// (i, o)      i, o
/// (…, i, o)   i · Π…, o · Π…
/// ```
/// ```
/// use steadygrad_nn::initializers::fans;
/// assert_eq!(fans(&[784, 300]), (784, 300));
/// assert_eq!(fans(&[3, 3, 8, 16]), (72, 144));
/// ```
pub fn fans(shape: &[usize]) -> (usize, usize) {
    match *shape {
        [] => (1, 1),
        [n] => (n, n),
        [ref field @ .., input, output] => {
            let field: usize = field.iter().product();
            (input * field, output * field)
        }
    }
}

/// [`fans`], with the axes named that count as inputs and as outputs: products over those axes. Both must be named.
///
/// # Errors
/// Where the shape has no such axis.
pub fn fans_along(shape: &[usize], input: Option<&[i64]>, output: Option<&[i64]>) -> Result<(usize, usize)> {
    let (Some(input), Some(output)) = (input, output) else { return Ok(fans(shape)) };
    let product = |axes: &[i64]| {
        axes.iter().try_fold(1, |product: usize, &axis| {
            let at = if axis < 0 { axis + shape.len() as i64 } else { axis };
            usize::try_from(at).ok().and_then(|at| shape.get(at)).map(|d| product * d).ok_or_else(|| {
                Error::shape(format!("there is no axis {axis} in a weight of shape {shape:?}"))
                    .help("`input_axes` and `output_axes` count from 0, or from the end with -1")
            })
        })
    };
    Ok((product(input)?, product(output)?))
}

/// The standard deviation of N(0, 1) cut off at ±2: √(1 − 4·φ(2) / (2·Φ(2) − 1)).
pub const TRUNCATED_STDDEV: f64 = 0.879_625_661_034_239_8;

/// N(0, 1) cut off at ±2, from a uniform number: by the inverse of its distribution function, so without redrawing.
pub(crate) fn truncated_normal(u: f64) -> f64 {
    const PHI_2: f64 = 0.977_249_868_051_820_8;
    normal_quantile(1.0 - PHI_2 + u * (2.0 * PHI_2 - 1.0))
}

/// x as f32, not rounded out of the open interval that it lies in.
pub(crate) fn within(x: f64, low: f64, high: f64) -> f32 {
    let w = x as f32;
    if f64::from(w) >= high && low < high {
        w.next_down()
    } else if f64::from(w) < low {
        w.next_up()
    } else {
        w
    }
}

/// An error of this initializer unless the condition on its argument holds.
pub(crate) fn require(holds: bool, class: &str, name: &str, must: &str, is: f64) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::argument(format!("`{name}` must be {must}, got {is}")).at(class)) }
}

impl FromValue for Arc<dyn Initializer> {
    fn from_value(value: &Value) -> Result<Arc<dyn Initializer>> {
        crate::catalog::build("initializer", super::CATALOG, value)
    }
}

impl From<&Arc<dyn Initializer>> for Value {
    fn from(initializer: &Arc<dyn Initializer>) -> Value {
        crate::catalog::spec(initializer.class(), initializer.config())
    }
}
