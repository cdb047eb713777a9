//! steadygrad lab.
#![forbid(unsafe_code)]
