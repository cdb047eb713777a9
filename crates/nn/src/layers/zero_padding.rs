//! ZeroPadding1D, ZeroPadding2D, ZeroPadding3D: zeros around a sequence, an image or a volume.

use super::layer::{Layer, Role, one_input};
use super::margins::Margins;
use super::spatial::DataFormat;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use crate::step::frame::framed;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Zeros around every sample, along its `N` axes that are not channels.
///
/// ```text
/// y[i] = x[i − before]  where there is such a number, else 0      dx[i] = dy[i + before]
/// ```
///
/// The shape grows by what is added before and behind each axis.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::ZeroPadding2D};
/// let model: Model = Sequential::new([5, 6, 3]).add(ZeroPadding2D::new(((1, 2), (0, 1)))).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [8, 7, 3]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroPadding<const N: usize> {
    padding: Margins<N>,
    data_format: DataFormat,
}

/// Zeros before and behind a sequence.
pub type ZeroPadding1D = ZeroPadding<1>;
/// Zeros around an image.
pub type ZeroPadding2D = ZeroPadding<2>;
/// Zeros around a volume.
pub type ZeroPadding3D = ZeroPadding<3>;

impl<const N: usize> ZeroPadding<N> {
    const CLASS: &'static str = ["ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"][N - 1];

    /// So many zeros: one number for all sides, one for each axis, or (before, behind) for each axis; Keras' usual is 1.
    pub fn new(padding: impl Into<Margins<N>>) -> ZeroPadding<N> {
        ZeroPadding { padding: padding.into(), data_format: DataFormat::default() }
    }

    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> ZeroPadding<N> {
        self.data_format = data_format;
        self
    }

    fn output(&self, shape: &Shape) -> Result<Shape> {
        let (sizes, channels) = self.data_format.split::<N>(shape, Self::CLASS)?;
        let sizes: [usize; N] = std::array::from_fn(|i| sizes[i].saturating_add(self.padding.total(i)));
        let output = self.data_format.join(&sizes, channels);
        output.check().map(|()| output)
    }
}

impl<const N: usize> Layer for ZeroPadding<N> {
    fn class(&self) -> &'static str {
        Self::CLASS
    }

    fn config(&self) -> Config {
        Config::new().with("padding", self.padding).with("data_format", self.data_format)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.output(one_input(inputs, Self::CLASS)?)?])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let to = self.output(at.shape(x))?;
        let start = self.data_format.along_all(self.padding.0.map(|[before, _]| -(before as isize)));
        let y = framed(at, x, to, &start, 0.0);
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let padding = args.or("padding", Margins::<N>::from(1))?;
    Ok(Arc::new(ZeroPadding { padding, data_format: DataFormat::read(args)? }))
}

const fn entry<const N: usize>(names: &'static [&'static str]) -> Entry<dyn Layer> {
    Entry { class: ZeroPadding::<N>::CLASS, names, build: build::<N> }
}

pub(crate) const ONE: Entry<dyn Layer> = entry::<1>(&["zero_padding1d"]);
pub(crate) const TWO: Entry<dyn Layer> = entry::<2>(&["zero_padding2d"]);
pub(crate) const THREE: Entry<dyn Layer> = entry::<3>(&["zero_padding3d"]);
