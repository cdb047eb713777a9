//! The best of one rate among the thresholds at which another is high enough: what four metrics have in common.

use super::curve::Curve;
use super::metric::Accumulator;
use super::thresholds::{Counts, Cuts, Selection};
use crate::args::Args;
use crate::config::Config;
use steadygrad_kernels::Result;

/// A rate made from counts, such as [`Counts::precision`].
type Rate = fn(&Counts) -> f64;

/// The settings of such a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AtBest {
    /// What the one rate must reach.
    least: f64,
    /// How many thresholds from 0 to 1 are tried.
    pub num_thresholds: usize,
    /// The only class that counts.
    pub class_id: Option<usize>,
}

impl AtBest {
    /// Where the one rate is as large as this.
    pub fn new(least: f64) -> AtBest {
        AtBest { least, num_thresholds: 200, class_id: None }
    }

    /// Reads the settings; `name` is that of the rate that must be reached.
    pub fn read(args: &mut Args<'_>, name: &str) -> Result<AtBest> {
        args.named()?;
        let least: f64 = args.need(name)?;
        let num_thresholds = args.or("num_thresholds", 200)?;
        if !(0.0..=1.0).contains(&least) {
            return args.reject(name, "from 0 to 1", least);
        }
        if num_thresholds == 0 {
            return args.reject("num_thresholds", "1 or more", num_thresholds);
        }
        Ok(AtBest { least, num_thresholds, class_id: args.or("class_id", None)? })
    }

    /// The settings again.
    pub fn config(&self, name: &str) -> Config {
        Config::new()
            .with(name, self.least)
            .with("num_thresholds", self.num_thresholds)
            .with("class_id", self.class_id)
    }

    /// The largest `best` where `held` is high enough; 0 where it never is.
    pub fn start(&self, held: Rate, best: Rate) -> Box<dyn Accumulator> {
        let selection = Selection { class_id: self.class_id, ..Selection::default() };
        let least = self.least;
        Curve::start(Cuts::even(self.num_thresholds), selection, move |label| {
            vec![label.iter().filter(|c| held(c) >= least).map(best).fold(0.0, f64::max)]
        })
    }
}
