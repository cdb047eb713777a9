//! steadygrad chart.
#![forbid(unsafe_code)]
