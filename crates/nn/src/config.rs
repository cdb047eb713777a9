//! The neutral value that every setting turns into: it maps to Keras' JSON and to TOML, and back.

use std::collections::HashMap;
use std::fmt;
use steadygrad_kernels::{Error, Result};

/// A setting: what JSON and TOML can both say.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing (Keras' `None`).
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point; may be NaN or infinite, which JSON writes as "nan", "inf", "-inf".
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Names with values, in order.
    Map(Config),
}

/// Settings by name, in the order they were given.
///
/// ```
/// use steadygrad_nn::config::{Config, Value};
/// let config = Config::new().with("units", 64).with("use_bias", false).with("name", "head");
/// assert_eq!(config.get("units"), Some(&Value::Int(64)));
/// assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Config(Vec<(String, Value)>);

/// Settings are equal if names and values are; their order says nothing, as in JSON.
impl PartialEq for Config {
    fn eq(&self, other: &Config) -> bool {
        self.len() == other.len() && self.0.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl Config {
    /// No settings.
    pub fn new() -> Config {
        Config::default()
    }

    /// The same with one setting more (or replaced).
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Config {
        self.set(name, value);
        self
    }

    /// Sets a value, in its old place if there was one.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some(entry) => entry.1 = value,
            None => self.0.push((name.to_string(), value)),
        }
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// The value of this name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Takes a value out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v))
    }

    /// How many settings there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No settings at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a JSON object.
    pub fn to_json(&self) -> serde_json::Value {
        Value::Map(self.clone()).to_json()
    }

    /// From a JSON object.
    pub fn from_json(json: &serde_json::Value) -> Result<Config> {
        match Value::from_json(json) {
            Value::Map(config) => Ok(config),
            other => Err(Error::format(format!("expected a table of settings, found {}", other.kind()))),
        }
    }
}

impl FromIterator<(String, Value)> for Config {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Config {
        // Names are looked up in a map: a file may have a hundred thousand of them.
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut all: Vec<(String, Value)> = Vec::new();
        for (name, value) in entries {
            match places.get(&name) {
                Some(&place) => all[place].1 = value,
                None => {
                    places.insert(name.clone(), all.len());
                    all.push((name, value));
                }
            }
        }
        Config(all)
    }
}

impl Value {
    /// As JSON; numbers that JSON cannot write become "nan", "inf", "-inf".
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Int(i) => Json::from(*i),
            Value::Float(x) if x.is_nan() => Json::from("nan"),
            Value::Float(x) if x.is_infinite() => Json::from(if *x > 0.0 { "inf" } else { "-inf" }),
            Value::Float(x) => Json::from(*x),
            Value::Text(s) => Json::from(s.as_str()),
            Value::List(items) => Json::Array(items.iter().map(Value::to_json).collect()),
            Value::Map(config) => {
                Json::Object(config.iter().map(|(n, v)| (n.to_string(), v.to_json())).collect())
            }
        }
    }

    /// From JSON.
    pub fn from_json(json: &serde_json::Value) -> Value {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => match n.as_i64() {
                Some(i) => Value::Int(i),
                None => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(s) => Value::Text(s.clone()),
            Json::Array(items) => Value::List(items.iter().map(Value::from_json).collect()),
            Json::Object(map) => {
                Value::Map(map.iter().map(|(n, v)| (n.clone(), Value::from_json(v))).collect())
            }
        }
    }

    /// What this is, for errors: "the number 3", "the text `relu`", "a list".
    pub fn kind(&self) -> String {
        match self {
            Value::Null => "nothing (null)".into(),
            Value::Bool(b) => format!("{b}"),
            Value::Int(i) => format!("the number {i}"),
            Value::Float(x) => format!("the number {x}"),
            Value::Text(s) => format!("the text `{s}`"),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Map(_) => "a table".into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

macro_rules! into_value {
    ($($type:ty => |$x:ident| $value:expr),* $(,)?) => {$(
        impl From<$type> for Value { fn from($x: $type) -> Value { $value } }
    )*};
}
into_value! {
    bool => |x| Value::Bool(x),
    i64 => |x| Value::Int(x),
    i32 => |x| Value::Int(x.into()),
    u64 => |x| i64::try_from(x).map_or(Value::Float(x as f64), Value::Int),
    usize => |x| Value::from(x as u64),
    f64 => |x| Value::Float(x),
    &str => |x| Value::Text(x.to_string()),
    String => |x| Value::Text(x),
    Config => |x| Value::Map(x),
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(x: Option<T>) -> Value {
        x.map_or(Value::Null, Into::into)
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(x: Vec<T>) -> Value {
        Value::List(x.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Value> + Clone> From<&[T]> for Value {
    fn from(x: &[T]) -> Value {
        Value::List(x.iter().cloned().map(Into::into).collect())
    }
}

/// A Rust type that a setting can be read as.
pub trait FromValue: Sized {
    /// The reading, or an error that says what was expected.
    fn from_value(value: &Value) -> Result<Self>;
}

fn expected<T>(what: &str, found: &Value) -> Result<T> {
    Err(Error::argument(format!("expected {what}, found {}", found.kind())))
}

impl FromValue for Value {
    fn from_value(value: &Value) -> Result<Value> {
        Ok(value.clone())
    }
}
impl FromValue for bool {
    fn from_value(value: &Value) -> Result<bool> {
        match value {
            Value::Bool(b) => Ok(*b),
            other => expected("true or false", other),
        }
    }
}
impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<f64> {
        match value {
            Value::Float(x) => Ok(*x),
            Value::Int(i) => Ok(*i as f64),
            Value::Text(s) if s == "nan" => Ok(f64::NAN),
            Value::Text(s) if s == "inf" => Ok(f64::INFINITY),
            Value::Text(s) if s == "-inf" => Ok(f64::NEG_INFINITY),
            other => expected("a number", other),
        }
    }
}
impl FromValue for i64 {
    fn from_value(value: &Value) -> Result<i64> {
        match value {
            Value::Int(i) => Ok(*i),
            other => expected("a whole number", other),
        }
    }
}
impl FromValue for u64 {
    fn from_value(value: &Value) -> Result<u64> {
        match value {
            Value::Int(i) if *i >= 0 => Ok(*i as u64),
            Value::Float(x) if *x > i64::MAX as f64 && x.fract() == 0.0 => {
                Err(Error::argument(format!("expected a whole number of at most {}, got more", i64::MAX)))
            }
            other => expected("a whole number of 0 or more", other),
        }
    }
}
impl FromValue for usize {
    fn from_value(value: &Value) -> Result<usize> {
        match value {
            Value::Int(i) if *i >= 0 => Ok(*i as usize),
            other => expected("a whole number of 0 or more", other),
        }
    }
}
impl FromValue for String {
    fn from_value(value: &Value) -> Result<String> {
        match value {
            Value::Text(s) => Ok(s.clone()),
            other => expected("text", other),
        }
    }
}
impl FromValue for Config {
    fn from_value(value: &Value) -> Result<Config> {
        match value {
            Value::Map(config) => Ok(config.clone()),
            other => expected("a table", other),
        }
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Option<T>> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}
/// A list, or one item alone.
impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Result<Vec<T>> {
        match value {
            Value::List(items) => items.iter().map(T::from_value).collect(),
            one => Ok(vec![T::from_value(one)?]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_many_names_are_collected_at_once_and_the_last_of_a_name_counts() {
        let many = (0..200_000).map(|i| (format!("key_{i}"), Value::Int(i)));
        let config: Config = many.chain([("key_7".to_string(), Value::Int(-1))]).collect();
        assert_eq!((config.len(), config.get("key_7")), (200_000, Some(&Value::Int(-1))));
        assert_eq!(config.iter().nth(7), Some(("key_7", &Value::Int(-1))), "in the place of the first");
    }

    #[test]
    fn json_round_trip_with_all_kinds() {
        let config = Config::new()
            .with("n", Value::Null)
            .with("b", true)
            .with("i", -3)
            .with("f", 0.25)
            .with("s", "x")
            .with("l", vec![1_i64, 2])
            .with("m", Config::new().with("z", 1).with("a", 2));
        assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
        assert_eq!(Value::Float(f64::NAN).to_json(), "nan");
        assert!(f64::from_value(&Value::Text("nan".into())).unwrap().is_nan());
    }
}
