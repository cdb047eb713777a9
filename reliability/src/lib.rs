//! Files from strangers: every reader of steadygrad, fed with what is broken, hostile, or both.
//!
//! The law: a read ends, soon, with a value or an ordinary error that says what to do; it neither panics nor takes more memory than
//! [`ALLOWED`] and [`EACH`] bytes for every number that it gave back.

pub mod corpus;
pub mod dice;
pub mod memory;
pub mod mutate;
pub mod panics;
pub mod readers;
pub mod run;
pub mod supervise;
pub mod tally;

/// Bytes that a read may take whatever it reads.
pub const ALLOWED: usize = 64 << 20;
/// Bytes that it may take for each number that it gives back.
pub const EACH: usize = 8;
/// Seconds after which a read hangs.
pub const SECONDS: f64 = 20.0;
