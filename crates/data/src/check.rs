//! What makes data unusable, found and named by sample: values that are not finite, labels that are not labels.

use steadygrad_kernels::{Error, Result};

use crate::array::{Array, show};
use crate::dataset::Dataset;

impl Dataset {
    /// All parts fit together, there is a sample and a feature, and every value is finite.
    ///
    /// ```
    /// # use steadygrad_data::{Array, Dataset};
    /// let x = Array::from_rows(&[[0.0, 1.0], [2.0, f32::NAN]])?;
    /// let error = Dataset::new(x, Array::zeros([2])?)?.check().unwrap_err();
    /// assert!(error.to_string().starts_with("data, input `x`, sample 1, feature 1: NaN is not a finite number"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first thing found, with its sample and feature.
    pub fn check(&self) -> Result<()> {
        self.check_rows()?;
        if self.is_empty() {
            return Err(Error::data("there is no sample").at(self.name.clone()));
        }
        for (array, name) in self.x.iter().zip(&self.x_names) {
            if array.row_len() == 0 {
                let what = format!("samples of shape {} have no feature", show(array.row_shape()));
                return Err(Error::data(what).at(format!("input `{name}`")).at(self.name.clone()));
            }
            check_finite(array, "feature")
                .map_err(|e| e.at(format!("input `{name}`")).at(self.name.clone()))?;
        }
        for (array, name) in self.y.iter().zip(&self.y_names) {
            check_finite(array, "value")
                .map_err(|e| e.at(format!("target `{name}`")).at(self.name.clone()))?;
        }
        self.check_weights()
    }

    pub(crate) fn check_weights(&self) -> Result<()> {
        let weights = self.weights.as_deref().unwrap_or_default();
        match weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            Some(i) => Err(Error::data(format!("expected a weight of 0 or more, got {}", weights[i]))
                .at(format!("sample {i}"))
                .at(self.name.clone())),
            None => Ok(()),
        }
    }

    /// The labels of the first target as whole numbers below `classes`.
    ///
    /// ```
    /// # use steadygrad_data::{Array, Dataset};
    /// let data = Dataset::new(Array::zeros([3, 1])?, Array::new([3], vec![1.0, 2.0, 3.0])?)?;
    /// assert_eq!(data.labels(4)?, [1, 2, 3]);
    /// let error = data.labels(3).unwrap_err().to_string();
    /// assert!(error.contains("sample 2: expected a label from 0 to 2, got 3"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where there is no target, where it has several values per sample, or where a label is not a whole number from 0
    /// to `classes` − 1; the sample is named.
    pub fn labels(&self, classes: usize) -> Result<Vec<usize>> {
        let place = |error: Error| error.at(self.name.clone());
        let Some(y) = self.y.first() else {
            return Err(place(Error::data("there is no target, so there are no labels")));
        };
        if y.rows() > 0 && y.row_len() != 1 {
            let what = format!("expected one label per sample, got targets of shape {}", show(y.row_shape()));
            return Err(place(Error::shape(what)
                .help("rows of zeros with a one go with the loss categorical_crossentropy, labels with its sparse form")));
        }
        if classes == 0 {
            return Err(place(Error::argument("expected one class or more, got 0")));
        }
        let label = |(i, &value): (usize, &f32)| {
            let whole = value.is_finite() && value.fract() == 0.0;
            if whole && value >= 0.0 && (value as usize) < classes {
                return Ok(value as usize);
            }
            let what = format!("expected a label from 0 to {}, got {value}", classes - 1);
            let help = if !whole {
                "labels are whole numbers; for a regression choose a loss such as mean_squared_error"
            } else if value < 0.0 {
                "labels count from 0: replace -1 by 0"
            } else if value as usize == classes {
                "labels count from 0: subtract 1 if yours count from 1, or give the last layer one unit more"
            } else {
                "the last layer needs one unit per class"
            };
            Err(place(Error::data(what).at(format!("sample {i}")).help(help)))
        };
        y.data().iter().enumerate().map(label).collect()
    }

    /// The number of classes: of the class names where there are some, else one more than the largest label; `None`
    /// where the first target does not hold labels.
    ///
    /// ```
    /// # use steadygrad_data::digits;
    /// assert_eq!(digits::all()?.classes(), Some(10));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn classes(&self) -> Option<usize> {
        if let Some(names) = &self.class_names {
            return Some(names.len());
        }
        let y = self.y.first().filter(|y| y.rows() > 0 && y.row_len() == 1)?;
        // f32 holds whole numbers exactly up to 2²⁴: above, a label would be another sample's.
        let is_label = |v: &f32| v.fract() == 0.0 && (0.0..=16_777_216.0).contains(v);
        y.data().iter().all(is_label).then(|| y.data().iter().fold(0, |most, v| most.max(*v as usize)) + 1)
    }
}

/// The first value that is not finite is an error that names its sample and its place in it.
fn check_finite(array: &Array, part: &str) -> Result<()> {
    let Some(at) = array.data().iter().position(|v| !v.is_finite()) else { return Ok(()) };
    let length = array.row_len().max(1);
    let feature = match array.row_shape() {
        [] => String::new(),
        [_] => format!(", {part} {}", at % length),
        shape => format!(", {part} {}", show(&coordinates(at % length, shape))),
    };
    Err(Error::data(format!("{} is not a finite number", array.data()[at]))
        .at(format!("sample {}{feature}", at / length))
        .help("take the sample out, or fill the value in; one such value turns every weight into NaN"))
}

/// The index along each axis of the element that lies `flat` elements from the first.
fn coordinates(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&axis| {
            let here = flat % axis.max(1);
            flat /= axis.max(1);
            here
        })
        .collect();
    index.reverse();
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(n: usize) -> Dataset {
        Dataset::new(Array::zeros([n, 2, 3]).unwrap(), Array::zeros([n]).unwrap()).unwrap().named("images")
    }

    #[test]
    fn a_bad_value_is_named_by_its_place() {
        let mut data = images(4);
        data.x[0].data_mut()[2 * 6 + 5] = f32::NEG_INFINITY;
        let error = data.check().unwrap_err().to_string();
        assert!(error.starts_with("images, input `x`, sample 2, feature (1, 2): -inf is not"), "{error}");
        let mut data = images(4);
        data.y[0].data_mut()[3] = f32::NAN;
        assert_eq!(data.check().unwrap_err().place(), "images, target `y`, sample 3");
        let mut data = images(4);
        data.weights = Some(vec![1.0, f32::NAN, 1.0, 1.0]);
        assert_eq!(data.check().unwrap_err().place(), "images, sample 1");
        assert!(images(4).check().is_ok());
    }

    #[test]
    fn emptiness_and_parts_changed_by_hand_are_found() {
        assert!(images(0).check().unwrap_err().to_string().contains("no sample"));
        let hollow = Dataset::new(Array::zeros([3, 0]).unwrap(), Array::zeros([3]).unwrap()).unwrap();
        assert!(hollow.check().unwrap_err().to_string().contains("no feature"));
        let mut torn = images(4);
        torn.y[0] = Array::zeros([3]).unwrap();
        assert!(torn.check().is_err());
    }

    #[test]
    fn labels_say_what_is_wrong_with_them() {
        for (value, help) in [
            (0.5, "whole numbers"),
            (f32::NAN, "whole numbers"),
            (f32::INFINITY, "whole numbers"),
            (-1.0, "replace -1"),
            (3.0, "subtract 1"),
            (1e30, "one unit per class"),
        ] {
            let mut data = images(2);
            data.y[0].data_mut()[1] = value;
            let error = data.labels(3).unwrap_err();
            assert_eq!(error.place(), "images, sample 1");
            assert!(error.remedy().contains(help), "{error}");
        }
        assert!(images(2).one_hot(3).unwrap().labels(3).unwrap_err().remedy().contains("sparse"));
        assert_eq!(images(0).labels(3).unwrap(), [0; 0]);
        assert!(images(2).labels(0).is_err());
        assert!(Dataset::multi(vec![Array::zeros([1]).unwrap()], vec![]).unwrap().labels(2).is_err());
    }

    #[test]
    fn classes_are_counted_where_there_are_labels() {
        let with = |values: Vec<f32>| {
            Dataset::new(Array::zeros([values.len()]).unwrap(), Array::new([values.len()], values).unwrap())
                .unwrap()
        };
        assert_eq!(with(vec![0.0, 4.0, 1.0]).classes(), Some(5));
        assert_eq!(with(vec![0.0, 0.5]).classes(), None);
        assert_eq!(with(vec![-1.0]).classes(), None);
        assert_eq!(with(vec![f32::NAN]).classes(), None);
        assert_eq!(with(vec![]).classes(), None);
        assert_eq!(with(vec![0.0]).with_class_names(["a", "b"]).classes(), Some(2));
    }
}
