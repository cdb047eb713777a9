//! An experiment as TOML that a person would write: a table for each part, a line for each key, a line for each layer.

use steadygrad_kernels::{Error, Result};
use steadygrad_nn::config::{Config, Value};

/// A line longer than this is broken where it holds a list of tables.
const LINE: usize = 100;

/// Writes TOML; a key that is null is left out, as TOML has no word for it. Where a list has a null, which would lose its
/// place, it writes JSON: both are read again.
///
/// # Errors
/// If a key or text cannot be written.
pub(crate) fn to_toml(config: &Config) -> Result<String> {
    if config.iter().any(|(_, value)| hole(value)) {
        return Ok(format!("{:#}\n", config.to_json()));
    }
    let tables = |v: &Value| matches!(v, Value::Map(_));
    let mut out = String::new();
    for (key, value) in config.iter().filter(|(_, v)| !tables(v)) {
        line(&mut out, key, value)?;
    }
    for (key, value) in config.iter() {
        let Value::Map(table) = value else { continue };
        if !out.is_empty() {
            out.push('\n');
        }
        out += &format!("[{}]\n", name(key)?);
        for (key, value) in table.iter() {
            line(&mut out, key, value)?;
        }
    }
    Ok(out)
}

/// Some list has a null in it.
fn hole(value: &Value) -> bool {
    match value {
        Value::List(items) => items.iter().any(|item| *item == Value::Null || hole(item)),
        Value::Map(map) => map.iter().any(|(_, value)| hole(value)),
        _ => false,
    }
}

fn line(out: &mut String, key: &str, value: &Value) -> Result<()> {
    if !matches!(value, Value::Null) {
        *out += &format!("{} = {}\n", name(key)?, inline(value, 0)?);
    }
    Ok(())
}

/// A key, quoted where it must be.
fn name(key: &str) -> Result<String> {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { Ok(key.to_string()) } else { scalar(&Value::from(key)) }
}

/// Text, numbers and words as the TOML library writes them.
fn scalar(value: &Value) -> Result<String> {
    let toml = match value {
        Value::Bool(b) => toml::Value::Boolean(*b),
        Value::Int(i) => toml::Value::Integer(*i),
        Value::Float(x) => toml::Value::Float(*x),
        Value::Text(s) => toml::Value::String(s.clone()),
        other => return Err(Error::format(format!("{} is no single value", other.kind()))),
    };
    Ok(toml.to_string())
}

/// A value in one line, or a list of tables with a line for each.
fn inline(value: &Value, depth: usize) -> Result<String> {
    match value {
        Value::List(items) => {
            let items: Vec<String> = items
                .iter()
                .filter(|v| !matches!(v, Value::Null))
                .map(|v| inline(v, depth + 1))
                .collect::<Result<_>>()?;
            let short = format!("[{}]", items.join(", "));
            if short.chars().count() <= LINE && !short.contains('\n')
                || items.iter().all(|i| !i.starts_with('{'))
            {
                return Ok(short);
            }
            let pad = "  ".repeat(depth + 1);
            Ok(format!("[\n{pad}{} ]", items.join(&format!(",\n{pad}"))))
        }
        Value::Map(map) => {
            let entries: Vec<String> = map
                .iter()
                .filter(|(_, v)| !matches!(v, Value::Null))
                .map(|(k, v)| Ok(format!("{} = {}", name(k)?, inline(v, depth + 1)?)))
                .collect::<Result<_>>()?;
            Ok(if entries.is_empty() { "{}".into() } else { format!("{{ {} }}", entries.join(", ")) })
        }
        other => scalar(other),
    }
}

#[cfg(test)]
mod tests {
    use super::to_toml;
    use crate::text::parse;

    #[test]
    fn what_is_written_reads_the_same_and_keeps_a_line_for_each_layer() {
        let config = parse(crate::DEFAULT).unwrap();
        let text = to_toml(&config).unwrap();
        assert_eq!(parse(&text).unwrap(), config, "{text}");
        assert!(text.contains("\n  { layer = \"flatten\" },\n"), "{text}");
        let odd = r#"{"let": {"a b": "x\"y\nz", "n": null, "e": {}, "l": [[1, 2.5], ["a"]], "big": 1e300, "t": true}}"#;
        let config = parse(odd).unwrap();
        let again = parse(&to_toml(&config).unwrap()).unwrap();
        assert_eq!(
            again.get("let").unwrap().to_string().contains("1e300"),
            config.get("let").unwrap().to_string().contains("1e300")
        );
        assert!(!again.get("let").unwrap().to_string().contains("null"));
    }
}
