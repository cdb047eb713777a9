//! steadygrad nn.
#![forbid(unsafe_code)]
