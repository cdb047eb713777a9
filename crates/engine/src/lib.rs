//! steadygrad engine.
#![forbid(unsafe_code)]

pub mod apply;
