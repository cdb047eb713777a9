//! Resizing: images brought to another height and width.

use super::interpolation::Interpolation;
use super::layer::{Layer, Role, one_input};
use super::spatial::DataFormat;
use crate::args::Args;
use crate::builder::Port;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use crate::step::along::along;
use crate::step::frame::framed;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// Images of another size, in training and in inference: the rows and then the columns by an [`Interpolation`].
///
/// ```text
/// y = A·x·Bᵀ      dx = Aᵀ·dy·B
/// ```
///
/// Without more the image is stretched. `crop_to_aspect_ratio` takes first what is too much from the longer sides,
/// `pad_to_aspect_ratio` puts `fill_value` beside the shorter ones.
///
/// ```
/// use steadygrad_nn::{Model, Sequential, layers::{Interpolation, Resizing}};
/// let resizing = Resizing::new(24, 32).interpolation(Interpolation::Nearest).crop_to_aspect_ratio(true);
/// let model: Model = Sequential::new([100, 100, 3]).add(resizing).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [24, 32, 3]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resizing {
    height: usize,
    width: usize,
    interpolation: Interpolation,
    aspect: Aspect,
    fill_value: f64,
    antialias: bool,
    data_format: DataFormat,
}

/// How an image is brought to another ratio of height to width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aspect {
    Stretch,
    Crop,
    Pad,
}

impl Aspect {
    /// What of (or around) an image of this height and width is resized: where it starts, and its height and width.
    fn view(self, size: [usize; 2], target: [usize; 2]) -> ([isize; 2], [usize; 2]) {
        // In f32, cut to a whole number, as Keras does.
        let fitting = |other: usize, target: usize, by: usize| {
            (other.saturating_mul(target) as f32 / by.max(1) as f32) as usize
        };
        let [height, width] = size;
        let fitting = [fitting(width, target[0], target[1]), fitting(height, target[1], target[0])];
        match self {
            Aspect::Stretch => ([0; 2], size),
            Aspect::Crop => {
                let view = [0, 1].map(|i| fitting[i].min(size[i]).max(1));
                ([0, 1].map(|i| (size[i].saturating_sub(view[i]) / 2) as isize), view)
            }
            Aspect::Pad => {
                let beside = [0, 1].map(|i| fitting[i].saturating_sub(size[i]) / 2);
                (beside.map(|n| -(n as isize)), [0, 1].map(|i| size[i].saturating_add(2 * beside[i])))
            }
        }
    }
}

/// The image brought to this size.
pub(crate) fn resized(
    at: &mut Lowering<'_>,
    x: Port,
    target: [usize; 2],
    (interpolation, antialias): (Interpolation, bool),
    (aspect, fill_value): (Aspect, f64),
    data_format: DataFormat,
) -> Result<Port> {
    let (size, channels) = data_format.split::<2>(at.shape(x), "Resizing")?;
    let (start, view) = aspect.view(size, target);
    // An image of one row may get edges of any size.
    Interpolation::check(&view)?;
    let mut y = x;
    if view != size {
        let to = data_format.join(&view, channels);
        y = framed(at, x, to, &data_format.along_all(start), fill_value);
    }
    let first = usize::from(data_format == DataFormat::ChannelsFirst);
    for i in 0..2 {
        // A whole axis to itself is no work, unless it is the only step there is.
        if view[i] != target[i] || (i == 1 && y == x) {
            y = along(at, y, first + i, interpolation.matrix(view[i], target[i], antialias));
        }
    }
    Ok(y)
}

impl Resizing {
    /// To this height and width, bilinear.
    pub fn new(height: usize, width: usize) -> Resizing {
        Resizing {
            height,
            width,
            interpolation: Interpolation::Bilinear,
            aspect: Aspect::Stretch,
            fill_value: 0.0,
            antialias: false,
            data_format: DataFormat::default(),
        }
    }

    /// What stands between the pixels.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Resizing {
        self.interpolation = interpolation;
        self
    }

    /// Whether the middle of the image is taken that has the ratio of the new height and width.
    pub fn crop_to_aspect_ratio(mut self, crop: bool) -> Resizing {
        self.aspect = if crop { Aspect::Crop } else { Aspect::Stretch };
        self
    }

    /// Whether the image gets edges that bring it to the ratio of the new height and width.
    pub fn pad_to_aspect_ratio(mut self, pad: bool) -> Resizing {
        self.aspect = if pad { Aspect::Pad } else { Aspect::Stretch };
        self
    }

    /// What those edges are filled with.
    pub fn fill_value(mut self, fill_value: f64) -> Resizing {
        self.fill_value = fill_value;
        self
    }

    /// Whether a pixel of a smaller image takes in all of what it covers.
    pub fn antialias(mut self, antialias: bool) -> Resizing {
        self.antialias = antialias;
        self
    }

    /// Where the channels lie.
    pub fn data_format(mut self, data_format: DataFormat) -> Resizing {
        self.data_format = data_format;
        self
    }
}

impl Layer for Resizing {
    fn class(&self) -> &'static str {
        "Resizing"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("height", self.height)
            .with("width", self.width)
            .with("interpolation", self.interpolation)
            .with("crop_to_aspect_ratio", self.aspect == Aspect::Crop)
            .with("pad_to_aspect_ratio", self.aspect == Aspect::Pad)
            .with("fill_mode", "constant")
            .with("fill_value", self.fill_value)
            .with("antialias", self.antialias)
            .with("data_format", self.data_format)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "Resizing")?;
        output(shape, [self.height, self.width], self.data_format, "Resizing").map(|shape| vec![shape])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let target = [self.height, self.width];
        let kind = (self.interpolation, self.antialias);
        let y = resized(at, x, target, kind, (self.aspect, self.fill_value), self.data_format)?;
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

/// The shape of images of this height and width made of others.
pub(crate) fn output(shape: &Shape, target: [usize; 2], format: DataFormat, class: &str) -> Result<Shape> {
    let (size, channels) = format.split::<2>(shape, class)?;
    if target.contains(&0) {
        let [height, width] = target;
        return Err(Error::argument(format!(
            "`height` and `width` must be 1 or more, got {height} and {width}"
        )));
    }
    if size.contains(&0) {
        return Err(Error::shape(format!("{class} expects images of one pixel or more, got {shape}")));
    }
    Interpolation::check(&size)?;
    Interpolation::check(&target)?;
    let output = format.join(&target, channels);
    output.check().map(|()| output)
}

/// `height` and `width` of a layer's settings.
pub(crate) fn target(args: &mut Args<'_>) -> Result<[usize; 2]> {
    let mut target = [0; 2];
    for (size, name) in target.iter_mut().zip(["height", "width"]) {
        *size = args.need(name)?;
        if *size == 0 {
            return args.reject(name, "1 or more", 0);
        }
    }
    Ok(target)
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let [height, width] = target(args)?;
    let interpolation = Interpolation::read(args, Interpolation::Bilinear)?;
    let crop = args.or("crop_to_aspect_ratio", false)?;
    let pad = args.or("pad_to_aspect_ratio", false)?;
    let aspect = match (crop, pad) {
        (true, true) => return args.reject("pad_to_aspect_ratio", "false where an image is cropped", true),
        (true, false) => Aspect::Crop,
        (false, true) => Aspect::Pad,
        (false, false) => Aspect::Stretch,
    };
    let fill_mode: String = args.or("fill_mode", "constant".to_string())?;
    if fill_mode != "constant" {
        return args.reject("fill_mode", "constant, the only one there is", format!("`{fill_mode}`"));
    }
    let fill_value = args.or("fill_value", 0.0)?;
    let antialias = args.or("antialias", false)?;
    let data_format = DataFormat::read(args)?;
    Ok(Arc::new(Resizing { height, width, interpolation, aspect, fill_value, antialias, data_format }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Resizing", names: &["resizing"], build };
