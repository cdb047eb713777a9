//! steadygrad data.
#![forbid(unsafe_code)]
