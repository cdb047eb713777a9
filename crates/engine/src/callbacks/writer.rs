//! Who writes files that this crate does not know.

use crate::learner::Learner;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use steadygrad_kernels::Result;

type Save = dyn Fn(&Learner, PathBuf) -> Result<()> + Send + Sync;

/// Who writes a file of Keras: see [`super::ModelCheckpoint::saved_by`].
#[derive(Clone)]
pub struct Writer(Arc<Save>);

impl Writer {
    /// That function, such as `save_model`.
    pub fn new(save: impl Fn(&Learner, PathBuf) -> Result<()> + Send + Sync + 'static) -> Writer {
        Writer(Arc::new(save))
    }

    /// Writes it.
    ///
    /// # Errors
    /// If the function fails.
    pub fn write(&self, learner: &Learner, path: PathBuf) -> Result<()> {
        (self.0)(learner, path)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}
