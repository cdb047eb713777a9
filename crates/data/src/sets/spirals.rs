//! Arms of a spiral, wound around each other.

use std::f64::consts::TAU;

use steadygrad_kernels::Result;

use super::entry::{Entry, Generator, Options, classes, no_test};
use crate::dataset::Dataset;

pub(super) const ENTRY: Entry = Entry {
    name: "spirals",
    summary: "arms of a spiral wound around each other; 2 features, 2 classes or as many as asked for",
    needs: "",
    takes: &["samples", "noise", "classes"],
    read: load,
    read_test: no_test,
};

/// K arms of a spiral, each wound once around the origin: 1,000 samples of 2 classes with noise 0.02 unless told otherwise.
///
/// ```text
/// x = r · (cos θ, sin θ) + noise · (n₀, n₁),   θ = 2π (k / K + r),   r ~ U(0, 1),   n ~ N(0, 1)
/// k = i mod K for sample i
/// ```
///
/// ```
/// use steadygrad_data::{Options, sets::spirals};
/// let data = spirals::load(&Options { classes: Some(3), ..Options::default() })?;
/// assert_eq!(data.labels(3)?[..4], [0, 1, 2, 0]);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where an option has a bad value.
pub fn load(options: &Options) -> Result<Dataset> {
    let generator = Generator::new(ENTRY.name, options, 1000, 0.02)?;
    let classes = classes(options, 2)?;
    generator.plane(ENTRY.name, classes, |i, class| {
        let radius = generator.uniform(i, 0, 0.0, 1.0);
        let angle = TAU * (class as f64 / classes as f64 + radius);
        [radius * angle.cos(), radius * angle.sin()]
    })
}
