//! Floor 4 of steadygrad: experiments as plain data, and trials of them.
#![forbid(unsafe_code)]

mod assemble;
mod attached;
mod convert;
mod cure;
mod data;
mod describe;
mod diagnosis;
mod diff;
mod examine;
mod experiment;
mod finished;
mod form;
mod given;
mod grid;
mod grid_text;
mod image_folders;
mod inspection;
mod json;
mod keras_2;
mod keras_file;
mod labels;
pub mod lsuv;
mod mirror;
mod model_file;
mod onnx_file;
mod origins;
mod parallel;
mod prepare;
mod prepared;
mod profile;
mod record;
mod settings;
mod setup;
mod show;
mod sources;
mod table;
mod text;
mod trial;
mod vary;
mod watcher;
mod words;
mod write;

pub use attached::Attached;
pub use convert::convert;
pub use cure::{Cure, Treatment, cure};
pub use data::Data;
pub use diagnosis::Diagnosis;
pub use examine::{Doctor, examine};
pub use experiment::Experiment;
pub use finished::Finished;
pub use form::Form;
pub use grid::{Grid, Setting, grid};
pub use inspection::{Inspection, State, Weight};
pub use keras_file::{load_model, load_model_with, load_weights, resume, save_model, save_weights};
pub use mirror::Mirror;
pub use onnx_file::export_onnx;
pub use prepared::Prepared;
pub use profile::{Block, Level, Profile};
pub use sources::{published, sources};
pub use table::{Cell, Row};
pub use trial::{Arm, Measure, Outcome, Trial, Trials};
pub use watcher::Watcher;

/// The experiment that `train` runs without a file: 20 hidden layers, batch-normalized, on the digits.
pub const DEFAULT: &str = include_str!("default.toml");
