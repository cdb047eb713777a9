//! A learning rate that stays the same between given steps.

use super::schedule::Schedule;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// One rate up to each boundary, and one after the last.
///
/// ```text
/// rate(s) = values[i] for the first i with s ≤ boundaries[i], else the last value
/// ```
///
/// ```
/// use steadygrad_nn::schedules::{PiecewiseConstantDecay, Schedule};
/// let schedule = PiecewiseConstantDecay::new([100, 200], [1.0, 0.5, 0.1])?;
/// assert_eq!([100, 101, 201].map(|s| schedule.rate(s)), [1.0, 0.5, 0.1]);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PiecewiseConstantDecay {
    boundaries: Vec<u64>,
    values: Vec<f64>,
}

impl PiecewiseConstantDecay {
    /// With these boundaries, each above the one before, and one value more than boundaries.
    ///
    /// # Errors
    /// If they are not so.
    pub fn new(
        boundaries: impl Into<Vec<u64>>,
        values: impl Into<Vec<f64>>,
    ) -> Result<PiecewiseConstantDecay> {
        let (boundaries, values) = (boundaries.into(), values.into());
        if values.len() != boundaries.len() + 1 {
            return Err(Error::argument(format!(
                "expected one value more than boundaries, got {} values for {} boundaries",
                values.len(),
                boundaries.len()
            )));
        }
        if let Some(pair) = boundaries.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(Error::argument(format!(
                "each boundary must lie above the one before, got {} before {}",
                pair[0], pair[1]
            )));
        }
        if let Some(value) = values.iter().find(|value| !(value.is_finite() && **value >= 0.0)) {
            return Err(Error::argument(format!(
                "each value must be a finite number of 0 or more, got {value}"
            )));
        }
        Ok(PiecewiseConstantDecay { boundaries, values })
    }
}

impl Schedule for PiecewiseConstantDecay {
    fn class(&self) -> &'static str {
        "PiecewiseConstantDecay"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("boundaries", self.boundaries.clone())
            .with("values", self.values.clone())
            .with("name", "PiecewiseConstant")
    }

    fn rate(&self, step: u64) -> f64 {
        self.values[self.boundaries.partition_point(|&boundary| boundary < step)]
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Schedule>> {
    args.ignore(&["name"]);
    let (boundaries, values): (Vec<u64>, Vec<f64>) = (args.need("boundaries")?, args.need("values")?);
    Ok(Arc::new(PiecewiseConstantDecay::new(boundaries, values).map_err(|e| e.at(args.owner().to_string()))?))
}

pub(crate) const ENTRY: Entry<dyn Schedule> =
    Entry { class: "PiecewiseConstantDecay", names: &["piecewise_constant_decay"], build };
