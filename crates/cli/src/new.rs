//! `steadygrad new`: the default experiment, to start from.

use crate::Outcome;
use std::io::Write;
use std::path::PathBuf;
use steadygrad::data::file::replace;
use steadygrad::lab::{DEFAULT, Experiment};

#[derive(Debug, clap::Args)]
pub struct New {
    /// Where to write it, as JSON where the name ends in .json; to standard output without it.
    file: Option<PathBuf>,
    /// Overwrites a file that is there.
    #[arg(long)]
    force: bool,
}

impl New {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let mut out = crate::terminal::out();
        let Some(file) = self.file else {
            out.write_all(DEFAULT.as_bytes())?;
            return Ok(Outcome::Fine);
        };
        if file.exists() && !self.force {
            anyhow::bail!(
                "{}: is there already\n  help: choose another name, or --force to overwrite it",
                file.display()
            );
        }
        // The comments are TOML's alone.
        let text = match file.extension().and_then(|end| end.to_str()) {
            Some("json") => format!("{:#}\n", Experiment::parse(DEFAULT)?.config().to_json()),
            _ => DEFAULT.to_string(),
        };
        replace(&file, text)
            .map_err(|e| e.help("choose a place in a folder that is there and may be written to"))?;
        writeln!(out, "wrote {0}; train it with: steadygrad train {0}", file.display())?;
        Ok(Outcome::Fine)
    }
}
