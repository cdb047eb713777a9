//! Floor 3 of steadygrad: how a network *runs*. Fuse, plan memory, execute, fit.
#![forbid(unsafe_code)]

pub mod apply;
mod batches;
pub mod callbacks;
mod checks;
mod compile;
mod fit;
mod fit_settings;
pub mod fuse;
mod learner;
mod logs;
mod measure;
mod non_finite;
pub mod oracle;
mod passes;
pub mod plan;
mod program;
pub mod run;
mod sample_weights;
mod store;
mod summary;
pub mod system;
mod watch;

pub use compile::{Asked, Compile, LossSpec, MetricSpec};
pub use fit::Evaluation;
pub use fit_settings::{Fit, FitSettings, Shuffle};
pub use learner::{Learner, Trainable};
pub use logs::{History, Logs, figure};
pub use summary::Summary;
