//! Words and numbers as a page shows them: escaped, and short.

/// Text as it may stand in HTML and SVG, in an element or in a quoted attribute.
///
/// Control characters, those that turn the direction of writing or part lines, and those that XML has no place for become a
/// replacement character: a name must not be able to disguise what stands around it, nor to make a picture unreadable.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push('\u{fffd}')
            }
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A sentence, escaped, with what stands in backticks as code.
pub fn sentence(text: &str) -> String {
    let mut parts = text.split('`').peekable();
    let (mut out, mut code) = (String::new(), false);
    while let Some(part) = parts.next() {
        // The last backtick of an odd number is a letter.
        match code {
            true if parts.peek().is_some() => out += &format!("<code>{}</code>", escape(part)),
            true => out += &format!("`{}", escape(&typeset(part))),
            false => out += &escape(&typeset(part)),
        }
        code = !code;
    }
    out
}

/// Numbers of a sentence as they are printed: "3 × 10⁻¹³" for "3e-13", "−248" for "-248". Not escaped.
pub fn typeset(text: &str) -> String {
    let one = |word: &str| {
        let open = word.len() - word.trim_start_matches('(').len();
        let inside = word[open..].trim_end_matches(['.', ',', ';', ':', ')']);
        let end = open + inside.len();
        let digits = inside.strip_prefix('-').unwrap_or(inside);
        let number = inside.parse::<f64>().ok().filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()));
        let shown = match number {
            Some(x) if x.is_finite() && inside.contains(['e', 'E']) => figure(x),
            Some(_) if inside.starts_with('-') => format!("−{digits}"),
            _ => inside.to_string(),
        };
        format!("{}{shown}{}", &word[..open], &word[end..])
    };
    text.split(' ').map(one).collect::<Vec<_>>().join(" ")
}

/// What is measured, in words: "validation accuracy" of "val_accuracy", "mean absolute error". Not escaped.
pub fn measure(name: &str) -> String {
    let plain = name.replace('_', " ");
    plain.strip_prefix("val ").map_or(plain.clone(), |rest| format!("validation {rest}"))
}

/// With a capital at its beginning.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |c| c.to_uppercase().chain(letters).collect())
}

/// At most so many letters, the middle left out: the number at the end of a name tells layers apart. Escaped.
pub fn short(name: &str, most: usize) -> String {
    let n = name.chars().count();
    if n <= most {
        return escape(name);
    }
    let (head, tail) = (most.saturating_sub(1).div_ceil(2), most.saturating_sub(1) / 2);
    let start: String = name.chars().take(head).collect();
    let end: String = name.chars().skip(n - tail).collect();
    escape(&format!("{start}…{end}"))
}

/// "vanishing gradient" of "vanishing_gradient". Escaped.
pub fn words(name: &str) -> String {
    match name {
        // Only those who program say it like this.
        "non_finite" => "numbers that are not finite".into(),
        _ => escape(&name.replace('_', " ")),
    }
}

/// Three significant digits: "0.0123", "1,234", "4.1 × 10⁻⁹", "∞", "not a number".
pub fn figure(x: f64) -> String {
    if x.is_nan() {
        return "not a number".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "∞".into() } else { "−∞".into() };
    }
    let size = x.abs();
    let text = if size == 0.0 {
        return "0".into();
    } else if (1e-3..1e5).contains(&size) {
        let digits = (2 - size.log10().floor() as i32).clamp(0, 5) as usize;
        let plain = format!("{size:.digits$}");
        let plain =
            if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { &plain };
        thousands(plain)
    } else {
        let mut exponent = size.log10().floor() as i32;
        let mut mantissa = format!("{:.1}", size / 10_f64.powi(exponent));
        if mantissa == "10.0" {
            (mantissa, exponent) = ("1.0".into(), exponent + 1);
        }
        let mantissa = mantissa.trim_end_matches(".0");
        if mantissa == "1" { power(exponent) } else { format!("{mantissa}\u{a0}×\u{a0}{}", power(exponent)) }
    };
    if x < 0.0 { format!("−{text}") } else { text }
}

fn thousands(plain: &str) -> String {
    let whole = plain.split('.').next().unwrap_or(plain).len();
    if whole < 5 { plain.into() } else { format!("{},{}", &plain[..whole - 3], &plain[whole - 3..]) }
}

/// 10⁻⁹
pub fn power(exponent: i32) -> String {
    let digit = |c| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32(0x2070 + c as u32 - '0' as u32).unwrap_or(c),
    };
    format!("10{}", exponent.to_string().chars().map(digit).collect::<String>())
}

/// Decibels with their sign: "−31.2 dB", never broken between number and unit.
pub fn decibels(x: f64) -> String {
    match x {
        _ if x.is_nan() => "not a number".into(),
        _ if x.is_infinite() => format!("{}\u{a0}dB", figure(x)),
        _ if x.abs() < 0.05 => "0\u{a0}dB".into(),
        _ => format!("{}{:.1}\u{a0}dB", if x < 0.0 { "−" } else { "+" }, x.abs()),
    }
}

/// Decibels without a digit behind the point: "−31 dB".
pub fn whole_decibels(x: f64) -> String {
    if x.is_finite() && x.abs() >= 0.5 {
        format!("{}{:.0}\u{a0}dB", if x < 0.0 { "−" } else { "+" }, x.abs())
    } else {
        decibels(if x.is_finite() { 0.0 } else { x })
    }
}

/// A result among others: three digits behind the point where it is near 1, so that they can be read one under the other.
pub fn score(x: f64) -> String {
    if (5e-4..10.0).contains(&x.abs()) {
        format!("{}{:.3}", if x < 0.0 { "−" } else { "" }, x.abs())
    } else {
        figure(x)
    }
}

/// What decibels are as a factor: "224 times smaller".
pub fn factor(decibels: f64) -> String {
    match decibels {
        d if d.is_nan() => "the numbers broke down".into(),
        d if d == f64::NEG_INFINITY => "nothing arrives".into(),
        d if d.abs() < 0.5 => "as it was".into(),
        d if d < 0.0 => format!("{} times smaller", rough(-d)),
        d => format!("{} times larger", rough(d)),
    }
}

/// Two digits of a factor are enough for words.
fn rough(decibels: f64) -> String {
    let x = 10_f64.powf(decibels / 20.0);
    if (10.0..1e5).contains(&x) {
        let size = 10_f64.powf(x.log10().floor() - 1.0);
        return figure((x / size).round() * size);
    }
    figure(x)
}

/// A share in percent: "12 %"; "under 1 %" where there is some.
pub fn percent(x: f64) -> String {
    match x {
        _ if x.is_nan() => "not known".into(),
        _ if x > 0.0 && x < 0.01 => "under 1\u{a0}%".into(),
        _ => format!("{:.0}\u{a0}%", 100.0 * x),
    }
}

/// A number that may not be there.
pub fn or_blank(x: Option<f64>, show: fn(f64) -> String) -> String {
    x.map_or_else(|| "–".into(), show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place() {
        let hostile = "<script>alert('x')</script>&\"\u{202e}\u{0}\u{2028}\u{ffff}\u{9b}";
        assert_eq!(
            escape(hostile),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(sentence("a `<b>` c ` d"), "a <code>&lt;b&gt;</code> c ` d");
        assert_eq!(short("<b>", 9), "&lt;b&gt;");
        assert_eq!(short("batch_normalization_17", 9), "batc…n_17");
        assert_eq!(short("ééééé", 3), "é…é");
    }

    #[test]
    fn numbers_are_short() {
        let all =
            [0.0, 1.0, -1.5, 0.012345, 1234.5, 23456.0, 4.1e-9, 1e-20, 9.99e30, f64::NAN, f64::INFINITY];
        let said = all.map(figure);
        let wanted = [
            "0",
            "1",
            "−1.5",
            "0.0123",
            "1234",
            "23,456",
            "4.1\u{a0}×\u{a0}10⁻⁹",
            "10⁻²⁰",
            "10³¹",
            "not a number",
            "∞",
        ];
        assert_eq!(said, wanted.map(String::from));
        assert_eq!(decibels(-31.25), "−31.2\u{a0}dB");
        assert_eq!(decibels(f64::NEG_INFINITY), "−∞\u{a0}dB");
        assert_eq!(factor(-40.2), "100 times smaller");
        assert_eq!([whole_decibels(-31.4), whole_decibels(0.2)], ["−31\u{a0}dB", "0\u{a0}dB"]);
        assert_eq!([score(0.85), score(-2.0), score(4e9)], ["0.850", "−2.000", "4\u{a0}×\u{a0}10⁹"]);
        assert_eq!(
            typeset("of 3e-13 (-2.5), 1e3; e-mail -x 5."),
            "of 3\u{a0}×\u{a0}10⁻¹³ (−2.5), 1000; e-mail -x 5."
        );
        assert_eq!([measure("val_accuracy"), measure("mae_1")], ["validation accuracy", "mae 1"]);
        assert_eq!(
            (percent(0.001), percent(0.5), percent(f64::NAN)),
            ("under 1\u{a0}%".into(), "50\u{a0}%".into(), "not known".into())
        );
    }
}
