//! steadygrad engine.
#![forbid(unsafe_code)]
