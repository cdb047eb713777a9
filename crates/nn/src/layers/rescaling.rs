//! Rescaling: the values times a number, plus a number.

use super::layer::{Layer, Role, one_input};
use super::merge::affine;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, FromValue, Value};
use crate::lowering::Lowering;
use crate::shape::{Layout, Shape};
use crate::step::Step;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// y = x·scale + offset, such as pixels of 0 … 255 to 0 … 1, in training and in inference.
///
/// Both are one number, or one for each element of the last axis: for each channel, or each feature.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Dense, Flatten, Rescaling}};
/// let model = Sequential::new([28, 28]).add(Rescaling::new(1.0 / 255.0)).add(Flatten).add(Dense::new(10));
/// let centred = Rescaling::new(2.0 / 255.0).offset(-1.0);
/// let colours = Rescaling::new([0.5, 1.0, 0.5]).offset([0.0, 0.1, 0.2]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rescaling {
    scale: PerChannel,
    offset: PerChannel,
}

/// One number, or one for each element of the last axis.
#[derive(Debug, Clone, PartialEq)]
pub enum PerChannel {
    /// The same for all.
    One(f64),
    /// Each has its own.
    Each(Vec<f64>),
}

impl PerChannel {
    /// The number, or the only one of a list.
    fn one(&self) -> Option<f64> {
        match self {
            PerChannel::One(number) => Some(*number),
            PerChannel::Each(numbers) => numbers.first().copied().filter(|_| numbers.len() == 1),
        }
    }

    /// One for each of so many channels.
    fn each(&self, channels: usize) -> Vec<f64> {
        match (self.one(), self) {
            (None, PerChannel::Each(numbers)) => numbers.clone(),
            (number, _) => vec![number.unwrap_or(0.0); channels],
        }
    }

    fn check(&self, name: &str, shape: &Shape) -> Result<()> {
        match self {
            PerChannel::Each(numbers) if self.one().is_none() && numbers.len() != shape.last() => {
                Err(Error::shape(format!(
                    "`{name}` has {} numbers, and the last axis of {shape} {}",
                    numbers.len(),
                    shape.last()
                ))
                .help("give one number for all, or one for each element of the last axis"))
            }
            _ => Ok(()),
        }
    }
}

impl From<f64> for PerChannel {
    fn from(number: f64) -> PerChannel {
        PerChannel::One(number)
    }
}

impl From<Vec<f64>> for PerChannel {
    fn from(numbers: Vec<f64>) -> PerChannel {
        PerChannel::Each(numbers)
    }
}

impl<const N: usize> From<[f64; N]> for PerChannel {
    fn from(numbers: [f64; N]) -> PerChannel {
        PerChannel::Each(numbers.to_vec())
    }
}

impl From<&PerChannel> for Value {
    fn from(numbers: &PerChannel) -> Value {
        match numbers {
            PerChannel::One(number) => (*number).into(),
            PerChannel::Each(numbers) => numbers.clone().into(),
        }
    }
}

impl FromValue for PerChannel {
    fn from_value(value: &Value) -> Result<PerChannel> {
        match value {
            Value::List(_) => Vec::from_value(value).map(PerChannel::Each),
            one => f64::from_value(one).map(PerChannel::One),
        }
    }
}

impl Rescaling {
    /// x·scale
    pub fn new(scale: impl Into<PerChannel>) -> Rescaling {
        Rescaling { scale: scale.into(), offset: PerChannel::One(0.0) }
    }

    /// Added after the multiplication.
    pub fn offset(mut self, offset: impl Into<PerChannel>) -> Rescaling {
        self.offset = offset.into();
        self
    }
}

impl Layer for Rescaling {
    fn class(&self) -> &'static str {
        "Rescaling"
    }

    fn config(&self) -> Config {
        Config::new().with("scale", &self.scale).with("offset", &self.offset)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "Rescaling")?;
        self.scale.check("scale", shape)?;
        self.offset.check("offset", shape)?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = match (self.scale.one(), self.offset.one()) {
            (Some(scale), Some(offset)) => affine(at, x, scale, offset),
            _ => {
                let shape = at.shape(x).clone();
                let layout = Layout::last(&shape);
                let scale = at.constant(self.scale.each(shape.last()));
                let shift = at.constant(self.offset.each(shape.last()));
                let y = at.port(shape);
                let (from, out) = (at.slot(x), at.slot(y));
                at.forward(Step::ScaleShift { x: from, scale: Some(scale), shift: Some(shift), out, layout });
                if let Some(out) = at.gradient_into(x) {
                    let dy = at.gradient(y);
                    at.backward([Step::ScaleShift { x: dy, scale: Some(scale), shift: None, out, layout }]);
                }
                y
            }
        };
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        match (self.scale.one(), self.offset.one()) {
            (Some(scale), Some(offset)) => Role::Affine { scale, offset },
            _ => Role::Unknown,
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(Rescaling { scale: args.need("scale")?, offset: args.or("offset", PerChannel::One(0.0))? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Rescaling", names: &["rescaling"], build };
