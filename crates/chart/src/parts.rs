//! A text of JSON, taken apart without being read: of a long one no more is in memory than what is looked at.

use serde_core::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::fmt;
use steadygrad_kernels::json::within;
use steadygrad_kernels::{Error, Result};

/// More layers or samples than anybody looks at: a file that claims them is wrong.
const MOST: usize = 1_000_000;

/// The texts of some entries of an object. Others are passed over.
pub(crate) struct Parts<'a>(Vec<(&'static str, Option<&'a RawValue>)>);

fn no_json(cause: &serde_json::Error) -> Error {
    Error::format(format!("it is no JSON: {cause}"))
}

/// What stands there.
///
/// # Errors
/// If it is more than may be read at once.
pub(crate) fn read(text: &RawValue) -> Result<Json> {
    within(text.get().as_bytes(), steadygrad_kernels::json::MOST)?;
    serde_json::from_str(text.get()).map_err(|e| no_json(&e))
}

impl<'a> Parts<'a> {
    /// The entries of these names.
    pub fn of(text: &'a str, names: &[&'static str]) -> Result<Parts<'a>> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let fields = Parts(names.iter().map(|name| (*name, None)).collect());
        let parts = reader.deserialize_any(fields).and_then(|parts| reader.end().map(|()| parts));
        parts.map_err(|e| no_json(&e))
    }

    fn text(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| *known == name).and_then(|(_, text)| *text)
    }

    /// The value of a part, if there is one.
    pub fn value(&self, name: &str) -> Result<Option<Json>> {
        self.text(name).map(read).transpose()
    }

    /// All that are there, as one object.
    pub fn object(&self) -> Result<Json> {
        let there = self.0.iter().filter_map(|(name, text)| Some((name.to_string(), read((*text)?))));
        Ok(Json::Object(there.map(|(name, value)| Ok((name, value?))).collect::<Result<_>>()?))
    }

    /// The items of a list, one after the other.
    pub fn each(&self, name: &str, mut one: impl FnMut(usize, &RawValue) -> Result<()>) -> Result<()> {
        let no_list = || Error::format(format!("`{name}` must be a list"));
        let text = self.text(name).filter(|text| text.get().starts_with('[')).ok_or_else(no_list)?;
        let mut items = Items { one: &mut one, error: None };
        match serde_json::Deserializer::from_str(text.get()).deserialize_seq(&mut items) {
            Ok(()) => Ok(()),
            Err(cause) => Err(items.error.unwrap_or_else(|| no_json(&cause))),
        }
    }
}

impl<'de> Visitor<'de> for Parts<'de> {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> std::result::Result<Parts<'de>, A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            match self.0.iter_mut().find(|(name, _)| *name == key) {
                Some((_, Some(_))) => return Err(A::Error::custom(format!("`{key}` stands in it twice"))),
                Some((_, text)) => *text = Some(entries.next_value()?),
                None => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self)
    }
}

/// What is done with each item of a list, and why it could not be done.
struct Items<'a, F> {
    one: &'a mut F,
    error: Option<Error>,
}

impl<'de, F: FnMut(usize, &RawValue) -> Result<()>> Visitor<'de> for &mut Items<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let mut count = 0;
        while let Some(text) = items.next_element::<&RawValue>()? {
            let done = match count {
                MOST => Err(Error::format(format!("a list has more than {MOST} entries"))),
                _ => (self.one)(count, text),
            };
            if let Err(error) = done {
                self.error = Some(error);
                return Err(A::Error::custom("it cannot be read"));
            }
            count += 1;
        }
        Ok(())
    }
}
