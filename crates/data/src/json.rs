//! Texts of JSON from strangers, taken apart without being read as a whole: of a long one no more is in memory than what is looked at.

use serde_core::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::fmt;
use steadygrad_kernels::{Error, Result};

/// What the values of a text may weigh that is read as a whole, see [`within`]: sixty megabytes.
pub const MOST: usize = 400_000;

/// An object takes as much as so many numbers, however short it is written.
const OBJECT: usize = 4;

/// Fails where the values of a text weigh more than [`MOST`]. A value weighs 1, as it takes up to 150 bytes when it is read, and an object
/// 4 more. Each value but the first stands behind a comma or an opening bracket, so that it is counted without being read.
///
/// ```
/// use steadygrad_data::json::{MOST, within};
/// assert!(within(br#"{"units": [1, 2, 3]}"#).is_ok());
/// assert!(within(",".repeat(MOST + 1).as_bytes()).unwrap_err().to_string().contains("weigh"));
/// ```
///
/// # Errors
/// If they weigh more.
pub fn within(json: &[u8]) -> Result<()> {
    let weight = |byte: &u8| match byte {
        b',' | b'[' => 1,
        b'{' => 1 + OBJECT,
        _ => 0,
    };
    let found: usize = json.iter().map(weight).sum();
    if found > MOST {
        return Err(Error::unsupported(format!(
            "its values weigh {found} (an object {OBJECT} more than a number), and {MOST} are the most"
        ))
        .help("it is longer than what is read as a whole"));
    }
    Ok(())
}

/// What stands there.
///
/// # Errors
/// If it is more than may be read at once.
pub fn read(text: &RawValue) -> Result<Json> {
    within(text.get().as_bytes())?;
    // Where a piece of a text goes wrong is no place in the text.
    serde_json::from_str(text.get())
        .map_err(|e| Error::format(format!("it is no JSON: {}", without_place(&e))))
}

fn without_place(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => what.to_string(),
        None => text,
    }
}

/// The texts of the entries of an object that have these names; others are passed over.
///
/// ```
/// use steadygrad_data::json::{parts, read};
/// let [step, loss] = parts(r#"{"loss": "nan", "more": [[]], "step": 3}"#, ["step", "loss"])?;
/// assert_eq!((read(step.unwrap())?, loss.unwrap().get()), (3.into(), "\"nan\""));
/// assert!(parts(r#"{"step": 3, "step": 4}"#, ["step"]).unwrap_err().to_string().contains("twice"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If the text is no object, or one of them stands in it twice.
pub fn parts<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Result<[Option<&'a RawValue>; N]> {
    let mut found = [None; N];
    entries(text, |name, value| match names.iter().position(|known| *known == name) {
        Some(i) if found[i].is_some() => Err(Error::format(format!("`{name}` stands in it twice"))),
        Some(i) => {
            found[i] = Some(value);
            Ok(())
        }
        None => Ok(()),
    })?;
    Ok(found)
}

/// The entries of an object, one after the other.
///
/// # Errors
/// If the text is no object, or an entry is refused.
pub fn entries<'a>(text: &'a str, one: impl FnMut(String, &'a RawValue) -> Result<()>) -> Result<()> {
    let mut each = Each { one, error: None };
    let mut reader = serde_json::Deserializer::from_str(text);
    let done = reader.deserialize_any(EachEntry(&mut each)).and_then(|()| reader.end());
    each.ended(done)
}

/// The items of a list, one after the other.
///
/// # Errors
/// If the text is no list, or an item is refused.
pub fn items<'a>(text: &'a str, one: impl FnMut(usize, &'a RawValue) -> Result<()>) -> Result<()> {
    let mut each = Each { one, error: None };
    let mut reader = serde_json::Deserializer::from_str(text);
    let done = reader.deserialize_any(EachItem(&mut each)).and_then(|()| reader.end());
    each.ended(done)
}

/// What is done with each part, and why it could not be done.
struct Each<F> {
    one: F,
    error: Option<Error>,
}

impl<F> Each<F> {
    /// Keeps the error of ours, for which the reader has one of its own.
    fn done<E: serde_core::de::Error>(&mut self, done: Result<()>) -> std::result::Result<(), E> {
        done.map_err(|error| {
            self.error = Some(error);
            E::custom("it is refused")
        })
    }

    fn ended(self, done: serde_json::Result<()>) -> Result<()> {
        done.map_err(|cause| {
            self.error.unwrap_or_else(|| match cause.is_data() {
                true => Error::format(without_place(&cause)),
                false => Error::format(format!("it is no JSON: {cause}")),
            })
        })
    }
}

struct EachEntry<'a, F>(&'a mut Each<F>);

impl<'de, F: FnMut(String, &'de RawValue) -> Result<()>> Visitor<'de> for EachEntry<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<(), A::Error> {
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value::<&'de RawValue>()?;
            let done = (self.0.one)(name, value);
            self.0.done(done)?;
        }
        Ok(())
    }
}

struct EachItem<'a, F>(&'a mut Each<F>);

impl<'de, F: FnMut(usize, &'de RawValue) -> Result<()>> Visitor<'de> for EachItem<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let mut count = 0;
        while let Some(value) = items.next_element::<&'de RawValue>()? {
            let done = (self.0.one)(count, value);
            self.0.done(done)?;
            count += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_in_any_order_and_what_is_wrong_is_told() {
        let [a, b, none] = parts("{\"b\": {\"a\": 1}, \"\\u0061\": [1, 2]} ", ["a", "b", "c"]).unwrap();
        assert_eq!((a.unwrap().get(), b.unwrap().get()), ("[1, 2]", "{\"a\": 1}"));
        assert!(none.is_none());
        for (text, word) in [
            ("[]", "expected an object"),
            ("3", "expected an object"),
            ("", "no JSON"),
            ("{\"a\": 1", "no JSON"),
            ("{\"a\": 1} x", "no JSON"),
            ("{\"a\": tru}", "no JSON"),
            ("{\"a\": 1, \"\\u0061\": 1}", "`a` stands in it twice"),
        ] {
            let said = parts(text, ["a"]).unwrap_err().to_string();
            assert!(said.contains(word), "{text}: {said}");
        }
    }

    #[test]
    fn items_come_in_order_until_one_is_refused() {
        let mut seen = Vec::new();
        items("[1, [2], {}]", |i, text| {
            seen.push((i, text.get().to_string()));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(0, "1".into()), (1, "[2]".into()), (2, "{}".into())]);
        let refused =
            items("[1, 2, 3]", |i, _| if i == 1 { Err(Error::data("not this one")) } else { Ok(()) });
        assert_eq!(refused.unwrap_err().what(), "not this one");
        assert!(items("{}", |_, _| Ok(())).unwrap_err().to_string().contains("expected a list"));
    }

    #[test]
    fn a_number_beyond_all_is_told_without_a_place_that_is_none() {
        let [a] = parts("{\n\n\"a\": 1e999}", ["a"]).unwrap();
        let said = read(a.unwrap()).unwrap_err().to_string();
        assert!(said.contains("out of range") && !said.contains("line"), "{said}");
    }
}
