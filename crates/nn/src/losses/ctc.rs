//! Connectionist temporal classification, which is known and not there yet.

use super::loss::Loss;
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

fn build(_: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Err(Error::unsupported("the CTC loss aligns sequences of different lengths, which no loss here does yet").help("where every step has a label, use sparse_categorical_crossentropy with ignore_class for the padding"))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "CTC", names: &["ctc"], build };
