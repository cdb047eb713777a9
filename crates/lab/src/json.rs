//! Experiments as JSON: as it is read everywhere, but that no key may stand twice in an object.

use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use steadygrad_nn::config::{Config, Value};

/// Reads an object.
pub(crate) fn parse(text: &str) -> serde_json::Result<Config> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Any(&Cell::new(0)).deserialize(&mut reader)?;
    reader.end()?;
    match value {
        Value::Map(config) => Ok(config),
        other => Err(Error::custom(format!("expected an object, found {}", other.kind()))),
    }
}

/// Entries of all objects of a text together: each takes some hundred bytes, however short it is written.
const MOST_ENTRIES: usize = 50_000;

/// Any value, and how many entries were read before it.
#[derive(Clone, Copy)]
struct Any<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E: Error>(self, x: bool) -> Result<Value, E> {
        Ok(Value::Bool(x))
    }
    fn visit_i64<E: Error>(self, x: i64) -> Result<Value, E> {
        Ok(Value::Int(x))
    }
    fn visit_u64<E: Error>(self, x: u64) -> Result<Value, E> {
        Ok(x.into())
    }
    fn visit_f64<E: Error>(self, x: f64) -> Result<Value, E> {
        Ok(Value::Float(x))
    }
    fn visit_str<E: Error>(self, x: &str) -> Result<Value, E> {
        Ok(x.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let (mut known, mut all) = (HashSet::new(), Vec::new());
        while let Some(key) = entries.next_key::<String>()? {
            if !known.insert(key.clone()) {
                return Err(Error::custom(format!("duplicate key `{key}`")));
            }
            if self.0.replace(self.0.get() + 1) == MOST_ENTRIES {
                return Err(Error::custom(format!("its objects have more than {MOST_ENTRIES} entries")));
            }
            let value = entries.next_value_seed(self)?;
            all.push((key, value));
        }
        Ok(Value::Map(all.into_iter().collect()))
    }
}
