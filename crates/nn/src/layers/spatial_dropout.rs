//! SpatialDropout1D, SpatialDropout2D, SpatialDropout3D: whole channels are 0 while the network learns.

use super::layer::{Layer, Role, one_input};
use super::spatial::DataFormat;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::noise::{Noise, NoiseShape, check_rate, noisy};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Place, Result};

/// Dropout of whole channels (Tompson, Goroshin, Jain, LeCun and Bregler 2015): neighbours along the `N` axes of a
/// sequence, an image or a volume say nearly the same, so that dropping one of them alone does little.
///
/// ```text
/// training   every channel of a sample is 0 with probability rate, else x/(1 − rate):  the mean stays x
/// inference  y = x
/// ```
///
/// Which channels are dropped depends on the seed, the layer's name and the step of training alone.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::SpatialDropout2D};
/// let model = Sequential::new([8, 8, 3]).add(SpatialDropout2D::new(0.2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpatialDropout<const N: usize> {
    rate: f64,
    seed: Option<u64>,
    data_format: DataFormat,
}

/// Dropout of channels of sequences.
pub type SpatialDropout1D = SpatialDropout<1>;
/// Dropout of channels of images.
pub type SpatialDropout2D = SpatialDropout<2>;
/// Dropout of channels of volumes.
pub type SpatialDropout3D = SpatialDropout<3>;

impl<const N: usize> SpatialDropout<N> {
    const CLASS: &'static str = ["SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"][N - 1];

    /// Drops this fraction of the channels, 0 … 1.
    pub fn new(rate: f64) -> SpatialDropout<N> {
        SpatialDropout { rate, seed: None, data_format: DataFormat::default() }
    }

    /// A seed of its own instead of the run's.
    pub fn seed(mut self, seed: u64) -> SpatialDropout<N> {
        self.seed = Some(seed);
        self
    }

    /// One draw for all of a channel.
    fn noise_shape(&self) -> NoiseShape {
        let mut axes = vec![Some(1); N];
        axes.insert(if self.data_format == DataFormat::ChannelsFirst { 0 } else { N }, None);
        axes.insert(0, None);
        NoiseShape::new(axes)
    }
}

impl SpatialDropout<2> {
    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> SpatialDropout<2> {
        self.data_format = data_format;
        self
    }
}

impl SpatialDropout<3> {
    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> SpatialDropout<3> {
        self.data_format = data_format;
        self
    }
}

impl<const N: usize> Layer for SpatialDropout<N> {
    fn class(&self) -> &'static str {
        Self::CLASS
    }

    fn config(&self) -> Config {
        let config = Config::new().with("rate", self.rate).with("seed", self.seed);
        // Keras has no other format for sequences.
        if N == 1 { config } else { config.with("data_format", self.data_format) }
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, Self::CLASS)?;
        check_rate(self.rate)?;
        self.data_format.split::<N>(shape, Self::CLASS)?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = noisy(at, Noise::Dropout { rate: self.rate }, &self.noise_shape(), self.seed, x)?;
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Noise(Noise::Dropout { rate: self.rate })
    }
}

fn build<const N: usize>(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let (rate, seed) = (args.need("rate")?, args.or("seed", None)?);
    check_rate(rate).place(|| args.owner().to_string())?;
    let data_format = if N == 1 { DataFormat::default() } else { DataFormat::read(args)? };
    Ok(Arc::new(SpatialDropout::<N> { rate, seed, data_format }))
}

const fn entry<const N: usize>(names: &'static [&'static str]) -> Entry<dyn Layer> {
    Entry { class: SpatialDropout::<N>::CLASS, names, build: build::<N> }
}

pub(crate) const ONE: Entry<dyn Layer> = entry::<1>(&["spatial_dropout1d"]);
pub(crate) const TWO: Entry<dyn Layer> = entry::<2>(&["spatial_dropout2d"]);
pub(crate) const THREE: Entry<dyn Layer> = entry::<3>(&["spatial_dropout3d"]);
