//! Two half circles that reach into each other.

use std::f64::consts::PI;

use steadygrad_kernels::Result;

use super::entry::{Entry, GENERATED, Generator, Options, no_test};
use crate::dataset::Dataset;

pub(super) const ENTRY: Entry = Entry {
    name: "moons",
    summary: "two half moons that reach into each other; 2 features, 2 classes",
    needs: "",
    takes: GENERATED,
    read: load,
    read_test: no_test,
};

/// Two half circles that reach into each other: 1,000 samples with noise 0.1 unless told otherwise.
///
/// ```text
/// class 0 (even samples):  x = (cos t, sin t) + noise · (n₀, n₁)
/// class 1 (odd samples):   x = (1 − cos t, ½ − sin t) + noise · (n₀, n₁)
/// t ~ U(0, π),   n ~ N(0, 1)
/// ```
///
/// ```
/// use steadygrad_data::{Options, sets::moons};
/// let data = moons::load(&Options { samples: Some(300), ..Options::default() })?;
/// assert_eq!(data.to_string(), "moons: 300 samples of (2,), 2 classes");
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where an option has a bad value.
pub fn load(options: &Options) -> Result<Dataset> {
    let generator = Generator::new(ENTRY.name, options, 1000, 0.1)?;
    generator.plane(ENTRY.name, 2, |i, class| {
        let (sin, cos) = generator.uniform(i, 0, 0.0, PI).sin_cos();
        if class == 0 { [cos, sin] } else { [1.0 - cos, 0.5 - sin] }
    })
}
