//! What all runners of the benchmarks in Rust share: the line of a workload, the data, the conversation with the driver.
//!
//! Nothing in here is measured: it reads, draws weights for those peers that cannot draw them as Keras does, and tells times.
#![forbid(unsafe_code)]

mod draw;
mod passes;
mod serve;
mod workload;

pub use draw::draw;
pub use passes::Passes;
pub use serve::{Done, Failure, Runner, flush_denormals, serve, timed_calls};
pub use workload::{Layer, Optimizer, Watch, Workload};

pub use steadygrad_data::Array;
