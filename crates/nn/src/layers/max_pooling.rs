//! MaxPooling1D, 2D and 3D: the largest number of every window.

use super::layer::{Layer, Pooled, Role};
use super::pooling::Sliding;
use super::spatial::{DataFormat, Padding, Sizes};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;
use steadygrad_kernels::pool::Kind;

/// The largest number that each window sees, channel by channel.
///
/// ```text
/// y[o, c] = max over k of x[o·stride + k − before, c]
/// ```
///
/// What lies beyond the edges does not count. The gradient goes to the largest; of equal ones to the first, in row-major
/// order. (TensorFlow hands all of it to each of the equal ones over three axes; here there is one rule for all.) A NaN is
/// larger than anything, so that it is seen behind the layer.
///
/// Input (batch, …, channels) with `N` axes between, or (batch, channels, …) where the channels come first. Each of the axes
/// becomes ⌊(n − size)/stride⌋ + 1 long, or ⌈n/stride⌉ with padding. `pool_size` is 2 if settings from a file do not give it.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::MaxPooling2D};
/// let model: Model = Sequential::new([28, 28, 32]).add(MaxPooling2D::new(2)).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [14, 14, 32]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxPooling<const N: usize>(Sliding<N>);

/// Over sequences: (batch, length, channels).
pub type MaxPooling1D = MaxPooling<1>;
/// Over images: (batch, height, width, channels).
pub type MaxPooling2D = MaxPooling<2>;
/// Over volumes: (batch, depth, height, width, channels).
pub type MaxPooling3D = MaxPooling<3>;

impl<const N: usize> MaxPooling<N> {
    /// Windows of this size side by side, without padding: a number for all axes, or one for each.
    pub fn new(pool_size: impl Into<Sizes<N>>) -> MaxPooling<N> {
        MaxPooling(Sliding::new(pool_size.into()))
    }

    /// From one window to the next, 1 or more; as usual the size of the window.
    pub fn strides(mut self, strides: impl Into<Sizes<N>>) -> MaxPooling<N> {
        self.0.strides = strides.into();
        self
    }

    /// What stands beyond the edges: [`Padding::Valid`] as usual, or [`Padding::Same`], of which nothing is ever the largest.
    pub fn padding(mut self, padding: Padding) -> MaxPooling<N> {
        self.0.padding = padding;
        self
    }

    /// Where the channels lie; last as usual.
    pub fn data_format(mut self, data_format: DataFormat) -> MaxPooling<N> {
        self.0.data_format = data_format;
        self
    }
}

impl<const N: usize> Default for MaxPooling<N> {
    fn default() -> MaxPooling<N> {
        MaxPooling::new(2)
    }
}

impl<const N: usize> Layer for MaxPooling<N> {
    fn class(&self) -> &'static str {
        ["MaxPooling1D", "MaxPooling2D", "MaxPooling3D"][N - 1]
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
    Ok(Arc::new(MaxPooling(Sliding::<N>::read(args, Some(2.into()))?)))
}

pub(crate) const ENTRY_1D: Entry<dyn Layer> =
    Entry { class: "MaxPooling1D", names: &["max_pooling1d", "MaxPool1D"], build: build::<1> };

pub(crate) const ENTRY_2D: Entry<dyn Layer> =
    Entry { class: "MaxPooling2D", names: &["max_pooling2d", "MaxPool2D"], build: build::<2> };

pub(crate) const ENTRY_3D: Entry<dyn Layer> =
    Entry { class: "MaxPooling3D", names: &["max_pooling3d", "MaxPool3D"], build: build::<3> };
