//! Names to things: the one place where a string such as "he_normal" becomes a value.

use crate::args::Args;
use crate::config::{Config, Value};
use crate::foreign::ours;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result, nearest};

/// One member of a family: its class name, its other names, and how it is built from settings.
pub struct Entry<T: ?Sized> {
    /// Keras' class name, such as "HeNormal"; for plain functions the function's name.
    pub class: &'static str,
    /// All other names it answers to, such as "he_normal".
    pub names: &'static [&'static str],
    /// Builds the member from its settings.
    pub build: fn(&mut Args<'_>) -> Result<Arc<T>>,
}

impl<T: ?Sized> std::fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({})", self.class)
    }
}

/// The entry of this name; an unknown name is answered with the nearest known one.
pub fn find<'a, T: ?Sized>(family: &str, catalog: &'a [Entry<T>], name: &str) -> Result<&'a Entry<T>> {
    let names: Vec<_> = catalog.iter().map(|e| (e.class, e.names)).collect();
    Ok(&catalog[position(family, &names, name)?])
}

/// The place of this name in a list of (class, other names), for families that are not built as [`Entry`] says.
pub fn position(family: &str, catalog: &[(&str, &[&str])], name: &str) -> Result<usize> {
    let at = catalog.iter().position(|(class, names)| *class == name || names.contains(&name));
    at.ok_or_else(|| {
        let known: Vec<&str> = catalog.iter().map(|(class, names)| shown(class, names)).collect();
        let more: Vec<&str> =
            catalog.iter().flat_map(|(class, names)| std::iter::once(class).chain(*names)).copied().collect();
        // What is suggested is the member's usual name, whatever name of it is the nearest.
        let usual = |word: &str| {
            let found = catalog.iter().find(|(class, names)| *class == word || names.contains(&word));
            found.map_or(word.to_string(), |(class, names)| shown(class, names).to_string())
        };
        let error = Error::name(family, name, &[]);
        let word = ours(name, &known).or_else(|| ours(name, &more));
        match word.or_else(|| nearest(name, &known)).or_else(|| nearest(name, &more)) {
            Some(word) => error.help(format!("did you mean `{}`?", usual(word))),
            None => {
                let classes: Vec<&str> = catalog.iter().map(|(class, _)| *class).collect();
                error.help(format!("known: {}", classes.join(", ")))
            }
        }
    })
}

/// The name to suggest: the first after the class, unless Keras' way to small letters tears a word of it apart.
fn shown<'a>(class: &'a str, names: &[&'a str]) -> &'a str {
    let torn = |name: &str| ["re_lu", "io_u", "rm_sprop"].iter().any(|part| name.contains(part));
    names.first().copied().filter(|name| !torn(name)).unwrap_or(class)
}

/// Builds a member from a name, or from `{class_name, config}` as Keras serializes it.
pub fn build<T: ?Sized>(family: &str, catalog: &[Entry<T>], value: &Value) -> Result<Arc<T>> {
    let (name, config) = class_and_config(family, value)?;
    build_named(family, catalog, &name, &config)
}

/// Builds a member by name from its settings, refusing settings it does not know.
pub fn build_named<T: ?Sized>(
    family: &str,
    catalog: &[Entry<T>],
    name: &str,
    config: &Config,
) -> Result<Arc<T>> {
    let entry = find(family, catalog, name)?;
    let mut args = Args::new(name, config);
    let member = (entry.build)(&mut args)?;
    args.finish()?;
    Ok(member)
}

/// Whether a member that was made in code could be read from its settings: what a file may not say, code may not either.
/// A member that is not in the catalog answers for itself.
pub fn check<T: ?Sized>(catalog: &[Entry<T>], class: &str, config: &Config) -> Result<()> {
    match catalog.iter().find(|e| e.class == class) {
        Some(entry) => (entry.build)(&mut Args::new(class, config)).map(|_| ()),
        None => Ok(()),
    }
}

/// Splits a spec into class name and settings.
pub fn class_and_config(family: &str, value: &Value) -> Result<(String, Config)> {
    let bad = |found: String| {
        Error::argument(format!("expected a name or {{class_name, config}} for the {family}, found {found}"))
    };
    match value {
        Value::Text(name) => Ok((name.clone(), Config::new())),
        Value::Map(map) => {
            let mut args = Args::new(family, map);
            let name: String = args.need("class_name")?;
            // A plain function is serialized as {class_name: "function", config: "relu"}.
            let config = match map.get("config") {
                Some(Value::Text(function)) if name == "function" => {
                    return Ok((function.clone(), Config::new()));
                }
                _ => args.or("config", Config::new())?,
            };
            args.ignore(&["module", "registered_name", "build_config", "shared_object_id", "compile_config"]);
            args.finish()?;
            Ok((name, config))
        }
        other => Err(bad(other.kind())),
    }
}

/// The spec of a member: `{class_name, config}`.
pub fn spec(class: &str, config: Config) -> Value {
    Config::new().with("class_name", class).with("config", config).into()
}
