//! Models as ONNX files, for programs that run them elsewhere.

use std::path::Path;
use steadygrad_engine::Learner;
use steadygrad_formats::onnx;
use steadygrad_kernels::Result;

/// Writes the model with its weights of now as an ONNX file: what `predict` computes, for any number of samples at once.
///
/// Inputs and outputs have the names of their layers; [`onnx`] says what else is in the file.
///
/// ```
/// use steadygrad_engine::{Compile, Trainable};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
/// let path = std::env::temp_dir().join("steadygrad_example.onnx");
/// let learner = Sequential::new([4]).add(Dense::new(3)).compile(Compile::new(Adam::new(0.001), MeanSquaredError))?;
/// steadygrad_lab::export_onnx(&learner, &path)?;
/// # assert!(std::fs::metadata(&path).unwrap().len() > 100);
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If there are layers that have no words in ONNX, all of which are named; if the weights are more than the 2 GiB that one file can
/// hold; or if it cannot be written. Then nothing is written.
pub fn export_onnx(learner: &Learner, path: impl AsRef<Path>) -> Result<()> {
    onnx::write(path, learner.model(), &learner.weights())
}
