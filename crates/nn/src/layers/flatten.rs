//! Flatten: all axes of a sample in a row.

use super::layer::{Layer, Role, one_input};
use super::spatial::DataFormat;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// (batch, …) → (batch, product of the rest); (batch,) → (batch, 1).
///
/// ```
/// use steadygrad_nn::{Sequential, Model, layers::Flatten};
/// let model: Model = Sequential::new([28, 28]).add(Flatten).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [784]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flatten {
    channels_first: bool,
}

/// With the channels last, as they lie.
#[allow(non_upper_case_globals)]
pub const Flatten: Flatten = Flatten { channels_first: false };

impl Flatten {
    /// The data has its channels first: they are moved last before flattening, so that weights fit both formats.
    pub fn channels_first(self) -> Flatten {
        Flatten { channels_first: true }
    }
}

impl Layer for Flatten {
    fn class(&self) -> &'static str {
        "Flatten"
    }

    fn config(&self) -> Config {
        let format = if self.channels_first { "channels_first" } else { "channels_last" };
        Config::new().with("data_format", format)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![Shape::from(one_input(inputs, "Flatten")?.size())])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let mut x = at.input(0);
        let shape = at.shape(x).clone();
        if self.channels_first && shape.rank() > 1 {
            let order: Vec<usize> = (2..=shape.rank()).chain([1]).collect();
            x = super::permute::permuted(at, x, &order);
        }
        let y = at.reshaped(x, shape.size().into());
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(match DataFormat::read(args)? {
        DataFormat::ChannelsLast => Flatten,
        DataFormat::ChannelsFirst => Flatten.channels_first(),
    }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Flatten", names: &["flatten"], build };
