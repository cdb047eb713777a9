//! Images by class in a folder: `photos/cats/1.png`, `photos/dogs/2.jpg`.
//!
//! ```text
//! photos/            or     photos/train/cats/1.png              labels: the sorted names of the folders, counted from 0
//!   cats/1.png              photos/train/dogs/2.jpg              order:  by class, then by name
//!   dogs/2.jpg              photos/validation/cats/3.png         values: 0 to 255, of shape (height, width, channels)
//! ```
//!
//! Names, defaults and values are those of Keras' `image_dataset_from_directory`, but for the order, which is Keras' with
//! `shuffle=False`. Hidden files (`.name`), and files that are no images by their names, are passed over; a class in which no
//! image is left is an error. Links to files and a class that is a link to a folder are followed, links to folders further down
//! are not. Nothing outside of what the folder names is opened.

mod color;
mod decode;
mod jpeg;
mod listing;
mod png;
mod resize;
mod samples;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use steadygrad_data::{Array, Dataset};
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::layers::Sizes;

pub use color::ColorMode;
pub use decode::{Image, decode};
use listing::{Listing, Wanted, parts};

/// How images are read: what new ones must be read like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// Height and width that every image is resized to; without it all must have one size.
    pub image_size: Option<[usize; 2]>,
    /// What pixels are.
    pub color_mode: ColorMode,
}

impl Reading {
    /// How images must be read to be samples of this shape: (height, width), or (height, width, 1, 3 or 4).
    ///
    /// ```
    /// # use steadygrad_formats::images::{ColorMode, Reading};
    /// assert_eq!(Reading::of_shape(&[28, 28]).map(|r| r.color_mode), Some(ColorMode::Grayscale));
    /// assert_eq!(Reading::of_shape(&[784]), None);
    /// ```
    pub fn of_shape(shape: &[usize]) -> Option<Reading> {
        let color_mode = match *shape {
            [_, _] => ColorMode::Grayscale,
            [_, _, channels] => ColorMode::of_channels(channels)?,
            _ => return None,
        };
        Some(Reading { image_size: None, color_mode })
    }
}

/// A folder of images, and how they are to be read.
#[derive(Debug, Clone)]
pub struct ImageFolder {
    path: PathBuf,
    reading: Reading,
    class_names: Option<Vec<String>>,
    like: Option<Like>,
}

/// What other data have found.
#[derive(Debug, Clone)]
struct Like {
    class_names: Option<Vec<String>>,
    size: Option<[usize; 2]>,
}

/// The images in a folder, those of each class in a folder of their own.
///
/// ```no_run
/// use steadygrad_formats::images;
/// let (train, validation) = images::folder("photos").image_size((64, 64)).load()?;
/// println!("{train}");                          // photos: 200 samples of (64, 64, 3), 2 classes
/// let (train, validation) = match validation {
///     Some(validation) => (train, validation),
///     None => train.shuffled(42).split(0.8)?,   // sorted by class: a part of its end would be one class
/// };
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
pub fn folder(path: impl AsRef<Path>) -> ImageFolder {
    ImageFolder { path: path.as_ref().into(), reading: Reading::default(), class_names: None, like: None }
}

impl ImageFolder {
    /// Height and width that every image is resized to, bilinear; without it all must have one size.
    pub fn image_size(mut self, size: impl Into<Sizes<2>>) -> ImageFolder {
        self.reading.image_size = Some(size.into().0);
        self
    }

    /// What pixels are read as: red, green and blue where nothing is said.
    pub fn color_mode(mut self, color_mode: ColorMode) -> ImageFolder {
        self.reading.color_mode = color_mode;
        self
    }

    /// Size and colours in one.
    pub fn reading(mut self, reading: Reading) -> ImageFolder {
        self.reading = reading;
        self
    }

    /// The classes in the order of their labels, in place of the sorted names of all folders; other folders are passed over.
    pub fn class_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> ImageFolder {
        self.class_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// With the classes and the size of these data: for images to validate with, of which a class may have none.
    pub fn like(mut self, train: &Dataset) -> ImageFolder {
        let size = train.x.first().and_then(|x| x.row_shape().get(..2)).and_then(|size| size.try_into().ok());
        self.like = Some(Like { class_names: train.class_names.clone(), size });
        self
    }

    /// Reads the images: those to train with and, where the folder is cut into the folders `train` and `validation` (or `valid`,
    /// `val`, `test`), those to validate with.
    ///
    /// # Errors
    /// Where there are no classes or a class has no image, a file is no image, truncated or damaged, or sizes differ and none
    /// is given: the file is named, and what to do.
    pub fn load(&self) -> Result<(Dataset, Option<Dataset>)> {
        let Some((train, second)) = self.parts()? else { return Ok((self.read(&self.path)?, None)) };
        let train = self.read(&train)?;
        let second = second.map(|path| self.clone().like(&train).read(&path)).transpose()?;
        Ok((train, second))
    }

    /// Reads the images to validate with alone, where the folder is cut into parts and has some; see [`ImageFolder::like`].
    ///
    /// # Errors
    /// As for [`ImageFolder::load`].
    pub fn load_validation(&self) -> Result<Option<Dataset>> {
        let second = self.parts()?.and_then(|(_, second)| second);
        second.map(|path| self.read(&path)).transpose()
    }

    /// Reads all images of a folder without classes, or a single file, as samples without targets; and where each lies.
    ///
    /// # Errors
    /// As for [`ImageFolder::load`].
    pub fn samples(&self) -> Result<(Dataset, Vec<PathBuf>)> {
        self.check()?;
        let files = Listing::of_samples(&self.path)?;
        let x = self.array(&files)?;
        Ok((self.finish(Dataset::multi(vec![x], Vec::new())?), files))
    }

    fn parts(&self) -> Result<Option<(PathBuf, Option<PathBuf>)>> {
        self.check()?;
        parts(&self.path)
    }

    fn check(&self) -> Result<()> {
        if let Some(size) = self.reading.image_size
            && size.iter().any(|side| !(1..=MOST_SIDE).contains(side))
        {
            let what = format!("expected a height and a width from 1 to {MOST_SIDE}, got {size:?}");
            return Err(Error::argument(what).at("image_size").help("as in image_size = [64, 64]"));
        }
        let names = self.class_names.as_deref().unwrap_or_default();
        if let Some(i) = (0..names.len()).find(|&i| names[..i].contains(&names[i])) {
            return Err(Error::argument(format!("`{}` stands twice", names[i]))
                .at("class_names")
                .help("name each class once"));
        }
        if self.class_names.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::argument("it is empty")
                .at("class_names")
                .help("name one class or more, or leave it out"));
        }
        Ok(())
    }

    /// The images of a folder whose folders are classes.
    fn read(&self, path: &Path) -> Result<Dataset> {
        let known = self.like.as_ref().and_then(|like| like.class_names.as_deref());
        let wanted = match (known, &self.class_names) {
            (Some(known), chosen) => Wanted::Known(known, chosen.is_some()),
            (None, Some(chosen)) => Wanted::Chosen(chosen),
            (None, None) => Wanted::Any,
        };
        let Listing { class_names, files, labels } = Listing::of_classes(path, &wanted)?;
        let x = self.array(&files)?;
        let y = Array::new([labels.len()], labels.into_iter().map(|label| label as f32).collect())?;
        Ok(self.finish(Dataset::new(x, y)?).with_class_names(class_names))
    }

    fn array(&self, files: &[PathBuf]) -> Result<Array> {
        let like = self.like.as_ref().and_then(|like| like.size);
        samples::read_all(files, &self.reading, like)
    }

    fn finish(&self, data: Dataset) -> Dataset {
        let name =
            self.path.file_name().map_or_else(|| "images".into(), |name| name.to_string_lossy().into_owned());
        data.named(name).with_range(0.0, 255.0)
    }
}

/// Larger sides are a mistake in the number of zeros.
const MOST_SIDE: usize = 65_535;

/// The image in a file.
///
/// # Errors
/// Where the file cannot be read or is no image: see [`decode()`].
pub fn read(path: impl AsRef<Path>, color_mode: ColorMode) -> Result<Image> {
    samples::read(path.as_ref(), &Reading { image_size: None, color_mode })
}
