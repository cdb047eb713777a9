//! Floor 3 of steadygrad: how a network *runs*. Fuse, plan memory, execute, fit.
#![forbid(unsafe_code)]

pub mod apply;
pub mod fuse;
pub mod oracle;
pub mod plan;
pub mod run;
