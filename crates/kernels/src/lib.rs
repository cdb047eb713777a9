//! Floor 0 of steadygrad: arithmetic on slices, the only crate with `unsafe`.
//!
//! Every loop is written once, generic over [`Real`], and compiled for each instruction set behind [`Isa`]. Besides the
//! loops this floor holds what every other floor shares: the [`Error`] and the random [`Stream`](random::Stream).

mod across;
mod ahead;
pub mod along;
pub mod arena;
pub mod change;
pub mod columns;
pub mod conv;
mod cpu;
mod crew;
mod error;
pub mod frame;
pub mod gather;
pub mod gemm;
pub mod histogram;
mod isa;
pub mod map;
mod math;
pub mod norm;
pub mod normal;
pub mod pool;
pub mod random;
mod real;
pub mod rows;
pub mod shuffle;
pub mod size;
pub mod statistics;
mod strips;
pub mod update;
mod vector;
pub mod warp;
pub mod window;

pub use ahead::{Ahead, prefetch_all};
pub use cpu::{Cpu, Flush};
pub use crew::Crew;
pub use error::{Error, Kind, Place, Result, nearest};
pub use isa::{Isa, Task};
pub use real::{Fused, Lane, Real};
