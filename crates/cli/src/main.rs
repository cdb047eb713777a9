//! The command `steadygrad`.
fn main() {}
