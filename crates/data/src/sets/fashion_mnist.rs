//! Fashion-MNIST: pictures of clothes, 28 × 28 pixels, from a folder of IDX files.

use std::path::Path;

use steadygrad_kernels::Result;

use super::entry::{Entry, Options, trim, trim_test};
use crate::dataset::Dataset;
use crate::images::{Images, Published};

pub(super) const ENTRY: Entry = Entry {
    name: IMAGES.name,
    summary: "70,000 pictures of clothes, 28 × 28 pixels; 10 classes",
    needs: "path: the folder with its IDX files",
    takes: &["path", "samples", "channels"],
    read: |options| trim(IMAGES.train(IMAGES.folder(&options.path)?)?, options),
    read_test: |options: &Options| trim_test(IMAGES.test(IMAGES.folder(&options.path)?)?, options),
};

const IMAGES: Images = Images {
    name: "fashion_mnist",
    class_names: [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ],
    files: &FILES,
};

/// The files as they are published (H. Xiao, K. Rasul, R. Vollgraf: "Fashion-MNIST: a novel image dataset for benchmarking
/// machine learning algorithms", 2017). They have the names of MNIST's: keep them in a folder of their own.
#[rustfmt::skip]
pub const FILES: [Published; 4] = [
    Published { name: "train-images-idx3-ubyte.gz", bytes: 26_421_880, md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d" },
    Published { name: "train-labels-idx1-ubyte.gz", bytes: 29_515, md5: "25c81989df183df01b3e8a0aad5dffbe" },
    Published { name: "t10k-images-idx3-ubyte.gz", bytes: 4_422_102, md5: "bef4ecab320f06d8554ea6380940ec79" },
    Published { name: "t10k-labels-idx1-ubyte.gz", bytes: 5_148, md5: "bb300cfdad3c16e7a12a480ee83cd310" },
];

/// The pictures in a folder: the part to train with and, if there is one, the part to test with.
///
/// Samples have shape (28, 28) and the values 0 to 255, not scaled. A folder with one pair of IDX files, whatever their
/// names, is a set without a test part.
///
/// ```no_run
/// use steadygrad_data::sets::fashion_mnist;
/// let (train, test) = fashion_mnist::load("data/fashion")?;
/// assert_eq!(train.class_names.as_deref().map(|names| names[9].as_str()), Some("Ankle boot"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where the folder has no such files, or one is damaged.
pub fn load(folder: impl AsRef<Path>) -> Result<(Dataset, Option<Dataset>)> {
    IMAGES.load(folder.as_ref())
}
