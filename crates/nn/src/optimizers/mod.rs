//! Optimizers: one file each, found by Keras' class names in any case.
//!
//! Keras' two wrappers are not here yet: `LossScaleOptimizer` (its factor is [`Optimizer::loss_scale_factor`], without the
//! dynamic search) and `MultiOptimizer`. `Lamb` is found by its name, as a class and as a string, where Keras knows only
//! the class.

mod optimizer;
mod rule;
mod shared;

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adam_w;
mod adamax;
mod ftrl;
mod lamb;
mod lion;
mod muon;
mod nadam;
mod rms_prop;
mod schedule_free_adam_w;
mod sgd;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adam_w::AdamW;
pub use adamax::Adamax;
pub use ftrl::Ftrl;
pub use lamb::Lamb;
pub use lion::Lion;
pub use muon::Muon;
pub use nadam::Nadam;
pub use optimizer::{Clip, Ema, Optimizer};
pub use rms_prop::RmsProp;
pub use rule::{Initial, Memory, Mode, Rule, Tensor, Tick};
pub use schedule_free_adam_w::ScheduleFreeAdamW;
pub use sgd::Sgd;

use crate::catalog::Entry;

/// All optimizers, under their class names in small letters.
pub const CATALOG: &[Entry<dyn Rule>] = &[
    adadelta::ENTRY,
    adafactor::ENTRY,
    adagrad::ENTRY,
    adam::ENTRY,
    adam_w::ENTRY,
    adamax::ENTRY,
    ftrl::ENTRY,
    lamb::ENTRY,
    lion::ENTRY,
    muon::ENTRY,
    nadam::ENTRY,
    rms_prop::ENTRY,
    schedule_free_adam_w::ENTRY,
    sgd::ENTRY,
];
