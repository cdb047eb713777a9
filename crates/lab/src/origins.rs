//! Where each key of an experiment was written: a line of its file, or an override. Errors begin with it.

use std::ops::Range;
use steadygrad_kernels::Error;
use steadygrad_nn::config::{Config, Value};
use toml::de::{DeTable, DeValue};

/// Paths of keys, such as `model.layers.0.units`, with the places where they were written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Origins(Vec<(String, String)>);

impl Origins {
    /// The lines of a TOML text that was read before; none where it cannot be read.
    pub fn of_toml(text: &str) -> Origins {
        let mut origins = Origins::default();
        if let Ok(table) = DeTable::parse(text) {
            let starts: Vec<usize> =
                std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
            let line = |span: Range<usize>| starts.partition_point(|&start| start <= span.start);
            origins.table("", table.get_ref(), &line);
        }
        origins
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>, line: &impl Fn(Range<usize>) -> usize) {
        for (key, value) in table.iter() {
            let path = join(path, key.get_ref());
            self.0.push((path.clone(), format!("line {}", line(key.span()))));
            self.value(&path, value.get_ref(), line);
        }
    }

    fn value(&mut self, path: &str, value: &DeValue<'_>, line: &impl Fn(Range<usize>) -> usize) {
        match value {
            DeValue::Table(table) => self.table(path, table, line),
            DeValue::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    let path = join(path, &i.to_string());
                    self.0.push((path.clone(), format!("line {}", line(item.span()))));
                    self.value(&path, item.get_ref(), line);
                }
            }
            _ => {}
        }
    }

    /// The key was overridden: what stood in the file no longer counts.
    pub fn overridden(&mut self, key: &str, assignment: &str) {
        let inside = format!("{key}.");
        self.0.retain(|(path, _)| path != key && !path.starts_with(&inside));
        self.0.push((key.to_string(), format!("--set {assignment}")));
    }

    fn get(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == path).map(|(_, place)| place.as_str())
    }

    /// The error with its line: that of the key at `path` which it names, else that of `path` or of what holds it.
    pub fn locate(&self, error: Error, root: &Config, path: &str) -> Error {
        let keys: Vec<&str> = match find(root, path) {
            Some(Value::Map(map)) => map.iter().map(|(key, _)| key).collect(),
            _ => Vec::new(),
        };
        let text = format!("{}: {}", error.place(), error.what());
        let mentioned = |key: &&&str| text.contains(&format!("`{key}`"));
        let exact = keys.iter().filter(mentioned).find_map(|key| self.get(&join(path, key)));
        let mut holder = Some(path);
        let outer = std::iter::from_fn(|| {
            let now = holder?;
            holder = now.rsplit_once('.').map(|(outer, _)| outer);
            Some(now)
        });
        match exact.or_else(|| outer.into_iter().find_map(|path| self.get(path))) {
            Some(place) => error.at(place),
            None => error,
        }
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
    }
}
