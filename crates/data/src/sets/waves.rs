//! A curve of two sines, to be fitted.

use std::f64::consts::PI;

use steadygrad_kernels::Result;

use super::entry::{Entry, GENERATED, Generator, Options, no_test};
use crate::array::Array;
use crate::dataset::Dataset;

pub(super) const ENTRY: Entry = Entry {
    name: "waves",
    summary: "a curve of two sines; regression with 1 feature and 1 target",
    needs: "",
    takes: GENERATED,
    read: load,
    read_test: no_test,
};

/// A curve of two sines for a regression: 1,000 samples with noise 0.05 unless told otherwise. Targets have shape (n, 1).
///
/// ```text
/// y = sin(2πx) + ½ sin(6πx) + noise · n,   x ~ U(−1, 1),   n ~ N(0, 1)
/// ```
///
/// ```
/// use steadygrad_data::{Options, sets::waves};
/// let data = waves::load(&Options { samples: Some(50), ..Options::default() })?;
/// assert_eq!(data.to_string(), "waves: 50 samples of (1,), targets (1,)");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where an option has a bad value.
pub fn load(options: &Options) -> Result<Dataset> {
    let generator = Generator::new(ENTRY.name, options, 1000, 0.05)?;
    let n = generator.samples;
    let (mut x, mut y) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for i in 0..n {
        let at = generator.uniform(i, 0, -1.0, 1.0);
        x.push(at as f32);
        y.push(((2.0 * PI * at).sin() + 0.5 * (6.0 * PI * at).sin() + generator.noise(i, 0)) as f32);
    }
    Ok(Dataset::new(Array::new([n, 1], x)?, Array::new([n, 1], y)?)?.named(ENTRY.name))
}
