//! Callbacks: one file each, found by Keras' class names.

mod callback;

pub use callback::{Callback, Training};
