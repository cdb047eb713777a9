//! Floor 3 of steadygrad: what ails a network. It reads a chart and a model's description, and runs nothing itself.
#![forbid(unsafe_code)]

mod case;
mod causes;
pub mod checks;
mod diagnosis;
mod edit;
mod expected;
mod failing;
mod finding;
mod flow;
mod forecast;
mod hampered;
mod hopeless;
mod learning;
mod looks;
pub mod mean_field;
mod parts;
mod targets;
#[cfg(test)]
mod testing;

pub use case::{Answer, Case, Curves, Outcome, Part, Question, Setup, Spread};
pub use diagnosis::{Opinion, Verdict, diagnose};
pub use edit::Edit;
pub use expected::{Effect, Signal};
pub use finding::{Applicability, Cause, Evidence, Finding, Prescription, Severity};
pub use flow::{Flow, MOST_DEAD, Trouble};
pub use forecast::{Expected, FAR, FAR_NORMALIZED, Forecast, Outlook, TRAINABLE, WIDE};
pub use learning::STEPS;
pub use parts::{channels_of_inputs, parts, scaled_inside};
