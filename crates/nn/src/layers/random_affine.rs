//! RandomTranslation, RandomZoom, RandomRotation: images moved at random, while the network learns.

use super::factor::Factor;
use super::interpolation::Interpolation;
use super::layer::{Layer, Role, one_input};
use super::spatial::DataFormat;
use crate::args::Args;
use crate::builder::Port;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::lowering::Lowering;
use crate::shape::Shape;
use crate::step::Motion;
use crate::step::warp::warped;
use std::sync::Arc;
use steadygrad_kernels::Result;
use steadygrad_kernels::warp::{Edge, View};

/// What an image is filled with beyond its edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FillMode {
    /// Its mirror image: c b a | a b c | c b a
    #[default]
    Reflect,
    /// Itself again: a b c | a b c | a b c
    Wrap,
    /// A constant.
    Constant,
    /// Its outermost pixels: a a a | a b c | c c c
    Nearest,
}

const FILL_MODES: [(&str, FillMode); 4] = [
    ("reflect", FillMode::Reflect),
    ("wrap", FillMode::Wrap),
    ("constant", FillMode::Constant),
    ("nearest", FillMode::Nearest),
];

impl From<FillMode> for Value {
    fn from(mode: FillMode) -> Value {
        FILL_MODES.iter().find(|(_, other)| *other == mode).map(|(name, _)| *name).into()
    }
}

/// What all of these layers have.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    fill_mode: FillMode,
    fill_value: f64,
    interpolation: Interpolation,
    seed: Option<u64>,
    data_format: DataFormat,
}

impl Look {
    const USUAL: Look = Look {
        fill_mode: FillMode::Reflect,
        fill_value: 0.0,
        interpolation: Interpolation::Bilinear,
        seed: None,
        data_format: DataFormat::ChannelsLast,
    };

    fn read(args: &mut Args<'_>) -> Result<Look> {
        let word: String = args.or("fill_mode", "reflect".to_string())?;
        let Some((_, fill_mode)) = FILL_MODES.iter().find(|(name, _)| *name == word) else {
            return args.reject("fill_mode", "reflect, wrap, constant or nearest", format!("`{word}`"));
        };
        let interpolation = Interpolation::read(args, Interpolation::Bilinear)?;
        if !matches!(interpolation, Interpolation::Bilinear | Interpolation::Nearest) {
            let word = Value::from(interpolation);
            return args.reject("interpolation", "bilinear or nearest where images are moved", word);
        }
        Ok(Look {
            fill_mode: *fill_mode,
            fill_value: args.or("fill_value", 0.0)?,
            interpolation,
            seed: args.or("seed", None)?,
            data_format: DataFormat::read(args)?,
        })
    }

    fn write(&self, config: Config) -> Config {
        config
            .with("fill_mode", self.fill_mode)
            .with("interpolation", self.interpolation)
            .with("seed", self.seed)
            .with("fill_value", self.fill_value)
            .with("data_format", self.data_format)
    }

    fn lower(&self, at: &mut Lowering<'_>, class: &str, motion: Motion) -> Result<()> {
        let edge = match self.fill_mode {
            FillMode::Reflect => Edge::Reflect,
            FillMode::Wrap => Edge::Wrap,
            FillMode::Constant => Edge::Constant(self.fill_value),
            FillMode::Nearest => Edge::Nearest,
        };
        let bilinear = self.interpolation == Interpolation::Bilinear;
        let y = moved(at, class, motion, (edge, bilinear), self.seed, self.data_format)?;
        at.output(y);
        Ok(())
    }
}

/// The layer's images moved in training, and as they are otherwise.
pub(crate) fn moved(
    at: &mut Lowering<'_>,
    class: &str,
    motion: Motion,
    (edge, bilinear): (Edge, bool),
    seed: Option<u64>,
    data_format: DataFormat,
) -> Result<Port> {
    let x = at.input(0);
    let shape = at.shape(x).clone();
    let ([height, width], channels) = data_format.split::<2>(&shape, class)?;
    if !at.training() {
        return Ok(at.reshaped(x, shape));
    }
    let view = View { height, width, channels, edge, bilinear };
    let x = data_format.to_last(at, x);
    let y = warped(at, x, view, motion, seed);
    Ok(data_format.restore(at, y))
}

macro_rules! random {
    ($type:ident) => {
        impl $type {
            /// What is beyond the edges.
            pub fn fill_mode(mut self, fill_mode: FillMode) -> $type {
                self.look.fill_mode = fill_mode;
                self
            }

            /// The constant of [`FillMode::Constant`].
            pub fn fill_value(mut self, fill_value: f64) -> $type {
                self.look.fill_value = fill_value;
                self
            }

            /// What stands between the pixels: bilinear or nearest.
            pub fn interpolation(mut self, interpolation: Interpolation) -> $type {
                self.look.interpolation = interpolation;
                self
            }

            /// A seed of its own instead of the run's.
            pub fn seed(mut self, seed: u64) -> $type {
                self.look.seed = Some(seed);
                self
            }

            /// Where the channels lie.
            pub fn data_format(mut self, data_format: DataFormat) -> $type {
                self.look.data_format = data_format;
                self
            }
        }

        impl Layer for $type {
            fn class(&self) -> &'static str {
                stringify!($type)
            }

            fn config(&self) -> Config {
                self.look.write(self.factors())
            }

            fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
                let shape = one_input(inputs, stringify!($type))?;
                self.look.data_format.split::<2>(shape, stringify!($type))?;
                Ok(vec![shape.clone()])
            }

            fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
                self.look.lower(at, stringify!($type), self.motion())
            }

            fn role(&self) -> Role {
                Role::Shape
            }
        }
    };
}

/// Images moved up, down and sideways in training; in inference nothing changes.
///
/// ```text
/// y[row, column] = x[row − h·height, column − w·width],  h and w uniform within the factors, for each image anew
/// ```
///
/// ```
/// use steadygrad_nn::{Sequential, layers::RandomTranslation};
/// // Up to a tenth up or down, and to the right only.
/// let model = Sequential::new([32, 32, 3]).add(RandomTranslation::new(0.1, (0.0, 0.2)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomTranslation {
    height_factor: Factor,
    width_factor: Factor,
    look: Look,
}

impl RandomTranslation {
    /// By these fractions of height and width: down and to the right where they are positive.
    pub fn new(height_factor: impl Into<Factor>, width_factor: impl Into<Factor>) -> RandomTranslation {
        let (height_factor, width_factor) = (height_factor.into(), width_factor.into());
        RandomTranslation { height_factor, width_factor, look: Look::USUAL }
    }

    fn factors(&self) -> Config {
        Config::new().with("height_factor", self.height_factor).with("width_factor", self.width_factor)
    }

    fn motion(&self) -> Motion {
        Motion::Translate { height: self.height_factor.bounds(), width: self.width_factor.bounds() }
    }
}

random!(RandomTranslation);

/// Images made larger and smaller in training; in inference nothing changes.
///
/// ```text
/// y[row, column] = x[cy + (1 + h)·(row − cy), cx + (1 + w)·(column − cx)],  h and w uniform within the factors,
/// for each image anew, and (cy, cx) its middle
/// ```
///
/// A positive factor makes what is seen smaller. Without a `width_factor` the ratio of height and width stays.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::RandomZoom};
/// let model = Sequential::new([32, 32, 3]).add(RandomZoom::new(0.2));
/// let stretched = RandomZoom::new((-0.3, -0.1)).width_factor(0.1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomZoom {
    height_factor: Factor,
    width_factor: Option<Factor>,
    look: Look,
}

impl RandomZoom {
    /// By this fraction.
    pub fn new(height_factor: impl Into<Factor>) -> RandomZoom {
        RandomZoom { height_factor: height_factor.into(), width_factor: None, look: Look::USUAL }
    }

    /// Another fraction for the width.
    pub fn width_factor(mut self, width_factor: impl Into<Factor>) -> RandomZoom {
        self.width_factor = Some(width_factor.into());
        self
    }

    fn factors(&self) -> Config {
        Config::new().with("height_factor", self.height_factor).with("width_factor", self.width_factor)
    }

    fn motion(&self) -> Motion {
        Motion::Zoom {
            height: self.height_factor.bounds(),
            width: self.width_factor.map(|factor| factor.bounds()),
        }
    }
}

random!(RandomZoom);

/// Images turned about their middle in training; in inference nothing changes.
///
/// ```text
/// y[row, column] = x[cy + sin t·(column − cx) + cos t·(row − cy), cx + cos t·(column − cx) − sin t·(row − cy)]
/// t = 2π·f,  f uniform within the factor, for each image anew, and (cy, cx) its middle
/// ```
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{FillMode, RandomRotation}};
/// // Up to 36 degrees either way.
/// let model = Sequential::new([32, 32, 3]).add(RandomRotation::new(0.1).fill_mode(FillMode::Constant));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomRotation {
    factor: Factor,
    look: Look,
}

impl RandomRotation {
    /// By this fraction of a full turn: against the clock where it is positive.
    pub fn new(factor: impl Into<Factor>) -> RandomRotation {
        RandomRotation { factor: both_bounds(factor.into()), look: Look::USUAL }
    }

    fn factors(&self) -> Config {
        Config::new().with("factor", self.factor)
    }

    fn motion(&self) -> Motion {
        Motion::Rotate { turn: self.factor.bounds() }
    }
}

random!(RandomRotation);

/// Keras writes both bounds of a rotation, whatever it was given.
fn both_bounds(factor: Factor) -> Factor {
    let [lower, upper] = factor.bounds();
    Factor::Between(lower, upper)
}

pub(crate) const TRANSLATION: Entry<dyn Layer> = Entry {
    class: "RandomTranslation",
    names: &["random_translation"],
    build: |args| {
        let height_factor = args.need::<Factor>("height_factor")?.check(args, "height_factor", true)?;
        let width_factor = args.need::<Factor>("width_factor")?.check(args, "width_factor", true)?;
        Ok(Arc::new(RandomTranslation { height_factor, width_factor, look: Look::read(args)? }))
    },
};

pub(crate) const ZOOM: Entry<dyn Layer> = Entry {
    class: "RandomZoom",
    names: &["random_zoom"],
    build: |args| {
        let height_factor = args.need::<Factor>("height_factor")?.check(args, "height_factor", false)?;
        let width_factor = args.or::<Option<Factor>>("width_factor", None)?;
        let width_factor = width_factor.map(|f| f.check(args, "width_factor", false)).transpose()?;
        Ok(Arc::new(RandomZoom { height_factor, width_factor, look: Look::read(args)? }))
    },
};

pub(crate) const ROTATION: Entry<dyn Layer> = Entry {
    class: "RandomRotation",
    names: &["random_rotation"],
    build: |args| {
        let factor = args.need::<Factor>("factor")?.check(args, "factor", true)?;
        Ok(Arc::new(RandomRotation { factor: both_bounds(factor), look: Look::read(args)? }))
    },
};
