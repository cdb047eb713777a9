//! Experiment files as values: TOML or JSON in, constants put in their places, single keys overridden.

use crate::json;
use std::collections::{HashMap, VecDeque};
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::config::{Config, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Bytes that an experiment may have.
pub const MOST_TEXT: usize = 512 << 10;

/// Signs that an experiment may have which bring a value or a table: each may take a kilobyte until it is read, however short it is.
pub const MOST_SIGNS: usize = 50_000;

/// Reads TOML, or JSON where the text begins with a brace.
pub(crate) fn parse(text: &str) -> Result<Config> {
    // As editors on Windows write it, a sign that says how the text is kept.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let signs = text.bytes().filter(|byte| b".,=[{".contains(byte)).count();
    for (count, most, of) in [(text.len(), MOST_TEXT, "bytes"), (signs, MOST_SIGNS, "of the signs . , = [ {")]
    {
        if count > most {
            return Err(Error::format(format!("it has {count} {of}, and {most} are the most"))
                .help("an experiment is a short text: write layers that are alike once, with `repeat`, and data as files of their own"));
        }
    }
    if text.trim_start().starts_with('{') {
        return json::parse(text).map_err(|e| {
            let (line, column) = (e.line(), e.column());
            let what = e.to_string().replace(&format!(" at line {line} column {column}"), "");
            let error = Error::format(format!("not valid JSON: {what}"));
            error.at(format!("line {line}, column {column}")).help(shown(text, line))
        });
    }
    from_toml(text).map_err(|(at, what)| {
        let line = text[..at.min(text.len())].matches('\n').count() + 1;
        Error::format(format!("not valid TOML: {what}")).at(format!("line {line}")).help(shown(text, line))
    })
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

/// Where it is no TOML, and why.
type NoToml = (usize, String);

/// A text of TOML as values. What the parser has is taken apart as it is turned into ours, so that no table is there a third time, as it
/// would be by way of [`toml::Table`].
fn from_toml(text: &str) -> std::result::Result<Config, NoToml> {
    let table = DeTable::parse(text)
        .map_err(|e| (e.span().map_or(0, |span| span.start), e.message().trim_end().to_string()))?;
    config_of(table.into_inner())
}

fn config_of(table: DeTable<'_>) -> std::result::Result<Config, NoToml> {
    table.into_iter().map(|(key, value)| Ok((key.into_inner().into_owned(), value_of(value)?))).collect()
}

fn value_of(value: Spanned<DeValue<'_>>) -> std::result::Result<Value, NoToml> {
    let at = value.span().start;
    Ok(match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => Value::Int(n),
            Err(_) => return Err((at, format!("{n} is beyond the whole numbers of 64 bits"))),
        },
        DeValue::Float(x) => match x.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() || x.as_str().contains("inf") || number.is_nan() => {
                Value::Float(number)
            }
            _ => return Err((at, format!("{x} is beyond the numbers of 64 bits"))),
        },
        DeValue::Boolean(yes) => Value::Bool(yes),
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(items) => {
            Value::List(items.into_iter().map(value_of).collect::<std::result::Result<_, _>>()?)
        }
        DeValue::Table(table) => Value::Map(config_of(table)?),
    })
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
    let value = match from_toml(&format!("value = {text}")) {
        Ok(table) => table.get("value").cloned().unwrap_or(Value::Null),
        Err((_, what)) if text.starts_with(['[', '{', '"']) => match json::parse(text) {
            // What is no TOML may be JSON: { "units": 3 }.
            Ok(config) => Value::Map(config),
            Err(cause) => {
                let is_json = text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"'));
                let what = if is_json { format!("JSON: {cause}") } else { format!("TOML: {what}") };
                return Err(Error::format(format!("not valid {what}"))
                    .at(format!("--set {key}"))
                    .help(shown(text, 1)));
            }
        },
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

/// How much constants may add where they are put, in values and pieces of text: each may use others several times, so that thirty short
/// lines could fill any memory.
const MOST_ADDED: usize = 200_000;

/// The constants that have their values, in the order in which they got them.
#[derive(Default)]
struct Constants {
    names: Vec<String>,
    values: HashMap<String, Value>,
    /// What has been added so far.
    added: usize,
}

/// Puts the constants of `[let]` where "$name" stands. A constant may use others.
pub(crate) fn substitute(config: &Config) -> Result<Config> {
    let mut constants = Constants::default();
    match config.get("let") {
        None => {}
        Some(Value::Map(map)) => constants.resolve(map)?,
        Some(other) => {
            return Err(
                Error::argument(format!("expected a table of constants, found {}", other.kind())).at("[let]")
            );
        }
    }
    let mut out = Config::new();
    for (key, value) in config.iter() {
        let value = if key == "let" {
            constants
                .names
                .iter()
                .map(|n| (n.clone(), constants.values[n].clone()))
                .collect::<Config>()
                .into()
        } else if CARRIED.contains(&key) {
            value.clone()
        } else {
            constants.replaced(value).place(|| format!("[{key}]"))?
        };
        out.set(key, value);
    }
    Ok(out)
}

impl Constants {
    /// Gives each constant its value when those have theirs that it uses.
    fn resolve(&mut self, map: &Config) -> Result<()> {
        let mut readers: HashMap<&str, Vec<usize>> = HashMap::new();
        let all: Vec<(&str, &Value)> = map.iter().collect();
        let mut open: Vec<usize> = Vec::with_capacity(all.len());
        for (i, (_, value)) in all.iter().enumerate() {
            let mut names = Vec::new();
            uses(value, &mut names);
            names.sort_unstable();
            names.dedup();
            open.push(names.len());
            for name in names {
                readers.entry(name).or_default().push(i);
            }
        }
        let mut ready: VecDeque<usize> = (0..all.len()).filter(|&i| open[i] == 0).collect();
        while let Some(i) = ready.pop_front() {
            let (name, value) = all[i];
            let value = self.replaced(value).map_err(|e| e.at(format!("[let], `{name}`")))?;
            self.names.push(name.to_string());
            self.values.insert(name.to_string(), value);
            for &reader in readers.get(name).into_iter().flatten() {
                open[reader] -= 1;
                if open[reader] == 0 {
                    ready.push_back(reader);
                }
            }
        }
        // What is left uses names that do not exist, or each other.
        let waiting: Vec<(&str, &Value)> = (0..all.len()).filter(|&i| open[i] > 0).map(|i| all[i]).collect();
        match waiting.last() {
            Some((name, value)) => self
                .replaced(value)
                .map_err(|e| stuck(e.at(format!("[let], `{name}`")), &waiting))
                .map(|_| ()),
            None => Ok(()),
        }
    }

    fn replaced(&mut self, value: &Value) -> Result<Value> {
        match value {
            Value::Text(text) => match text.strip_prefix('$') {
                Some(name) => self.value(name),
                None => Ok(value.clone()),
            },
            Value::List(items) => {
                items.iter().map(|v| self.replaced(v)).collect::<Result<Vec<_>>>().map(Value::List)
            }
            Value::Map(map) => {
                let entries = map.iter().map(|(k, v)| Ok((k.to_string(), self.replaced(v)?)));
                entries.collect::<Result<Config>>().map(Value::Map)
            }
            other => Ok(other.clone()),
        }
    }

    fn value(&mut self, name: &str) -> Result<Value> {
        let Some(value) = self.values.get(name) else {
            let known: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let error = Error::name("constant", name, &known);
            return Err(match error.remedy() {
                "" => error.help("constants stand in the table [let]"),
                _ => error,
            });
        };
        self.added = self.added.saturating_add(weight(value));
        if self.added > MOST_ADDED {
            return Err(Error::argument(format!(
                "the constants make more than {MOST_ADDED} values where they are put"
            ))
            .help("they use each other many times over: write fewer of them, or shorter ones"));
        }
        Ok(value.clone())
    }
}

/// The names of the constants that stand in a value.
fn uses<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    match value {
        Value::Text(text) => names.extend(text.strip_prefix('$')),
        Value::List(items) => items.iter().for_each(|value| uses(value, names)),
        Value::Map(map) => map.iter().for_each(|(_, value)| uses(value, names)),
        _ => {}
    }
}

/// The error of a constant that uses one without a value; some that has none, as it uses others in a circle, is named as such.
fn stuck(error: Error, waiting: &[(&str, &Value)]) -> Error {
    match waiting.iter().find(|(n, _)| error.what().contains(&format!("`{n}`"))) {
        Some((name, _)) => Error::argument(format!("it uses `{name}`, which has no value itself"))
            .at(error.place())
            .help("constants cannot use each other in a circle"),
        None => error,
    }
}

/// Values within, and pieces of text.
fn weight(value: &Value) -> usize {
    match value {
        Value::Text(text) => 1 + text.len() / 64,
        Value::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Map(map) => 1 + map.iter().map(|(name, value)| name.len() / 64 + weight(value)).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_experiment_is_not_looked_through() {
        let signs = format!("a = [{}]", "0,".repeat(MOST_SIGNS));
        for text in [format!("a = {}", "x".repeat(MOST_TEXT)), format!("{{{}", " ".repeat(MOST_TEXT)), signs]
        {
            assert!(parse(&text).unwrap_err().to_string().contains("are the most"));
        }
    }

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

    #[test]
    fn constants_that_multiply_each_other_are_refused_and_many_are_not() {
        let doubled: String = (0..40).map(|i| format!("c{i} = [\"$c{0}\", \"$c{0}\"]\n", i + 1)).collect();
        let error = substitute(&parse(&format!("[let]\n{doubled}c40 = 1\n")).unwrap()).unwrap_err();
        assert!(
            error.to_string().contains("values where they are put") && !error.remedy().is_empty(),
            "{error}"
        );
        // The last is the first that has a value: every other one waits for it.
        let chain: String = (0..3000).map(|i| format!("c{i} = \"$c{}\"\n", i + 1)).collect();
        let config = parse(&format!("[let]\n{chain}c3000 = 7\n[fit]\nepochs = \"$c0\"\n")).unwrap();
        assert_eq!(substitute(&config).unwrap().to_json()["fit"]["epochs"], 7);
        let circle = substitute(&parse("[let]\na = \"$b\"\nb = \"$a\"").unwrap()).unwrap_err();
        assert!(circle.remedy().contains("circle"), "{circle}");
    }
}
