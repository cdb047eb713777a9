//! The way out: names that came from a file can neither steer the terminal nor turn the direction of what stands around them.
//!
//! All that the command says goes through here. In the place of a letter that would act instead of being read, such as ESC, stands its number:
//! `\u001b`. In a string of JSON that is the same letter, so that JSON stays what it was.

use std::borrow::Cow;
use std::io::{self, Write};

/// Standard output.
pub fn out() -> Plain<io::StdoutLock<'static>> {
    Plain(io::stdout().lock())
}

/// Standard output, for much at once.
pub fn buffered() -> Plain<io::BufWriter<io::StdoutLock<'static>>> {
    Plain(io::BufWriter::new(io::stdout().lock()))
}

/// Standard error.
pub fn err() -> Plain<io::StderrLock<'static>> {
    Plain(io::stderr().lock())
}

/// Whether a letter acts on a terminal: control characters of both sets but the end of a line and the tab, and those that turn
/// the direction of writing.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with nothing in it that acts on a terminal.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            out += &format!("\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// Writes what is plain. Pieces must be whole letters, as those of `write!` are: it stands before a buffer, never behind one.
#[derive(Debug)]
pub struct Plain<W>(pub W);

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(plain(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown() {
        let mut out = Plain(Vec::new());
        let (steers, turns) = ("a\x1b]0;x\x07\x1b[2J\r\u{9b}b", "\u{202e}\u{2028}\u{200e}\u{200f}\u{61c}");
        writeln!(out, "{steers}: é ✓\t{turns}").unwrap();
        let said = String::from_utf8(out.0).unwrap();
        assert_eq!(
            said,
            "a\\u001b]0;x\\u0007\\u001b[2J\\u000d\\u009bb: é ✓\t\\u202e\\u2028\\u200e\\u200f\\u061c\n"
        );
        assert!(matches!(plain("dense_1\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_stays_what_it_was() {
        let name = "a\u{7f}\u{9b}\u{202e}\u{1b}\n\"";
        let mut out = Plain(Vec::new());
        write!(out, "{}", serde_json::json!({ name: [name] })).unwrap();
        assert!(!String::from_utf8_lossy(&out.0).contains(acts));
        let again: serde_json::Value = serde_json::from_slice(&out.0).unwrap();
        assert_eq!(again, serde_json::json!({ name: [name] }));
    }

    /// Only what writes over its own line, with nothing from a file in it, may go another way.
    #[test]
    fn nothing_is_said_another_way() {
        let ways = ["io::stdout()", "io::stderr()", "print!(", "println!(", "eprint!(", "eprintln!("];
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path)
                .unwrap()
                .replace("stdout().is_terminal()", "")
                .replace("stderr().is_terminal()", "");
            let found = ways.iter().find(|way| text.contains(*way));
            if !["terminal.rs", "demo.rs", "progress.rs", "fetch.rs"].contains(&name.as_str()) {
                assert_eq!(found, None, "{name}: write to terminal::out() or terminal::err()");
            }
        }
    }
}
