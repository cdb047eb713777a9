//! RandomFlip: images turned over at random, while the network learns.

use super::layer::{Layer, Role, one_input};
use super::random_affine::moved;
use super::spatial::DataFormat;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::lowering::Lowering;
use crate::shape::Shape;
use crate::step::Motion;
use std::sync::Arc;
use steadygrad_kernels::Result;
use steadygrad_kernels::warp::Edge;

/// Which sides of an image change places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flip {
    /// Left and right.
    Horizontal,
    /// Top and bottom.
    Vertical,
    /// Both at once: half a turn.
    #[default]
    HorizontalAndVertical,
}

const MODES: [(&str, Flip); 3] = [
    ("horizontal", Flip::Horizontal),
    ("vertical", Flip::Vertical),
    ("horizontal_and_vertical", Flip::HorizontalAndVertical),
];

impl From<Flip> for Value {
    fn from(mode: Flip) -> Value {
        MODES.iter().find(|(_, other)| *other == mode).map(|(name, _)| *name).into()
    }
}

/// Every second image turned over in training; in inference nothing changes.
///
/// Which images depends on the seed, the layer's name and the step of training alone. As in Keras there is one draw for an
/// image: where both pairs of sides may change, they do so together.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Flip, RandomFlip}};
/// let model = Sequential::new([32, 32, 3]).add(RandomFlip::new(Flip::Horizontal));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomFlip {
    mode: Flip,
    seed: Option<u64>,
    data_format: DataFormat,
}

impl RandomFlip {
    /// These sides; Keras' usual is both.
    pub fn new(mode: Flip) -> RandomFlip {
        RandomFlip { mode, seed: None, data_format: DataFormat::default() }
    }

    /// A seed of its own instead of the run's.
    pub fn seed(mut self, seed: u64) -> RandomFlip {
        self.seed = Some(seed);
        self
    }

    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> RandomFlip {
        self.data_format = data_format;
        self
    }
}

impl Layer for RandomFlip {
    fn class(&self) -> &'static str {
        "RandomFlip"
    }

    fn config(&self) -> Config {
        Config::new().with("mode", self.mode).with("seed", self.seed).with("data_format", self.data_format)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "RandomFlip")?;
        self.data_format.split::<2>(shape, "RandomFlip")?;
        Ok(vec![shape.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let motion =
            Motion::Flip { horizontal: self.mode != Flip::Vertical, vertical: self.mode != Flip::Horizontal };
        let y = moved(at, "RandomFlip", motion, (Edge::Nearest, false), self.seed, self.data_format)?;
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let word: String = args.or("mode", "horizontal_and_vertical".to_string())?;
    let Some((_, mode)) = MODES.iter().find(|(name, _)| *name == word) else {
        return args.reject("mode", "horizontal, vertical or horizontal_and_vertical", format!("`{word}`"));
    };
    let (seed, data_format) = (args.or("seed", None)?, DataFormat::read(args)?);
    Ok(Arc::new(RandomFlip { mode: *mode, seed, data_format }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "RandomFlip", names: &["random_flip"], build };
