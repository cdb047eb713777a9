//! Floor 3 of steadygrad: what ails a network. It reads a chart and a model's description, and runs nothing itself.
#![forbid(unsafe_code)]

mod expected;
mod forecast;

pub use expected::{Effect, Signal};
pub use forecast::{Expected, FAR, FAR_NORMALIZED, Forecast, Outlook, WIDE};
