//! GlobalMaxPooling1D, 2D and 3D: the largest number of every channel.

use super::layer::{Layer, Pooled, Role};
use super::pooling::Global;
use super::spatial::DataFormat;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;
use steadygrad_kernels::pool::Kind;

/// The largest number of every channel, over all positions.
///
/// ```text
/// y[c] = max over i of x[i, c]
/// ```
///
/// Equal ones share the gradient evenly, as in Keras (while in [`MaxPooling`](super::MaxPooling) it goes to the first). One
/// NaN in a channel makes its maximum NaN, and the gradient of all of it.
///
/// Input (batch, …, channels) with `N` axes between, or (batch, channels, …) where the channels come first; output
/// (batch, channels), or the axes of the input with length 1 where `keepdims` is set.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::GlobalMaxPooling1D};
/// let model: Model = Sequential::new([100, 8]).add(GlobalMaxPooling1D::new()).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [8]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GlobalMaxPooling<const N: usize>(Global<N>);

/// Over sequences: (batch, length, channels).
pub type GlobalMaxPooling1D = GlobalMaxPooling<1>;
/// Over images: (batch, height, width, channels).
pub type GlobalMaxPooling2D = GlobalMaxPooling<2>;
/// Over volumes: (batch, depth, height, width, channels).
pub type GlobalMaxPooling3D = GlobalMaxPooling<3>;

impl<const N: usize> GlobalMaxPooling<N> {
    /// With channels last, into one axis.
    pub fn new() -> GlobalMaxPooling<N> {
        GlobalMaxPooling(Global::new())
    }

    /// Whether the axes stay, with length 1.
    pub fn keepdims(mut self, keepdims: bool) -> GlobalMaxPooling<N> {
        self.0.keepdims = keepdims;
        self
    }

    /// Where the channels lie; last as usual.
    pub fn data_format(mut self, data_format: DataFormat) -> GlobalMaxPooling<N> {
        self.0.data_format = data_format;
        self
    }
}

impl<const N: usize> Layer for GlobalMaxPooling<N> {
    fn class(&self) -> &'static str {
        ["GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"][N - 1]
    }

    fn config(&self) -> Config {
        self.0.config()
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.0.shape(inputs, self.class())
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        self.0.lower(at, self.class(), Kind::SharedMax)
    }

    fn role(&self) -> Role {
        Role::Pool(Pooled::Largest)
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(GlobalMaxPooling(Global::<N>::read(args)?)))
}

pub(crate) const ENTRY_1D: Entry<dyn Layer> = Entry {
    class: "GlobalMaxPooling1D",
    names: &["global_max_pooling1d", "GlobalMaxPool1D"],
    build: build::<1>,
};

pub(crate) const ENTRY_2D: Entry<dyn Layer> = Entry {
    class: "GlobalMaxPooling2D",
    names: &["global_max_pooling2d", "GlobalMaxPool2D"],
    build: build::<2>,
};

pub(crate) const ENTRY_3D: Entry<dyn Layer> = Entry {
    class: "GlobalMaxPooling3D",
    names: &["global_max_pooling3d", "GlobalMaxPool3D"],
    build: build::<3>,
};
