//! `steadygrad convert`: a model or its weights from one kind of file to another.

use crate::Outcome;
use anyhow::bail;
use std::io::Write;
use std::path::PathBuf;
use steadygrad::lab;

#[derive(Debug, clap::Args)]
pub struct Convert {
    /// The file that is read: .keras, .h5, .weights.h5, .safetensors, or a model as JSON.
    from: PathBuf,
    /// The file that is written: .keras, .h5, .weights.h5, .safetensors, .onnx or .json, by its ending.
    to: PathBuf,
    /// Which model the weights are of, where FROM has weights alone: a .keras, .h5 or .json file.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Overwrites a file that is there.
    #[arg(long)]
    force: bool,
}

impl Convert {
    pub fn run(self) -> anyhow::Result<Outcome> {
        // A link that leads nowhere is there too.
        if !self.force && self.to.symlink_metadata().is_ok() {
            bail!("{}: it is there already\n  help: --force overwrites it", self.to.display());
        }
        let notes = lab::convert(&self.from, self.model.as_deref(), &self.to)?;
        let bytes = std::fs::metadata(&self.to).map_or(0, |file| file.len());
        writeln!(crate::terminal::out(), "{} ({bytes} bytes)", self.to.display())?;
        crate::run::warn(&notes);
        Ok(Outcome::Fine)
    }
}
