//! Circle loss, which is known and not there yet.

use super::loss::Loss;
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

fn build(_: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Err(Error::unsupported("the circle loss compares all pairs of embeddings in a batch, which no loss here does yet").help("train an encoder with categorical_crossentropy over the identities, or with cosine_similarity to a target"))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "Circle", names: &["circle"], build };
