//! `steadygrad explain`: what a check sees, why it matters, its causes and cures.

use crate::Outcome;
use std::io::Write;
use steadygrad::doctor::checks;

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The code or the name of a condition: SG101, vanishing_gradient. All of them, where none is given.
    condition: Option<String>,
    /// Prints JSON and nothing else: an object, or a list of them all.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let mut out = std::io::stdout().lock();
        let json = |check: &checks::Check| serde_json::json!({ "schema": 1, "code": check.code, "condition": check.name, "text": check.explain() });
        let Some(name) = self.condition else {
            if self.json {
                let all: Vec<_> = checks::CATALOG.iter().map(json).collect();
                writeln!(out, "{}", serde_json::Value::Array(all))?;
                return Ok(Outcome::Fine);
            }
            for check in checks::CATALOG {
                writeln!(out, "{}  {:<26} {}", check.code, check.name, check.title())?;
            }
            return Ok(Outcome::Fine);
        };
        let check = checks::find(&name)?;
        if self.json {
            writeln!(out, "{}", json(check))?;
        } else {
            writeln!(out, "{} {}\n\n{}", check.code, check.name, check.explain())?;
        }
        Ok(Outcome::Fine)
    }
}
