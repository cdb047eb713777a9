//! `steadygrad explain`: what a check sees, why it matters, its causes and cures.

use crate::Outcome;
use std::io::Write;
use steadygrad::doctor::checks;

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The code or the name of a condition, or the beginning of a name: SG101, vanishing_gradient, vanishing. All of them, where
    /// none is given.
    condition: Option<String>,
    /// Prints JSON and nothing else: an object, or a list of them all.
    #[arg(long)]
    json: bool,
    /// The file that receives the text as one HTML page, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<std::path::PathBuf>,
}

impl Explain {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let json = |check: &checks::Check| serde_json::json!({ "schema": 1, "code": check.code, "condition": check.name, "text": check.explain() });
        let one = self.condition.as_deref().map(checks::find).transpose()?;
        let of_all = || steadygrad::report::page_of_checks(one.map_or(checks::CATALOG, std::slice::from_ref));
        let written = crate::page::write(self.html.as_deref(), of_all);
        let mut out = crate::terminal::out();
        match one {
            Some(check) if self.json => writeln!(out, "{}", json(check))?,
            Some(check) => writeln!(out, "{} {}\n\n{}", check.code, check.name, check.explain())?,
            None if self.json => {
                let all: Vec<_> = checks::CATALOG.iter().map(json).collect();
                writeln!(out, "{}", serde_json::Value::Array(all))?;
            }
            None => {
                for check in checks::CATALOG {
                    writeln!(out, "{}  {:<26} {}", check.code, check.name, check.title())?;
                }
            }
        }
        crate::page::told(&mut out, written, !self.json)?;
        Ok(Outcome::Fine)
    }
}
