//! Experiments as JSON: as it is read everywhere, but that no key may stand twice in an object.

use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;
use steadygrad_nn::config::{Config, Value};

/// Reads an object.
pub(crate) fn parse(text: &str) -> serde_json::Result<Config> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Any.deserialize(&mut reader)?;
    reader.end()?;
    match value {
        Value::Map(config) => Ok(config),
        other => Err(Error::custom(format!("expected an object, found {}", other.kind()))),
    }
}

/// Any value.
struct Any;

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
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
        while let Some(item) = items.next_element_seed(Any)? {
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
            let value = entries.next_value_seed(Any)?;
            all.push((key, value));
        }
        Ok(Value::Map(all.into_iter().collect()))
    }
}
