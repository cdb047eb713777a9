//! Clouds of points around centres on a ring.

use std::f64::consts::{PI, TAU};

use steadygrad_kernels::Result;

use super::entry::{Entry, Generator, Options, classes, no_test};
use crate::dataset::Dataset;

pub(super) const ENTRY: Entry = Entry {
    name: "blobs",
    summary: "normal clouds around centres on a ring; 2 features, 3 classes or as many as asked for",
    needs: "",
    takes: &["samples", "noise", "classes"],
    read: load,
    read_test: no_test,
};

/// Normal clouds around K centres on a ring, where neighbours stand 6 apart: 1,000 samples of 3 classes with noise 1
/// unless told otherwise.
///
/// ```text
/// x = R · (cos φ, sin φ) + noise · (n₀, n₁),   φ = 2πk / K,   R = 3 / sin(π / K),   n ~ N(0, 1)
/// k = i mod K for sample i
/// ```
///
/// ```
/// use steadygrad_data::{Options, sets::blobs};
/// let data = blobs::load(&Options { classes: Some(5), ..Options::default() })?;
/// assert_eq!(data.classes(), Some(5));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where an option has a bad value.
pub fn load(options: &Options) -> Result<Dataset> {
    let generator = Generator::new(ENTRY.name, options, 1000, 1.0)?;
    let classes = classes(options, 3)?;
    let radius = 3.0 / (PI / classes as f64).sin();
    generator.plane(ENTRY.name, classes, |_, class| {
        let angle = TAU * class as f64 / classes as f64;
        [radius * angle.cos(), radius * angle.sin()]
    })
}
