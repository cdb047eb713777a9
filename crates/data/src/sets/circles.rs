//! Two circles, one inside the other.

use std::f64::consts::TAU;

use steadygrad_kernels::Result;

use super::entry::{Entry, GENERATED, Generator, Options, no_test};
use crate::dataset::Dataset;

pub(super) const ENTRY: Entry = Entry {
    name: "circles",
    summary: "two circles around the origin, radius 1 and ½; 2 features, 2 classes",
    needs: "",
    takes: GENERATED,
    read: load,
    read_test: no_test,
};

/// Two circles around the origin, which no straight line parts: 1,000 samples with noise 0.05 unless told otherwise.
///
/// ```text
/// x = r · (cos θ, sin θ) + noise · (n₀, n₁),   θ ~ U(0, 2π),   n ~ N(0, 1)
/// r = 1 for class 0 (even samples),  ½ for class 1 (odd ones)
/// ```
///
/// ```
/// use steadygrad_data::{Options, sets::circles};
/// let data = circles::load(&Options { noise: Some(0.0), ..Options::default() })?;
/// let [a, b] = [data.x[0].row(1)[0], data.x[0].row(1)[1]];
/// assert!((a.hypot(b) - 0.5).abs() < 1e-6);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where an option has a bad value.
pub fn load(options: &Options) -> Result<Dataset> {
    let generator = Generator::new(ENTRY.name, options, 1000, 0.05)?;
    generator.plane(ENTRY.name, 2, |i, class| {
        let radius = if class == 0 { 1.0 } else { 0.5 };
        let angle = generator.uniform(i, 0, 0.0, TAU);
        [radius * angle.cos(), radius * angle.sin()]
    })
}
