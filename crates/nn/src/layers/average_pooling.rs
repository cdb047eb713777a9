//! AveragePooling1D, 2D and 3D: the mean of every window.

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

/// The mean of the numbers that each window sees, channel by channel.
///
/// ```text
/// y[o, c] = mean over k of x[o·stride + k − before, c]
/// ```
///
/// What lies beyond the edges does not count: a window at an edge divides by the fewer numbers that it sees.
///
/// Input (batch, …, channels) with `N` axes between, or (batch, channels, …) where the channels come first. Each of the axes
/// becomes ⌊(n − size)/stride⌋ + 1 long, or ⌈n/stride⌉ with padding.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::{AveragePooling1D, Padding}};
/// let pooling = AveragePooling1D::new(3).strides(2).padding(Padding::Same);
/// let model: Model = Sequential::new([9, 4]).add(pooling).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [5, 4]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AveragePooling<const N: usize>(Sliding<N>);

/// Over sequences: (batch, length, channels).
pub type AveragePooling1D = AveragePooling<1>;
/// Over images: (batch, height, width, channels).
pub type AveragePooling2D = AveragePooling<2>;
/// Over volumes: (batch, depth, height, width, channels).
pub type AveragePooling3D = AveragePooling<3>;

impl<const N: usize> AveragePooling<N> {
    /// Windows of this size side by side, without padding: a number for all axes, or one for each.
    pub fn new(pool_size: impl Into<Sizes<N>>) -> AveragePooling<N> {
        AveragePooling(Sliding::new(pool_size.into()))
    }

    /// From one window to the next, 1 or more; as usual the size of the window.
    pub fn strides(mut self, strides: impl Into<Sizes<N>>) -> AveragePooling<N> {
        self.0.strides = strides.into();
        self
    }

    /// What stands beyond the edges: [`Padding::Valid`] as usual, or [`Padding::Same`], which does not count.
    pub fn padding(mut self, padding: Padding) -> AveragePooling<N> {
        self.0.padding = padding;
        self
    }

    /// Where the channels lie; last as usual.
    pub fn data_format(mut self, data_format: DataFormat) -> AveragePooling<N> {
        self.0.data_format = data_format;
        self
    }
}

impl<const N: usize> Layer for AveragePooling<N> {
    fn class(&self) -> &'static str {
        ["AveragePooling1D", "AveragePooling2D", "AveragePooling3D"][N - 1]
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
    Ok(Arc::new(AveragePooling(Sliding::<N>::read(args, None)?)))
}

pub(crate) const ENTRY_1D: Entry<dyn Layer> =
    Entry { class: "AveragePooling1D", names: &["average_pooling1d", "AvgPool1D"], build: build::<1> };

pub(crate) const ENTRY_2D: Entry<dyn Layer> =
    Entry { class: "AveragePooling2D", names: &["average_pooling2d", "AvgPool2D"], build: build::<2> };

pub(crate) const ENTRY_3D: Entry<dyn Layer> =
    Entry { class: "AveragePooling3D", names: &["average_pooling3d", "AvgPool3D"], build: build::<3> };
