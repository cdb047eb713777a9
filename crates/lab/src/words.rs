//! Words in a terminal: text in lines, and decibels.

/// Letters of a line.
const WIDTH: usize = 76;

/// Text broken into lines, each after the first indented; the first begins at that place of its line too.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    wrapped_from(text, indent, indent)
}

/// The same, where the first line begins at another place.
pub(crate) fn wrapped_from(text: &str, start: usize, indent: usize) -> String {
    let (mut out, mut at, mut first) = (String::new(), start, true);
    for word in text.split_whitespace() {
        let n = word.chars().count();
        if !first && at + 1 + n > WIDTH {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            at = indent;
        } else if !first {
            out.push(' ');
            at += 1;
        }
        out.push_str(word);
        (at, first) = (at + n, false);
    }
    out
}

/// Decibels with a sign.
pub(crate) fn decibels(x: f64) -> String {
    if x.is_finite() { format!("{x:+.1}") } else { format!("{x}") }
}
