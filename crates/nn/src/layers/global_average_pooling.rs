//! GlobalAveragePooling1D, 2D and 3D: the mean of every channel.

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

/// The mean of every channel, over all positions.
///
/// ```text
/// y[c] = 1/n · Σᵢ x[i, c]
/// ```
///
/// Input (batch, …, channels) with `N` axes between, or (batch, channels, …) where the channels come first; output
/// (batch, channels), or the axes of the input with length 1 where `keepdims` is set.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::GlobalAveragePooling2D};
/// let pooling = GlobalAveragePooling2D::new().keepdims(true);
/// let model: Model = Sequential::new([7, 7, 64]).add(pooling).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [1, 1, 64]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GlobalAveragePooling<const N: usize>(Global<N>);

/// Over sequences: (batch, length, channels).
pub type GlobalAveragePooling1D = GlobalAveragePooling<1>;
/// Over images: (batch, height, width, channels).
pub type GlobalAveragePooling2D = GlobalAveragePooling<2>;
/// Over volumes: (batch, depth, height, width, channels).
pub type GlobalAveragePooling3D = GlobalAveragePooling<3>;

impl<const N: usize> GlobalAveragePooling<N> {
    /// With channels last, into one axis.
    pub fn new() -> GlobalAveragePooling<N> {
        GlobalAveragePooling(Global::new())
    }

    /// Whether the axes stay, with length 1.
    pub fn keepdims(mut self, keepdims: bool) -> GlobalAveragePooling<N> {
        self.0.keepdims = keepdims;
        self
    }

    /// Where the channels lie; last as usual.
    pub fn data_format(mut self, data_format: DataFormat) -> GlobalAveragePooling<N> {
        self.0.data_format = data_format;
        self
    }
}

impl<const N: usize> Layer for GlobalAveragePooling<N> {
    fn class(&self) -> &'static str {
        ["GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"][N - 1]
    }

    fn config(&self) -> Config {
        self.0.config()
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.0.shape(inputs, self.class())
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        self.0.lower(at, self.class(), Kind::Average)
    }

    fn role(&self) -> Role {
        Role::Pool(Pooled::Mean)
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(GlobalAveragePooling(Global::<N>::read(args)?)))
}

pub(crate) const ENTRY_1D: Entry<dyn Layer> = Entry {
    class: "GlobalAveragePooling1D",
    names: &["global_average_pooling1d", "GlobalAvgPool1D"],
    build: build::<1>,
};

pub(crate) const ENTRY_2D: Entry<dyn Layer> = Entry {
    class: "GlobalAveragePooling2D",
    names: &["global_average_pooling2d", "GlobalAvgPool2D"],
    build: build::<2>,
};

pub(crate) const ENTRY_3D: Entry<dyn Layer> = Entry {
    class: "GlobalAveragePooling3D",
    names: &["global_average_pooling3d", "GlobalAvgPool3D"],
    build: build::<3>,
};
