//! What an initializer is: values for a shape, drawn from a stream.

use crate::config::{Config, FromValue, Value};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::Result;
use steadygrad_kernels::random::{Purpose, Stream};

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
