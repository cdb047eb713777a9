//! A data set of one's own, from a CSV file.

use std::path::PathBuf;

use steadygrad_kernels::{Error, Result};

use super::entry::{Entry, Options, trim, trim_test};
use crate::csv::{CsvOptions, Schema, Target, load, load_like};
use crate::dataset::Dataset;

pub(super) const ENTRY: Entry = Entry {
    name: "csv",
    summary: "a CSV file: a line per sample, numbers as features, a column with the target",
    needs: "path: the file",
    takes: &["path", "test_path", "target", "samples"],
    read: |options| trim(train(options)?.0, options),
    read_test,
};

fn train(options: &Options) -> Result<(Dataset, Schema)> {
    let path = path(&options.path, "the CSV file")?;
    let target = options.target.as_deref().map_or(Target::Guess, Target::from);
    load(path, &CsvOptions { target, ..CsvOptions::default() })
}

fn read_test(options: &Options) -> Result<Option<Dataset>> {
    let Some(path) = &options.test_path else { return Ok(None) };
    // The training file says which columns and classes there are.
    trim_test(Some(load_like(&train(options)?.1, path)?), options)
}

/// The path that was given, which cannot be left out.
pub(super) fn path<'a>(path: &'a Option<PathBuf>, what: &str) -> Result<&'a PathBuf> {
    path.as_ref().ok_or_else(|| Error::argument(format!("expected a `path`, {what}")).help("give `path`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{file, sets};

    #[test]
    fn test_files_are_read_like_the_training_file() {
        let folder = tempfile::tempdir().unwrap();
        let [train, test] = ["train.csv", "test.csv"].map(|name| folder.path().join(name));
        file::replace(&train, b"a,kind,b\n1,x,2\n3,y,4\n").unwrap();
        file::replace(&test, b"kind,a,b\ny,5,6\n").unwrap();
        let mut options = Options { path: Some(train), target: Some("kind".into()), ..Options::default() };
        let entry = sets::find("csv").unwrap();
        assert_eq!(entry.load_test(&options).unwrap(), None);
        options.test_path = Some(test);
        assert_eq!(entry.load(&options).unwrap().to_string(), "train: 2 samples of (2,), 2 classes");
        assert_eq!(entry.load_test(&options).unwrap().unwrap().y[0].data(), [1.0]);
        let error = entry.load(&Options::default()).unwrap_err().to_string();
        assert!(error.starts_with("csv: expected a `path`, the CSV file"), "{error}");
    }
}
