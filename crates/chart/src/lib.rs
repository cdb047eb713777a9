//! Floor 2 of steadygrad: the patient's record. Numbers per layer and step; it knows neither engine nor framework.
#![forbid(unsafe_code)]

mod chart;
mod ledger;
mod read;
mod recorder;
mod schedule;
mod table;

pub use chart::{Chart, Layer, Observation, Phase, Sample, Sick, number};
pub use ledger::{Entry, Kind, Ledger, forward};
pub use recorder::{Form, Recorder};
pub use schedule::Schedule;
pub use steadygrad_kernels::histogram::Histogram;
pub use steadygrad_kernels::statistics::Statistics;
pub use table::Table;
