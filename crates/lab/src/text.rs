//! Experiment files as values: TOML or JSON in, constants put in their places, single keys overridden.

use crate::json;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::config::{Config, Value};

/// Reads TOML, or JSON where the text begins with a brace.
pub(crate) fn parse(text: &str) -> Result<Config> {
    if text.trim_start().starts_with('{') {
        return json::parse(text).map_err(|e| {
            let (line, column) = (e.line(), e.column());
            let what = e.to_string().replace(&format!(" at line {line} column {column}"), "");
            let error = Error::format(format!("not valid JSON: {what}"));
            error.at(format!("line {line}, column {column}")).help(shown(text, line))
        });
    }
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
        let at = e.span().map_or(0, |s| s.start).min(text.len());
        let line = text[..at].matches('\n').count() + 1;
        let error = Error::format(format!("not valid TOML: {}", e.message().trim_end()));
        error.at(format!("line {line}")).help(shown(text, line))
    })?;
    Ok(table.iter().map(|(k, v)| (k.clone(), from_toml(v))).collect())
}

/// The line that cannot be read.
fn shown(text: &str, line: usize) -> String {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
    let short: String = line.chars().take(100).collect();
    if short.is_empty() {
        "the text ends too early, or a bracket is missing".into()
    } else {
        format!("the line reads: {short}")
    }
}

fn from_toml(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(s) => Value::Text(s.clone()),
        toml::Value::Integer(i) => Value::Int(*i),
        toml::Value::Float(x) => Value::Float(*x),
        toml::Value::Boolean(b) => Value::Bool(*b),
        toml::Value::Datetime(d) => Value::Text(d.to_string()),
        toml::Value::Array(items) => Value::List(items.iter().map(from_toml).collect()),
        toml::Value::Table(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), from_toml(v))).collect()),
    }
}

/// Sets one key: `fit.epochs=3`, `model.layers.0.units=64`. The value is TOML, or an object of JSON; a word that is none
/// is taken as text.
/// Returns the key.
pub(crate) fn set(config: &mut Config, assignment: &str) -> Result<String> {
    let Some((key, text)) = assignment.split_once('=') else {
        return Err(Error::argument(format!("`{assignment}` sets nothing"))
            .at("--set")
            .help("write KEY=VALUE, as in --set fit.epochs=3"));
    };
    let (key, text) = (key.trim(), text.trim());
    let value = match format!("value = {text}").parse::<toml::Table>() {
        Ok(table) => table.get("value").map_or(Value::Null, from_toml),
        // What is no TOML may be JSON: { "units": 3 }.
        Err(_) if text.starts_with('{') && json::parse(text).is_ok() => {
            Value::Map(json::parse(text).unwrap_or_default())
        }
        Err(e) if text.starts_with(['[', '{', '"']) => {
            return Err(Error::format(format!("not valid TOML: {}", e.message().trim_end()))
                .at(format!("--set {key}"))
                .help(format!("the value reads: {text}")));
        }
        Err(_) => Value::Text(text.to_string()),
    };
    if key.split('.').any(str::is_empty) {
        return Err(Error::argument(format!("`{key}` is not a key"))
            .at("--set")
            .help("write table.key=value"));
    }
    put_at(config, key, value).place(|| format!("--set {key}"))?;
    Ok(key.to_string())
}

/// Puts a value where the key points to: `model.layers.0.units`.
pub(crate) fn put_at(config: &mut Config, key: &str, value: Value) -> Result<()> {
    let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut root = Value::Map(std::mem::take(config));
    let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
    let result = descend(&mut root, &parts).and_then(|at| put(at, last, value));
    if let Value::Map(map) = root {
        *config = map;
    }
    result
}

fn descend<'a>(mut at: &'a mut Value, path: &[&str]) -> Result<&'a mut Value> {
    for part in path {
        at = match at {
            Value::Map(map) => {
                if map.get(part).is_none() {
                    map.set(part, Config::new());
                }
                map.get_mut(part).ok_or_else(|| Error::argument(format!("there is no `{part}`")))?
            }
            Value::List(items) => {
                let n = items.len();
                let index: Option<usize> = part.parse().ok().filter(|i| *i < n);
                match index {
                    Some(i) => &mut items[i],
                    None => {
                        return Err(no_index(part, n));
                    }
                }
            }
            other => return Err(Error::argument(format!("`{part}` is looked for in {}", other.kind()))),
        };
    }
    Ok(at)
}

fn no_index(part: &str, n: usize) -> Error {
    let error = Error::argument(format!("`{part}` is not an index of a list of {n}"));
    if n == 0 { error } else { error.help(format!("indices count from 0: give one from 0 to {}", n - 1)) }
}

fn put(at: &mut Value, key: &str, value: Value) -> Result<()> {
    match at {
        Value::Map(map) => {
            map.set(key, value);
            Ok(())
        }
        Value::List(items) => {
            let n = items.len();
            let slot = key.parse::<usize>().ok().and_then(|i| items.get_mut(i));
            *slot.ok_or_else(|| no_index(key, n))? = value;
            Ok(())
        }
        other => Err(Error::argument(format!("`{key}` cannot be set in {}", other.kind()))),
    }
}

/// Tables that are carried and not read: a "$" in them is a "$".
const CARRIED: [&str; 4] = ["id", "title", "expected", "meta"];

/// Puts the constants of `[let]` where "$name" stands. A constant may use others.
pub(crate) fn substitute(config: &Config) -> Result<Config> {
    let mut constants = Config::new();
    match config.get("let") {
        None => {}
        Some(Value::Map(map)) => {
            let mut waiting: Vec<(&str, &Value)> = map.iter().collect();
            while !waiting.is_empty() {
                let before = waiting.len();
                let mut stuck = None;
                waiting.retain(|(name, value)| match replaced(value, &constants) {
                    Ok(value) => {
                        constants.set(name, value);
                        false
                    }
                    Err(error) => {
                        stuck = Some(error.at(format!("[let], `{name}`")));
                        true
                    }
                });
                // What is left uses names that do not exist, or each other.
                if let Some(error) = stuck.filter(|_| waiting.len() == before) {
                    let own = waiting.iter().find(|(n, _)| error.what().contains(&format!("`{n}`")));
                    return Err(match own {
                        Some((name, _)) => {
                            Error::argument(format!("it uses `{name}`, which has no value itself"))
                                .at(error.place())
                                .help("constants cannot use each other in a circle")
                        }
                        None => error,
                    });
                }
            }
        }
        Some(other) => {
            return Err(
                Error::argument(format!("expected a table of constants, found {}", other.kind())).at("[let]")
            );
        }
    }
    let mut out = Config::new();
    for (key, value) in config.iter() {
        let value = if key == "let" {
            constants.clone().into()
        } else if CARRIED.contains(&key) {
            value.clone()
        } else {
            replaced(value, &constants).place(|| format!("[{key}]"))?
        };
        out.set(key, value);
    }
    Ok(out)
}

fn replaced(value: &Value, constants: &Config) -> Result<Value> {
    match value {
        Value::Text(text) => match text.strip_prefix('$') {
            Some(name) => constants.get(name).cloned().ok_or_else(|| {
                let known: Vec<&str> = constants.iter().map(|(n, _)| n).collect();
                let error = Error::name("constant", name, &known);
                match error.remedy() {
                    "" => error.help("constants stand in the table [let]"),
                    _ => error,
                }
            }),
            None => Ok(value.clone()),
        },
        Value::List(items) => {
            items.iter().map(|v| replaced(v, constants)).collect::<Result<Vec<_>>>().map(Value::List)
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(k, v)| Ok((k.to_string(), replaced(v, constants)?)));
            entries.collect::<Result<Config>>().map(Value::Map)
        }
        other => Ok(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_json_say_the_same() {
        let a = parse("[fit]\nepochs = 3\nrate = 0.5\nflags = [true, \"x\"]").unwrap();
        let b = parse(r#"{"fit": {"epochs": 3, "rate": 0.5, "flags": [true, "x"]}}"#).unwrap();
        assert_eq!(a, b);
        assert_eq!(parse(&crate::write::to_toml(&a).unwrap()).unwrap(), a);
        assert!(parse("[fit").unwrap_err().to_string().starts_with("line 1"));
        assert!(parse("{\n \"a\": }").unwrap_err().to_string().starts_with("line 2"));
    }

    #[test]
    fn keys_are_set_by_path() {
        let mut c = parse("[model]\nlayers = [{ units = 1 }]").unwrap();
        for s in [
            "fit.epochs=3",
            "model.layers.0.units=64",
            "data.source=circles",
            "x.y = [1, 2]",
            "let.act=\"elu\"",
        ] {
            set(&mut c, s).unwrap();
        }
        let json = c.to_json();
        assert_eq!(json["fit"]["epochs"], 3);
        assert_eq!(json["model"]["layers"][0]["units"], 64);
        assert_eq!(json["data"]["source"], "circles");
        assert_eq!(json["x"]["y"][1], 2);
        for s in ["epochs", "model.layers.7.units=1", "fit.epochs.x=1", ".=1", "a..b=1"] {
            assert!(set(&mut c, s).is_err(), "{s}");
        }
        assert_eq!(c.to_json()["fit"]["epochs"], 3, "a failed setting changes nothing");
    }

    #[test]
    fn constants_take_their_places() {
        let c = parse("[let]\nn = 3\nm = \"$n\"\n[fit]\nepochs = \"$m\"\nlist = [\"$n\"]").unwrap();
        let c = substitute(&c).unwrap();
        assert_eq!(c.to_json()["fit"], serde_json::json!({ "epochs": 3, "list": [3] }));
        let e = substitute(&parse("[let]\ndepth = 3\n[fit]\nepochs = \"$dept\"").unwrap()).unwrap_err();
        assert!(e.to_string().contains("did you mean `depth`"), "{e}");
    }
}
