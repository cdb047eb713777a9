//! Where each key of an experiment was written: a line of its file, or an override. Errors begin with it.

use steadygrad_kernels::Error;
use steadygrad_nn::config::{Config, Value};
use toml::de::{DeTable, DeValue};

/// The text of an experiment, and what was set after it was read.
///
/// Lines are looked for when there is an error to tell: a place for each key beside it would take many times the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Origins {
    text: String,
    /// Paths of keys, such as `model.layers.0.units`, each with its override.
    overrides: Vec<(String, String)>,
}

impl Origins {
    /// Of a TOML text that was read before; in one of JSON there are no lines to find.
    pub fn of_toml(text: &str) -> Origins {
        Origins { text: text.to_string(), overrides: Vec::new() }
    }

    /// The key was overridden: what stood in the file no longer counts.
    pub fn overridden(&mut self, key: &str, assignment: &str) {
        self.overrides.retain(|(path, _)| path != key && !is_within(path, key));
        self.overrides.push((key.to_string(), format!("--set {assignment}")));
    }

    fn get(&self, file: Option<&DeTable<'_>>, path: &str) -> Option<String> {
        if let Some((_, place)) = self.overrides.iter().find(|(known, _)| known == path) {
            return Some(place.clone());
        }
        if self.overrides.iter().any(|(known, _)| is_within(path, known)) {
            return None;
        }
        let start = in_table(file?, path)?;
        Some(format!("line {}", self.text[..start.min(self.text.len())].matches('\n').count() + 1))
    }

    /// The error with its line: that of the key at `path` which it names, else that of `path` or of what holds it.
    pub fn locate(&self, error: Error, root: &Config, path: &str) -> Error {
        let keys: Vec<&str> = match find(root, path) {
            Some(Value::Map(map)) => map.iter().map(|(key, _)| key).collect(),
            _ => Vec::new(),
        };
        let text = format!("{}: {}", error.place(), error.what());
        let mentioned = |key: &&&str| text.contains(&format!("`{key}`"));
        let file = DeTable::parse(&self.text).ok().map(toml::Spanned::into_inner);
        let get = |path: &str| self.get(file.as_ref(), path);
        let exact = keys.iter().filter(mentioned).find_map(|key| get(&join(path, key)));
        let mut holder = Some(path);
        let outer = std::iter::from_fn(|| {
            let now = holder?;
            holder = now.rsplit_once('.').map(|(outer, _)| outer);
            Some(now)
        });
        match exact.or_else(|| outer.into_iter().find_map(get)) {
            Some(place) => error.at(place),
            None => error,
        }
    }
}

/// Whether a path leads into what is at another one.
fn is_within(path: &str, outer: &str) -> bool {
    rest(path, outer).is_some_and(|rest| !rest.is_empty())
}

/// What is left of a path behind its first keys; empty where they are all of it.
fn rest<'a>(path: &'a str, first: &str) -> Option<&'a str> {
    match path.strip_prefix(first)? {
        "" => Some(""),
        more => more.strip_prefix('.'),
    }
}

/// Where the key at a path begins.
fn in_table(table: &DeTable<'_>, path: &str) -> Option<usize> {
    table.iter().find_map(|(key, value)| match rest(path, key.get_ref())? {
        "" => Some(key.span().start),
        rest => in_value(value.get_ref(), rest),
    })
}

fn in_value(value: &DeValue<'_>, path: &str) -> Option<usize> {
    match value {
        DeValue::Table(table) => in_table(table, path),
        DeValue::Array(items) => {
            let (index, rest) = path.split_once('.').unwrap_or((path, ""));
            let item = items.get(index.parse::<usize>().ok()?)?;
            if rest.is_empty() { Some(item.span().start) } else { in_value(item.get_ref(), rest) }
        }
        _ => None,
    }
}

/// `a.b` and `c`: `a.b.c`.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

fn find<'a>(root: &'a Config, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let mut at = root.get(parts.next()?)?;
    for part in parts {
        at = match at {
            Value::Map(map) => map.get(part)?,
            Value::List(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    #[test]
    fn errors_find_their_lines() {
        let file =
            "[fit]\nepochs = 3\n\nbatch = 2\n[model]\nlayers = [\n { layer = \"dense\",\n units = 0 } ]\n";
        let (root, mut origins) = (text::parse(file).unwrap(), Origins::of_toml(file));
        let place = |origins: &Origins, what: &str, path| {
            origins.locate(Error::argument(what), &root, path).place().to_string()
        };
        assert_eq!(place(&origins, "`batch` is not known", "fit"), "line 4");
        assert_eq!(place(&origins, "something", "fit"), "line 1");
        assert_eq!(place(&origins, "`units` must be 1 or more", "model.layers.0"), "line 8");
        assert_eq!(place(&origins, "shapes", "model.layers.0"), "line 7");
        assert_eq!(place(&origins, "deeper", "model.layers.0.block.1"), "line 7");
        assert_eq!(place(&origins, "nowhere", "compile"), "");
        origins.overridden("fit.batch", "fit.batch=9");
        assert_eq!(place(&origins, "`batch` is not known", "fit"), "--set fit.batch=9");
        origins.overridden("model.layers", "model.layers=[]");
        assert_eq!(place(&origins, "`units` must be 1 or more", "model.layers.0"), "--set model.layers=[]");
        origins.overridden("model.layers.0.units", "model.layers.0.units=0");
        assert_eq!(place(&origins, "`units` …", "model.layers.0"), "--set model.layers.0.units=0");
        origins.overridden("model", "model={}");
        assert_eq!(place(&origins, "`units` …", "model.layers.0"), "--set model={}");
    }
}
