//! `steadygrad evaluate`: losses and metrics of a finished run.

use crate::Outcome;
use crate::run::Opening;
use serde_json::Map;
use std::io::Write;
use steadygrad::chart::number;

#[derive(Debug, clap::Args)]
pub struct Evaluate {
    #[command(flatten)]
    opening: Opening,
    /// On the training data instead of the validation data.
    #[arg(long)]
    train: bool,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let (finished, mut learner) = self.opening.open()?;
        let data = if self.train { Some(finished.train()?) } else { finished.validation()? };
        let Some(data) = data else {
            anyhow::bail!(
                "{}: the experiment has no validation data\n  help: use --train, or --set data.validation_split=0.2",
                self.opening.folder().display()
            );
        };
        let logs = learner.evaluate(&data)?;
        let mut out = crate::terminal::out();
        if self.json {
            let object: Map<_, _> = logs.iter().map(|(n, v)| (n.to_string(), number(v))).collect();
            writeln!(out, "{}", serde_json::Value::Object(object))?;
        } else {
            writeln!(out, "{data}\n{logs}")?;
        }
        Ok(Outcome::Fine)
    }
}
