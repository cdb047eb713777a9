//! steadygrad formats.
#![forbid(unsafe_code)]
