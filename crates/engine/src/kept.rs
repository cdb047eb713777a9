//! What a learner keeps in files: weights, and the state of its optimizer.

use crate::apply::{Held, Variable};
use crate::learner::Learner;
use steadygrad_data::Array;
use steadygrad_kernels::{Error, Place, Result};

impl Learner {
    /// Writes the weights to a safetensors file.
    ///
    /// # Errors
    /// If the file cannot be written, or its name is that of another format.
    pub fn save_weights(&self, path: impl AsRef<std::path::Path>) -> Result<()> {
        let ending = path.as_ref().extension().and_then(|e| e.to_str()).unwrap_or("");
        if let "h5" | "hdf5" | "keras" = ending {
            return Err(Error::argument(format!("`{}` ends in .{ending}", path.as_ref().display()))
                .at("save_weights")
                .help(
                    "this writes safetensors; `save_model` writes Keras' .keras, .h5 and .weights.h5 files",
                ));
        }
        steadygrad_data::safetensors::write(path, &self.weights())
    }

    /// Reads the weights from a safetensors file.
    ///
    /// # Errors
    /// If the file cannot be read, its weights are not this model's, or a number in it is NaN or infinite.
    pub fn load_weights(&mut self, path: impl AsRef<std::path::Path>) -> Result<()> {
        let weights = steadygrad_data::safetensors::read(path.as_ref())?;
        let sick = |(_, array): &&(String, Array)| array.data().iter().any(|x| !x.is_finite());
        if let Some((name, array)) = weights.iter().find(sick) {
            let count = array.data().iter().filter(|x| !x.is_finite()).count();
            return Err(Error::data(format!("{count} of {} numbers are not finite", array.data().len()))
                .at(format!("weight `{name}`"))
                .at(path.as_ref().display().to_string())
                .help("the file is of a training that went wrong: give one from before"));
        }
        self.set_named_weights(&weights).place(|| path.as_ref().display().to_string())
    }

    /// What the optimizer keeps, under Keras' names and in its order: with the weights, all that a training goes on from.
    pub fn optimizer_variables(&self) -> Vec<Variable> {
        self.applier.variables()
    }

    /// What each of these variables is.
    pub fn optimizer_held(&self) -> Vec<Held> {
        self.applier.held()
    }

    /// Sets what the optimizer keeps.
    ///
    /// # Errors
    /// If these are not the variables of this optimizer.
    pub fn set_optimizer_variables(&mut self, variables: &[Variable]) -> Result<()> {
        self.applier.set_variables(variables)
    }

    /// Something that whoever trains this on should know: it stands first among the warnings of the next `fit`
    /// ([`crate::History`]'s `warnings`).
    pub fn warn(&mut self, what: impl Into<String>) {
        self.warnings.push(what.into());
    }

    /// What the next `fit` will warn of.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
