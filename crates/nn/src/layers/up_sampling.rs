//! UpSampling1D, UpSampling2D, UpSampling3D: every number several times, side by side.

use super::interpolation::Interpolation;
use super::layer::{Layer, Role, one_input};
use super::merge::expanded;
use super::spatial::{DataFormat, Sizes};
use crate::args::Args;
use crate::builder::Port;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use crate::step::along::along;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Every sample made larger along its `N` axes that are not channels.
///
/// ```text
/// y[i] = x[⌊i/size⌋]      dx[i] = Σ dy[size·i … size·i + size − 1]
/// ```
///
/// Images may also be interpolated; that gradient is the transposed interpolation.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::{Interpolation, UpSampling2D}};
/// let model: Model = Sequential::new([4, 5, 3]).add(UpSampling2D::new((2, 3))).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [8, 15, 3]);
/// let smooth = UpSampling2D::new(2).interpolation(Interpolation::Bilinear);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpSampling<const N: usize> {
    size: Sizes<N>,
    data_format: DataFormat,
    interpolation: Interpolation,
}

/// A longer sequence.
pub type UpSampling1D = UpSampling<1>;
/// A larger image.
pub type UpSampling2D = UpSampling<2>;
/// A larger volume.
pub type UpSampling3D = UpSampling<3>;

impl<const N: usize> UpSampling<N> {
    const CLASS: &'static str = ["UpSampling1D", "UpSampling2D", "UpSampling3D"][N - 1];

    /// So many times as large: one number, or one for each axis; Keras' usual is 2.
    pub fn new(size: impl Into<Sizes<N>>) -> UpSampling<N> {
        let (data_format, interpolation) = (DataFormat::default(), Interpolation::Nearest);
        UpSampling { size: size.into(), data_format, interpolation }
    }

    fn output(&self, shape: &Shape) -> Result<Shape> {
        let (sizes, channels) = self.data_format.split::<N>(shape, Self::CLASS)?;
        let larger: [usize; N] = std::array::from_fn(|i| sizes[i].saturating_mul(self.size.0[i]));
        if self.interpolation != Interpolation::Nearest {
            Interpolation::check(&sizes)?;
            Interpolation::check(&larger)?;
        }
        let output = self.data_format.join(&larger, channels);
        output.check().map(|()| output)
    }

    /// Every number repeated: (…, n, …) as (…, n, 1, …), stretched to (…, n, size, …).
    fn repeated(&self, at: &mut Lowering<'_>, x: Port, to: Shape) -> Port {
        let shape = at.shape(x).clone();
        let first = self.first();
        let (mut from, mut stretched) = (Vec::new(), Vec::new());
        for (axis, &n) in shape.dims().iter().enumerate() {
            from.push(n);
            stretched.push(n);
            if let Some(&size) = axis.checked_sub(first).and_then(|i| self.size.0.get(i)) {
                from.push(1);
                stretched.push(size);
            }
        }
        let x = at.reshaped(x, from.into());
        let y = expanded(at, x, &stretched.into());
        at.reshaped(y, to)
    }

    /// The first axis that is not channels.
    fn first(&self) -> usize {
        usize::from(self.data_format == DataFormat::ChannelsFirst)
    }
}

impl UpSampling<2> {
    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> UpSampling<2> {
        self.data_format = data_format;
        self
    }

    /// What stands between the pixels.
    pub fn interpolation(mut self, interpolation: Interpolation) -> UpSampling<2> {
        self.interpolation = interpolation;
        self
    }
}

impl UpSampling<3> {
    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> UpSampling<3> {
        self.data_format = data_format;
        self
    }
}

impl<const N: usize> Layer for UpSampling<N> {
    fn class(&self) -> &'static str {
        Self::CLASS
    }

    fn config(&self) -> Config {
        // As Keras has it: a number and nothing else for sequences, an interpolation for images alone.
        match self.size.0.as_slice() {
            [one] => Config::new().with("size", *one),
            _ => {
                let config = Config::new().with("size", self.size).with("data_format", self.data_format);
                if N == 2 { config.with("interpolation", self.interpolation) } else { config }
            }
        }
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.output(one_input(inputs, Self::CLASS)?)?])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let mut y = at.input(0);
        let to = self.output(at.shape(y))?;
        if self.interpolation == Interpolation::Nearest {
            y = self.repeated(at, y, to);
        } else {
            for axis in self.first()..self.first() + N {
                let matrix = self.interpolation.matrix(at.shape(y).dims()[axis], to.dims()[axis], false);
                y = along(at, y, axis, matrix);
            }
        }
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let size = Sizes::<N>::read(args, "size", Some(Sizes::from(2)))?;
    let data_format = if N == 1 { DataFormat::default() } else { DataFormat::read(args)? };
    let interpolation = match N {
        2 => Interpolation::read(args, Interpolation::Nearest)?,
        _ => Interpolation::Nearest,
    };
    Ok(Arc::new(UpSampling { size, data_format, interpolation }))
}

const fn entry<const N: usize>(names: &'static [&'static str]) -> Entry<dyn Layer> {
    Entry { class: UpSampling::<N>::CLASS, names, build: build::<N> }
}

pub(crate) const ONE: Entry<dyn Layer> = entry::<1>(&["up_sampling1d"]);
pub(crate) const TWO: Entry<dyn Layer> = entry::<2>(&["up_sampling2d"]);
pub(crate) const THREE: Entry<dyn Layer> = entry::<3>(&["up_sampling3d"]);
