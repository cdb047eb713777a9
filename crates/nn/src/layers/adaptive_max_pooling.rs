//! AdaptiveMaxPooling1D, 2D and 3D: the largest number of each of so many bins.

use super::layer::{Layer, Pooled, Role};
use super::pooling::Adaptive;
use super::spatial::{DataFormat, Sizes};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;
use steadygrad_kernels::pool::Kind;

/// The largest number of each bin, channel by channel, whatever the size of the input.
///
/// ```text
/// bin o of m over n numbers: ⌊o·n/m⌋ … ⌈(o + 1)·n/m⌉ − 1
/// ```
///
/// Bins share a number where they do not come out even, and there may be more bins than numbers. The gradient goes to the
/// largest; of equal ones to that which comes first along the last axis, then along the one before it, as in Keras.
///
/// Input (batch, …, channels) with `N` axes between, or (batch, channels, …) where the channels come first; the axes of the
/// output are `output_size`.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::AdaptiveMaxPooling2D};
/// let model: Model = Sequential::new([30, 50, 8]).add(AdaptiveMaxPooling2D::new([4, 6])).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [4, 6, 8]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveMaxPooling<const N: usize>(Adaptive<N>);

/// Over sequences: (batch, length, channels).
pub type AdaptiveMaxPooling1D = AdaptiveMaxPooling<1>;
/// Over images: (batch, height, width, channels).
pub type AdaptiveMaxPooling2D = AdaptiveMaxPooling<2>;
/// Over volumes: (batch, depth, height, width, channels).
pub type AdaptiveMaxPooling3D = AdaptiveMaxPooling<3>;

impl<const N: usize> AdaptiveMaxPooling<N> {
    /// So many bins: a number for all axes, or one for each.
    pub fn new(output_size: impl Into<Sizes<N>>) -> AdaptiveMaxPooling<N> {
        AdaptiveMaxPooling(Adaptive::new(output_size.into()))
    }

    /// Where the channels lie; last as usual.
    pub fn data_format(mut self, data_format: DataFormat) -> AdaptiveMaxPooling<N> {
        self.0.data_format = data_format;
        self
    }
}

impl<const N: usize> Layer for AdaptiveMaxPooling<N> {
    fn class(&self) -> &'static str {
        ["AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D"][N - 1]
    }

    fn config(&self) -> Config {
        self.0.config()
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.0.shape(inputs, self.class())
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        self.0.lower(at, self.class(), Kind::Max)
    }

    fn role(&self) -> Role {
        Role::Pool(Pooled::Largest)
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(AdaptiveMaxPooling(Adaptive::<N>::read(args)?)))
}

pub(crate) const ENTRY_1D: Entry<dyn Layer> =
    Entry { class: "AdaptiveMaxPooling1D", names: &["adaptive_max_pooling1d"], build: build::<1> };

pub(crate) const ENTRY_2D: Entry<dyn Layer> =
    Entry { class: "AdaptiveMaxPooling2D", names: &["adaptive_max_pooling2d"], build: build::<2> };

pub(crate) const ENTRY_3D: Entry<dyn Layer> =
    Entry { class: "AdaptiveMaxPooling3D", names: &["adaptive_max_pooling3d"], build: build::<3> };
