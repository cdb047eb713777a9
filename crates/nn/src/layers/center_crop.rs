//! CenterCrop: the middle of an image.

use super::interpolation::Interpolation;
use super::layer::{Layer, Role, one_input};
use super::resizing::{Aspect, output, resized, target};
use super::spatial::DataFormat;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use crate::step::frame::framed;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The middle of every image, in training and in inference.
///
/// An image that is too small is made larger, as Keras does: the largest middle part of the same ratio, resized bilinearly.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::CenterCrop};
/// let model: Model = Sequential::new([32, 30, 3]).add(CenterCrop::new(24, 20)).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [24, 20, 3]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CenterCrop {
    height: usize,
    width: usize,
    data_format: DataFormat,
}

impl CenterCrop {
    /// The middle of this height and width.
    pub fn new(height: usize, width: usize) -> CenterCrop {
        CenterCrop { height, width, data_format: DataFormat::default() }
    }

    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> CenterCrop {
        self.data_format = data_format;
        self
    }
}

impl Layer for CenterCrop {
    fn class(&self) -> &'static str {
        "CenterCrop"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("height", self.height)
            .with("width", self.width)
            .with("data_format", self.data_format)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "CenterCrop")?;
        output(shape, [self.height, self.width], self.data_format, "CenterCrop").map(|shape| vec![shape])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let (size, channels) = self.data_format.split::<2>(at.shape(x), "CenterCrop")?;
        let target = [self.height, self.width];
        let y = if size[0] >= target[0] && size[1] >= target[1] {
            let start = [0, 1].map(|i| ((size[i] - target[i]) / 2) as isize);
            let to = self.data_format.join(&target, channels);
            framed(at, x, to, &self.data_format.along_all(start), 0.0)
        } else {
            let kind = (Interpolation::Bilinear, false);
            resized(at, x, target, kind, (Aspect::Crop, 0.0), self.data_format)?
        };
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let [height, width] = target(args)?;
    Ok(Arc::new(CenterCrop { height, width, data_format: DataFormat::read(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "CenterCrop", names: &["center_crop"], build };
