//! Initializers: how the first values of a weight are drawn.

mod initializer;

mod constant;
mod variance_scaling;

pub use constant::{Constant, Ones, Zeros};
pub use initializer::{Draw, Initializer, fans};
pub use variance_scaling::{
    Distribution, FanMode, GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform,
    VarianceScaling,
};

use crate::catalog::Entry;

/// All initializers, under Keras' names.
pub const CATALOG: &[Entry<dyn Initializer>] = &[
    constant::ZEROS,
    constant::ONES,
    constant::CONSTANT,
    variance_scaling::ENTRY,
    variance_scaling::GLOROT_UNIFORM,
    variance_scaling::GLOROT_NORMAL,
    variance_scaling::HE_UNIFORM,
    variance_scaling::HE_NORMAL,
    variance_scaling::LECUN_UNIFORM,
    variance_scaling::LECUN_NORMAL,
];
