//! The same number everywhere: zeros, ones, or any.

use super::initializer::{Draw, Initializer};
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Zeros: the usual start of a bias. As the start of a kernel it makes all units the same, for ever.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zeros;

/// Ones: the usual start of a scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ones;

/// One value everywhere.
///
/// ```
/// use steadygrad_nn::initializers::{Constant, Draw, Initializer};
/// let mut w = [0.0; 3];
/// Constant::new(2.5).fill(&Draw::new(0, "w"), &[3], &mut w).unwrap();
/// assert_eq!(w, [2.5; 3]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant {
    value: f64,
}

impl Constant {
    /// This value.
    pub fn new(value: f64) -> Constant {
        Constant { value }
    }
}

impl Initializer for Zeros {
    fn class(&self) -> &'static str {
        "Zeros"
    }
    fn config(&self) -> Config {
        Config::new()
    }
    fn fill(&self, _: &Draw, _: &[usize], out: &mut [f32]) -> Result<()> {
        out.fill(0.0);
        Ok(())
    }
}

impl Initializer for Ones {
    fn class(&self) -> &'static str {
        "Ones"
    }
    fn config(&self) -> Config {
        Config::new()
    }
    fn fill(&self, _: &Draw, _: &[usize], out: &mut [f32]) -> Result<()> {
        out.fill(1.0);
        Ok(())
    }
}

impl Initializer for Constant {
    fn class(&self) -> &'static str {
        "Constant"
    }
    fn config(&self) -> Config {
        Config::new().with("value", self.value)
    }
    fn fill(&self, _: &Draw, _: &[usize], out: &mut [f32]) -> Result<()> {
        out.fill(self.value as f32);
        Ok(())
    }
}

pub(crate) const ZEROS: Entry<dyn Initializer> =
    Entry { class: "Zeros", names: &["zeros", "zero"], build: |_| Ok(Arc::new(Zeros)) };
pub(crate) const ONES: Entry<dyn Initializer> =
    Entry { class: "Ones", names: &["ones", "one"], build: |_| Ok(Arc::new(Ones)) };
pub(crate) const CONSTANT: Entry<dyn Initializer> = Entry {
    class: "Constant",
    names: &["constant"],
    build: |args| Ok(Arc::new(Constant::new(args.or("value", 0.0)?))),
};
