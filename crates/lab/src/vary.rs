//! The `[lab]` table: what is varied, and over which seeds.

use crate::text;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{Config, FromValue, Value};

/// Tables whose keys can be varied.
const VARIED: [&str; 5] = ["let", "data", "model", "compile", "fit"];

/// Checks the table `[lab]` of an experiment:
///
/// ```text
/// [lab]
/// vary = { "fit.batch_size" = [16, 32], "let.act" = ["relu", "elu"] }     # one list of values for each key
/// seeds = 5                                                               # so many seeds, or a list: [1, 2, 3]
/// ```
pub(crate) fn check(lab: &Config, experiment: &Config) -> Result<()> {
    let mut args = Args::new("[lab]", lab);
    let vary: Config = args.or("vary", Config::new())?;
    let seeds: Option<Value> = args.or("seeds", None)?;
    args.finish()?;
    for (key, values) in vary.iter() {
        varied(key, values, experiment).place(|| format!("`{key}`")).place(|| "[lab], `vary`")?;
    }
    match seeds {
        None => Ok(()),
        Some(Value::Int(count)) if count >= 1 => Ok(()),
        Some(Value::List(seeds)) if !seeds.is_empty() => {
            seeds.iter().try_for_each(|seed| u64::from_value(seed).map(|_| ())).place(|| "[lab], `seeds`")
        }
        Some(Value::List(_)) => {
            args.reject("seeds", "a number of 1 or more, or a list of seeds", "an empty list")
        }
        Some(other) => args.reject("seeds", "a number of 1 or more, or a list of seeds", other.kind()),
    }
}

/// What the table asks for: the keys with their values, and the seeds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Plan {
    pub keys: Vec<(String, Vec<Value>)>,
    pub seeds: Seeds,
}

/// The seeds of a grid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seeds {
    /// So many, from the experiment's own on.
    Count(u64),
    /// These.
    List(Vec<u64>),
}

impl Default for Seeds {
    fn default() -> Seeds {
        Seeds::Count(3)
    }
}

/// Reads a table that was checked.
pub(crate) fn plan(lab: &Config) -> Plan {
    let list = |v: &Value| match v {
        Value::List(values) => values.clone(),
        one => vec![one.clone()],
    };
    let keys = match lab.get("vary") {
        Some(Value::Map(vary)) => vary.iter().map(|(k, v)| (k.to_string(), list(v))).collect(),
        _ => Vec::new(),
    };
    let seeds = match lab.get("seeds") {
        Some(Value::Int(count)) => Seeds::Count((*count).max(1) as u64),
        Some(Value::List(seeds)) => {
            Seeds::List(seeds.iter().filter_map(|s| u64::from_value(s).ok()).collect())
        }
        _ => Seeds::default(),
    };
    Plan { keys, seeds }
}

fn varied(key: &str, values: &Value, experiment: &Config) -> Result<()> {
    let quoted = "the whole key stands in quotes: vary = { \"fit.batch_size\" = [16, 32] }";
    let (table, rest) = key.split_once('.').unwrap_or((key, ""));
    if !VARIED.contains(&table) {
        return Err(Error::name("table of an experiment", table, &VARIED));
    }
    let values = match values {
        Value::List(values) if !values.is_empty() && !rest.is_empty() => values,
        Value::List(values) if !values.is_empty() => {
            return Err(Error::argument("expected a key in a table, found a table alone").help(quoted));
        }
        Value::List(_) => return Err(Error::argument("expected a list of values, found an empty one")),
        other => {
            return Err(
                Error::argument(format!("expected a list of values, found {}", other.kind())).help(quoted)
            );
        }
    };
    // A constant that nothing uses would vary nothing.
    if table == "let" && !rest.is_empty() {
        let name = rest.split('.').next().unwrap_or(rest);
        let known: Vec<&str> = match experiment.get("let") {
            Some(Value::Map(constants)) => constants.iter().map(|(known, _)| known).collect(),
            _ => Vec::new(),
        };
        if !known.contains(&name) {
            return Err(Error::name("constant of [let]", name, &known));
        }
    }
    // The place must be there to be set.
    text::put_at(&mut experiment.clone(), key, values[0].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(table: &str) -> String {
        let text = format!("[let]\nact = \"tanh\"\n[model]\nlayers = [{{ units = 1 }}]\n[lab]\n{table}\n");
        let root = text::parse(&text).unwrap();
        let Some(Value::Map(lab)) = root.get("lab") else { panic!("no table") };
        check(lab, &root).map_or_else(|e| e.to_string(), |()| String::new())
    }

    #[test]
    fn keys_with_lists_and_seeds_are_accepted() {
        for table in [
            "",
            "seeds = 5",
            "seeds = [0, 7]",
            "vary = { \"fit.batch_size\" = [16, 32], \"let.act\" = [\"relu\"], \"model.layers.0.units\" = [1, 2] }",
        ] {
            assert_eq!(said(table), "", "{table}");
        }
    }

    #[test]
    fn anything_else_is_named() {
        for (table, words) in [
            ("seed = 3", &["[lab]", "`seed`", "did you mean `seeds`?"][..]),
            ("grid = 3", &["`grid`", "known: vary, seeds"]),
            ("seeds = 0", &["`seeds`", "1 or more"]),
            ("seeds = []", &["`seeds`", "empty"]),
            ("seeds = [1, \"x\"]", &["`seeds`", "whole number"]),
            ("seeds = 1.5", &["`seeds`", "1 or more"]),
            ("vary = 3", &["`vary`", "a table"]),
            ("vary = { \"fitt.epochs\" = [1] }", &["`fitt.epochs`", "did you mean `fit`?"]),
            ("vary = { fit.epochs = [1] }", &["`fit`", "quotes"]),
            ("vary = { fit = [1] }", &["`fit`", "a table alone"]),
            ("vary = { \"fit.epochs\" = 1 }", &["`fit.epochs`", "a list of values"]),
            ("vary = { \"let.axt\" = [1] }", &["`axt`", "did you mean `act`?"]),
            ("vary = { \"fit.epochs\" = [] }", &["`fit.epochs`", "an empty one"]),
            ("vary = { \"model.layers.3.units\" = [1] }", &["`model.layers.3.units`", "a list of 1"]),
        ] {
            let said = said(table);
            assert!(words.iter().all(|word| said.contains(word)), "{table}: {said}");
        }
    }
}
