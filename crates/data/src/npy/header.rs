//! The header of an NPY file: a dictionary in the words of Python.

use steadygrad_kernels::{Error, Result};

use crate::numbers::Number;

/// What the header says, in the words of Python.
pub(super) struct Header<'a> {
    /// The element type: `<f4`; of structured arrays the text of a list.
    pub descr: &'a str,
    pub fortran: bool,
    pub shape: Vec<usize>,
}

impl<'a> Header<'a> {
    /// Reads a Python dictionary with these three keys and nothing else; `None` where it is not one.
    pub fn parse(text: &'a str) -> Option<Header<'a>> {
        let mut text = Cursor(text);
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        text.eat('{')?;
        while text.eat('}').is_none() {
            let key = text.quoted()?;
            text.eat(':')?;
            match key {
                "descr" => descr = Some(text.quoted().or_else(|| text.list())?),
                "fortran_order" => fortran = Some(text.word()? == "True"),
                "shape" => shape = Some(text.tuple()?),
                _ => return None,
            }
            if text.eat(',').is_none() {
                text.eat('}')?;
                break;
            }
        }
        text.0.trim().is_empty().then_some(Header { descr: descr?, fortran: fortran?, shape: shape? })
    }

    /// The element type, and whether its bytes stand in big-endian order.
    pub fn number(&self) -> Result<(Number, bool)> {
        let (order, kind) = match self.descr.split_at_checked(1) {
            Some((order @ ("<" | ">" | "|" | "="), kind)) => (order, kind),
            _ => ("<", self.descr),
        };
        let number = match kind {
            "b1" => Number::Bool,
            "u1" => Number::U8,
            "i1" => Number::I8,
            "u2" => Number::U16,
            "i2" => Number::I16,
            "u4" => Number::U32,
            "i4" => Number::I32,
            "u8" => Number::U64,
            "i8" => Number::I64,
            "f4" => Number::F32,
            "f8" => Number::F64,
            _ => {
                let help = match kind.chars().next() {
                    Some('O') => "an array of Python objects can run code and is never read; save numbers",
                    Some('S' | 'U') => "text is not read; turn it into numbers",
                    _ => "save it as float32: numpy.save(path, array.astype(\"float32\"))",
                };
                let what = format!(
                    "elements of type {}; booleans, integers, f4 and f8 are read",
                    shorten(self.descr)
                );
                return Err(Error::unsupported(what).help(help));
            }
        };
        Ok((number, order == ">"))
    }
}

/// The rest of a text, eaten from its beginning; spaces between tokens do not count.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn eat(&mut self, token: char) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn until(&mut self, end: char) -> Option<&'a str> {
        let (part, rest) = self.0.split_once(end)?;
        self.0 = rest;
        Some(part)
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let quote = ['\'', '"'].into_iter().find(|&quote| self.eat(quote).is_some())?;
        self.until(quote)
    }

    fn word(&mut self) -> Option<&'a str> {
        self.0 = self.0.trim_start();
        let word = ["True", "False"].into_iter().find(|word| self.0.starts_with(word))?;
        self.0 = &self.0[word.len()..];
        Some(word)
    }

    /// A list, as a structured array has it: kept as text for the error that it becomes.
    fn list(&mut self) -> Option<&'a str> {
        let start = self.0.trim_start();
        let end = start.starts_with('[').then(|| start.rfind(']')).flatten()?;
        self.0 = &start[end + 1..];
        Some(&start[..=end])
    }

    fn tuple(&mut self) -> Option<Vec<usize>> {
        self.eat('(')?;
        let inner = self.until(')')?.trim();
        if inner.is_empty() {
            return Some(Vec::new());
        }
        let inner = inner.strip_suffix(',').unwrap_or(inner);
        // Python 2 wrote its long integers with an L.
        inner.split(',').map(|size| size.trim().trim_end_matches('L').parse().ok()).collect()
    }
}

/// A text from a file, quoted and cut to a length that fits in a message.
pub(super) fn shorten(text: &str) -> String {
    let cut: String = text.trim().chars().take(80).collect();
    format!("{cut:?}")
}
