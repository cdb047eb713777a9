//! Labels: values of a grid in few words that tell them apart.

use steadygrad_nn::config::{Config, Value};

/// A value in full: a name, a number, or `Class(key=value)`.
pub(crate) fn word(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Float(x) => format!("{}", (x * 1e4).round() / 1e4),
        Value::Map(map) => match class(map) {
            Some((class, config)) => called(class, config.iter()),
            None => value.to_string(),
        },
        other => other.to_string(),
    }
}

fn class(map: &Config) -> Option<(&str, &Config)> {
    match (map.get("class_name"), map.get("config")) {
        (Some(Value::Text(class)), Some(Value::Map(config))) => Some((class, config)),
        _ => None,
    }
}

fn called<'a>(class: &str, entries: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let entries: Vec<String> = entries.map(|(k, v)| format!("{k}={}", word(v))).collect();
    if entries.is_empty() { class.to_string() } else { format!("{class}({})", entries.join(", ")) }
}

/// One label for each value: of a class with settings the settings that differ from those of the others of its class, no more.
///
/// Equal values have equal labels, different ones different labels.
pub(crate) fn labels(values: &[Value]) -> Vec<String> {
    let own = |value: &Value| match value {
        Value::Map(map) => class(map).map(|(class, config)| (class.to_string(), config.clone())),
        _ => None,
    };
    let all: Vec<Option<(String, Config)>> = values.iter().map(own).collect();
    let short = |(i, value): (usize, &Value)| {
        let Some((class, config)) = &all[i] else { return word(value) };
        let kin: Vec<&Config> = all.iter().flatten().filter(|(c, _)| c == class).map(|(_, c)| c).collect();
        let differs = |key: &str| kin.iter().any(|other| other.get(key) != config.get(key));
        called(class, config.iter().filter(|(key, _)| differs(key)))
    };
    let short: Vec<String> = values.iter().enumerate().map(short).collect();
    // A setting that is left out of one of them only, or a name that is a class too: then the whole of it.
    let clear = |i: usize| (0..values.len()).all(|k| values[k] == values[i] || short[k] != short[i]);
    (0..values.len()).map(|i| if clear(i) { short[i].clone() } else { word(&values[i]) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(class: &str, entries: &[(&str, f64)]) -> Value {
        let config = entries.iter().fold(Config::new(), |c, (k, v)| c.with(k, *v));
        Value::Map(Config::new().with("class_name", class).with("config", Value::Map(config)))
    }

    #[test]
    fn a_class_of_its_own_needs_no_settings() {
        let values =
            ["he_normal".into(), made("RandomNormal", &[("mean", 0.0), ("stddev", 1.0)]), 0.1234567.into()];
        assert_eq!(labels(&values), ["he_normal", "RandomNormal", "0.1235"]);
        assert_eq!(word(&values[1]), "RandomNormal(mean=0, stddev=1)");
    }

    #[test]
    fn kin_are_told_apart_by_what_differs() {
        let normal = |s| made("RandomNormal", &[("mean", 0.0), ("stddev", s)]);
        let values = [normal(1.0), normal(0.1), normal(1.0), made("Zeros", &[])];
        let expected =
            ["RandomNormal(stddev=1)", "RandomNormal(stddev=0.1)", "RandomNormal(stddev=1)", "Zeros"];
        assert_eq!(labels(&values), expected);
        let values = ["SGD".into(), made("SGD", &[("momentum", 0.9)])];
        assert_eq!(labels(&values), ["SGD", "SGD(momentum=0.9)"]);
    }
}
