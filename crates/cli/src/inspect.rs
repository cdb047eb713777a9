//! `steadygrad inspect`: what is in a file of a model, of weights or of arrays.

use crate::Outcome;
use std::io::Write;
use std::path::PathBuf;
use steadygrad::lab::Inspection;

#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// The file: .keras, .h5, .weights.h5, .safetensors, .npz, or a model as JSON.
    file: PathBuf,
    /// Prints one JSON object and nothing else.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let inspection = Inspection::read(&self.file)?;
        let mut out = crate::terminal::buffered();
        if self.json {
            writeln!(out, "{}", inspection.to_json())?;
        } else {
            let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
            let inspection = if let Some(n) = columns { inspection.columns(n) } else { inspection };
            write!(out, "{inspection}")?;
        }
        out.flush()?;
        Ok(Outcome::Fine)
    }
}
