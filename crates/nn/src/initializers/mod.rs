//! Initializers: how the first values of a weight are drawn.

mod initializer;

mod constant;
mod identity;
mod orthogonal;
mod random_normal;
mod random_uniform;
mod truncated_normal;
mod variance_scaling;

pub use constant::{Constant, Ones, Zeros};
pub use identity::Identity;
pub use initializer::{Draw, Initializer, TRUNCATED_STDDEV, fans, fans_along};
pub use orthogonal::Orthogonal;
pub use random_normal::RandomNormal;
pub use random_uniform::RandomUniform;
pub use truncated_normal::TruncatedNormal;
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
    identity::ENTRY,
    orthogonal::ENTRY,
    random_normal::ENTRY,
    random_uniform::ENTRY,
    truncated_normal::ENTRY,
    variance_scaling::ENTRY,
    variance_scaling::GLOROT_UNIFORM,
    variance_scaling::GLOROT_NORMAL,
    variance_scaling::HE_UNIFORM,
    variance_scaling::HE_NORMAL,
    variance_scaling::LECUN_UNIFORM,
    variance_scaling::LECUN_NORMAL,
];
