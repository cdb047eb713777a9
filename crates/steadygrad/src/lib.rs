//! steadygrad trains deep networks whose gradients stay steady, and says why another network's do not.
#![forbid(unsafe_code)]

pub use steadygrad_data as data;
pub use steadygrad_nn as nn;

/// What members of a family and layers of one's own are written with.
pub mod extend {
    pub use steadygrad_kernels as kernels;
}
