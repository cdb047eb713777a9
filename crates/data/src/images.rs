//! A folder with images and labels in IDX files: which pair is to train with, and which to test; and what an image is.

use std::path::{Path, PathBuf};

use steadygrad_kernels::{Error, Result};

use crate::array::{Array, show};
use crate::dataset::Dataset;
use crate::{file, idx};

/// A file of a data set as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Its name.
    pub name: &'static str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its MD5 checksum in hexadecimal digits: enough to find a damaged copy, not a forged one.
    pub md5: &'static str,
}

/// Which part of a set a file belongs to, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Train,
    Test,
    Unknown,
}

/// A file with images and the file with their labels.
struct Pair {
    images: PathBuf,
    labels: PathBuf,
}

/// The set in a folder: its training part and, if there is one, its test part.
struct Folder {
    train: Pair,
    test: Option<Pair>,
}

impl Folder {
    /// Finds the pairs. A single pair is the whole set, whatever it is called.
    fn open(folder: &Path) -> Result<Folder> {
        let place = || folder.display().to_string();
        let names = file::names(folder).map_err(|e| e.help("give the folder that holds the IDX files"))?;
        // A file and its compressed copy are one; the plain one is read.
        let names: Vec<&String> = names
            .iter()
            .filter(|name| {
                name.strip_suffix(".gz").is_none_or(|plain| !names.iter().any(|other| other == plain))
            })
            .collect();
        let of_kind = |kind: &str| -> Vec<&String> {
            names.iter().copied().filter(|name| name.to_lowercase().contains(kind)).collect()
        };
        let (images, labels) = ([of_kind("idx3"), of_kind("idx4")].concat(), of_kind("idx1"));
        let pair =
            |images: &str, labels: &str| Pair { images: folder.join(images), labels: folder.join(labels) };
        if let ([images], [labels]) = (&images[..], &labels[..]) {
            let parts = [part(images), part(labels)];
            if parts == [Part::Train, Part::Test] || parts == [Part::Test, Part::Train] {
                let what = format!("`{images}` and `{labels}` belong to different parts");
                return Err(Error::data(what).at(place()).help("put the missing files beside them"));
            }
            return Ok(Folder { train: pair(images, labels), test: None });
        }
        let of_part = |names: &[&String], wanted: Part| {
            let mut found = names.iter().filter(|name| part(name) == wanted);
            found.next().filter(|_| found.next().is_none()).map(|name| (*name).clone())
        };
        let find = |wanted| Some(pair(&of_part(&images, wanted)?, &of_part(&labels, wanted)?));
        match (find(Part::Train), find(Part::Test)) {
            (Some(train), test) => Ok(Folder { train, test }),
            (None, _) => Err(Error::data(format!(
                "found {} with `idx3` or `idx4` (images) and {} with `idx1` (labels) in their names, and no pair to train with",
                files(images.len()),
                files(labels.len())
            ))
            .at(place())
            .help(
                "the folder holds one pair of any name, or train-images-idx3-ubyte, train-labels-idx1-ubyte, \
                 t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each with or without .gz; idx4 where images have channels",
            )),
        }
    }
}

impl Pair {
    /// Images of shape (rows, columns) or (rows, columns, channels), and labels. Bytes are declared as 0 to 255.
    fn read(&self) -> Result<Dataset> {
        let ((x, bytes), (y, _)) = (idx::read_kind(&self.images)?, idx::read_kind(&self.labels)?);
        for (array, axes, path) in [(&x, [3, 4], &self.images), (&y, [1, 1], &self.labels)] {
            if !axes.contains(&array.shape().len()) {
                let axes = if axes == [1, 1] { "1 axis" } else { "3 axes, or 4 with channels" };
                let what = format!("expected {axes}, got the shape {}", show(array.shape()));
                return Err(Error::format(what).at(path.display().to_string()));
            }
        }
        if x.rows() != y.rows() {
            let what = format!("expected {} labels, one per image, got {}", x.rows(), y.rows());
            return Err(Error::data(what)
                .at(self.labels.display().to_string())
                .help(format!("the images are those of {}", self.images.display())));
        }
        let data = Dataset::new(x, y)?;
        Ok(if bytes { data.with_range(0.0, 255.0) } else { data })
    }
}

fn part(name: &str) -> Part {
    let name = name.to_lowercase();
    match (name.contains("train"), name.contains("t10k") || name.contains("test")) {
        (true, false) => Part::Train,
        (false, true) => Part::Test,
        _ => Part::Unknown,
    }
}

fn files(count: usize) -> String {
    match count {
        1 => "1 file".into(),
        _ => format!("{count} files"),
    }
}

/// A published set of images with 10 classes.
pub(crate) struct Images {
    pub name: &'static str,
    pub class_names: [&'static str; 10],
    pub files: &'static [Published; 4],
}

impl Images {
    /// The folder that was given, which cannot be left out.
    pub fn folder<'a>(&self, path: &'a Option<PathBuf>) -> Result<&'a Path> {
        path.as_deref().ok_or_else(|| {
            let names: Vec<&str> = self.files.iter().map(|file| file.name).collect();
            Error::argument("expected a `path`, the folder with its IDX files")
                .help(format!("its files are called {}; .gz may be unpacked", names.join(", ")))
        })
    }

    /// Both parts.
    pub fn load(&self, folder: &Path) -> Result<(Dataset, Option<Dataset>)> {
        Ok((self.train(folder)?, self.test(folder)?))
    }

    /// The part to train with.
    pub fn train(&self, folder: &Path) -> Result<Dataset> {
        self.finish(Folder::open(folder)?.train.read()?, folder)
    }

    /// The part to test with, if there is one.
    pub fn test(&self, folder: &Path) -> Result<Option<Dataset>> {
        let test = Folder::open(folder)?.test;
        test.map(|pair| self.finish(pair.read()?, folder)).transpose()
    }

    fn finish(&self, data: Dataset, folder: &Path) -> Result<Dataset> {
        let data = data.named(folder.display().to_string());
        data.labels(self.class_names.len())?;
        Ok(data.named(self.name).with_class_names(self.class_names))
    }
}

/// Any set of images and labels in a folder: the part to train with.
pub(crate) fn train_of(folder: &Path) -> Result<Dataset> {
    labelled(Folder::open(folder)?.train.read()?, folder)
}

/// The part to test with, if there is one.
pub(crate) fn test_of(folder: &Path) -> Result<Option<Dataset>> {
    let test = Folder::open(folder)?.test;
    test.map(|pair| labelled(pair.read()?, folder)).transpose()
}

fn labelled(data: Dataset, folder: &Path) -> Result<Dataset> {
    let data = data.named(folder.display().to_string());
    if data.classes().is_none() {
        // f32 counts up to here: the error names the first label that is none.
        data.labels(1 << 24)?;
    }
    Ok(data.named("idx"))
}

impl Dataset {
    /// The same with images that have an axis of channels, as convolutions expect: (rows, columns) turns into (rows, columns,
    /// 1) where one channel is asked for; (rows, columns, channels) is held to that number.
    ///
    /// ```
    /// # use steadygrad_data::digits;
    /// let (train, _) = digits::load()?;
    /// assert_eq!(train.with_channels(1)?.x[0].row_shape(), [8, 8, 1]);
    /// assert!(digits::all()?.with_channels(3).unwrap_err().to_string().contains("these images are grey"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where a sample is no image, or one with another number of channels.
    pub fn with_channels(mut self, channels: usize) -> Result<Dataset> {
        for (array, name) in self.x.iter_mut().zip(&self.x_names) {
            let help = match *array.row_shape() {
                [rows, columns] if channels == 1 => {
                    let whole = std::mem::replace(array, Array::zeros([0])?);
                    *array = whole.reshape_rows(&[rows, columns, 1])?;
                    continue;
                }
                [_, _, last] if last == channels => continue,
                [_, _] => "these images are grey: channels = 1".to_string(),
                [_, _, last] => format!("they have {last}: leave `channels` out"),
                _ => "images are of shape (rows, columns) or (rows, columns, channels): put Reshape first in the model".to_string(),
            };
            let what = format!(
                "expected images of {channels} {}, got samples of shape {}",
                if channels == 1 { "channel" } else { "channels" },
                show(array.row_shape())
            );
            return Err(Error::shape(what).at(format!("input `{name}`")).at(self.name.clone()).help(help));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::sets;

    /// A file of `count` images of 2 × 2, or of `count` labels, each filled with its number.
    fn put(folder: &Path, name: &str, count: u8) {
        let images = name.to_lowercase().contains("idx3");
        let mut bytes = if images { vec![0, 0, 8, 3] } else { vec![0, 0, 8, 1] };
        bytes.extend([0, 0, 0, count]);
        bytes.extend(if images { &[0, 0, 0, 2, 0, 0, 0, 2][..] } else { &[] });
        bytes.extend((0..count).flat_map(|i| vec![i; if images { 4 } else { 1 }]));
        file::replace(folder.join(name), &bytes).unwrap();
    }

    fn folder(files: &[(&str, u8)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, count)| put(folder.path(), name, *count));
        folder
    }

    fn load(folder: &Path) -> Result<(Dataset, Option<Dataset>)> {
        let options = Options { path: Some(folder.into()), ..Options::default() };
        let entry = sets::find("mnist")?;
        Ok((entry.load(&options)?, entry.load_test(&options)?))
    }

    #[test]
    fn standard_names_are_two_parts() {
        let folder = folder(&[
            ("train-images-idx3-ubyte", 3),
            ("train-labels-idx1-ubyte", 3),
            ("t10k-images.idx3-ubyte", 2),
            ("t10k-labels.idx1-ubyte", 2),
        ]);
        let (train, test) = load(folder.path()).unwrap();
        assert_eq!(train.to_string(), "mnist: 3 samples of (2, 2), 10 classes");
        assert_eq!(train.x[0].row(2), [2.0; 4]);
        assert_eq!((train.range, test.unwrap().len()), (Some([0.0, 255.0]), 2));
    }

    #[test]
    fn one_pair_of_any_name_is_the_set() {
        for names in [["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"], ["mine.IDX3", "yours.idx1"]] {
            let folder = folder(&[(names[0], 4), (names[1], 4), ("notes.txt", 0)]);
            let (train, test) = load(folder.path()).unwrap();
            assert_eq!((train.len(), test), (4, None));
        }
        let beside = folder(&[("a-idx3", 4), ("a-idx1", 4), ("a-idx3.gz", 9)]);
        assert_eq!(load(beside.path()).unwrap().0.len(), 4, "the plain copy is read");
    }

    /// A file with these sizes and bytes.
    fn put_bytes(folder: &Path, name: &str, kind: u8, sizes: &[u8], values: &[u8]) {
        let mut bytes = vec![0, 0, kind, sizes.len() as u8];
        sizes.iter().for_each(|&size| bytes.extend([0, 0, 0, size]));
        bytes.extend(values);
        file::replace(folder.join(name), bytes).unwrap();
    }

    #[test]
    fn images_with_channels_have_a_set_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name, sizes: &[u8], values: &[u8]| put_bytes(folder.path(), name, 8, sizes, values);
        put("train-images-idx4-ubyte", &[2, 1, 2, 3], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        put("train-labels-idx1-ubyte", &[2], &[0, 11]);
        put("test-images-idx4-ubyte", &[1, 1, 2, 3], &[0; 6]);
        put("test-labels-idx1-ubyte", &[1], &[1]);
        let options = Options { path: Some(folder.path().into()), ..Options::default() };
        let entry = sets::find("idx").unwrap();
        let data = entry.load(&options).unwrap();
        assert_eq!(
            (data.x[0].row_shape(), data.x[0].row(1)),
            (&[1, 2, 3][..], &[7., 8., 9., 10., 11., 12.][..])
        );
        assert_eq!((data.range, data.classes()), (Some([0.0, 255.0]), Some(12)));
        assert_eq!(entry.load_test(&options).unwrap().unwrap().len(), 1);
        for (channels, words) in
            [(1, "they have 3: leave `channels` out"), (4, "expected images of 4 channels")]
        {
            let error = entry.load(&Options { channels: Some(channels), ..options.clone() }).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
        assert_eq!(entry.load(&Options { channels: Some(3), ..options.clone() }).unwrap(), data);
        let error = entry.load(&Options::default()).unwrap_err().to_string();
        assert!(error.starts_with("idx: expected a `path`, the folder with the IDX files"), "{error}");
        put("train-images-idx4-ubyte", &[2, 1], &[0; 2]);
        let error = entry.load(&options).unwrap_err().to_string();
        assert!(error.contains("expected 3 axes, or 4 with channels, got the shape (2, 1)"), "{error}");
    }

    #[test]
    fn what_is_not_stored_as_bytes_declares_no_range() {
        let folder = tempfile::tempdir().unwrap();
        let floats = [0.0_f32, 0.25, 0.5, 1.0].map(f32::to_be_bytes).concat();
        put_bytes(folder.path(), "a-idx3", 13, &[1, 2, 2], &floats);
        put_bytes(folder.path(), "a-idx1", 13, &[1], &0.5_f32.to_be_bytes());
        let options = Options { path: Some(folder.path().into()), channels: Some(1), ..Options::default() };
        let load = || sets::find("idx").unwrap().load(&options);
        assert!(load().unwrap_err().to_string().contains("labels are whole numbers"));
        put_bytes(folder.path(), "a-idx1", 13, &[1], &3.0_f32.to_be_bytes());
        let data = load().unwrap();
        assert_eq!((data.range, data.x[0].shape()), (None, &[1, 2, 2, 1][..]));
    }

    #[test]
    fn folders_without_a_pair_are_told_what_is_missing() {
        let told = |files: &[(&str, u8)]| load(folder(files).path()).unwrap_err().to_string();
        assert!(told(&[]).contains("found 0 files with `idx3` or `idx4` (images) and 0 files with `idx1`"));
        assert!(told(&[("a-idx3", 1)]).contains("found 1 file with `idx3` or `idx4`"));
        assert!(told(&[("a-idx3", 1), ("b-idx3", 1), ("a-idx1", 1)]).contains("train-images-idx3-ubyte"));
        assert!(told(&[("train-idx3", 1), ("t10k-idx1", 1)]).contains("different parts"));
        assert!(told(&[("a-idx3", 2), ("a-idx1", 3)]).contains("expected 2 labels, one per image, got 3"));
        assert!(told(&[("a-idx3", 11), ("a-idx1", 11)]).contains("sample 10: expected a label from 0 to 9"));
        let error = load(Path::new("no/such/folder")).unwrap_err();
        assert_eq!(error.place(), "mnist, no/such/folder");
        assert!(error.remedy().contains("folder"));
        assert!(
            sets::find("mnist").unwrap().load(&Options::default()).unwrap_err().to_string().contains("path")
        );
    }
}
