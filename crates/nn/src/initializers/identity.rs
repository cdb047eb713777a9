//! The identity matrix.

use super::initializer::{Draw, Initializer, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// `gain` on the diagonal, 0 elsewhere; for matrices, which need not be square.
///
/// ```text
/// wᵢⱼ = gain for i = j, else 0
/// ```
///
/// ```
/// use steadygrad_nn::initializers::{Draw, Identity, Initializer};
/// let mut w = [9.0; 6];
/// Identity.gain(2.0).fill(&Draw::new(0, "w"), &[2, 3], &mut w).unwrap();
/// assert_eq!(w, [2.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Identity {
    gain: f64,
}

/// With ones on the diagonal.
#[allow(non_upper_case_globals)]
pub const Identity: Identity = Identity { gain: 1.0 };

impl Identity {
    /// What stands on the diagonal.
    pub fn gain(mut self, gain: f64) -> Identity {
        self.gain = gain;
        self
    }
}

impl Initializer for Identity {
    fn class(&self) -> &'static str {
        "Identity"
    }

    /// As Keras writes it, without settings; a gain other than 1, which Keras would lose, is written.
    fn config(&self) -> Config {
        if self.gain == 1.0 { Config::new() } else { Config::new().with("gain", self.gain) }
    }

    fn fill(&self, _: &Draw, shape: &[usize], out: &mut [f32]) -> Result<()> {
        let &[_, columns] = shape else {
            return Err(Error::shape(format!("a weight of shape {shape:?} has no diagonal"))
                .at("Identity")
                .help("Identity fills matrices only; Orthogonal takes shapes with more axes"));
        };
        require(self.gain.is_finite(), "Identity", "gain", "a finite number", self.gain)?;
        out.fill(0.0);
        for (i, row) in out.chunks_exact_mut(columns.max(1)).enumerate() {
            if let Some(w) = row.get_mut(i) {
                *w = self.gain as f32;
            }
        }
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Initializer>> {
    Ok(Arc::new(Identity { gain: args.or("gain", 1.0)? }))
}

pub(crate) const ENTRY: Entry<dyn Initializer> =
    Entry { class: "Identity", names: &["identity", "IdentityInitializer"], build };
