//! MNIST: handwritten digits of 28 × 28 pixels, from a folder of IDX files.

use std::path::Path;

use steadygrad_kernels::Result;

use super::entry::{Entry, Options, trim, trim_test};
use crate::dataset::Dataset;
use crate::images::{Images, Published};

pub(super) const ENTRY: Entry = Entry {
    name: IMAGES.name,
    summary: "70,000 handwritten digits of 28 × 28 pixels; 10 classes",
    needs: "path: the folder with its IDX files",
    takes: &["path", "samples", "channels"],
    read: |options| trim(IMAGES.train(IMAGES.folder(&options.path)?)?, options),
    read_test: |options: &Options| trim_test(IMAGES.test(IMAGES.folder(&options.path)?)?, options),
};

const IMAGES: Images =
    Images { name: "mnist", class_names: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], files: &FILES };

/// The files as they are published (Y. LeCun, C. Cortes, C. Burges: "The MNIST database of handwritten digits").
#[rustfmt::skip]
pub const FILES: [Published; 4] = [
    Published { name: "train-images-idx3-ubyte.gz", bytes: 9_912_422, md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873" },
    Published { name: "train-labels-idx1-ubyte.gz", bytes: 28_881, md5: "d53e105ee54ea40749a09fcbcd1e9432" },
    Published { name: "t10k-images-idx3-ubyte.gz", bytes: 1_648_877, md5: "9fb629c4189551a2d022fa330f9573f3" },
    Published { name: "t10k-labels-idx1-ubyte.gz", bytes: 4_542, md5: "ec29112dd5afa0611ce80d1b7f02629c" },
];

/// The digits in a folder: the part to train with and, if there is one, the part to test with.
///
/// Samples have shape (28, 28) and the values 0 to 255, not scaled. A folder with one pair of IDX files, whatever their
/// names, is a set without a test part.
///
/// ```no_run
/// use steadygrad_data::sets::mnist;
/// let (train, test) = mnist::load("data/mnist")?;
/// assert_eq!(train.to_string(), "mnist: 60000 samples of (28, 28), 10 classes");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where the folder has no such files, or one is damaged.
pub fn load(folder: impl AsRef<Path>) -> Result<(Dataset, Option<Dataset>)> {
    IMAGES.load(folder.as_ref())
}
