//! Colours and script of a page. What is coloured by a number has one class for each of a few levels.

/// Levels on each side of the middle.
const LEVELS: i32 = 12;
/// Lines that tell layers apart by their depth.
const DEPTHS: i32 = 8;

type Rgb = [f64; 3];

/// Too small: blue. Too large: vermilion. Told apart by every eye (Okabe and Ito 2008).
const LOW: Rgb = [0.0, 114.0, 178.0];
const HIGH: Rgb = [213.0, 94.0, 0.0];

fn mixed(from: Rgb, to: Rgb, part: f64) -> String {
    let one = |i: usize| (from[i] + (to[i] - from[i]) * part).round() as u8;
    format!("#{:02x}{:02x}{:02x}", one(0), one(1), one(2))
}

/// The colours of all levels as variables, on a page whose middle has this colour.
///
/// Variables, as rules do not reach into what `<use>` repeats, and what is inherited does.
fn levels(middle: Rgb, low: Rgb, high: Rgb) -> String {
    let mut out = String::new();
    for level in -LEVELS..=LEVELS {
        let part = (f64::from(level.abs()) / f64::from(LEVELS)).powf(0.9);
        let to = if level < 0 { low } else { high };
        out += &format!("--h{}:{};", level + LEVELS, mixed(middle, to, part));
    }
    for depth in 0..DEPTHS {
        let part = f64::from(depth) / f64::from(DEPTHS - 1);
        let between = [140.0, 110.0, 165.0];
        let colour =
            if part < 0.5 { mixed(low, between, part * 2.0) } else { mixed(between, high, part * 2.0 - 1.0) };
        out += &format!("--d{depth}:{colour};");
    }
    out
}

/// The class of a part −1 … 1.
pub fn level(part: f64) -> String {
    if part.is_nan() {
        return "hn".into();
    }
    format!("h{}", (part.clamp(-1.0, 1.0) * f64::from(LEVELS)).round() as i32 + LEVELS)
}

/// Decibels that have the strongest colour.
pub const STRONG: f64 = 60.0;

/// The class of decibels; one of its own for nothing at all and for no number.
pub fn level_of_decibels(x: f64) -> String {
    if x == f64::NEG_INFINITY { "hz".into() } else { level(x / STRONG) }
}

/// The class of the i-th of so many layers.
pub fn depth(i: usize, of: usize) -> String {
    let part = i as f64 / (of.saturating_sub(1)).max(1) as f64;
    format!("d{}", (part * f64::from(DEPTHS - 1)).round() as i32)
}

/// The rules of pictures: for a page, and for a picture that stands alone.
pub fn chart_rules() -> String {
    let light = levels([236.0, 238.0, 240.0], LOW, HIGH);
    let dark =
        levels([46.0, 52.0, 60.0], [86.0, 180.0, 233.0], [240.0, 120.0, 40.0]) + include_str!("dark.css");
    let fills = (0..=2 * LEVELS).map(|l| format!(".h{l}{{fill:var(--h{l})}}"));
    let strokes = (0..DEPTHS).map(|d| format!(".d{d}{{stroke:var(--d{d});fill:none}}"));
    format!(
        "{}:root{{{light}}}\n:root[data-theme=dark]{{{dark}}}\n@media screen and (prefers-color-scheme:dark)\
         {{:root:not([data-theme=light]){{{dark}}}}}\n{}{}",
        include_str!("light.css"),
        fills.chain(strokes).collect::<String>(),
        include_str!("chart.css")
    )
}

/// The style of a page.
pub fn page_rules() -> String {
    chart_rules() + include_str!("page.css")
}

/// Tooltips, the theme, and the switches.
pub const SCRIPT: &str = include_str!("page.js");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_class_with_a_rule() {
        let rules = page_rules();
        for x in [-1e9, -60.0, -3.0, 0.0, 12.0, 70.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert!(rules.contains(&format!(".{}{{", level_of_decibels(x))), "{x}: {}", level_of_decibels(x));
        }
        for i in 0..30 {
            assert!(rules.contains(&format!(".{}{{", depth(i, 30))));
        }
        assert_eq!(depth(0, 1), "d0");
        for word in ["http:", "https:", "@import", "url("] {
            assert!(!rules.contains(word) && !SCRIPT.contains(word), "{word}");
        }
        assert!(!SCRIPT.contains("</") && !rules.contains("</"));
    }
}
