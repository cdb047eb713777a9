//! steadygrad steadygrad.
#![forbid(unsafe_code)]
