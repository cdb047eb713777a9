//! Images of one's own, from a folder of IDX files.

use std::path::Path;

use steadygrad_kernels::Result;

use super::csv::path;
use super::entry::{Entry, Options, trim, trim_test};
use crate::dataset::Dataset;
use crate::images;

pub(super) const ENTRY: Entry = Entry {
    name: "idx",
    summary: "a folder with images and labels in IDX files, grey or with channels",
    needs: "path: the folder",
    takes: &["path", "samples", "channels"],
    read: |options| trim(images::train_of(path(&options.path, WHAT)?)?, options),
    read_test: |options: &Options| trim_test(images::test_of(path(&options.path, WHAT)?)?, options),
};

const WHAT: &str = "the folder with the IDX files";

/// The images in a folder: the part to train with and, if there is one, the part to test with.
///
/// Files with `idx3` in their names hold images of shape (rows, columns), those with `idx4` images of shape (rows, columns,
/// channels), those with `idx1` labels 0, 1, 2, … for either. Names say what is to train with (`train`) and to test with
/// (`test` or `t10k`); a single pair of any name is a set without a test part. Bytes are 0 to 255, not scaled.
///
/// ```
/// use steadygrad_data::sets::idx;
/// # let folder = std::env::temp_dir().join(format!("steadygrad-idx-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// // Two images of 1 × 1 pixel in red, green and blue, and their labels.
/// std::fs::write(folder.join("a-idx4"), [0, 0, 8, 4, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 9, 8, 7, 3, 2, 1])?;
/// std::fs::write(folder.join("a-idx1"), [0, 0, 8, 1, 0, 0, 0, 2, 0, 1])?;
/// let (train, test) = idx::load(&folder)?;
/// assert_eq!(train.x[0].row_shape(), [1, 1, 3]);
/// assert_eq!((train.x[0].row(1), test), (&[3.0, 2.0, 1.0][..], None));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where the folder has no such files, one is damaged, or a label is none.
pub fn load(folder: impl AsRef<Path>) -> Result<(Dataset, Option<Dataset>)> {
    let folder = folder.as_ref();
    Ok((images::train_of(folder)?, images::test_of(folder)?))
}
