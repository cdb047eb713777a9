//! Samples with their targets: split, shuffled, named, shown in one line.

use std::fmt;

use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::{Error, Kind, Result};

use crate::array::{Array, show};
use crate::numbers::MOST_DECODED;

/// Samples with their targets.
///
/// Labels are an array of shape `(n,)` with the numbers 0, 1, 2, …; targets of a regression have shape `(n,)` or `(n, k)`.
///
/// ```
/// use steadygrad_data::{Array, Dataset};
/// let x = Array::from_rows(&[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])?;
/// let y = Array::new([4], vec![0.0, 1.0, 1.0, 0.0])?;
/// let (train, test) = Dataset::new(x, y)?.named("xor").split(0.75)?;
/// assert_eq!((train.len(), test.len()), (3, 1));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The samples, one array per input of the model.
    pub x: Vec<Array>,
    /// The targets, one array per output of the model; empty where there are none.
    pub y: Vec<Array>,
    /// A weight per sample, by which its loss is multiplied.
    pub weights: Option<Vec<f32>>,
    /// A name per input.
    pub x_names: Vec<String>,
    /// A name per output.
    pub y_names: Vec<String>,
    /// What the labels 0, 1, 2, … stand for.
    pub class_names: Option<Vec<String>>,
    /// Smallest and largest value that the samples can have, where the set declares it: 0 and 255 for bytes.
    pub range: Option<[f32; 2]>,
    /// The set's name, for errors and reports.
    pub name: String,
}

/// More samples cannot be shuffled: the permutation holds 32-bit indices.
const MOST: usize = u32::MAX as usize;

impl Dataset {
    /// One input and one target per sample.
    ///
    /// # Errors
    /// Where the numbers of samples differ.
    pub fn new(x: Array, y: Array) -> Result<Dataset> {
        Dataset::multi(vec![x], vec![y])
    }

    /// Several inputs or several targets per sample, or none of the latter.
    ///
    /// ```
    /// # use steadygrad_data::{Array, Dataset};
    /// let (left, right) = (Array::zeros([5, 2])?, Array::zeros([5, 3])?);
    /// let data = Dataset::multi(vec![left, right], vec![])?;
    /// assert_eq!(data.to_string(), "data: 5 samples of x_0 (2,), x_1 (3,), no targets");
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where there is no input, or the numbers of samples differ.
    pub fn multi(x: Vec<Array>, y: Vec<Array>) -> Result<Dataset> {
        let number = |letter: &str, count: usize| match count {
            1 => vec![letter.to_string()],
            _ => (0..count).map(|i| format!("{letter}_{i}")).collect::<Vec<_>>(),
        };
        let data = Dataset {
            x_names: number("x", x.len()),
            y_names: number("y", y.len()),
            x,
            y,
            weights: None,
            class_names: None,
            range: None,
            name: "data".into(),
        };
        data.check_rows()?;
        Ok(data)
    }

    /// All parts have the same number of samples, and every array has its name.
    pub(crate) fn check_rows(&self) -> Result<()> {
        if self.x.is_empty() {
            return Err(Error::data("a data set needs an array of samples").at(self.name.clone()));
        }
        let n = self.len();
        if n > MOST {
            return Err(Error::data(format!("{n} samples, and {MOST} are the most")).at(self.name.clone()));
        }
        for (arrays, names, side) in [(&self.x, &self.x_names, "input"), (&self.y, &self.y_names, "target")] {
            if arrays.len() != names.len() {
                let what = format!("{} {side} arrays and {} {side} names", arrays.len(), names.len());
                return Err(Error::argument(what).at(self.name.clone()).help("give one name per array"));
            }
            for (array, name) in arrays.iter().zip(names) {
                if array.rows() != n {
                    let what =
                        format!("expected {n} samples as in `{}`, got {}", self.x_names[0], array.rows());
                    return Err(Error::shape(what)
                        .at(format!("{side} `{name}`"))
                        .at(self.name.clone())
                        .help("the first axis of every array counts the samples"));
                }
            }
        }
        match &self.weights {
            Some(weights) if weights.len() != n => Err(Error::shape(format!(
                "expected one weight for each of {n} samples, got {}",
                weights.len()
            ))
            .at(self.name.clone())),
            _ => Ok(()),
        }
    }

    /// The same with a weight per sample, by which its loss is multiplied.
    ///
    /// # Errors
    /// Where the count is not that of the samples, or a weight is negative or not finite.
    pub fn with_weights(mut self, weights: Vec<f32>) -> Result<Dataset> {
        self.weights = Some(weights);
        self.check_rows()?;
        self.check_weights()?;
        Ok(self)
    }

    /// The same with names of inputs and targets, by which a model with several finds its own.
    ///
    /// # Errors
    /// Where the counts are not those of the arrays.
    pub fn with_names(mut self, x_names: &[&str], y_names: &[&str]) -> Result<Dataset> {
        self.x_names = x_names.iter().map(|name| (*name).to_string()).collect();
        self.y_names = y_names.iter().map(|name| (*name).to_string()).collect();
        self.check_rows()?;
        Ok(self)
    }

    /// The same with the names of the classes 0, 1, 2, …
    pub fn with_class_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Dataset {
        self.class_names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The same with the smallest and the largest value that the samples can have.
    pub fn with_range(mut self, low: f32, high: f32) -> Dataset {
        self.range = Some([low, high]);
        self
    }

    /// The same with this name.
    pub fn named(mut self, name: impl Into<String>) -> Dataset {
        self.name = name.into();
        self
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.x.first().map_or(0, Array::rows)
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first ⌊n · fraction⌋ samples, and the rest: with `fraction = 1 − validation_split` the parts of Keras.
    ///
    /// The order is kept. Where it has a meaning (sorted by class, by time), use [`shuffled`](Dataset::shuffled) first.
    ///
    /// # Errors
    /// Where the fraction is not between 0 and 1, or a part would be empty.
    pub fn split(&self, fraction: f64) -> Result<(Dataset, Dataset)> {
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(Error::argument(format!("expected a fraction between 0 and 1, got {fraction}"))
                .at("split")
                .at(self.name.clone())
                .help("0.9 keeps nine tenths in the first part"));
        }
        self.split_at((self.len() as f64 * fraction).floor() as usize)
    }

    /// The first `at` samples, and the rest.
    ///
    /// # Errors
    /// Where a part would be empty.
    pub fn split_at(&self, at: usize) -> Result<(Dataset, Dataset)> {
        let n = self.len();
        if at == 0 || at >= n {
            let part = if at == 0 { "first" } else { "second" };
            return Err(Error::data(format!("{n} samples cut at {at} leave the {part} part empty"))
                .at("split")
                .at(self.name.clone())
                .help("cut elsewhere, or bring more samples"));
        }
        Ok((self.take(0..at), self.take(at..n)))
    }

    /// The samples of a range, which is cut to those there are.
    pub fn take(&self, range: std::ops::Range<usize>) -> Dataset {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        self.map_arrays(
            |array| array.take_rows(start..end),
            |weights| weights.get(start..end).map_or_else(Vec::new, <[f32]>::to_vec),
        )
    }

    /// The samples at these indices, in this order.
    ///
    /// # Panics
    /// Where an index is not below [`len`](Dataset::len), as indexing a slice does.
    pub fn select(&self, indices: &[usize]) -> Dataset {
        self.map_arrays(
            |array| array.select(indices),
            |weights| indices.iter().map(|&i| weights[i]).collect(),
        )
    }

    fn map_arrays(&self, array: impl Fn(&Array) -> Array, weights: impl Fn(&[f32]) -> Vec<f32>) -> Dataset {
        Dataset {
            x: self.x.iter().map(&array).collect(),
            y: self.y.iter().map(&array).collect(),
            weights: self.weights.as_deref().map(weights),
            x_names: self.x_names.clone(),
            y_names: self.y_names.clone(),
            class_names: self.class_names.clone(),
            range: self.range,
            name: self.name.clone(),
        }
    }

    /// All samples in a random order, the same for the same seed.
    ///
    /// ```
    /// # use steadygrad_data::digits;
    /// let data = digits::all()?;
    /// assert_eq!(data.shuffled(1), data.shuffled(1));
    /// assert_ne!(data.shuffled(1), data.shuffled(2));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn shuffled(&self, seed: u64) -> Dataset {
        let mut order = vec![0_u32; self.len()];
        Stream::new(seed, Purpose::Data, "shuffle").shuffle(0, &mut order);
        self.select(&order.iter().map(|&i| i as usize).collect::<Vec<_>>())
    }

    /// The same with labels of shape `(n,)` turned into rows of zeros with a one, of shape `(n, classes)`.
    ///
    /// ```
    /// # use steadygrad_data::{Array, Dataset};
    /// let data = Dataset::new(Array::zeros([2, 1])?, Array::new([2], vec![2.0, 0.0])?)?.one_hot(3)?;
    /// assert_eq!(data.y[0].data(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where there is not exactly one target, or it does not hold labels below `classes`.
    pub fn one_hot(&self, classes: usize) -> Result<Dataset> {
        if self.y.len() != 1 {
            return Err(Error::shape(format!("expected one target, got {}", self.y.len()))
                .at("one_hot")
                .at(self.name.clone()));
        }
        let labels = self.labels(classes)?;
        let bytes = 4 * labels.len() as u128 * classes as u128;
        if bytes > u128::from(MOST_DECODED) {
            let what = format!(
                "{} rows of {classes} numbers take {bytes} bytes, and {MOST_DECODED} are the most",
                labels.len()
            );
            let help = "keep the labels as they are, and train with sparse_categorical_crossentropy";
            return Err(Error::new(Kind::Memory, what).at("one_hot").at(self.name.clone()).help(help));
        }
        let mut rows = Array::zeros([labels.len(), classes])?;
        for (row, label) in rows.data_mut().chunks_exact_mut(classes.max(1)).zip(labels) {
            row[label] = 1.0;
        }
        Ok(Dataset { y: vec![rows], ..self.clone() })
    }
}

/// One line: `digits: 1797 samples of (8, 8), 10 classes`.
impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |arrays: &[Array], names: &[String]| match arrays {
            [one] => show(one.row_shape()),
            _ => arrays
                .iter()
                .zip(names)
                .map(|(array, name)| format!("{name} {}", show(array.row_shape())))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let samples = if self.len() == 1 { "sample" } else { "samples" };
        write!(f, "{}: {} {samples} of {}", self.name, self.len(), list(&self.x, &self.x_names))?;
        match (&self.class_names, self.y.len()) {
            (Some(names), 1) => write!(f, ", {} classes", names.len())?,
            (_, 0) => write!(f, ", no targets")?,
            _ => write!(f, ", targets {}", list(&self.y, &self.y_names))?,
        }
        if self.weights.is_some() {
            write!(f, ", weighted")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count_up(n: usize) -> Dataset {
        let x = Array::new([n], (0..n).map(|i| i as f32).collect()).unwrap();
        Dataset::new(x.clone(), x).unwrap().named("up")
    }

    #[test]
    fn rows_of_classes_beyond_any_memory_are_an_error() {
        let data = Dataset::new(Array::zeros([3000, 1]).unwrap(), Array::zeros([3000]).unwrap()).unwrap();
        let error = data.one_hot(1_000_000).unwrap_err();
        assert!(error.what().contains("12000000000 bytes") && error.remedy().contains("sparse"), "{error}");
        assert!(Array::zeros([1 << 61]).is_err());
    }

    #[test]
    fn splits_count_as_keras_counts() {
        for (n, fraction, first) in [(10, 0.9, 9), (3, 0.5, 1), (1437, 0.9, 1293), (2, 0.99, 1)] {
            let (a, b) = count_up(n).split(fraction).unwrap();
            assert_eq!((a.len(), b.len()), (first, n - first));
            assert_eq!(b.x[0].data()[0], first as f32);
        }
    }

    #[test]
    fn empty_parts_are_errors() {
        for (n, fraction) in [(0, 0.5), (1, 0.5), (3, 0.1)] {
            let error = count_up(n).split(fraction).unwrap_err().to_string();
            assert!(error.starts_with("up, split: ") && error.contains("empty"), "{error}");
        }
        for fraction in [0.0, 1.0, -0.5, f64::NAN, f64::INFINITY] {
            assert!(count_up(5).split(fraction).unwrap_err().to_string().contains("between 0 and 1"));
        }
        assert!(count_up(5).split_at(5).is_err() && count_up(5).split_at(9).is_err());
    }

    #[test]
    fn shuffling_keeps_pairs_together() {
        let data = count_up(100).with_weights((0..100).map(|i| i as f32).collect()).unwrap();
        let mixed = data.shuffled(7);
        assert_ne!(mixed.x, data.x);
        assert_eq!(mixed.x, mixed.y);
        assert_eq!(mixed.weights.as_deref(), Some(mixed.x[0].data()));
        assert!(count_up(0).shuffled(1).is_empty());
    }

    #[test]
    fn parts_of_different_length_are_refused() {
        let error = Dataset::new(Array::zeros([3, 2]).unwrap(), Array::zeros([4]).unwrap()).unwrap_err();
        assert_eq!(error.place(), "data, target `y`");
        assert_eq!(error.what(), "expected 3 samples as in `x`, got 4");
        assert!(Dataset::multi(vec![], vec![]).is_err());
        assert!(count_up(3).with_weights(vec![1.0; 2]).is_err());
        assert!(count_up(3).with_weights(vec![1.0, -1.0, 1.0]).is_err());
        assert!(count_up(3).with_names(&["a", "b"], &["y"]).is_err());
    }

    #[test]
    fn one_line_says_what_it_is() {
        let image = Dataset::new(Array::zeros([1, 8, 8]).unwrap(), Array::zeros([1]).unwrap()).unwrap();
        assert_eq!(image.to_string(), "data: 1 sample of (8, 8), targets ()");
        let named = image.named("digits").with_class_names(["0", "1"]).with_weights(vec![1.0]).unwrap();
        assert_eq!(named.to_string(), "digits: 1 sample of (8, 8), 2 classes, weighted");
    }
}
