//! A data set of one's own, from an NPZ file.

use steadygrad_kernels::Result;

use super::csv::path;
use super::entry::{Entry, Options, trim, trim_test};
use crate::dataset::Dataset;
use crate::npz::{NpzOptions, load};

pub(super) const ENTRY: Entry = Entry {
    name: "npz",
    summary: "an NPZ file of NumPy with the arrays x and y, or x_train, y_train, x_test and y_test",
    needs: "path: the file",
    takes: &["path", "samples", "channels"],
    read: |options| trim(parts(options)?.0, options),
    read_test: |options| trim_test(parts(options)?.1, options),
};

fn parts(options: &Options) -> Result<(Dataset, Option<Dataset>)> {
    load(path(&options.path, "the NPZ file")?, &NpzOptions::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, npz, sets};

    #[test]
    fn both_parts_come_from_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("small.npz");
        let (x, y) = (Array::zeros([3, 2, 2]).unwrap(), Array::zeros([3]).unwrap());
        npz::write(&file, &[("x_train", &x), ("y_train", &y), ("x_test", &x), ("y_test", &y)]).unwrap();
        let options = Options { path: Some(file), samples: Some(2), channels: true, ..Options::default() };
        let entry = sets::find("npz").unwrap();
        assert_eq!(entry.load(&options).unwrap().x[0].shape(), [2, 2, 2, 1]);
        assert_eq!(entry.load_test(&options).unwrap().unwrap().len(), 3);
    }
}
