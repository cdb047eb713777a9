//! What can be compiled: a model, or a row of layers.

use crate::compile::Compile;
use crate::learner::Learner;
use crate::summary::Summary;
use steadygrad_kernels::Result;
use steadygrad_nn::{Model, Sequential};

/// A model that can be compiled: `model.compile(…)`.
pub trait Trainable {
    /// Gives the model its memory: weights drawn from the seed, and all that training needs.
    ///
    /// # Errors
    /// If shapes do not fit, names are wrong, or there is not enough memory.
    fn compile(&self, compile: Compile) -> Result<Learner>;

    /// The layers with their shapes and numbers of parameters, to be printed: Keras' `model.summary()`.
    ///
    /// ```
    /// use steadygrad_engine::Trainable;
    /// use steadygrad_nn::{Sequential, layers::Dense};
    /// let summary = Sequential::new([3]).add(Dense::new(2)).summary()?;
    /// assert!(summary.to_string().contains("Total params: 8"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the layers do not fit together.
    fn summary(&self) -> Result<Summary>;
}

impl Trainable for Model {
    fn compile(&self, compile: Compile) -> Result<Learner> {
        Learner::new(self.clone(), compile)
    }

    fn summary(&self) -> Result<Summary> {
        Summary::of(self)
    }
}

impl Trainable for Sequential {
    fn compile(&self, compile: Compile) -> Result<Learner> {
        Learner::new(self.clone().into(), compile)
    }

    fn summary(&self) -> Result<Summary> {
        Summary::of(&self.clone().into())
    }
}
