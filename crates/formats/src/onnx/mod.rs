//! Models as ONNX files: the graph of inference with its weights, for ONNX Runtime and all that reads the format.
//!
//! ```text
//! Model ──lower──▶ Recipe of inference ──one step, one operator or a few──▶ graph
//! ```
//!
//! What is written are the steps that we run ourselves, so that every layer that lowers to steps can be written, one of the user's own
//! too, and means there what it means here. Steps of the same kind as an operator of ONNX become that operator: `Gemm`, `Conv`,
//! `BatchNormalization`, `LayerNormalization`, `MaxPool`, `Softmax`. Others are put together from several.
//!
//! - Inputs and outputs are f32 and have the names of their layers; the batch is the symbol `N`. Numbers of an `Embedding` are f32 as
//!   well; ONNX Runtime refuses those that name no row, where `predict` gives NaN.
//! - Weights have the names they have here, nodes begin with the names of their layers.
//! - ONNX has the channels first. There is a Transpose where they lie last, which the nodes behind it are written around: in a
//!   network of convolutions one is left in front, and one before what needs the order.
//! - What only acts in training is left out: dropout, noise, regularizers.

mod activations;
mod conv;
mod export;
mod graph;
mod lanes;
mod linear;
mod moves;
mod normalize;
mod operators;
mod pool;
mod proto;
#[cfg(test)]
mod tests;
mod wire;

use std::path::Path;
use steadygrad_data::{Array, file};
use steadygrad_kernels::{Error, Kind, Place, Result};
use steadygrad_nn::Model;

/// The set of operators of the files: 17, the first that has LayerNormalization.
pub const OPSET: i64 = 17;
/// The version of the format itself.
pub const IR_VERSION: i64 = 8;
/// No message of the format may be larger.
const MOST: usize = (1 << 31) - 1;

/// Writes the model with these weights, as `Learner::weights` gives them; an interrupted write leaves the old file as it was.
///
/// # Errors
/// As [`bytes`]; and if the file cannot be written. Then nothing is written.
pub fn write(path: impl AsRef<Path>, model: &Model, weights: &[(String, Array)]) -> Result<()> {
    let path = path.as_ref();
    file::replace(path, bytes(model, weights).place(|| path.display().to_string())?)
}

/// The bytes of the file. They are the same for the same model and weights.
///
/// ```
/// use steadygrad_data::Array;
/// use steadygrad_nn::{Model, Sequential, activations::Relu, layers::Dense};
/// let model: Model = Sequential::new([2]).add(Dense::new(1).activation(Relu)).into();
/// let weights = [
///     ("dense/kernel".to_string(), Array::new([2, 1], vec![1.0, -1.0])?),
///     ("dense/bias".to_string(), Array::new([1], vec![0.5])?),
/// ];
/// let bytes = steadygrad_formats::onnx::bytes(&model, &weights)?;
/// assert!(bytes.windows(12).any(|part| part == b"dense/kernel"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If there are layers that have no words in ONNX, all of which are named; if weights are missing, unknown or of another shape; or if
/// they are more than the 2 GiB that one file of the format can hold.
pub fn bytes(model: &Model, weights: &[(String, Array)]) -> Result<Vec<u8>> {
    let size: usize = weights.iter().map(|(_, array)| array.data().len().saturating_mul(4)).sum();
    let too_large = || {
        Error::new(Kind::Memory, "the weights are more than the 2 GiB that one ONNX file can hold")
            .help("export parts of the model, each to a file of its own")
    };
    if size > MOST {
        return Err(too_large());
    }
    let bytes = export::file(model, weights)?.bytes();
    if bytes.len() > MOST { Err(too_large()) } else { Ok(bytes) }
}
