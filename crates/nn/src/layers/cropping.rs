//! Cropping1D, Cropping2D, Cropping3D: the ends of a sequence, an image or a volume taken away.

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
use steadygrad_kernels::{Error, Result};

/// What is left of every sample when the ends of its `N` axes that are not channels are taken away.
///
/// ```text
/// y[i] = x[i + before]      dx[i] = dy[i − before]  where there is such a number, else 0
/// ```
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::Cropping2D};
/// let model: Model = Sequential::new([5, 6, 3]).add(Cropping2D::new(((1, 2), (0, 1)))).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [2, 5, 3]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cropping<const N: usize> {
    cropping: Margins<N>,
    data_format: DataFormat,
}

/// A sequence without its ends.
pub type Cropping1D = Cropping<1>;
/// An image without its edges.
pub type Cropping2D = Cropping<2>;
/// A volume without its sides.
pub type Cropping3D = Cropping<3>;

impl<const N: usize> Cropping<N> {
    const CLASS: &'static str = ["Cropping1D", "Cropping2D", "Cropping3D"][N - 1];

    /// So many numbers: one number for all sides, one for each axis, or (before, behind) for each axis. Keras' usual is 1,
    /// for images 0.
    pub fn new(cropping: impl Into<Margins<N>>) -> Cropping<N> {
        Cropping { cropping: cropping.into(), data_format: DataFormat::default() }
    }

    fn output(&self, shape: &Shape) -> Result<Shape> {
        let (sizes, channels) = self.data_format.split::<N>(shape, Self::CLASS)?;
        let mut left = [0; N];
        for i in 0..N {
            let taken = self.cropping.total(i);
            left[i] = sizes[i].saturating_sub(taken);
            if left[i] == 0 {
                return Err(Error::shape(format!(
                    "`cropping` takes {taken} of the {} numbers along an axis of {shape}, and leaves none",
                    sizes[i]
                ))
                .help("make `cropping` smaller"));
            }
        }
        Ok(self.data_format.join(&left, channels))
    }
}

impl Cropping<2> {
    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> Cropping<2> {
        self.data_format = data_format;
        self
    }
}

impl Cropping<3> {
    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> Cropping<3> {
        self.data_format = data_format;
        self
    }
}

impl<const N: usize> Layer for Cropping<N> {
    fn class(&self) -> &'static str {
        Self::CLASS
    }

    fn config(&self) -> Config {
        let config = Config::new().with("cropping", self.cropping);
        // Keras has no other format for sequences.
        if N == 1 { config } else { config.with("data_format", self.data_format) }
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.output(one_input(inputs, Self::CLASS)?)?])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let to = self.output(at.shape(x))?;
        let start = self.data_format.along_all(self.cropping.0.map(|[before, _]| before as isize));
        let y = framed(at, x, to, &start, 0.0);
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let cropping = args.or("cropping", Margins::<N>::from(usize::from(N != 2)))?;
    let data_format = if N == 1 { DataFormat::default() } else { DataFormat::read(args)? };
    Ok(Arc::new(Cropping { cropping, data_format }))
}

const fn entry<const N: usize>(names: &'static [&'static str]) -> Entry<dyn Layer> {
    Entry { class: Cropping::<N>::CLASS, names, build: build::<N> }
}

pub(crate) const ONE: Entry<dyn Layer> = entry::<1>(&["cropping1d"]);
pub(crate) const TWO: Entry<dyn Layer> = entry::<2>(&["cropping2d"]);
pub(crate) const THREE: Entry<dyn Layer> = entry::<3>(&["cropping3d"]);
