//! Checkpoints: what a training is at a moment, so that it can be gone on with as if it had never stopped.

mod folder;
mod format;
mod learner;
mod state;
mod training;

pub use folder::{Checkpoints, Newest, is_own, read};
pub use state::{Part, State, Under};
pub(crate) use training::{Course, Start, restore_callbacks};
pub use training::{Keeper, Moment, Onward};
