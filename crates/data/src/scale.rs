//! Scaling of the samples, fitted on the training data only: one formula, x′ = (x − shift) / divisor.

use std::fmt;

use steadygrad_kernels::{Error, Result};

use crate::array::{Array, show};
use crate::dataset::Dataset;

/// How samples are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Divided by one number, the largest absolute value: of the set's declared range where it has one (255 for bytes),
    /// else of the training data. Zero stays zero.
    Unit,
    /// Every feature to mean 0 and standard deviation 1 (over the samples, divided by n); a constant feature to 0.
    Standard,
    /// Every feature to the interval from 0 to 1; a constant feature to 0.
    MinMax,
}

impl Scale {
    /// All ways of scaling.
    pub const ALL: [Scale; 3] = [Scale::Unit, Scale::Standard, Scale::MinMax];

    /// Its name: `"unit"`, `"standard"`, `"min_max"`.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Unit => "unit",
            Scale::Standard => "standard",
            Scale::MinMax => "min_max",
        }
    }

    /// The scale of this name.
    ///
    /// ```
    /// # use steadygrad_data::Scale;
    /// assert_eq!(Scale::from_name("standard")?, Scale::Standard);
    /// assert!(Scale::from_name("minmax").unwrap_err().to_string().contains("did you mean `min_max`?"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where there is none; the nearest name is told.
    pub fn from_name(name: &str) -> Result<Scale> {
        let known = Scale::ALL.map(Scale::name);
        let found = Scale::ALL.into_iter().find(|scale| scale.name() == name);
        found.ok_or_else(|| Error::name("scale", name, &known))
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is subtracted from the features of one input and what they are divided by: one number per feature, or one for all.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    /// What is subtracted: means or minima; 0 for [`Scale::Unit`].
    pub shifts: Vec<f64>,
    /// What is divided by afterwards.
    pub divisors: Vec<f64>,
}

/// A scale with the numbers that were found in the training data.
///
/// ```
/// use steadygrad_data::{Array, Dataset, Scale, Scaler};
/// let x = Array::from_rows(&[[1.0, 5.0], [3.0, 5.0]])?;
/// let mut train = Dataset::new(x, Array::zeros([2])?)?;
/// let scaler = Scaler::fit(Scale::Standard, &train)?;
/// scaler.apply(&mut train)?;
/// assert_eq!(train.x[0].data(), [-1.0, 0.0, 1.0, 0.0]);
/// assert_eq!(scaler.factors()[0].shifts, [2.0, 5.0]);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {
    scale: Scale,
    factors: Vec<Factors>,
}

impl Scaler {
    /// Finds the numbers in the training data.
    ///
    /// # Errors
    /// Where the data do not pass [`Dataset::check`].
    pub fn fit(scale: Scale, train: &Dataset) -> Result<Scaler> {
        train.check()?;
        Ok(Scaler::of(scale, &train.x, train.range))
    }

    /// Finds the numbers in the targets of the training data: a regression learns best what has size 1.
    ///
    /// ```
    /// use steadygrad_data::{Array, Dataset, Scale, Scaler};
    /// let prices = Array::new([2], vec![100_000.0, 300_000.0])?;
    /// let mut train = Dataset::new(Array::zeros([2, 1])?, prices)?;
    /// let scaler = Scaler::fit_targets(Scale::Standard, &train)?;
    /// scaler.apply_targets(&mut train)?;
    /// assert_eq!(train.y[0].data(), [-1.0, 1.0]);
    /// let mut predicted = [Array::new([1, 1], vec![0.5])?];
    /// scaler.restore(&mut predicted)?;
    /// assert_eq!(predicted[0].data(), [250_000.0]);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where the data do not pass [`Dataset::check`], have no targets, or have classes, which are no sizes.
    pub fn fit_targets(scale: Scale, train: &Dataset) -> Result<Scaler> {
        train.check()?;
        if train.y.is_empty() || train.class_names.is_some() {
            let found = if train.y.is_empty() { "there are none" } else { "these are classes" };
            return Err(
                Error::data(format!("expected targets that are numbers; {found}")).at(train.name.clone())
            );
        }
        Ok(Scaler::of(scale, &train.y, None))
    }

    fn of(scale: Scale, arrays: &[Array], range: Option<[f32; 2]>) -> Scaler {
        let factors = arrays.iter().map(|array| match scale {
            Scale::Unit => unit(array, range),
            Scale::Standard => standard(array),
            Scale::MinMax => min_max(array),
        });
        Scaler { scale, factors: factors.collect() }
    }

    /// A scaler with numbers that were saved, one entry per input.
    ///
    /// # Errors
    /// Where shifts and divisors differ in number, or one is not finite, or a divisor is not positive.
    pub fn new(scale: Scale, factors: Vec<Factors>) -> Result<Scaler> {
        for (i, Factors { shifts, divisors }) in factors.iter().enumerate() {
            let sound =
                shifts.iter().all(|s| s.is_finite()) && divisors.iter().all(|d| d.is_finite() && *d > 0.0);
            if shifts.is_empty() || shifts.len() != divisors.len() || !sound {
                return Err(Error::argument("expected as many finite shifts as positive divisors")
                    .at(format!("scale {scale}, input {i}")));
            }
        }
        Ok(Scaler { scale, factors })
    }

    /// How it scales.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// The numbers, one entry per input.
    pub fn factors(&self) -> &[Factors] {
        &self.factors
    }

    /// Scales the samples in place, and with them the declared range.
    ///
    /// # Errors
    /// Where the data have other inputs or features than the training data.
    pub fn apply(&self, data: &mut Dataset) -> Result<()> {
        let Dataset { x, x_names, .. } = data;
        let names = x_names.iter().map(|name| format!("input `{name}`"));
        self.each(x, names, scaled).map_err(|e| e.at(data.name.clone()))?;
        data.range = match (self.scale, data.range, self.factors.first()) {
            (Scale::Unit, Some(range), Some(factors)) => {
                Some(range.map(|bound| (f64::from(bound) / factors.divisors[0]) as f32))
            }
            _ => None,
        };
        Ok(())
    }

    /// Scales the targets in place, with numbers that [`Scaler::fit_targets`] found.
    ///
    /// # Errors
    /// Where the data have other targets than the training data.
    pub fn apply_targets(&self, data: &mut Dataset) -> Result<()> {
        let Dataset { y, y_names, .. } = data;
        let names = y_names.iter().map(|name| format!("target `{name}`"));
        self.each(y, names, scaled).map_err(|e| e.at(data.name.clone()))
    }

    /// The way back, in place: from scaled targets, as a network predicts them, to those of the data. x = x′·divisor + shift.
    ///
    /// # Errors
    /// Where there are other outputs than targets, or they have other shapes.
    pub fn restore(&self, outputs: &mut [Array]) -> Result<()> {
        let names = (0..).map(|i| format!("output {i}"));
        self.each(outputs, names, |value, shift, divisor| value * divisor + shift)
    }

    /// Changes every number of these arrays, one for each entry of the factors: f(number, shift, divisor).
    fn each(
        &self,
        arrays: &mut [Array],
        names: impl Iterator<Item = String>,
        change: impl Fn(f64, f64, f64) -> f64,
    ) -> Result<()> {
        let place = |error: Error| error.at(format!("scale {}", self.scale));
        if arrays.len() != self.factors.len() {
            let what = format!("expected {} arrays as in training, got {}", self.factors.len(), arrays.len());
            return Err(place(Error::shape(what)));
        }
        for ((array, name), factors) in arrays.iter().zip(names).zip(&self.factors) {
            let features = factors.shifts.len();
            if features != 1 && features != array.row_len() {
                let what = format!(
                    "expected {features} features as in training, got samples of {}",
                    show(array.row_shape())
                );
                return Err(place(Error::shape(what).at(name)));
            }
        }
        for (array, Factors { shifts, divisors }) in arrays.iter_mut().zip(&self.factors) {
            // In f64, so that the result is the f32 quotient, correctly rounded, and no difference overflows.
            for row in array.data_mut().chunks_mut(shifts.len()) {
                for ((value, shift), divisor) in row.iter_mut().zip(shifts).zip(divisors) {
                    *value = change(f64::from(*value), *shift, *divisor) as f32;
                }
            }
        }
        Ok(())
    }
}

/// x′ = (x − shift) / divisor.
fn scaled(value: f64, shift: f64, divisor: f64) -> f64 {
    (value - shift) / divisor
}

/// A divisor that is safe to divide by: where there is nothing to divide, 1.
fn divisor(size: f64) -> f64 {
    if size > 0.0 && size.is_finite() { size } else { 1.0 }
}

fn unit(array: &Array, range: Option<[f32; 2]>) -> Factors {
    let largest = |values: &[f32]| values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let size = range.map_or_else(|| largest(array.data()), |range| largest(&range));
    Factors { shifts: vec![0.0], divisors: vec![divisor(f64::from(size))] }
}

fn standard(array: &Array) -> Factors {
    let n = array.rows() as f64;
    let extent = extents(array);
    let mut shifts = vec![0.0; array.row_len()];
    for row in array.data().chunks_exact(array.row_len()) {
        shifts.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    shifts.iter_mut().for_each(|sum| *sum /= n);
    // The mean of equal numbers is that number; rounding in the sum must not make a difference of it.
    for (shift, (low, high)) in shifts.iter_mut().zip(&extent) {
        *shift = shift.clamp(*low, *high);
    }
    let mut divisors = vec![0.0; array.row_len()];
    for row in array.data().chunks_exact(array.row_len()) {
        for ((sum, shift), &value) in divisors.iter_mut().zip(&shifts).zip(row) {
            *sum += (f64::from(value) - shift).powi(2);
        }
    }
    divisors.iter_mut().for_each(|sum| *sum = divisor((*sum / n).sqrt()));
    Factors { shifts, divisors }
}

fn min_max(array: &Array) -> Factors {
    let extent = extents(array);
    Factors {
        shifts: extent.iter().map(|(low, _)| *low).collect(),
        divisors: extent.iter().map(|(low, high)| divisor(high - low)).collect(),
    }
}

/// Smallest and largest value of every feature.
fn extents(array: &Array) -> Vec<(f64, f64)> {
    let mut extent = vec![(f64::INFINITY, f64::NEG_INFINITY); array.row_len()];
    for row in array.data().chunks_exact(array.row_len()) {
        for ((low, high), &value) in extent.iter_mut().zip(row) {
            *low = low.min(f64::from(value));
            *high = high.max(f64::from(value));
        }
    }
    extent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits;

    fn data(rows: &[[f32; 2]]) -> Dataset {
        Dataset::new(Array::from_rows(rows).unwrap(), Array::zeros([rows.len()]).unwrap()).unwrap()
    }

    fn scaled(scale: Scale, train: &Dataset, other: &Dataset) -> Vec<f32> {
        let mut other = other.clone();
        Scaler::fit(scale, train).unwrap().apply(&mut other).unwrap();
        other.x.remove(0).into_data()
    }

    #[test]
    fn the_declared_range_comes_before_the_largest_value() {
        let mut images = digits::all().unwrap().take(0..1);
        let scaler = Scaler::fit(Scale::Unit, &images).unwrap();
        assert_eq!(scaler.factors()[0].divisors, [16.0], "though no pixel of the first image is above 15");
        scaler.apply(&mut images).unwrap();
        assert_eq!(images.x[0].data()[3], 13.0 / 16.0);
        assert_eq!(images.range, Some([0.0, 1.0]));
        let train = data(&[[1.0, -4.0], [0.0, 2.0]]);
        assert_eq!(scaled(Scale::Unit, &train, &data(&[[2.0, -8.0]])), [0.5, -2.0]);
        assert_eq!(scaled(Scale::Unit, &data(&[[0.0, 0.0]]), &train), train.x[0].data());
    }

    #[test]
    fn bytes_become_the_quotients_that_python_gives() {
        let bytes: Vec<f32> = (0..=255).map(|b| b as f32).collect();
        let mut data = Dataset::multi(vec![Array::new([256], bytes.clone()).unwrap()], vec![]).unwrap();
        data.range = Some([0.0, 255.0]);
        Scaler::fit(Scale::Unit, &data).unwrap().apply(&mut data).unwrap();
        assert!(data.x[0].data().iter().zip(&bytes).all(|(got, b)| *got == b / 255.0));
    }

    #[test]
    fn test_data_are_scaled_with_the_numbers_of_training() {
        let train = data(&[[0.0, 7.0], [4.0, 7.0]]);
        assert_eq!(scaled(Scale::Standard, &train, &data(&[[8.0, 9.0]])), [3.0, 2.0]);
        assert_eq!(scaled(Scale::MinMax, &train, &data(&[[8.0, 7.0]])), [2.0, 0.0]);
    }

    #[test]
    fn standard_digits_have_mean_zero_and_deviation_one_or_zero() {
        let mut images = digits::all().unwrap();
        Scaler::fit(Scale::Standard, &images).unwrap().apply(&mut images).unwrap();
        for feature in 0..64 {
            let column: Vec<f64> =
                (0..images.len()).map(|i| f64::from(images.x[0].row(i)[feature])).collect();
            let mean = column.iter().sum::<f64>() / column.len() as f64;
            let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64;
            assert!(mean.abs() < 1e-6 && (variance < 1e-12 || (variance - 1.0).abs() < 1e-5), "{feature}");
        }
    }

    #[test]
    fn huge_tiny_and_constant_features_stay_finite() {
        let odd = data(&[[f32::MAX, 0.1], [f32::MIN, 0.1], [1e-45, 0.1]]);
        for scale in Scale::ALL {
            let values = scaled(scale, &odd, &odd);
            assert!(values.iter().all(|v| v.is_finite() && v.abs() <= 2.0), "{scale}: {values:?}");
        }
        assert_eq!(scaled(Scale::Standard, &odd, &odd)[1], 0.0);
        assert_eq!(scaled(Scale::MinMax, &odd, &odd)[3], 0.0);
        assert_eq!(scaled(Scale::Standard, &data(&[[3.0, 4.0]]), &data(&[[3.0, 5.0]])), [0.0, 1.0]);
    }

    #[test]
    fn what_cannot_be_scaled_is_refused() {
        assert!(Scaler::fit(Scale::Unit, &data(&[])).is_err());
        assert!(Scaler::fit(Scale::Unit, &data(&[[f32::NAN, 0.0]])).is_err());
        let scaler = Scaler::fit(Scale::Standard, &data(&[[1.0, 2.0]])).unwrap();
        let error = scaler.apply(&mut digits::all().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("digits, scale standard, input `x`: expected 2 features"), "{error}");
        let factors = |shifts: &[f64], divisors: &[f64]| {
            vec![Factors { shifts: shifts.to_vec(), divisors: divisors.to_vec() }]
        };
        assert!(Scaler::new(Scale::Unit, factors(&[0.0], &[2.0])).is_ok());
        for (shifts, divisors) in
            [(&[][..], &[][..]), (&[0.0], &[0.0]), (&[f64::NAN], &[1.0]), (&[0.0], &[1.0, 2.0])]
        {
            assert!(Scaler::new(Scale::Unit, factors(shifts, divisors)).is_err());
        }
    }
}
