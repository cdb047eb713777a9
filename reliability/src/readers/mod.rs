//! The list of readers: everything that is read from a file, all the way that a user's file goes.

mod checkpoint;
mod experiment;
pub(crate) mod models;
mod pictures;
mod records;
pub mod scratch;
pub(crate) mod tables;

use crate::mutate::Format;
use steadygrad_engine::Learner;
use steadygrad_kernels::Result;
use steadygrad_nn::Model;
use steadygrad_nn::model::Purpose;

use scratch::scratch;

/// What came of a read.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Nothing, or the error.
    pub result: Result<()>,
    /// Numbers that were decoded and given back, or that a model holds which fits into memory.
    pub numbers: usize,
}

/// A reader, and what it reads.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Its name.
    pub name: &'static str,
    /// What is known of its format.
    pub format: Format,
    /// Small files that it reads.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Reads bytes, and says how many numbers it got; what it holds on the way goes into the count at once.
    pub read: fn(&[u8], &mut usize) -> Result<()>,
}

impl Reader {
    /// Reads.
    pub fn outcome(&self, bytes: &[u8]) -> Outcome {
        let mut numbers = 0;
        let result = (self.read)(bytes, &mut numbers);
        Outcome { result, numbers }
    }
}

/// All readers.
pub const READERS: [Reader; 16] = [
    Reader {
        name: "experiment_toml",
        format: Format::Text,
        seeds: experiment::toml_seeds,
        read: experiment::read,
    },
    Reader {
        name: "experiment_json",
        format: Format::Text,
        seeds: experiment::json_seeds,
        read: experiment::read,
    },
    Reader { name: "csv", format: Format::Text, seeds: tables::csv_seeds, read: tables::csv },
    Reader { name: "npy", format: Format::Npy, seeds: tables::npy_seeds, read: tables::npy },
    Reader { name: "npz", format: Format::Zip, seeds: tables::npz_seeds, read: tables::npz },
    Reader { name: "idx", format: Format::Gzip, seeds: tables::idx_seeds, read: tables::idx },
    Reader {
        name: "safetensors",
        format: Format::Safetensors,
        seeds: models::safetensors_seeds,
        read: models::safetensors,
    },
    Reader { name: "keras", format: Format::Zip, seeds: models::keras_seeds, read: models::keras },
    Reader { name: "h5", format: Format::Bytes, seeds: models::h5_seeds, read: models::h5 },
    Reader { name: "weights_h5", format: Format::Bytes, seeds: models::weights_seeds, read: models::weights },
    Reader { name: "keras_json", format: Format::Text, seeds: models::json_seeds, read: models::json },
    Reader {
        name: "checkpoint",
        format: Format::Checkpoint,
        seeds: checkpoint::seeds,
        read: checkpoint::read,
    },
    Reader { name: "chart", format: Format::Text, seeds: records::chart_seeds, read: records::chart },
    Reader { name: "run_form", format: Format::Text, seeds: records::form_seeds, read: records::form },
    Reader { name: "png", format: Format::Png, seeds: pictures::png_seeds, read: pictures::read },
    Reader { name: "jpeg", format: Format::Bytes, seeds: pictures::jpeg_seeds, read: pictures::read },
];

/// The reader of this name.
pub fn find(name: &str) -> Option<&'static Reader> {
    READERS.iter().find(|reader| reader.name == name)
}

/// Weights of a model that is put together; a larger one is only looked at, or must be refused.
const MOST_WEIGHTS: u128 = 1 << 18;
/// A model that needs more than this cannot be put together anywhere.
const TOO_MANY: u128 = 1 << 38;

/// What a layer counts as, in numbers: its settings, its steps and its names are decoded as well.
const LAYER: usize = 1000;

/// Whether this model is put together: it is small, so that it takes no time, or so large that it must be an error.
fn is_worth(model: &Model, numbers: &mut usize) -> Result<bool> {
    *numbers += LAYER * model.nodes.len();
    let recipe = model.lower(&Purpose::inference())?;
    *numbers += LAYER * recipe.traces.len();
    let weights: u128 = recipe.parameters.iter().map(|p| p.shape.size() as u128).sum();
    let largest = recipe.slots.iter().map(|slot| slot.extent.at(1) as u128).max().unwrap_or(0);
    Ok(weights.max(largest) <= MOST_WEIGHTS || weights.max(largest) >= TOO_MANY)
}

/// Bytes of a learner that is asked for a prediction.
const SMALL: u64 = 4 << 20;

/// A learner was made: it counts, and is used once.
fn used(learner: &mut Learner, numbers: &mut usize) -> Result<()> {
    *numbers += learner.memory().total() as usize / 4;
    if learner.memory().total() <= SMALL {
        let inputs = learner.model().input_shapes();
        let zeros = inputs.iter().map(|shape| steadygrad_data::Array::zeros([&[1], shape.dims()].concat()));
        let zeros = zeros.collect::<Result<Vec<_>>>()?;
        if let [one] = &zeros[..] {
            learner.predict(one)?;
        }
    }
    Ok(())
}
