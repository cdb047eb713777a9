//! Paths with places for numbers, `e{epoch:02d}-{val_loss:.3f}.safetensors`, and numbers as Python writes them.

use steadygrad_kernels::{Error, Result};

/// A path with places that are filled in when it is used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Place { key: String, zeros: bool, width: usize, precision: Option<usize>, kind: Option<char> },
}

/// A number that a place is filled with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Count(usize),
    Real(f64),
}

/// No file name is longer; it keeps a width from becoming a request for memory.
const WIDEST: usize = 100;

impl Pattern {
    /// Reads a pattern: text, `{key}` and `{key:format}` with a format such as `d`, `02d`, `.3f`, `.2e`; `{{` and `}}` are braces.
    pub fn parse(text: &str) -> Result<Pattern> {
        let bad = |what: &str| Err(Error::argument(format!("`{text}`: {what}")));
        let (mut pieces, mut plain) = (Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.peek() == Some(&c) => {
                    chars.next();
                    plain.push(c);
                }
                '}' => return bad("a `}` without a `{` before it; write `}}` for the character"),
                '{' => {
                    let mut inside = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(c) => inside.push(c),
                            None => return bad("a `{` without its `}`; write `{{` for the character"),
                        }
                    }
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    match place(&inside) {
                        Some(piece) => pieces.push(piece),
                        None => {
                            return bad(&format!(
                                "`{{{inside}}}` is no name with a format such as `d`, `02d`, `.3f` or `.2e`"
                            ));
                        }
                    }
                }
                c => plain.push(c),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Pattern(pieces))
    }

    /// The text before the first place.
    pub fn start(&self) -> &str {
        match self.0.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether all places can be filled with numbers of these names.
    pub fn check(&self, known: &[&str]) -> Result<()> {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Place { key, .. } if !known.contains(&key.as_str()) => Err(missing(key, known)),
            _ => Ok(()),
        })
    }

    /// The text with all places filled in.
    pub fn fill(&self, numbers: &[(&str, Number)]) -> Result<String> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Place { key, .. } => {
                    let Some((_, number)) = numbers.iter().find(|(name, _)| name == key) else {
                        return Err(missing(key, &numbers.iter().map(|(name, _)| *name).collect::<Vec<_>>()));
                    };
                    filled.push_str(&piece.write(*number)?);
                }
            }
        }
        Ok(filled)
    }
}

fn missing(key: &str, known: &[&str]) -> Error {
    let help = match steadygrad_kernels::nearest(key, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.join(", ")),
    };
    Error::argument(format!("the path asks for `{key}`, which is not there")).help(help)
}

/// `key` or `key:[0][width][.precision][d|f|e]`.
fn place(inside: &str) -> Option<Piece> {
    let (key, format) = inside.split_once(':').unwrap_or((inside, ""));
    if key.is_empty() || key.contains(['{', '}', '!', '[', '.']) {
        return None;
    }
    let kind = format.chars().last().filter(char::is_ascii_alphabetic);
    let size = &format[..format.len() - usize::from(kind.is_some())];
    let (width, precision) = match size.split_once('.') {
        Some((width, precision)) => (width, Some(precision.parse::<usize>().ok()?)),
        None => (size, None),
    };
    if size.contains(|c: char| !c.is_ascii_digit() && c != '.') {
        return None;
    }
    let zeros = width.starts_with('0');
    let width = if width.is_empty() { 0 } else { width.parse::<usize>().ok()? };
    let sound = kind.is_none_or(|k| matches!(k, 'd' | 'f' | 'e'))
        && width <= WIDEST
        && precision.is_none_or(|p| p <= WIDEST)
        && (precision.is_none() || matches!(kind, Some('f' | 'e')));
    sound.then(|| Piece::Place { key: key.to_string(), zeros, width, precision, kind })
}

impl Piece {
    fn write(&self, number: Number) -> Result<String> {
        let Piece::Place { key, zeros, width, precision, kind } = self else { return Ok(String::new()) };
        let digits = match (kind, number) {
            (None | Some('d'), Number::Count(n)) => n.to_string(),
            (None, Number::Real(x)) => python(x),
            (Some('d'), Number::Real(_)) => {
                return Err(Error::argument(format!(
                    "`{key}` is no whole number, and the path writes it with `d`"
                ))
                .help("write it with `.3f` or `.2e`"));
            }
            (Some(kind), number) => {
                let x = match number {
                    Number::Count(n) => n as f64,
                    Number::Real(x) => x,
                };
                let precision = precision.unwrap_or(6);
                if *kind == 'e' { exponential(x, precision) } else { fixed(x, precision) }
            }
        };
        let missing = width.saturating_sub(digits.chars().count());
        let fill = if *zeros { "0" } else { " " }.repeat(missing);
        Ok(match digits.strip_prefix('-').filter(|_| *zeros) {
            Some(digits) => format!("-{fill}{digits}"),
            None => fill + &digits,
        })
    }
}

fn fixed(x: f64, precision: usize) -> String {
    if x.is_nan() { "nan".into() } else { format!("{x:.precision$}") }
}

/// An exponent of two digits or more, with its sign: `1.50e-03`.
pub(crate) fn exponential(x: f64, precision: usize) -> String {
    spread_exponent(&if x.is_nan() { "nan".into() } else { format!("{x:.precision$e}") })
}

fn spread_exponent(text: &str) -> String {
    match text.split_once('e') {
        Some((digits, power)) => {
            let (sign, power) = power.strip_prefix('-').map_or(('+', power), |p| ('-', p));
            format!("{digits}e{sign}{power:0>2}")
        }
        None => text.to_string(),
    }
}

/// The shortest text that reads as this number again, as Python's `str` writes it: `0.1`, `1.0`, `1e-05`, `nan`.
pub(crate) fn python(x: f64) -> String {
    if x.is_nan() {
        return "nan".into();
    }
    let size = x.abs();
    if x == 0.0 || (1e-4..1e16).contains(&size) || x.is_infinite() {
        return if x.is_finite() && x.fract() == 0.0 { format!("{x:.1}") } else { x.to_string() };
    }
    spread_exponent(&format!("{x:e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_does() {
        for (x, text) in [
            (0.1, "0.1"),
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e-4, "0.0001"),
            (9.9e-5, "9.9e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (-1.5e-10, "-1.5e-10"),
            (0.9328435659408569, "0.9328435659408569"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(python(x), text);
        }
        assert_eq!(exponential(0.00025, 4), "2.5000e-04");
    }

    #[test]
    fn places_are_filled() {
        let numbers =
            [("epoch", Number::Count(7)), ("val_loss", Number::Real(0.12345)), ("mae", Number::Real(-2.0))];
        for (pattern, text) in [
            ("e{epoch:02d}-{val_loss:.3f}", "e07-0.123"),
            ("{epoch}_{val_loss}_{{x}}", "7_0.12345_{x}"),
            ("{val_loss:.1e}|{epoch:3d}|{mae:08.2f}|{epoch:.1f}", "1.2e-01|  7|-0002.00|7.0"),
            ("", ""),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().fill(&numbers).unwrap(), text);
        }
        let e = Pattern::parse("{vall_loss}").unwrap().fill(&numbers).unwrap_err().to_string();
        assert!(e.contains("did you mean `val_loss`?"), "{e}");
        let e = Pattern::parse("{lr}").unwrap().fill(&numbers).unwrap_err().to_string();
        assert!(e.contains("there are: epoch, val_loss, mae"), "{e}");
        assert!(Pattern::parse("{mae:d}").unwrap().fill(&numbers).is_err());
    }

    #[test]
    fn patterns_that_cannot_be_read_are_refused() {
        for bad in [
            "{",
            "}",
            "{epoch",
            "{}",
            "{:d}",
            "{epoch:x}",
            "{epoch:>5}",
            "{e:999999999f}",
            "{e:.3}",
            "{e!r}",
            "{e:é}",
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
