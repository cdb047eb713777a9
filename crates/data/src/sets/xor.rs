//! Points of a square whose class is the "exclusive or" of their signs.

use steadygrad_kernels::Result;

use super::entry::{Entry, GENERATED, Generator, Options, no_test};
use crate::dataset::Dataset;

pub(super) const ENTRY: Entry = Entry {
    name: "xor",
    summary: "a square cut in four, opposite quarters alike; 2 features, 2 classes",
    needs: "",
    takes: GENERATED,
    read: load,
    read_test: no_test,
};

/// Points of a square cut in four, where opposite quarters are of one class: 1,000 samples without noise unless told
/// otherwise.
///
/// ```text
/// x = (±a, ±b) + noise · (n₀, n₁),   a, b ~ U(0, 1),   n ~ N(0, 1)
/// samples i mod 4 = 0 … 3 lie in the quarters ++, +−, −−, −+:  class 0 where the signs agree, 1 where they differ
/// ```
///
/// ```
/// use steadygrad_data::{Options, sets::xor};
/// let data = xor::load(&Options::default())?;
/// let x = data.x[0].row(5);
/// assert_eq!(data.y[0].data()[5] == 1.0, x[0] * x[1] < 0.0);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// Where an option has a bad value.
pub fn load(options: &Options) -> Result<Dataset> {
    let generator = Generator::new(ENTRY.name, options, 1000, 0.0)?;
    generator.plane(ENTRY.name, 2, |i, _| {
        let (a, b) = (generator.uniform(i, 0, 0.0, 1.0), generator.uniform(i, 1, 0.0, 1.0));
        match i % 4 {
            0 => [a, b],
            1 => [a, -b],
            2 => [-a, -b],
            _ => [-a, b],
        }
    })
}
